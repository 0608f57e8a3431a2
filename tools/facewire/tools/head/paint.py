"""Colour the skin by vertex, and dress it: short hair and a shirt with clean edges."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.hairline import above_hairline
from facewire.tools.head.refine import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.lids import Eye
    from facewire.tools.head.sheet import Sheet
    from facewire.tools.head.skin import Skin

    Numbers = NDArray[np.float64]


def _rgb(red: int, green: int, blue: int) -> Numbers:
    return np.array((red, green, blue)) / 255


SKIN: Final = _rgb(204, 157, 131)
FLUSH: Final = _rgb(203, 128, 108)
LIPS: Final = _rgb(184, 110, 101)
LIP_LINE: Final = _rgb(122, 56, 56)
LINING: Final = _rgb(146, 74, 70)
THROAT: Final = _rgb(40, 14, 16)
LID_EDGE: Final = _rgb(196, 132, 116)
SOCKET: Final = _rgb(176, 124, 104)
HAIR: Final = _rgb(52, 38, 31)
SHIRT: Final = _rgb(66, 82, 104)

LIP_ROWS: Final = (8.0, 10.5)
"""Rows of vertices from the mouth's line: red up to the first, skin from the second on."""

# Flush around these points relative to the left eye's centre (mirrored), cm: radius, strength.
FLUSHED: Final = (
    ((1.1, -3.0, 0.4), 2.3, 0.32),
    ((-2.87, -3.6, 3.4), 1.5, 0.34),
    ((-2.87, -10.0, 0.0), 1.4, 0.18),
    ((4.6, -1.6, -9.0), 2.6, 0.4),
)

HAIR_CM: Final = 0.45
HAIR_RAMP_CM: Final = 1.3
SHIRT_CM: Final = 0.22
SHIRT_RAMP_CM: Final = 0.3
COLLAR: Final = (58.6, -0.36)
"""Height of the neckline where z is 0, and its slope: lower in front."""


def paint_skin(skin: Skin, eyes: list[Eye]) -> None:
    """Give skin, lips and mouth lining their colours."""
    sheet = skin.sheet
    points, colours = sheet.points, sheet.colours
    colours[:] = SKIN
    left = next(eye for eye in eyes if eye.side == "left").centre
    mirrored = points * np.where(points[:, :1] < 0, (-1.0, 1.0, 1.0), 1.0)
    for offset, radius, strength in FLUSHED:
        distance = np.linalg.norm(mirrored - left - offset, axis=1)
        _tint(colours, FLUSH, strength * np.exp(-((distance / radius) ** 2)))
    around = np.linalg.norm((mirrored - left - (-0.1, 0.1, 1.2)) / (2.1, 1.5, 1.5), axis=1)
    _tint(colours, SOCKET, 0.5 * np.exp(-(around**4)))
    for eye in eyes:
        for row, strength in ((0, 1.0), (1, 0.8), (2, 0.35)):
            colours[eye.rings[row]] += strength * (LID_EDGE - colours[eye.rings[row]])
    rows = _rows_from(sheet, skin.lip_ring)
    fade = np.clip((LIP_ROWS[1] - rows) / (LIP_ROWS[1] - LIP_ROWS[0]), 0.0, 1.0)
    _tint(colours, LIPS, fade)
    _tint(colours, LIP_LINE, np.clip(1 - rows / 3.0, 0.0, 1.0) * 0.6)
    lining = sheet.of_part("mouth")
    inside = np.clip((13.6 - points[lining, 2]) / 3.0, 0.0, 1.0)[:, None]
    deep = LINING + (THROAT - LINING) * inside
    colours[lining] = deep


def dress(skin: Skin) -> None:
    """Grow short hair on the skull and put a shirt on: each starts at a clean line."""
    sheet = skin.sheet
    points = sheet.points
    neckline = COLLAR[0] + COLLAR[1] * points[:, 2] - points[:, 1]
    _cover(sheet, neckline, SHIRT, SHIRT_CM, SHIRT_RAMP_CM)
    points = sheet.points
    above = above_hairline(points)
    mouth = sheet.of_part("mouth")
    above[mouth] = -5.0
    _cover(sheet, above, HAIR, HAIR_CM, HAIR_RAMP_CM)


def _tint(colours: Numbers, colour: Numbers, share: Numbers) -> None:
    colours += share[:, None] * (colour - colours)


def _rows_from(sheet: Sheet, ring: list[int]) -> Numbers:
    """Return float64[V]: how many rows of quads lie between a vertex and a ring of vertices."""
    touching: list[list[int]] = [[] for _ in sheet.values]
    for index, face in enumerate(sheet.faces):
        for vertex in face:
            touching[vertex].append(index)
    rows = np.full(len(sheet.values), 99.0)
    rows[ring] = 0.0
    waiting = deque(ring)
    while waiting:
        here = waiting.popleft()
        for index in touching[here]:
            for there in sheet.faces[index]:
                if rows[there] > rows[here] + 1:
                    rows[there] = rows[here] + 1
                    waiting.append(there)
    return rows


def _cover(
    sheet: Sheet, field: Numbers, colour: Numbers, thickness_cm: float, ramp_cm: float
) -> None:
    """Colour where a field is positive, with an edge of its own, and lift it off the skin."""
    field = split(sheet, field)
    covered = [k for k, face in enumerate(sheet.faces) if max(field[v] for v in face) > 1e-9]
    edge = sorted({v for k in covered for v in sheet.faces[k] if field[v] <= 1e-9})
    doubled = dict(zip(edge, sheet.add_vertices(sheet.values[edge]).tolist(), strict=True))
    for k in covered:
        sheet.faces[k] = tuple(doubled.get(v, v) for v in sheet.faces[k])
    field = np.concatenate([field, np.zeros(len(edge))])
    vertices = np.unique([v for k in covered for v in sheet.faces[k]])
    normals = _normals(sheet, covered)
    lift = thickness_cm * np.clip(field[vertices] / ramp_cm, 0.0, 1.0) ** 0.7
    sheet.points[vertices] += lift[:, None] * normals[vertices]
    # A little unevenness, the same at every build and on both sides, keeps large areas alive.
    grain = np.sin(57.0 * np.abs(sheet.points[vertices, 0]) + 31.0 * sheet.points[vertices, 1])
    sheet.colours[vertices] = colour * (1.0 + 0.07 * grain[:, None])


def _normals(sheet: Sheet, faces: list[int]) -> Numbers:
    total = np.zeros_like(sheet.points)
    for index in faces:
        face = list(sheet.faces[index])
        corners = sheet.points[face]
        around = corners - corners.mean(0)
        total[face] += np.cross(around, np.roll(around, -1, axis=0)).sum(0)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))
