"""Windows and frames of the A2F and A2E families, and how far a track has come (a2f_runtime §2.3).

Numbers of a family -> `WindowSpec`; a track's counter over it is `WindowProgress`; its frames, as
they are numbered to the outside, are `FrameTimeline`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from facewire.inference.windows import WindowSpec, available_windows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facewire.audio import AudioAccumulator
    from facewire.emotion import EmotionTrack


def regression_windows(
    *,
    buffer_samples: int,
    buffer_offset_samples: int,
    fps: Fraction,
    sample_rate_hz: int = 16_000,
) -> WindowSpec:
    """Return one window per frame, begun `buffer_offset_samples` before the frame's instant."""
    return WindowSpec(
        length=buffer_samples,
        start_offset=-buffer_offset_samples,
        target_offset=buffer_offset_samples,
        stride=sample_rate_hz / fps,
    )


def diffusion_windows(
    *,
    buffer_samples: int,
    padding_left_samples: int,
    left_frames: int,
    center_frames: int,
    right_frames: int,
) -> WindowSpec:
    """Return windows that answer for their center frames alone; the first lie before the audio."""
    frames = left_frames + center_frames + right_frames
    return WindowSpec(
        length=buffer_samples,
        start_offset=-padding_left_samples,
        target_offset=buffer_samples * left_frames // frames,
        stride=Fraction(buffer_samples * center_frames, frames),
        ticks=center_frames,
    )


def diffusion_fps(*, buffer_samples: int, window_frames: int, sample_rate_hz: int) -> Fraction:
    """Return the frame rate a diffusion bundle fixes; v3.0: 60 frames in 16000 samples is 60."""
    return Fraction(window_frames * sample_rate_hz, buffer_samples)


def emotion_windows(
    *,
    length_samples: int,
    fps: Fraction,
    inferences_to_skip: int = 0,
    sample_rate_hz: int = 16_000,
) -> WindowSpec:
    """Return windows centred on the first of the `inferences_to_skip` + 1 frames they serve."""
    return WindowSpec(
        length=length_samples,
        start_offset=-(length_samples // 2),
        target_offset=length_samples // 2,
        stride=sample_rate_hz * (inferences_to_skip + 1) / fps,
        ticks=inferences_to_skip + 1,
    )


def post_process_windows(*, fps: Fraction, sample_rate_hz: int = 16_000) -> WindowSpec:
    """Return the windows of emotions made without a network: a frame needs its own sample."""
    return WindowSpec(length=1, start_offset=0, target_offset=0, stride=sample_rate_hz / fps)


class WindowProgress:
    """How many windows of a track were read; nothing else about it moves."""

    def __init__(self, spec: WindowSpec) -> None:
        self.spec = spec
        self.read = 0
        """Windows read so far, and the index of the next one."""

    def available(self, *, samples: int, closed: bool) -> int:
        """Return how many more windows `samples` of audio allow, emotions aside."""
        return available_windows(self.spec, read=self.read, samples=samples, closed=closed)

    def advance(self) -> int:
        """Count one window as read and return its index."""
        self.read += 1
        return self.read - 1

    def reset(self) -> None:
        """Go back to the first window; accumulators are their owner's to reset."""
        self.read = 0

    @property
    def next_audio_sample(self) -> int:
        """First sample still wanted; those before it may be dropped."""
        return max(0, self.spec.start(self.read))

    @property
    def next_emotion_timestamp(self) -> int:
        """First instant whose emotion is still wanted; may be negative."""
        return self.spec.target(self.read)


def forget_read(
    progresses: Iterable[WindowProgress],
    *,
    audio: AudioAccumulator | None = None,
    emotions: EmotionTrack | None = None,
) -> None:
    """Drop what none of the tracks that share `audio` and `emotions` will read again.

    Storage goes in whole blocks, so that a stream of any length holds about a block more than its
    windows reach.
    """
    tracks = list(progresses)
    if audio is not None:
        audio.drop_before(min(track.next_audio_sample for track in tracks))
    if emotions is not None and emotions.last_time is not None:
        instant = min(track.next_emotion_timestamp for track in tracks)
        # Of an open track the last key is the latest instant that may be named.
        emotions.drop_before(instant if emotions.closed else min(instant, emotions.last_time))


@dataclass(frozen=True)
class FrameTimeline:
    """The frames of a track, numbered from the first one at or after the start of the audio.

    A diffusion network computes frames before it (45 in v3.0), which nobody is given: computed
    frame j is frame j - `lead_in_frames`.
    """

    spec: WindowSpec

    @cached_property
    def lead_in_frames(self) -> int:
        """Computed frames whose instant is negative."""
        before_audio = -(self.spec.start_offset + self.spec.target_offset)
        return max(0, -(-before_audio // self.spec.per_tick.stride))

    def timestamp(self, frame: int) -> int:
        """Return the instant of a frame, in samples; that of `frame` + 1 is where it ends."""
        return self.spec.per_tick.target(frame + self.lead_in_frames)

    def total(self, samples: int) -> int:
        """Return the frames of a whole utterance of `samples`."""
        computed = available_windows(self.spec.per_tick, read=0, samples=samples, closed=True)
        return max(0, computed - self.lead_in_frames)

    def of_window(self, index: int, *, total_samples: int | None = None) -> range:
        """Return the frames a window gives, without lead-in, in order.

        With `total_samples`, once the end of the audio is known, frames at or after it are left
        out: they are computed and not reported.
        """
        first = index * self.spec.ticks - self.lead_in_frames
        stop = first + self.spec.ticks
        if total_samples is not None:
            stop = min(stop, self.total(total_samples))
        return range(max(0, first), max(0, stop))
