"""The `regression` and `diffusion` families: NVIDIA's bundles, loaded and ready for streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np

from facewire.animation.face_parameters import FACE_PARAMETERS
from facewire.bundles.naming import spellings
from facewire.emotion import EMOTIONS
from facewire.inference.diffusion import DiffusionTrack
from facewire.inference.family import USUAL_FPS
from facewire.inference.loaded_face import LoadedFace, RegressionBases
from facewire.inference.parameters import PARAMETERS, ParameterRange
from facewire.inference.progress import diffusion_fps, diffusion_windows, regression_windows
from facewire.inference.regression import RegressionTrack
from facewire.inference.solved_face import SolvedFace
from facewire.inference.stream_face import StreamFace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
    from facewire.bundles.network_info import DiffusionInfo, RegressionInfo
    from facewire.inference.face_geometry import FaceBases
    from facewire.inference.network_track import NetworkTrack
    from facewire.inference.settings import StreamSettings
    from facewire.inference.windows import WindowSpec
    from facewire.solving.settings import SolverSettings
    from facewire.solving.solver import Objective

_RATE_HZ: Final = 16_000

LAYERED: Final[Mapping[str, ParameterRange]] = {
    "emotionStrength": PARAMETERS["emotionStrength"],
    "idleStrength": ParameterRange(0.0, 1.0, 0.0),
    "gazeStrength": PARAMETERS["gazeStrength"],
    "browStrength": PARAMETERS["browStrength"],
}
"""What is ours, beside the bundle's own: idleStrength lays blinks, gaze and brow accents on top.

The blinks are scaled by blinkStrength, too.
"""


@dataclass(frozen=True, kw_only=True)
class SolvedFamily(ABC):
    """What both families share; see `Family`."""

    network: str
    faces: tuple[LoadedFace, ...] = field(repr=False)
    objective: Objective = "sdk-cpu"
    """How the solvers minimise."""

    @property
    @abstractmethod
    def info(self) -> RegressionInfo | DiffusionInfo:
        """Numbers of the network."""

    @abstractmethod
    def window_spec(self, fps: Fraction = USUAL_FPS) -> WindowSpec:
        """Return the windows of a stream."""

    @abstractmethod
    def model_fps(self, fps: Fraction) -> Fraction:
        """Return the frames per second that the network computes for a stream of `fps`."""

    @abstractmethod
    def track(self, face: int) -> NetworkTrack:
        """Return the network's side of a new stream of a face."""

    @property
    def identities(self) -> tuple[str, ...]:
        """Names of the faces."""
        return tuple(face.name for face in self.faces)

    @property
    def window_samples(self) -> int:
        """16 kHz samples one inference reads."""
        return self.info.window_samples

    def feeds(self, audio: NDArray[np.float32]) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads for a stream's first window, no emotion: to warm it up."""
        neutral = np.zeros((self.window_spec().ticks, len(self.info.emotions)), np.float32)
        return self.track(0).feeds(0, audio, neutral)

    def parameters(self, identity: str = "") -> Mapping[str, ParameterRange]:
        """Return the face parameters with the bundle's defaults, and ours beside them."""
        defaults = self.faces[self._face(identity)].defaults.on_wire()
        ranges = {
            name: ParameterRange(row.minimum, row.maximum, defaults[name])
            for name, row in FACE_PARAMETERS.items()
        }
        return {**ranges, **LAYERED}

    def first_window(
        self,
        start_sample: int,
        first_instant: int,  # noqa: ARG002
        fps: Fraction,
    ) -> int:
        """Return the first window: all history is heard, because state grows out of it.

        The frames before the first one wanted are computed and not given out.
        """
        spec = self.window_spec(fps)
        silent = (start_sample - spec.start_offset - spec.length) // spec.stride
        return max(0, int(silent)) if start_sample else 0

    def animator(self, settings: StreamSettings) -> SolvedFace:
        """Return what turns this family's results into frames of one stream."""
        chosen = self._face(settings.identity)
        face = self.faces[chosen]
        fps = self.model_fps(settings.fps)
        dt_s = float(1 / fps)
        weights = face.weights.track(face.defaults, dt_s, self.objective)
        return SolvedFace(
            settings=settings,
            track=self.track(chosen),
            face=StreamFace(weights, face.rest, face.vertices, dt_s, settings.outputs),
            windows=self.window_spec(settings.fps),
            model_fps=fps,
            emotions=[
                EMOTIONS.index(name) if name in EMOTIONS else -1 for name in self.info.emotions
            ],
        )

    def with_solver(
        self, face: int, part: Literal["skin", "tongue"], settings: SolverSettings
    ) -> Self:
        """Return the same family with other settings of a face's solver; all arrays are shared."""
        faces = list(self.faces)
        faces[face] = faces[face].with_solver(part, settings)
        return replace(self, faces=tuple(faces))

    def prepare(
        self,
        parameters: Mapping[str, float],
        identity: str = "",
        outputs: frozenset[str] = frozenset(),
    ) -> None:
        """Do what a stream would otherwise do between two frames; any thread may, ahead of time.

        A new faceMaskLevel or faceMaskSoftness folds its mask (tens of milliseconds at full size),
        the first stream that asks for geometry reads the basis (200 MB for Mark). Frames are the
        same whether or not this was called.

        Args:
            parameters: What will be set; those left out stay at the bundle's.
            identity: Whose face.
            outputs: What the stream will ask for.

        Raises:
            SettingsError: the mask's softness is not positive.
            BundleError: a file is damaged.
        """
        face = self.faces[self._face(identity)]
        face.weights.fold_mask(
            float(parameters.get("faceMaskLevel", face.defaults.skin.face_mask_level)),
            float(parameters.get("faceMaskSoftness", face.defaults.skin.face_mask_softness)),
        )
        if "geometry" in outputs:
            face.vertices.load()

    def _face(self, identity: str) -> int:
        """Return a face's number; a model has seen that there is one of this name."""
        if not identity:
            return 0
        named = spellings(identity, self.identities) or [identity]
        return self.identities.index(named[0])


