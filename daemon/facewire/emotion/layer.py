"""What an emotion adds to a speaking face, without ever parting lips that speech has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.emotion.vector import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_OPENING = (
    "jawOpen",
    "mouthFunnel",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthShrugUpper",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
)
"""Poses that part the lips; an emotion's share of them fades out where speech closes the mouth."""
_CLOSED_APERTURE = 0.02
_OPEN_APERTURE = 0.15
"""jawOpen - mouthClose at which the lips count as closed, and as open enough for all of it."""

_JAW_OPEN, _MOUTH_CLOSE = CURVE_INDEX["jawOpen"], CURVE_INDEX["mouthClose"]
_OPENING_INDICES = np.array([CURVE_INDEX[name] for name in _OPENING])


def pose_matrix(poses: Mapping[str, Mapping[str, float]]) -> NDArray[np.float32]:
    """Return float32[10, 71]: the curve weights each emotion adds at full strength."""
    matrix = np.zeros((len(EMOTIONS), len(FACE_CURVES)), np.float32)
    for emotion, curves in poses.items():
        for curve, weight in curves.items():
            matrix[EMOTIONS.index(emotion), CURVE_INDEX[curve]] = weight
    return matrix


def add_emotion(
    face: NDArray[np.float32], emotion: NDArray[np.float32], matrix: NDArray[np.float32]
) -> None:
    """Add the poses of float32[frames, 10] to float32[frames, 71], in place, unclamped.

    The lips are closed where jawOpen - mouthClose (ARKit's convention: mouthClose is relative to
    the open jaw) is small; there nothing that parts them is added.
    """
    if not emotion.any():
        return
    added = np.einsum("fe,ec->fc", emotion, matrix)  # not BLAS: the same bits for any row count
    aperture = face[:, _JAW_OPEN] - face[:, _MOUTH_CLOSE]
    openness = np.clip(
        (aperture - _CLOSED_APERTURE) / (_OPEN_APERTURE - _CLOSED_APERTURE), 0.0, 1.0
    )
    added[:, _OPENING_INDICES] *= openness[:, None]
    face += added
