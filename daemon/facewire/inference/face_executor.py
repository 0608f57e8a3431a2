"""A face on one track: a pure state machine, audio and emotions in, geometry and weights out.

::

    audio, emotions -> ready() -> take_window() -> the network -> accept(result) -> frames

The accumulators belong to the caller, who drops what nobody reads any more
(`progress.forget_read`). Frames depend on audio and emotions alone: not on how those were cut into
chunks, nor on which tracks share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.inference.gating import ready_executions
from facewire.inference.progress import FrameTimeline, WindowProgress
from facewire.protocol.errors import AudioError, BundleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.audio import AudioAccumulator
    from facewire.emotion import EmotionTrack
    from facewire.inference.face_geometry import GeometryAnimator, PosedFace
    from facewire.inference.face_solver import FaceSolver
    from facewire.inference.network_track import NetworkTrack
    from facewire.inference.windows import WindowSpec

Network = Callable[[Mapping[str, "NDArray[Any]"]], "NDArray[np.float32]"]
"""Feeds with a leading batch axis -> results with one: `Backend.run`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceFrames:
    """Consecutive frames: what one inference gave; none while the network warms up."""

    first: int
    """Index of the first one in the utterance."""
    timestamps: NDArray[np.int64]
    """int64[frames]: instants in samples."""
    next_timestamps: NDArray[np.int64]
    """int64[frames]: where each frame ends."""
    emotions: NDArray[np.float32]
    """float32[frames, 10] as the network was fed them."""
    faces: tuple[PosedFace, ...]
    weights: NDArray[np.float32] | None
    """float32[frames, poses of skin and tongue], not limited to [0, 1]; None without a solver."""

    def __len__(self) -> int:
        """Return how many frames there are."""
        return len(self.faces)


class FaceExecutor:
    """One track of a regression or diffusion network, from its first window to its last frame."""

    def __init__(
        self,
        track: NetworkTrack,
        face: GeometryAnimator,
        windows: WindowSpec,
        *,
        audio: AudioAccumulator,
        emotions: EmotionTrack,
        solver: FaceSolver | None = None,
    ) -> None:
        """Stand before the first window.

        Args:
            track: The network's side.
            face: The animators.
            windows: As the family and the frame rate have it.
            audio: Where the track's audio arrives.
            emotions: Explicit emotions over time; while open, windows wait for their keys.
            solver: Makes weights of the geometry; None: geometry alone.
        """
        self.track = track
        self.face = face
        self.solver = solver
        self.progress = WindowProgress(windows)
        """How far the track has come, and what of audio and emotions it still wants."""
        self.timeline = FrameTimeline(windows)
        self._audio = audio
        self._emotions = emotions
        self._taken: NDArray[np.float32] | None = None

    def reset(self) -> None:
        """Go back to the first window; the accumulators are their owner's to reset."""
        self.progress.reset()
        self.track.reset()
        self.face.reset()
        if self.solver is not None:
            self.solver.reset()
        self._taken = None

    @property
    def available(self) -> int:
        """Inferences that audio and emotions allow now."""
        return ready_executions(self.progress, self._audio, self._emotions)

    def ready(self) -> bool:
        """Return whether an inference can run now; never while one is in flight."""
        return self._taken is None and self.available > 0

    def take_window(self) -> Mapping[str, NDArray[Any]]:
        """Return what the next inference reads; it is in flight until `accept` or `give_back`.

        Raises:
            AudioError: none is ready.
        """
        if not self.ready():
            raise AudioError("No face window is ready.", hint="Push more audio or emotion keys.")
        spec, index = self.progress.spec, self.progress.read
        audio = self._audio.read(spec.start(index), spec.length)
        emotions = np.stack([self._emotions.read(instant) for instant in spec.instants(index)])
        self._taken = emotions
        return self.track.feeds(index, audio, emotions)

    def give_back(self) -> None:
        """Say that the window in flight was not run: it is ready again."""
        self._taken = None

    def accept(self, result: NDArray[np.float32]) -> FaceFrames:
        """Return the frames that the window in flight gives; `result` has a batch axis of 1."""
        emotions, index = self._taken, self.progress.read
        assert emotions is not None
        motions = self.track.motions(result)
        total = self._audio.total_samples if self._audio.closed else None
        frames = self.timeline.of_window(index, total_samples=total)
        skipped = frames.start + self.timeline.lead_in_frames - index * self.progress.spec.ticks
        shown = slice(skipped, skipped + len(frames))
        faces = tuple(self.face.animate(motion) for motion in motions[shown])
        bounds = [self.timeline.timestamp(frame) for frame in range(frames.start, frames.stop + 1)]
        self.progress.advance()
        self._taken = None
        return FaceFrames(
            first=frames.start,
            timestamps=np.array(bounds[:-1], np.int64),
            next_timestamps=np.array(bounds[1:], np.int64),
            emotions=emotions[shown],
            faces=faces,
            weights=self._weights(faces),
        )

    def _weights(self, faces: Sequence[PosedFace]) -> NDArray[np.float32] | None:
        if self.solver is None:
            return None
        rows = [self.solver.solve(face) for face in faces]
        return np.array(rows, np.float32).reshape(len(faces), len(self.solver.names))


def execute_tracks(executors: Sequence[FaceExecutor], network: Network) -> list[FaceFrames | None]:
    """Run one inference, in one batch, for every track that has one ready; None for the others.

    Tracks without one keep their state untouched.

    Raises:
        AudioError: no track has one ready.
        BundleError: the network gave another number of rows.
        Exception: what the network raised. After it the windows are ready again.
    """
    active = [executor for executor in executors if executor.ready()]
    if not active:
        raise AudioError("No track has a face window ready.", hint="Push more audio or keys.")
    try:
        feeds = [executor.take_window() for executor in active]
        rows = network({name: np.concatenate([each[name] for each in feeds]) for name in feeds[0]})
        if len(rows) != len(active):
            raise BundleError(f"The network answered {len(active)} windows by {len(rows)}.")
        made = {id(each): each.accept(rows[place : place + 1]) for place, each in enumerate(active)}
    finally:
        for executor in active:
            executor.give_back()  # of those that accepted there is nothing in flight any more
    return [made.get(id(executor)) for executor in executors]
