"""Tongue: a strength and a shift; nothing is smoothed (a2f_runtime §4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def animate_tongue(
    neutral: NDArray[np.float32],
    deltas: NDArray[np.float32],
    strength: float,
    height: float,
    depth: float,
) -> NDArray[np.float32]:
    """Return the tongue's vertices, float32[3 * vertices], a new array.

    Args:
        neutral: float32[3 * vertices] or [vertices, 3] in cm.
        deltas: The motion relative to it, as many values.
        strength: Factor of the motion.
        height: Shift of every vertex along y in cm.
        depth: Shift along z (out of the face) in cm.
    """
    vertices: NDArray[np.float32] = deltas.reshape(-1) * np.float32(strength)
    vertices += neutral.reshape(-1)
    vertices[1::3] += np.float32(height)
    vertices[2::3] += np.float32(depth)
    return vertices
