"""Audio that a client keeps until its frames have come back, so that nothing is lost on the way.

The same store is the queue of what is still to be sent and the memory that a resumed stream is fed
from. It is bounded: credit keeps the client at most 10 s ahead of the daemon, and everything that
no frame to come can need is dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from math import floor, gcd
from typing import Final

HISTORY_S: Final = 2
"""Audio before the first missing frame that a resumed stream gets.

More than `direct` (less than 1 s) and `regression` (0.26 s) look back: their frames are then the
same bits. `diffusion` remembers: on bundles with random weights 1 s left a difference of 1e-5.
"""
TIME_BASE_HZ: Final = 16_000
"""All time in the protocol is in samples of this rate."""
MERGE_BYTES: Final = 4096
"""Smaller pieces than this are joined."""


def resume_sample(first_frame: int, fps: Fraction, sample_rate_hz: int) -> int:
    """Return where audio must begin again, in source samples, for frames from `first_frame` on.

    It lies `HISTORY_S` before that frame, and on an instant that is a whole sample at 16 kHz too
    (start * 16000 divides by the rate), so that resampling keeps its phase.
    """
    unit = sample_rate_hz // gcd(sample_rate_hz, TIME_BASE_HZ)
    wanted = floor(Fraction(first_frame) / fps * sample_rate_hz) - HISTORY_S * sample_rate_hz
    return max(0, wanted) // unit * unit


class Retention:
    """The audio of one utterance from `first_sample` on; indices count from its beginning."""

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._pieces: list[bytes] = []
        self._starts: list[int] = []
        self.total_samples = 0
        """Samples appended so far: the index of the next one."""

    @property
    def first_sample(self) -> int:
        """Index of the oldest sample still kept; `total_samples` when none is."""
        return self._starts[0] if self._starts else self.total_samples

    def append(self, piece: bytes) -> None:
        """Add whole sample frames at the end."""
        if not piece:
            return
        if self._pieces and len(self._pieces[-1]) + len(piece) <= MERGE_BYTES:
            self._pieces[-1] += piece  # sent sample by sample, each would cost a message
        else:
            self._pieces.append(piece)
            self._starts.append(self.total_samples)
        self.total_samples += len(piece) // self._frame_bytes

    def read(self, sample: int, end_sample: int) -> memoryview:
        """Return the bytes from `sample` to the end of its piece, or to `end_sample`; maybe empty.

        Raises:
            IndexError: `sample` was dropped already.
        """
        if sample < self.first_sample:
            raise IndexError(f"sample {sample} is not kept, only {self.first_sample} and later")
        if sample >= min(end_sample, self.total_samples):
            return memoryview(b"")
        at = bisect_right(self._starts, sample) - 1
        start, piece = self._starts[at], memoryview(self._pieces[at])
        return piece[
            (sample - start) * self._frame_bytes : (end_sample - start) * self._frame_bytes
        ]

    def drop_before(self, sample: int) -> None:
        """Drop the pieces that end at or before `sample`."""
        gone = bisect_right(self._starts, sample) - 1
        if self._pieces and sample >= self.total_samples:
            gone = len(self._pieces)
        if gone > 0:
            del self._pieces[:gone], self._starts[:gone]

    def clear(self) -> None:
        """Forget everything: a new utterance begins at sample 0."""
        self._pieces.clear()
        self._starts.clear()
        self.total_samples = 0
