"""What is behind the head: a soft wall, lighter where the head is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.rendering.light import linear

if TYPE_CHECKING:
    from facewire.tools.rendering.raster import FloatArray

_MIDDLE: Final = (0.62, 0.66, 0.70)
_EDGE: Final = (0.33, 0.36, 0.41)


def backdrop(height: int, width: int) -> FloatArray:
    """Return float32[3, height * width], linear light."""
    y = (np.arange(height) + 0.5) / height - 0.45
    x = ((np.arange(width) + 0.5) - width / 2) / height
    away = np.sqrt(x[None, :] ** 2 + y[:, None] ** 2)
    share = np.clip(away / 0.75, 0, 1)[..., None] ** 1.5
    middle, edge = (linear(np.array(colour, np.float32)) for colour in (_MIDDLE, _EDGE))
    wall = (middle + (edge - middle) * share).astype(np.float32).reshape(-1, 3)
    return np.ascontiguousarray(wall.T)
