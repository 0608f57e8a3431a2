"""Rounder lips than the sources have: the mouth's line of funnel and pucker, set by four numbers.

The face unit of the funnel opens a pointed slit between corners that stay apart; people make a
tube. The pucker narrows too little to be told from rest at the size of a preview.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.membrane import Membrane
from facewire.tools.head.sheet import neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.lips import LipLine
    from facewire.tools.head.sheet import Sheet


@dataclass(frozen=True)
class Outline:
    """An oval that the mouth's line takes at weight 1; cm."""

    half_width: float
    above: float
    """Middle of the upper lip over the corners."""
    below: float
    """Middle of the lower lip under the corners."""
    forward: float
    """How far the corners come forward; the middle keeps what the face unit gives it."""


OUTLINES: Final = {
    "mouthFunnel": Outline(half_width=1.14, above=0.44, below=0.60, forward=0.80),
    "mouthPucker": Outline(half_width=1.12, above=0.02, below=-0.02, forward=0.72),
}
FULLNESS: Final = 0.8
"""Exponent of the oval: 1 is an ellipse, less is fuller at the corners."""
REACH_CM: Final = 2.6


def round_lips(sheet: Sheet, line: LipLine) -> None:
    """Give the funnel and the pucker their outlines; the skin around follows."""
    membrane = Membrane(neighbours(sheet), sheet.points)
    for name, outline in OUTLINES.items():
        wanted = _on_outline(sheet, name, line, outline)
        sheet.shape(name)[:] += membrane.spread(
            line.ring, wanted - sheet.points[line.ring] - sheet.shape(name)[line.ring], REACH_CM
        )


def _on_outline(sheet: Sheet, name: str, line: LipLine, outline: Outline) -> NDArray[np.float64]:
    """Return float64[R, 3]: where the vertices of the mouth's line lie at weight 1."""
    rest = sheet.points[line.ring]
    posed = rest + sheet.shape(name)[line.ring]
    angle = line.share * np.pi / 2
    ahead = np.maximum(np.cos(angle), 0.0)
    upper, lower = posed[0], posed[len(posed) // 2]
    level = (upper[1] + lower[1] + outline.below - outline.above) / 2
    rise = np.where(line.on_upper, outline.above, -outline.below)
    corner_depth = rest[int(np.argmax(rest[:, 0])), 2] + outline.forward
    front = np.where(line.on_upper, upper[2], lower[2])
    return np.stack(
        [
            outline.half_width * np.sin(angle) ** FULLNESS * np.sign(np.round(rest[:, 0], 6)),
            level + rise * ahead**FULLNESS,
            corner_depth + (front - corner_depth) * ahead**1.3,
        ],
        axis=1,
    )
