"""How fast a regression or diffusion bundle animates: by its vertices as the SDK does, and as ours.

Six streams of one model take turns, window by window: 30 and 60 frames per second, each by way of
every vertex, as streams go, and as streams go but solved exactly. The times are those of the parts
inside these streams.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np

from facewire.emotion import EMOTIONS
from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.face_solver import FaceSolver
from facewire.inference.loading import load_model
from facewire.inference.solved_face import SolvedFace
from facewire.inference.solved_family import SolvedFamily
from facewire.inference.stream import Stream, StreamSettings
from facewire.inference.stream_face import FaceRow, StreamFace
from facewire.protocol.errors import SettingsError
from facewire.tools.benching.process import CoresUsed, peak_mb, resident_mb
from facewire.tools.benching.speech import speech_16k

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.inference.face_geometry import FaceMotion
    from facewire.inference.family import Family
    from facewire.inference.loaded_face import LoadedFace
    from facewire.inference.model import Model
    from facewire.inference.stream_face import FacePlayer

Way = Literal["vertices", "sdk-cpu", "exact"]

RATES: Final = (30, 60)
WAYS: Final[dict[Way, str]] = {
    "vertices": "every vertex, the SDK's CPU objective",
    "sdk-cpu": "a stream, the SDK's CPU objective",
    "exact": "a stream, solved exactly",
}
WARM_UP: Final = 3
"""Windows before the first that counts; of diffusion's, the first two give fewer frames."""
_RATE_HZ: Final = 16_000


@dataclass(frozen=True)
class WindowTimes:
    """One window from audio to frames, milliseconds."""

    whole: float
    network: float
    face: float
    """The network's answer to weights and gaze."""


class _Clock:
    """What the face of a stream has spent on the window in hand."""

    spent_s = 0.0


@dataclass
class Lane:
    """One stream: a rate and a way to solve."""

    fps: int
    way: Way
    stream: Stream
    clock: _Clock
    times: list[WindowTimes] = field(default_factory=list)
    frames: int = 0
    audio_s: float = 0.0


@dataclass(frozen=True)
class FaceFigures:
    """What this machine does with a bundle."""

    family: str
    model_frames: int
    """Frames the network gives per window."""
    load_ms: float
    memory_mb: dict[str, float | None]
    cores_used: float
    lanes: Sequence[Lane]


def measure_face(folder: Path, family: str, *, threads: int, windows: int) -> FaceFigures:
    """Animate `windows` windows by each stream, after some that warm up.

    Raises:
        BundleError: the folder holds no bundle that can be run.
        SettingsError: it is of another family.
    """
    before_mb, began_s = resident_mb(), time.perf_counter()
    model = load_model(folder, threads=threads)
    load_ms = (time.perf_counter() - began_s) * 1000
    if model.family_name != family or not isinstance(model.family, SolvedFamily):
        raise SettingsError(
            f"{folder} holds a bundle of the family {model.family_name!r}, not {family!r}.",
            field="bundle",
            hint="`facewire bench` has a command for each family of NVIDIA's.",
        )
    loaded_mb = resident_mb()
    lanes = [_lane(model, model.family, fps, way, windows) for fps in RATES for way in WAYS]
    for _ in range(WARM_UP):
        for lane in lanes:
            _step(lane)
    for lane in lanes:
        lane.times, lane.frames, lane.audio_s = [], 0, 0.0
    cores = CoresUsed()
    for round_number in range(windows):
        # The order changes, so that no lane always follows the same one through the caches.
        for lane in lanes[round_number % len(lanes) :] + lanes[: round_number % len(lanes)]:
            _step(lane)
    return FaceFigures(
        family=family,
        model_frames=model.family.window_spec().ticks,
        load_ms=load_ms,
        memory_mb={"before": before_mb, "loaded": loaded_mb, "peak": peak_mb()},
        cores_used=cores.so_far(),
        lanes=lanes,
    )


