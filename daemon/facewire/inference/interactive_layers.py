"""What lies behind the inference of a regression or diffusion network, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.animation.face_parameters import FACE_PARAMETERS
from facewire.animation.speech import speech_level
from facewire.inference.face_geometry import FaceMotion
from facewire.inference.finishing import finished_frames
from facewire.inference.frame_track import FrameTrack
from facewire.inference.progress import FrameTimeline
from facewire.inference.single_frame import SingleFrames
from facewire.inference.solved_family import RegressionFamily
from facewire.inference.solver_changes import changed_settings
from facewire.inference.windows import frame_timestamp
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.audio.accumulator import AudioAccumulator
    from facewire.inference.face_geometry import PosedFace
    from facewire.inference.face_solver import SolverBlock
    from facewire.inference.loaded_face import LoadedFace
    from facewire.inference.settings import StreamSettings
    from facewire.inference.single_frame import Part
    from facewire.inference.solved_family import DiffusionFamily
    from facewire.inference.window_results import WindowResults

_COUNT = len(FACE_CURVES)
_REPAIRED = "network_repaired"


@dataclass(frozen=True, kw_only=True)
class SingleFrame:
    """One frame by itself."""

    index: int
    timestamp: int
    """Its audio instant, floor(index * 16000 / fps) samples."""
    curves: NDArray[np.float32]
    """float32[curves of the rig]."""
    eyes: NDArray[np.float32]
    """float32[4] degrees: right x, right y, left x, left y."""
    weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """As the solvers gave them, not limited, see `InteractiveFace.pose_names`; of the model's frame
    at or before this one. Empty for direct models."""
    jaw: NDArray[np.float32] | None = None
    """float32[4, 4]: takes the neutral lower teeth to where they are then; None likewise."""
    flags: tuple[str, ...] = ()
    """`network_repaired` where its network's window held NaN; REGISTRY §flags."""


