"""Frames of a model turned into frames of a stream, whose rate may be another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray


class FrameTrack:
    """Rows of values at the model's rate, read at the stream's: equal rates give the same rows.

    Stream frame f lies at model frame f * ratio, exactly; between two model frames it is a mix.
    """

    def __init__(self, ratio: Fraction) -> None:
        """Take the model's frames per second over the stream's."""
        self._ratio = ratio
        self._first = 0
        self._rows: NDArray[np.float32] | None = None

    def append(self, first: int, rows: NDArray[np.float32]) -> None:
        """Take float32[frames, values] from model frame `first` on: the next, or the very first."""
        if self._rows is None:
            self._first, self._rows = first, rows
            return
        assert first == self._first + len(self._rows)
        self._rows = np.concatenate([self._rows, rows])

    def knows(self, frame: int) -> bool:
        """Say whether all that a stream frame is made of has come."""
        if self._rows is None:
            return False
        return -(-frame * self._ratio // 1) < self._first + len(self._rows)

    def at(self, frames: range) -> NDArray[np.float32]:
        """Return float32[frames, values]; before the first row and after the last these hold."""
        assert self._rows is not None
        made = np.empty((len(frames), self._rows.shape[1]), np.float32)
        last = len(self._rows) - 1
        for row, frame in zip(made, frames, strict=True):
            whole, part = divmod(frame * self._ratio, 1)
            at = int(whole) - self._first
            if part and 0 <= at < last:
                low, high = self._rows[at], self._rows[at + 1]
                row[:] = low + (high - low) * np.float32(float(part))
            else:
                row[:] = self._rows[min(max(at, 0), last)]
        return made

    def forget_before(self, frame: int) -> None:
        """Drop what no stream frame from `frame` on is made of; the last row stays."""
        if self._rows is None:
            return
        spent = min(int(frame * self._ratio // 1) - self._first, len(self._rows) - 1)
        if spent > 0:
            self._rows = self._rows[spent:].copy()
            self._first += spent
