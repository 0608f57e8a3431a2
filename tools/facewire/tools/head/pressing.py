"""A press that thins the lips: the face unit mostly pulls the corners out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from facewire.tools.head.sheet import Sheet

PULL: Final = 0.55
"""Share of the face unit's press that is kept."""
ROLL: Final = 0.34
"""Share of both rolls that is mixed in on the pressed side."""
BLEND_CM: Final = 1.4
"""From this far right of the middle to as far left of it the left press fades in."""


def press_lips(sheet: Sheet) -> None:
    """Mix the rolls of both lips into the presses, each on its own side."""
    across = np.clip(sheet.points[:, 0] / BLEND_CM, -1.0, 1.0)
    left = (0.5 + 0.75 * across - 0.25 * across**3)[:, None]
    rolls = sheet.shape("mouthRollLower") + sheet.shape("mouthRollUpper")
    for name, side in (("mouthPressLeft", left), ("mouthPressRight", 1.0 - left)):
        sheet.shape(name)[:] = PULL * sheet.shape(name) + ROLL * side * rolls
