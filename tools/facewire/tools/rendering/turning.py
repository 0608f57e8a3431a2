"""Turning the head on its neck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from facewire.tools.rendering.raster import FloatArray

FULL_TURN_DEG: Final = 50.0
"""Degrees of a head curve at 1."""
_FORWARD: Final = 0.75
_NECK_CM: Final = 10.0
"""From where the neck stands still up to its pivot."""


def turned(
    vertices: FloatArray, normals: FloatArray, head: FloatArray, pivot: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Turn the head; the neck follows the less, the lower it is.

    Args:
        vertices: float32[vertices, 3], cm.
        normals: float32[vertices, 3].
        head: float32[3]: roll towards the character's right shoulder, pitch down and yaw to the
            left, where 1 is `FULL_TURN_DEG`.
        pivot: float32[3], cm: the top of the neck.
    """
    roll, pitch, yaw = np.radians(head.astype(np.float64) * FULL_TURN_DEG)
    matrix = (_about(1, yaw) @ _about(0, pitch) @ _about(2, roll)).astype(np.float32)
    # The chin hangs before the neck, as low as its middle: forward counts as up.
    up = vertices[:, 1:2] - pivot[1] + np.float32(_FORWARD) * (vertices[:, 2:] - pivot[2])
    share = np.clip(up / np.float32(_NECK_CM) + 1, 0, 1)
    share = share * share * (3 - 2 * share)
    spun = (vertices - pivot) @ matrix.T + pivot
    return vertices + share * (spun - vertices), normals + share * (normals @ matrix.T - normals)


def _about(axis: int, angle: float) -> FloatArray:
    one, other = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[one, one] = matrix[other, other] = np.cos(angle)
    matrix[other, one] = np.sin(angle)
    matrix[one, other] = -np.sin(angle)
    return matrix.astype(np.float32)
