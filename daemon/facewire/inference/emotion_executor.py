"""Audio2Emotion on one track: a pure state machine, audio in, emotion frames out (a2f_runtime §6).

::

    audio.accumulate(...) -> ready() -> take_window() -> the network -> accept(logits) -> frames

The audio and the preferred emotions belong to the caller, who may share them with the face that
the emotions are for, and drops what nobody reads any more (`progress.forget_read`). Frames depend
on the audio alone: not on how it was cut into chunks, nor on which tracks share a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.emotion.postprocess import PostProcessor, PostProcessParameters
from facewire.inference.gating import ready_executions
from facewire.inference.progress import FrameTimeline, WindowProgress
from facewire.protocol.errors import AudioError, BundleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from facewire.audio import AudioAccumulator
    from facewire.emotion import EmotionTrack
    from facewire.inference.emotion_settings import EmotionSettings

Network = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]
"""float32[batch, window] -> float32[batch, classes], the logits."""
Wish = tuple[bool, "NDArray[np.float32] | None"]
"""Whether a frame mixes a preferred emotion in, and which; None is the parameters' own."""


@dataclass(frozen=True, kw_only=True)
class EmotionFrames:
    """Consecutive emotion frames: what one inference gave."""

    first: int
    """Index of the first one in the utterance."""
    timestamps: NDArray[np.int64]
    """int64[frames]: instants in samples."""
    next_timestamps: NDArray[np.int64]
    """int64[frames]: where each frame ends."""
    emotions: NDArray[np.float32]
    """float32[frames, 10], in the order of EMOTIONS."""
    repaired: bool
    """True when the network gave NaN or infinity, which counted as neutral."""

    def __len__(self) -> int:
        """Return how many frames there are."""
        return len(self.timestamps)


class EmotionExecutor:
    """One track's automatic emotion, from its first window to its last frame."""

    def __init__(
        self,
        settings: EmotionSettings,
        parameters: PostProcessParameters,
        *,
        audio: AudioAccumulator,
        preferred: EmotionTrack | None = None,
        first_window: int = 0,
    ) -> None:
        """Stand before the first window.

        Args:
            settings: Windows and rate.
            parameters: Of the post-processing; `post.parameters` changes them on the way.
            audio: Where the track's audio arrives.
            preferred: Preferred emotions over time; while they are enabled, frames wait for them.
                None: `parameters.preferred_emotion` at all times.
            first_window: Window to begin with, for a track that begins in the middle.

        Raises:
            SettingsError: a setting or parameter is out of range.
        """
        settings.validate()
        self.settings = settings
        self.post = PostProcessor(parameters, dt_s=float(1 / settings.fps))
        """The smoothing; its parameters may be replaced between windows."""
        self.progress = WindowProgress(settings.window_spec())
        """How far the track has come, and what of the audio and emotions it still wants."""
        self.progress.read = first_window
        self.timeline = FrameTimeline(self.progress.spec)
        self._audio = audio
        self._preferred = preferred
        self._in_flight = False

    def reset(self) -> None:
        """Go back to the first window; the accumulators are their owner's to reset."""
        self.progress.reset()
        self.post.reset()
        self._in_flight = False

    def ready(self) -> bool:
        """Return whether an inference can run now; never while one is in flight."""
        return (
            not self._in_flight
            and ready_executions(self.progress, self._audio, self._gate()) > 0
            and self._is_heard(self.progress.read)
        )

    @property
    def finished(self) -> bool:
        """True when the audio has ended and every frame has been made."""
        left = self.progress.available(samples=self._audio.total_samples, closed=True)
        return self._audio.closed and not self._in_flight and left == 0

    def take_window(self) -> NDArray[np.float32]:
        """Return float32[window_samples], the next inference; in flight until `accept`.

        When it cannot be run after all, `give_back` makes it ready again.

        Raises:
            AudioError: none is ready.
        """
        if not self.ready():
            raise AudioError(
                "No emotion window is ready.", hint="Push more audio or emotion keys, or end them."
            )
        spec = self.progress.spec
        window = self._audio.read(spec.start(self.progress.read), spec.length)
        self._in_flight = True
        return window

    def give_back(self) -> None:
        """Say that the window in flight was not run."""
        self._in_flight = False

    def accept(
        self, logits: NDArray[np.float32], wishes: Sequence[Wish] | None = None
    ) -> EmotionFrames:
        """Return the frames that float32[classes] of the window in flight gives.

        Args:
            logits: Of the network.
            wishes: One per frame of a window, in place of the preferred track.

        Raises:
            BundleError: another number of logits than the parameters know; the window stays in
                flight.
        """
        assert self._in_flight
        total = self._audio.total_samples if self._audio.closed else None
        frames = self.timeline.of_window(self.progress.read, total_samples=total)
        bounds = [self.timeline.timestamp(frame) for frame in range(frames.start, frames.stop + 1)]
        if wishes is None:
            emotions = [
                self.post.step(logits, self._preferred_at(instant)) for instant in bounds[:-1]
            ]
        else:
            emotions = [
                self.post.step(logits, wanted, mixing=mixing)
                for mixing, wanted in wishes[: len(frames)]
            ]
        self.progress.advance()
        self._in_flight = False
        return EmotionFrames(
            first=frames.start,
            timestamps=np.array(bounds[:-1], np.int64),
            next_timestamps=np.array(bounds[1:], np.int64),
            emotions=np.array(emotions, np.float32),
            repaired=not np.isfinite(logits).all(),
        )

    def run(self, network: Network | None) -> Iterator[EmotionFrames]:
        """Yield frames, inference by inference, for as long as one is ready."""
        while self.ready():
            (frames,) = execute_tracks([self], network)
            assert frames is not None
            yield frames

    def _gate(self) -> EmotionTrack | None:
        return self._preferred if self.post.parameters.enable_preferred_emotion else None

    def _preferred_at(self, instant: int) -> NDArray[np.float32] | None:
        gate = self._gate()
        return None if gate is None else gate.read(instant)

    def _is_heard(self, index: int) -> bool:
        # With a stride above half a window the last frames lie beyond it. Whether they exist is
        # only known once the audio has come that far: chunks must not change what is reported.
        spec = self.progress.spec
        last = spec.per_tick.target((index + 1) * spec.ticks - 1)
        return self._audio.closed or last < self._audio.total_samples


