"""How fast a regression or diffusion bundle animates, by way of its vertices, as the SDK does.

Four streams of one model take turns, window by window: 30 and 60 frames per second, each solved as
the SDK's CPU does and exactly. The times are those of the parts inside these streams.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from facewire.emotion import EMOTIONS
from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.face_solver import FaceSolver
from facewire.inference.loading import load_model
from facewire.inference.solved_face import SolvedFace
from facewire.inference.solved_family import SolvedFamily
from facewire.inference.stream import Stream, StreamSettings
from facewire.protocol.errors import SettingsError
from facewire.tools.benching.process import CoresUsed, peak_mb, resident_mb
from facewire.tools.benching.speech import speech_16k

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.inference.face_geometry import FaceMotion, PosedFace
    from facewire.inference.family import Family
    from facewire.inference.model import Model
    from facewire.inference.network_track import NetworkTrack
    from facewire.solving.solver import Objective

RATES: Final = (30, 60)
WAYS: Final[tuple[Objective, ...]] = ("sdk-cpu", "exact")
WARM_UP: Final = 3
"""Windows before the first that counts; of diffusion's, the first two give fewer frames."""
_RATE_HZ: Final = 16_000


@dataclass(frozen=True)
class WindowTimes:
    """One window from audio to frames, milliseconds."""

    whole: float
    network: float
    animate: float
    """The network's answer to vertices: PCA and the animators."""
    solve: float


@dataclass
class Lane:
    """One stream: a rate and a way to solve."""

    fps: int
    way: Objective
    stream: Stream
    parts_s: dict[str, float]
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


def _lane(model: Model, family: SolvedFamily, fps: int, way: Objective, windows: int) -> Lane:
    parts_s = {"animate": 0.0, "solve": 0.0}
    timed = cast("Family", _TimedFamily(family, way, parts_s))
    settings = StreamSettings(
        sample_rate_hz=_RATE_HZ, encoding="float32", fps=Fraction(fps), rig="arkit"
    )
    stream = Stream(replace(model, family=timed), settings)
    spec = family.window_spec(settings.fps)
    stream.push(speech_of(int((windows + WARM_UP) * spec.stride) + 2 * spec.length))
    return Lane(fps, way, stream, parts_s)


def _step(lane: Lane) -> None:
    lane.parts_s |= {"animate": 0.0, "solve": 0.0}
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
            animate=lane.parts_s["animate"] * 1000,
            solve=lane.parts_s["solve"] * 1000,
        )
    )
    lane.frames += 0 if batch is None else len(batch)
    lane.audio_s += float(spec.stride) / _RATE_HZ


def speech_of(samples: int) -> NDArray[np.float32]:
    """Return float32[samples]: the clip, over and over."""
    return np.resize(speech_16k().astype(np.float32) / np.float32(32_768), samples)


class _TimedFamily:
    """A family whose faces go by their vertices and say how long each part took."""

    def __init__(self, family: SolvedFamily, way: Objective, parts_s: dict[str, float]) -> None:
        self._family, self._way, self._parts_s = family, way, parts_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._family, name)

    def animator(self, settings: StreamSettings) -> SolvedFace:
        """Return the frames of a stream of the first face."""
        family, face = self._family, self._family.faces[0]
        fps = family.model_fps(settings.fps)
        animator = _TimedAnimator(face.rest, face.defaults, float(1 / fps))
        solver = _TimedSolver(face.skin, face.tongue, self._way)
        animator.parts_s = solver.parts_s = self._parts_s
        return SolvedFace(
            settings=settings,
            track=_TimedTrack(family.track(0), self._parts_s),
            face=animator,
            solver=solver,
            windows=family.window_spec(settings.fps),
            model_fps=fps,
            emotions=[
                EMOTIONS.index(name) if name in EMOTIONS else -1 for name in family.info.emotions
            ],
        )


class _TimedTrack:
    """A `NetworkTrack` that times how its answers become motions: PCA, for regression."""

    def __init__(self, track: NetworkTrack, parts_s: dict[str, float]) -> None:
        self._track, self._parts_s = track, parts_s

    @property
    def repaired_frames(self) -> int:
        return self._track.repaired_frames

    def feeds(
        self, index: int, audio: NDArray[np.float32], emotions: NDArray[np.float32]
    ) -> Mapping[str, NDArray[Any]]:
        return self._track.feeds(index, audio, emotions)

    def motions(self, result: NDArray[np.float32]) -> Sequence[FaceMotion]:
        began_s = time.perf_counter()
        motions = self._track.motions(result)
        self._parts_s["animate"] += time.perf_counter() - began_s
        return motions

    def reset(self) -> None:
        self._track.reset()


class _TimedAnimator(GeometryAnimator):
    parts_s: dict[str, float]

    def animate(self, motion: FaceMotion) -> PosedFace:
        began_s = time.perf_counter()
        posed = super().animate(motion)
        self.parts_s["animate"] += time.perf_counter() - began_s
        return posed


class _TimedSolver(FaceSolver):
    parts_s: dict[str, float]

    def solve(self, face: PosedFace) -> NDArray[np.float32]:
        began_s = time.perf_counter()
        weights = super().solve(face)
        self.parts_s["solve"] += time.perf_counter() - began_s
        return weights
