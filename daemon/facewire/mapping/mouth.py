"""The two meanings of mouthClose.

ARKit's is relative to an open jaw: lip aperture ~ jawOpen - mouthClose. Audio2Face's shape already
contains the open jaw, so that its weight c closes lips *and* opens the jaw by c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.animation.curves import CURVE_INDEX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_JAW_OPEN, _MOUTH_CLOSE = CURVE_INDEX["jawOpen"], CURVE_INDEX["mouthClose"]


def arkit_from_a2f(face: NDArray[np.float32]) -> None:
    """Turn float32[frames, 71] of Audio2Face's convention into ARKit's, in place, unclamped."""
    face[:, _JAW_OPEN] += face[:, _MOUTH_CLOSE]
