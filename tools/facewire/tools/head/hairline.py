"""Where hair grows: above a line around the skull, and not on the ears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SKULL: Final = np.array([0.0, 75.5, 3.8])
"""From here the hairline is looked at."""
# Height of the hairline by the direction seen from above: 0 degrees in front, 180 behind.
HAIRLINE: Final = (
    (0.0, 80.6), (20.0, 80.6), (36.0, 79.8), (47.0, 78.2), (55.0, 76.3), (62.0, 74.4),
    (68.0, 72.0), (75.0, 71.8), (84.0, 73.0), (100.0, 73.0), (112.0, 71.0), (130.0, 68.6),
    (150.0, 66.9), (180.0, 66.2),
)  # fmt: skip
EAR: Final = (71.75, 3.7, 3.35, 2.35)
"""Height and depth of the middle of the ears, half height and half depth: no hair grows there."""


def above_hairline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[N], cm: how far points lie above the hairline, roughly; negative below it."""
    seen = points - SKULL
    bearing = np.degrees(np.arctan2(np.abs(seen[:, 0]), seen[:, 2]))
    above = points[:, 1] - np.interp(bearing, *np.array(HAIRLINE).T)
    height, depth, half_height, half_depth = EAR
    from_ear = np.hypot((points[:, 1] - height) / half_height, (points[:, 2] - depth) / half_depth)
    beside = np.abs(points[:, 0]) > 5.0
    return np.asarray(np.where(beside, np.minimum(above, 2.5 * (from_ear - 1.0)), above))
