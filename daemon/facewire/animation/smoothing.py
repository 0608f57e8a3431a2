"""Two one-pole filters in a row, their speed given as a half-life (a2f_runtime §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scalar = TypeVar("Scalar", float, np.float32)


def smoothing_share(dt_s: Scalar, smoothing_s: Scalar) -> Scalar:
    """Return the share of the way to the target that one stage covers in `dt_s`, [0, 1].

    1 - 0.5^(dt/smoothing), in the precision of the arguments; 1 for a smoothing of 0 or less.
    """
    if smoothing_s <= 0:
        return type(dt_s)(1)
    share: Scalar = type(dt_s)(1) - type(dt_s)(0.5) ** (dt_s / smoothing_s)
    return share


class Smoother:
    """Smooths [size] values frame by frame; the first frame after a reset passes as it is."""

    def __init__(self, size: int, precision: type[np.floating[Any]] = np.float32) -> None:
        self._first: NDArray[Any] = np.zeros(size, precision)
        self._second, self._scratch = self._first.copy(), self._first.copy()
        self._fresh = True
        self._share: np.float32 | None = None

    def set_speed(self, dt_s: float, smoothing_s: float) -> None:
        """Set the frame duration and the half-life of a stage in seconds; <= 0 passes through."""
        with np.errstate(over="ignore"):  # a half-life near 0: the share is 1
            share = smoothing_share(np.float32(dt_s), np.float32(smoothing_s))
        self._share = share if smoothing_s > 0 else None

    def smooth(self, values: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Return the smoothed values: the filter's own state, valid until the next call."""
        if self._fresh or self._share is None:
            # Passing through, the state still follows, so that smoothing sets in without a jump.
            np.copyto(self._first, values)
            np.copyto(self._second, values)
            self._fresh = False
            return self._second
        self._approach(self._first, values, self._share)
        self._approach(self._second, self._first, self._share)
        return self._second

    def reset(self) -> None:
        """Begin anew: the next frame passes as it is."""
        self._fresh = True

    def _approach(self, state: NDArray[Any], target: NDArray[Any], share: np.float32) -> None:
        np.subtract(target, state, out=self._scratch)
        self._scratch *= share
        state += self._scratch