def execute_tracks(
    executors: Sequence[EmotionExecutor], network: Network | None
) -> list[EmotionFrames | None]:
    """Run one inference for every track that has one ready, in one batch; None for the others.

    `network` None is for tracks whose settings do not classify: their logits are all zero.

    Raises:
        AudioError: no track has one ready.
        SettingsError: the tracks differ in their windows, or need a network and have none.
        BundleError: the network gave another number of rows or of classes.
        Exception: what the network raised. After any error the windows are ready again.
    """
    active = [executor for executor in executors if executor.ready()]
    if not active:
        raise AudioError(
            "No track has an emotion window ready.",
            hint="Push more audio or emotion keys, or end them.",
        )
    if len({(each.settings.classify, each.progress.spec.length) for each in active}) > 1:
        raise SettingsError("Tracks of one batch need windows of one length.", field="window")
    windows = np.stack([executor.take_window() for executor in active])
    try:
        rows = _logits(active[0], network, windows)
        made = {id(each): each.accept(row) for each, row in zip(active, rows, strict=True)}
    finally:
        for executor in active:
            executor.give_back()  # of those that accepted there is nothing in flight any more
    return [made.get(id(executor)) for executor in executors]


def _logits(
    executor: EmotionExecutor, network: Network | None, windows: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One row of logits per window, as the settings of one of the tracks say."""
    if not executor.settings.classify:
        classes = len(executor.post.parameters.correspondence)
        return np.zeros((len(windows), classes), np.float32)
    if network is None:
        raise SettingsError("Emotions from audio need a network.", field="classify")
    rows = np.asarray(network(windows), np.float32)
    if len(rows) != len(windows):
        raise BundleError(f"The emotion network answered {len(windows)} windows by {len(rows)}.")
    return rows
