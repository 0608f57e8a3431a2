"""The mouth's line: lips that touch at rest and stay shut in every shape that is not an opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52
from facewire.tools.head.membrane import Membrane
from facewire.tools.head.sheet import neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.sheet import Sheet
    from facewire.tools.head.skin import Skin

OPENINGS: Final = frozenset(
    ("jawOpen", "mouthClose", "mouthFunnel", "mouthLowerDownLeft", "mouthLowerDownRight",
     "mouthUpperUpLeft", "mouthUpperUpRight")
)  # fmt: skip
"""Shapes that may part the lips; mouthClose undoes one of them."""
SLIDES: Final = frozenset(("jawForward", "jawLeft", "jawRight"))
"""Shapes in which one lip slides on the other: they stay level, not together."""

COMPRESSION_CM: Final = {
    "mouthRollLower": 0.18,
    "mouthRollUpper": 0.14,
    "mouthPressLeft": 0.08,
    "mouthPressRight": 0.08,
    "mouthShrugLower": 0.25,
    "mouthPucker": 0.08,
}
"""How much of an opening these shapes shut at 1, as soft lips do that are pushed together.

Where there is nothing to shut, the lips overlap by so much, hidden between them.
"""
RISING: Final = frozenset(("mouthRollLower", "mouthShrugLower"))
"""Of those, the shapes in which the lower lip alone does it."""

REACH_CM: Final = 1.3
GRID_CM: Final = 2.0**-9
"""Spacing of float16 between 2 and 4 cm: what lies on it survives being stored."""


@dataclass(frozen=True)
class LipLine:
    """How the vertices of the mouth's line belong together."""

    ring: NDArray[np.intp]
    """int[R]: from the middle of the upper lip over the left corner, the lower lip and back."""
    share: NDArray[np.float64]
    """float64[R]: 0 at the middle of either lip, 1 at the corners, by the way along the lip."""
    upper: NDArray[np.intp]
    """int[K]: upper vertices of the pairs from right to left; the corners are not among them."""
    lower: NDArray[np.intp]
    """int[K]: the lower vertex that each of them touches at rest."""
    closing: NDArray[np.float64]
    """float64[R, R]: values on the ring -> values with both lips together."""

    @property
    def on_upper(self) -> NDArray[np.bool_]:
        """bool[R]: on the upper lip, the corners included."""
        place = np.arange(len(self.ring))
        return np.minimum(place, len(place) - place) <= int(np.argmax(self.share))

    @property
    def corners(self) -> NDArray[np.intp]:
        """int[2]: the left and the right corner of the mouth."""
        at = int(np.argmax(self.share))
        return np.asarray(self.ring[[at, -at]])


def lip_line(skin: Skin) -> LipLine:
    """Pair the vertices of the two lips by how far along the lip they are."""
    ring = np.array(skin.lip_ring)
    count = len(ring)
    corner = int(np.argmax(skin.sheet.points[ring, 0]))
    along = _share_of_way(skin.sheet.points[ring], corner)
    # Places on the left half: the upper lip lies before the corner, the coarser lower one after.
    lower = np.arange(corner + 1, count // 2 + 1)
    upper = np.abs(along[: corner + 1] - along[lower, None]).argmin(axis=1)
    lows = np.concatenate([count - lower[:-1], lower[::-1]])
    tops = np.concatenate([-upper[:-1], upper[::-1]]) % count
    closing = _closing(along[: corner + 1], lower, upper, count)
    share = along[np.minimum(np.arange(count), -np.arange(count) % count)]
    return LipLine(ring, share, ring[tops], ring[lows], closing)


def _closing(
    along: NDArray[np.float64], lower: NDArray[np.intp], upper: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Return float64[R, R] that joins pairs in their middle and strings the others between."""
    closing = np.eye(count)
    for side in (1, -1):
        for low, top in zip(side * lower % count, side * upper % count, strict=True):
            closing[[low, top]] = 0.0
            closing[np.ix_([low, top], [low, top])] = 0.5
        # The corner is its own pair; upper vertices without one lie between those that have.
        knots = np.unique([*upper, len(along) - 1])
        for top in np.setdiff1d(np.arange(len(along)), knots):
            after = int(np.searchsorted(knots, top))
            ends = knots[after - 1 : after + 1]
            share = (along[top] - along[ends[0]]) / (along[ends[1]] - along[ends[0]])
            closing[side * top % count] = (1 - share, share) @ closing[side * ends % count]
    return np.asarray(closing)


def _share_of_way(points: NDArray[np.float64], corner: int) -> NDArray[np.float64]:
    """Return float64[R]: 0 at the middle of either lip, 1 at the left corner."""
    steps = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    middle = len(points) // 2
    share = way / way[corner]
    share[corner:] = (way[middle] - way[corner:]) / (way[middle] - way[corner])
    return np.asarray(share)


def shut_at_rest(sheet: Sheet, line: LipLine) -> None:
    """Let the lips touch at rest: the sources leave a slit of 0.17 cm."""
    _close(sheet.points, Membrane(neighbours(sheet), sheet.points), line)


def keep_shut(sheet: Sheet, line: LipLine) -> None:
    """Keep the lips together in every shape that does not open them."""
    membrane = Membrane(neighbours(sheet), sheet.points)
    for name in ARKIT_52:
        if name not in OPENINGS:
            axes = slice(1, 2) if name in SLIDES else slice(0, 3)
            _close(sheet.shape(name)[:, axes], membrane, line)
    for name, overlap_cm in COMPRESSION_CM.items():
        upper, lower = (0.0, 1.0) if name in RISING else (-0.5, 0.5)
        height = overlap_cm * np.where(line.on_upper, upper, lower)
        height *= np.maximum(np.cos(line.share * np.pi / 2), 0.0) ** 0.7
        sheet.shape(name)[:, 1:2] += membrane.spread(line.ring, height[:, None], REACH_CM)


def pair_mouth_close(sheet: Sheet, line: LipLine) -> None:
    """Make jawOpen and mouthClose at one weight a shut mouth, exactly, for any weight."""
    membrane = Membrane(neighbours(sheet), sheet.points)
    both = sheet.shape("jawOpen") + sheet.shape("mouthClose")
    _close(both, membrane, line)
    both[line.ring] = _on_grid(both[line.ring])
    drop = sheet.shape("jawOpen")
    drop[line.ring] = _on_grid(drop[line.ring])
    sheet.shape("mouthClose")[:] = both - drop


def _close(values: NDArray[np.float64], membrane: Membrane, line: LipLine) -> None:
    correction = line.closing @ values[line.ring] - values[line.ring]
    values += membrane.spread(line.ring, correction, REACH_CM)
    values[line.upper] = values[line.lower]


def _on_grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.round(values / GRID_CM) * GRID_CM)
