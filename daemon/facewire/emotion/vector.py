"""The ten emotions of Audio2Face, and a vector of their weights from names."""

from __future__ import annotations

from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

EMOTIONS: Final = (
    "amazement",
    "anger",
    "cheekiness",
    "disgust",
    "fear",
    "grief",
    "joy",
    "outofbreath",
    "pain",
    "sadness",
)
"""The fixed order of every emotion vector (a2f_runtime §1.3)."""


def emotion_vector(weights: Mapping[str, float]) -> NDArray[np.float32]:
    """Return float32[10], each in [0, 1], from weights by name; missing ones are 0.

    Raises:
        SettingsError: an unknown name (the nearest one is named), or a weight outside [0, 1].
    """
    vector = np.zeros(len(EMOTIONS), np.float32)
    for name, weight in weights.items():
        if name not in EMOTIONS:
            near = get_close_matches(name.lower(), EMOTIONS, 1)
            raise SettingsError(
                f"There is no emotion called {name!r}.",
                field="emotion",
                hint=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(EMOTIONS)}.",
            )
        if not (isfinite(weight) and 0.0 <= weight <= 1.0):
            raise SettingsError(
                f"The weight of {name} is {weight}; it must lie in [0, 1].", field="emotion"
            )
        vector[EMOTIONS.index(name)] = weight
    return vector
