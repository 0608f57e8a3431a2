"""When audio arrived, so that a window's latency is counted from its last sample on."""

from __future__ import annotations

from collections import deque
from typing import Final

GRAIN_S: Final = 0.005
"""Chunks closer together than this much audio share one mark: memory stays bounded."""


class Arrivals:
    """Marks (samples so far, instant) of one generation's audio at its source rate."""

    def __init__(self, sample_rate_hz: int, start_sample: int) -> None:
        self.samples = start_sample
        """Index one past the last sample that has arrived."""
        self.begun_ns: int | None = None
        """When the first chunk came."""
        self._grain_samples = int(sample_rate_hz * GRAIN_S)
        self._marks: deque[tuple[int, int]] = deque()

    def add(self, samples: int, now_ns: int) -> None:
        """Note that `samples` more have come."""
        if self.begun_ns is None:
            self.begun_ns = now_ns
        before = self._marks[-2][0] if len(self._marks) > 1 else None
        self.samples += samples
        if before is not None and self.samples - before < self._grain_samples:
            self._marks.pop()
        self._marks.append((self.samples, now_ns))

    def instant_of(self, sample: int, otherwise_ns: int) -> int:
        """Return when all samples below index `sample` were there; forget what came earlier.

        Args:
            sample: Must not decrease from call to call.
            otherwise_ns: Returned when that much audio has not come (the stream was ended).
        """
        while self._marks and self._marks[0][0] < sample:
            self._marks.popleft()
        return self._marks[0][1] if self._marks else otherwise_ns