class InteractiveLayers:
    """Single frames of one face of a solved family, and what is changed about it."""

    def __init__(
        self,
        family: RegressionFamily | DiffusionFamily,
        settings: StreamSettings,
        parameters: Mapping[str, float],
        audio: AudioAccumulator,
        results: WindowResults,
        *,
        limit_bytes: int,
    ) -> None:
        """Take a face and what its network says.

        Args:
            family: Of the model.
            settings: Of the stream; its parameters and emotion are not read.
            parameters: All of them.
            audio: The whole utterance, closed.
            results: Of its windows.
            limit_bytes: Most that layers may take.
        """
        self.family: RegressionFamily | DiffusionFamily = family
        """With every change made to its face, as a stream needs it."""
        self._settings = settings
        self._chosen = family.identities.index(settings.identity) if settings.identity else 0
        self._audio, self._results = audio, results
        self._spec = family.window_spec(settings.fps)
        self._lead_in = FrameTimeline(self._spec).lead_in_frames
        self._last = results.count * self._spec.ticks - self._lead_in - 1
        self._ratio = family.model_fps(settings.fps) / settings.fps
        self.single = SingleFrames(
            self.face,
            self._face_parameters(parameters),
            float(1 / family.model_fps(settings.fps)),
            self._motion,
            objective=family.objective,
            limit_bytes=limit_bytes,
        )
        self._broken: set[int] = set()
        """Frames of windows that held NaN."""
        solved = [(at, CURVE_INDEX[name]) for at, name in enumerate(self.single.pose_names)
                  if name in CURVE_INDEX]  # fmt: skip
        self._solved, self._curves = np.array(solved, np.intp).reshape(-1, 2).T

    @property
    def face(self) -> LoadedFace:
        """The face, with every change made to it."""
        return self.family.faces[self._chosen]

    def frame(self, index: int, parameters: Mapping[str, float]) -> SingleFrame:
        """Return a frame of the stream; between two of the model's it is a mix of both."""
        place, mixed = divmod(index * self._ratio, 1)
        before = min(int(place), self._last)
        after = min(before + 1, self._last) if mixed else before
        track = FrameTrack(self._ratio)
        track.append(before, np.stack([self._row(at) for at in range(before, after + 1)]))
        row = track.at(range(index, index + 1))
        timestamp = frame_timestamp(index, self._settings.fps)
        curves, eyes = finished_frames(
            row[:, :_COUNT],
            row[:, _COUNT:-1],
            row[:, -1],
            np.array([timestamp], np.int64),
            self._settings,
            parameters,
        )
        return SingleFrame(
            index=index,
            timestamp=timestamp,
            curves=curves[0],
            eyes=eyes[0],
            weights=self.single.weights(before),
            jaw=self.single.jaw(before),
            flags=() if self._broken.isdisjoint(range(before, after + 1)) else (_REPAIRED,),
        )

    def posed(self, index: int) -> PosedFace:
        """Return the vertices of the model's frame at or before a frame of the stream."""
        return self.single.posed(min(int(index * self._ratio // 1), self._last))

    def block(self, part: Part) -> SolverBlock:
        """Return a part's poses and how they are solved for; see `InteractiveFace.solver`."""
        block = self.face.skin if part == "skin" else self.face.tongue
        if block is None:
            raise SettingsError(f"The bundle has no poses of the {part}.", field="solver")
        return block

    def set_parameters(self, parameters: Mapping[str, float]) -> None:
        """Pose the face with these parameters, all of them, from now on."""
        self.single.parameters = self._face_parameters(parameters)

    def set_solver(
        self,
        part: Part,
        multipliers: Mapping[str, float],
        offsets: Mapping[str, float],
        strengths: Mapping[str, float],
    ) -> None:
        """Solve a part otherwise; see `InteractiveFace.set_solver`."""
        settings = changed_settings(self.block(part), multipliers, offsets, strengths)
        self.single.configure(part, settings)
        self.family = self.family.with_solver(self._chosen, part, settings)

    def set_input_strength(self, gain: float) -> bool:
        """Make the network hear the audio so much louder; return whether that changes anything."""
        if not isinstance(self.family, RegressionFamily):
            raise SettingsError(
                "The networks of this family hear the audio as it is, as in NVIDIA's SDK.",
                field="input_strength",
            )
        if gain == self.face.input_strength:
            return False
        faces = list(self.family.faces)
        faces[self._chosen] = replace(self.face, input_strength=gain)
        self.family = replace(self.family, faces=tuple(faces))
        return True

    def _face_parameters(self, parameters: Mapping[str, float]) -> FaceParameters:
        # What the bundle says is not checked, and may be what a change to it could not be.
        defaults = self.face.defaults
        said = defaults.on_wire()
        return defaults.with_changes(
            {name: parameters[name] for name in FACE_PARAMETERS if parameters[name] != said[name]}
        )

    def _row(self, frame: int) -> NDArray[np.float32]:
        """Return a frame of the model: 71 curves, 4 angles, the speech level of its window."""
        row = np.zeros(_COUNT + 5, np.float32)
        row[self._curves] = self.single.weights(frame)[self._solved]
        row[_COUNT:-1] = self.single.gaze(frame)
        window = (frame + self._lead_in) // self._spec.ticks
        row[-1] = speech_level(self._audio.read(self._spec.start(window), self._spec.length))
        return row

    def _motion(self, frame: int) -> FaceMotion:
        """Return what the network says of a frame, in arrays of its own."""
        window, tick = divmod(frame + self._lead_in, self._spec.ticks)
        # A track of its own: a frame that held NaN repeats one of its window, or rests.
        track = self.family.track(self._chosen)
        motion = track.motions(self._results.result(window))[tick]
        (self._broken.add if track.repaired_frames else self._broken.discard)(frame)
        return FaceMotion(
            skin=motion.skin.copy(),
            tongue=motion.tongue.copy(),
            jaw=motion.jaw.copy(),
            eyes=motion.eyes.copy(),
        )
