"""The network's side of one track: what an inference is fed, and the motions it answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.inference.face_geometry import FaceMotion

_LIMIT: Final = 1e6
"""No coefficient, centimetre or degree of a face is larger. What is, though finite, may overflow
further on, and the smoothing would then never come back from infinity."""


class NetworkTrack(Protocol):
    """All state of a track that the network itself needs; its windows must come in order."""

    @property
    def repaired_frames(self) -> int:
        """Frames since the reset that held NaN or absurd values and repeat the one before them."""

    def feeds(
        self, index: int, audio: NDArray[np.float32], emotions: NDArray[np.float32]
    ) -> Mapping[str, NDArray[Any]]:
        """Return what one window reads, each with a leading batch axis of 1; changes nothing.

        Args:
            index: Number of the window.
            audio: float32[window], 16 kHz, without gain.
            emotions: float32[frames of a window, explicit emotions] at the frames' instants.
        """

    def motions(self, result: NDArray[np.float32]) -> Sequence[FaceMotion]:
        """Take the result of that window (batch axis of 1), one motion per frame, in order."""

    def reset(self) -> None:
        """Go back to the state before the first window."""


class NanGuard:
    """Lets no NaN and nothing huge through: such a frame repeats the last good one, or rests."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the last good frame, and the count."""
        self.repaired = 0
        """Frames replaced since the reset."""
        self._last: NDArray[np.float32] | None = None

    def guard(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[frames, values]: `rows` themselves where all of them are good."""
        good = (np.abs(rows) <= _LIMIT).all(axis=1)  # NaN is not
        if not good.all():
            rows = rows.copy()
            for frame in np.flatnonzero(~good):
                before = rows[frame - 1] if frame else self._last
                rows[frame] = 0.0 if before is None else before
                self.repaired += 1
        self._last = rows[-1].copy()
        return rows


def with_gain(audio: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
    """Return the samples times `gain` in float32; the same array at a gain of exactly 1."""
    return audio if gain == 1.0 else audio * np.float32(gain)


def split_row(row: NDArray[np.float32], sizes: Sequence[int]) -> list[NDArray[np.float32]]:
    """Return the views of a row that lie one after the other."""
    parts, at = [], 0
    for size in sizes:  # np.split takes ten times as long
        parts.append(row[at : at + size])
        at += size
    return parts
