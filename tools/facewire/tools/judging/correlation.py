"""Pearson correlation over time and over lag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.floating]

GRID_S: Final = 0.01
"""Spacing of the common time grid of reference and prediction."""
REFERENCE_FPS: Final = 25.0
EDGE_S: Final = 0.1
"""Left out at both ends of a clip, so that every lag finds prediction on both sides."""
LAGS: Final = np.arange(-10, 11)
"""Lags tried, in grid steps; positive means that the prediction is late."""
_STILL_REFERENCE, _STILL_PREDICTION = 1e-5, 1e-6


class Peak(NamedTuple):
    """Where a lag profile is highest."""

    r: float
    lag_ms: float


def common_grid(frames: int) -> npt.NDArray[np.float64]:
    """Return the grid times in seconds for a reference of so many video frames."""
    return np.arange(EDGE_S, frames / REFERENCE_FPS - EDGE_S, GRID_S)


def label_times(frames: int) -> npt.NDArray[np.float64]:
    """Return the instants of the video labels: the middle of each frame, in seconds."""
    return np.asarray((np.arange(frames) + 0.5) / REFERENCE_FPS, np.float64)


def is_still(reference: Array) -> bool:
    """Tell whether a reference channel does not move at all, so that no r exists."""
    return bool(reference.std() < _STILL_REFERENCE)


def lag_profile(reference: Array, times_s: Array, values: Array) -> npt.NDArray[np.float64]:
    """Return Pearson r at every lag of LAGS, 0 where the prediction stands still.

    Args:
        reference: One value per video frame (REFERENCE_FPS).
        times_s: Instants of the predicted values, rising, in seconds.
        values: Predicted values.
    """
    grid = common_grid(len(reference))
    wanted = np.interp(grid, label_times(len(reference)), reference)
    profile = np.zeros(len(LAGS))
    for k, lag in enumerate(LAGS):
        shifted = np.interp(grid + lag * GRID_S, times_s, values)
        if shifted.std() > _STILL_PREDICTION:
            profile[k] = np.corrcoef(wanted, shifted)[0, 1]
    return profile


def peak(profile: npt.NDArray[np.float64]) -> Peak:
    """Return the best r and its lag, refined by the parabola through its two neighbours.

    A peak at either end of LAGS is returned as it is.
    """
    k = int(np.argmax(profile))
    offset = 0.0
    if 0 < k < len(profile) - 1:
        before, here, after = profile[k - 1 : k + 2]
        offset = 0.5 * (before - after) / (before - 2.0 * here + after)
    return Peak(r=float(profile[k]), lag_ms=float((LAGS[k] + offset) * GRID_S * 1000.0))
