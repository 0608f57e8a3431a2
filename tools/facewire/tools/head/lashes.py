"""Our own lashes: fine spikes rooted on the lid margins, which they follow in every shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.sheet import Sheet, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.lids import Eye

ROOT_RING: Final = 2
"""Index into the rings of the lids: the outer edge of the margin."""
UPPER_COUNT: Final = 32
LOWER_COUNT: Final = 18
UPPER_LENGTH_CM: Final = 0.40
LOWER_LENGTH_CM: Final = 0.16
UPPER_COLOUR: Final = np.array((30, 23, 21)) / 255
LOWER_COLOUR: Final = np.array((104, 72, 60)) / 255
UP_WHEN_OPEN: Final = 0.75
DOWN_WHEN_SHUT: Final = -0.55
DOWN_LOOK: Final = 0.95
"""How much of the blink's turn the upper lashes make when the eye looks down."""


def lashes(skin: Sheet, eye: Eye) -> Sheet:
    """Return the upper and lower lashes of one eye."""
    upper = _row(skin, eye, eye.rings[:, :14], UPPER_COUNT, UPPER_LENGTH_CM, UP_WHEN_OPEN)
    upper.colours[:] = UPPER_COLOUR
    tips = np.arange(2, len(upper.values), 3)
    turned = _direction(upper.points[tips], eye, DOWN_WHEN_SHUT)
    turned -= _direction(upper.points[tips], eye, UP_WHEN_OPEN)
    lengths = np.linalg.norm(upper.points[tips] - upper.points[tips - 1], axis=1, keepdims=True)
    upper.shape(eye.shape("eyeBlink"))[tips] += turned * lengths
    upper.shape(eye.shape("eyeLookDown"))[tips] += DOWN_LOOK * turned * lengths
    lower = _row(skin, eye, eye.rings[:, :13:-1], LOWER_COUNT, LOWER_LENGTH_CM, -0.5)
    lower.colours[:] = LOWER_COLOUR
    return joined([upper, lower])


def _row(
    skin: Sheet, eye: Eye, rings: NDArray[np.intp], count: int, length_cm: float, rise: float
) -> Sheet:
    """Return `count` spikes along one lid: two vertices at the root and one at the tip each."""
    margin = skin.values[rings[ROOT_RING]]
    steps = np.linalg.norm(np.diff(margin[:, :3], axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    values, faces = [], []
    for index in range(count):
        share = 0.06 + 0.92 * index / (count - 1)
        half = 0.30 / count
        feet = [_between(margin, way, share + side * half) for side in (-1.0, 1.0)]
        tip = (feet[0] + feet[1]) / 2
        # Longest towards the outer corner, with a little disorder, as lashes are.
        length = length_cm * (0.55 + 0.55 * np.sin(np.pi * (0.12 + 0.72 * share)))
        length *= 1.0 + 0.14 * np.sin(12.9 * index)
        tip[:3] += length * _direction(tip[None, :3], eye, rise)[0]
        values += [*feet, tip]
        faces.append((3 * index, 3 * index + 1, 3 * index + 2))
    if (eye.side == "left") == (rise < 0):
        faces = [face[::-1] for face in faces]
    sheet = Sheet.of(np.zeros((len(values), 3)), faces, "lashes")
    sheet.values = np.array(values)
    return sheet


def _direction(points: NDArray[np.float64], eye: Eye, rise: float) -> NDArray[np.float64]:
    """Return float64[N, 3]: away from the eyeball, spreading sideways, rising or falling."""
    away = (points - eye.centre) * (0.9, 0.0, 1.0)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    away[:, 1] = rise
    return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))


def _between(
    rows: NDArray[np.float64], way: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Return the values at a share of the way along a row of vertices."""
    after = int(np.clip(np.searchsorted(way, share), 1, len(way) - 1))
    part = np.clip((share - way[after - 1]) / (way[after] - way[after - 1]), 0.0, 1.0)
    return np.asarray((1 - part) * rows[after - 1] + part * rows[after])