@dataclass(frozen=True, kw_only=True)
class RegressionFamily(SolvedFamily):
    """A regression bundle: one inference per frame, at any rate."""

    numbers: RegressionInfo
    implicit_emotion: NDArray[np.float32] = field(repr=False)

    @classmethod
    def from_bundle(cls, bundle: RegressionBundle) -> RegressionFamily:
        """Read a bundle's arrays; of its bases only what weights need is kept.

        Raises:
            BundleError: a file is damaged.
            SettingsError: the solver's settings are out of range.
        """
        return cls(
            network=bundle.network.name,
            faces=(LoadedFace.from_bundle(bundle.face, RegressionBases.of(bundle)),),
            numbers=bundle.info,
            implicit_emotion=bundle.implicit_emotion,
        )

    @property
    def info(self) -> RegressionInfo:
        """Numbers of the network."""
        return self.numbers

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples."""
        return self.window_spec().look_ahead_samples

    def window_spec(self, fps: Fraction = USUAL_FPS) -> WindowSpec:
        """Return one window per frame."""
        return regression_windows(
            buffer_samples=self.info.window_samples,
            buffer_offset_samples=self.info.window_offset_samples,
            fps=fps,
        )

    def model_fps(self, fps: Fraction) -> Fraction:
        """Return the stream's own rate."""
        return fps

    def burst_frames(self, fps: Fraction) -> int:  # noqa: ARG002 - at any rate
        """Return 1."""
        return 1

    def track(self, face: int) -> RegressionTrack:
        """Return the network's side of a new stream."""
        return RegressionTrack(
            self.info,
            self.implicit_emotion,
            input_strength=self.faces[face].input_strength,
        )


@dataclass(frozen=True, kw_only=True)
class DiffusionFamily(SolvedFamily):
    """A diffusion bundle: frames in blocks at the rate it was trained at."""

    numbers: DiffusionInfo
    constant_noise: bool = True
    """The same noise in every window, as NVIDIA's service has it; else fresh in each."""

    @classmethod
    def from_bundle(
        cls,
        bundle: DiffusionBundle,
        *,
        constant_noise: bool = True,
        bases: Sequence[FaceBases] | None = None,
    ) -> DiffusionFamily:
        """Read the arrays of all faces.

        Args:
            bundle: As read.
            constant_noise: The same noise in every window.
            bases: One per face, where the network answers with coefficients: a rewritten one.
                None: it answers with vertices, as exported.

        Raises:
            BundleError: a file is damaged.
            SettingsError: a solver's settings are out of range.
        """
        known: Sequence[FaceBases | None] = bases or [None] * len(bundle.faces)
        return cls(
            network=bundle.network.name,
            faces=tuple(map(LoadedFace.from_bundle, bundle.faces, known)),
            numbers=bundle.info,
            constant_noise=constant_noise,
        )

    @property
    def info(self) -> DiffusionInfo:
        """Numbers of the network."""
        return self.numbers

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples.

        At rates other than the model's, a frame just before a window's first one needs the window.
        """
        spec = self.window_spec()
        return spec.look_ahead_samples + ceil(spec.per_tick.stride) - 1

    def window_spec(self, fps: Fraction = USUAL_FPS) -> WindowSpec:  # noqa: ARG002 - the family's
        """Return the windows, whatever the frame rate."""
        info = self.info
        return diffusion_windows(
            buffer_samples=info.window_samples,
            padding_left_samples=info.padding_before_samples,
            left_frames=info.frames_before,
            center_frames=info.frames_kept,
            right_frames=info.frames_after,
        )

    def model_fps(self, fps: Fraction) -> Fraction:  # noqa: ARG002 - the bundle fixes it
        """Return the bundle's rate; frames of streams at another are mixed from its frames."""
        return diffusion_fps(
            buffer_samples=self.info.window_samples,
            window_frames=self.info.frames,
            sample_rate_hz=_RATE_HZ,
        )

    def burst_frames(self, fps: Fraction) -> int:
        """Return the most frames one window gives at once."""
        return ceil(self.info.frames_kept * fps / self.model_fps(fps)) + 1

    def track(self, face: int) -> DiffusionTrack:
        """Return the network's side of a new stream of a face.

        As in the SDK the bundle's input_strength is not applied.
        """
        return DiffusionTrack(self.info, face, constant_noise=self.constant_noise)
