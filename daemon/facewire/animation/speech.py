"""How much is being said: a slow speech level that brow accents follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUIET_DB: Final = -55.0
_LOUD_DB: Final = -35.0


def speech_level(window: NDArray[np.float32]) -> float:
    """Return how much is being said in a window, in [0, 1].

    It is the level of the whole window (half a second and more, so it moves slowly), linear in dB
    of full scale from -55 (nothing) to -35 (speech).
    """
    power = float(np.einsum("i,i->", window, window)) / len(window)
    level_db = 10.0 * np.log10(power + 1e-12)
    return float(np.clip((level_db - _QUIET_DB) / (_LOUD_DB - _QUIET_DB), 0.0, 1.0))
