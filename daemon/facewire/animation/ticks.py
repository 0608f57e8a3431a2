"""Values known at regular ticks, wanted at frame instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TickTrack:
    """Rows at tick 0, 1, 2 ... `tick_samples` apart; read between them by linear interpolation."""

    def __init__(self, tick_samples: int) -> None:
        self._tick_samples = tick_samples
        self._rows: NDArray[np.float32] | None = None
        self._first_tick = 0

    def append(self, first_tick: int, rows: NDArray[np.float32]) -> None:
        """Add float32[ticks, values]; they follow the rows held, or are the first."""
        if self._rows is None:
            self._first_tick, self._rows = first_tick, rows
        else:
            self._rows = np.concatenate([self._rows, rows])

    @property
    def known_until(self) -> int:
        """Instant of the last tick held, in samples; -1 before the first."""
        if self._rows is None:
            return -1
        return (self._first_tick + len(self._rows) - 1) * self._tick_samples

    def at(self, timestamps: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32[frames, values] at sample instants; past the last tick its row holds."""
        assert self._rows is not None
        position = timestamps - self._first_tick * self._tick_samples
        last = len(self._rows) - 1
        before = np.minimum(position // self._tick_samples, last)
        after = np.minimum(before + 1, last)
        share = (position % self._tick_samples).astype(np.float32) / np.float32(self._tick_samples)
        low: NDArray[np.float32] = self._rows[before]
        between: NDArray[np.float32] = low + (self._rows[after] - low) * share[:, None]
        return between

    def forget_before(self, timestamp: int) -> None:
        """Drop the ticks that no read at or after `timestamp` needs; one row always stays."""
        if self._rows is None:
            return
        stale = min(timestamp // self._tick_samples - self._first_tick, len(self._rows) - 1)
        if stale > 0:
            self._rows = self._rows[stale:]
            self._first_tick += stale