def _lane(model: Model, family: SolvedFamily, fps: int, way: Way, windows: int) -> Lane:
    clock = _Clock()
    timed = cast("Family", _TimedFamily(family, way, clock))
    settings = StreamSettings(
        sample_rate_hz=_RATE_HZ, encoding="float32", fps=Fraction(fps), rig="arkit"
    )
    stream = Stream(replace(model, family=timed), settings)
    spec = family.window_spec(settings.fps)
    stream.push(speech_of(int((windows + WARM_UP) * spec.stride) + 2 * spec.length))
    return Lane(fps, way, stream, clock)


def _step(lane: Lane) -> None:
    lane.clock.spent_s = 0.0
    stream = lane.stream
    spec = stream.model.family.window_spec(stream.settings.fps)
    began_s = time.perf_counter()
    window = stream.take_window()
    fed_s = time.perf_counter()
    result = stream.model.backend.run(window.feeds)
    answered_s = time.perf_counter()
    batch = stream.accept(window, result)
    ended_s = time.perf_counter()
    lane.times.append(
        WindowTimes(
            whole=(ended_s - began_s) * 1000,
            network=(answered_s - fed_s) * 1000,
            face=lane.clock.spent_s * 1000,
        )
    )
    lane.frames += 0 if batch is None else len(batch)
    lane.audio_s += float(spec.stride) / _RATE_HZ


def speech_of(samples: int) -> NDArray[np.float32]:
    """Return float32[samples]: the clip, over and over."""
    return np.resize(speech_16k().astype(np.float32) / np.float32(32_768), samples)


class _TimedFamily:
    """A family whose streams go one way and say how long their faces took."""

    def __init__(self, family: SolvedFamily, way: Way, clock: _Clock) -> None:
        self._family, self._way, self._clock = family, way, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._family, name)

    def animator(self, settings: StreamSettings) -> SolvedFace:
        """Return the frames of a stream of the first face."""
        family, loaded = self._family, self._family.faces[0]
        fps = family.model_fps(settings.fps)
        return SolvedFace(
            settings=settings,
            track=family.track(0),
            face=_TimedFace(self._face(loaded, float(1 / fps)), self._clock),
            windows=family.window_spec(settings.fps),
            model_fps=fps,
            emotions=[
                EMOTIONS.index(name) if name in EMOTIONS else -1 for name in family.info.emotions
            ],
        )

    def _face(self, loaded: LoadedFace, dt_s: float) -> FacePlayer:
        if self._way == "vertices":
            return _VertexFace(loaded, dt_s)
        weights = loaded.weights.track(loaded.defaults, dt_s, self._way)
        return StreamFace(weights, loaded.rest, loaded.vertices, dt_s)


class _VertexFace:
    """A `FacePlayer` as the SDK has it: PCA, the animators, and the solvers on their vertices."""

    def __init__(self, loaded: LoadedFace, dt_s: float) -> None:
        self._vertices = loaded.vertices
        self._animator = GeometryAnimator(loaded.rest, loaded.defaults, dt_s)
        self._solver = FaceSolver(loaded.skin, loaded.tongue)
        self.names, self.sizes = self._solver.names, dict[str, int]()

    @property
    def parameters(self) -> FaceParameters:
        return self._animator.parameters

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None:
        self._animator.parameters = parameters

    def animate(self, motion: FaceMotion) -> FaceRow:
        posed = self._animator.animate(self._vertices.whole(motion))
        return FaceRow(self._solver.solve(posed), posed.gaze, {})

    def seek(self, frame: int) -> None:
        self._animator.seek(frame)
        self._solver.reset()


class _TimedFace:
    """Any `FacePlayer`, timed."""

    def __init__(self, face: FacePlayer, clock: _Clock) -> None:
        self._face, self._clock = face, clock
        self.names, self.sizes = face.names, face.sizes

    @property
    def parameters(self) -> FaceParameters:
        return self._face.parameters

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None:
        self._face.parameters = parameters

    def animate(self, motion: FaceMotion) -> FaceRow:
        began_s = time.perf_counter()
        row = self._face.animate(motion)
        self._clock.spent_s += time.perf_counter() - began_s
        return row

    def seek(self, frame: int) -> None:
        self._face.seek(frame)
