"""Our own eyebrows: a patch over each eye, held by the skin beneath it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.sheet import Sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Middle line of the left brow, relative to the eye's centre: x outwards, y up, half width; cm.
LINE: Final = (
    (-1.82, 1.36, 0.10), (-1.40, 1.44, 0.22), (-0.6, 1.57, 0.24), (0.35, 1.74, 0.22),
    (1.1, 1.80, 0.20), (1.75, 1.66, 0.14), (2.35, 1.38, 0.05),
)  # fmt: skip
COLUMNS: Final = 22
# Rows across: position in half widths, height over the skin in cm, share of the brow's colour.
ROWS: Final = (
    (-1.0, 0.016, 0.2),
    (-0.55, 0.028, 0.9),
    (0.0, 0.034, 1.0),
    (0.5, 0.028, 0.85),
    (1.0, 0.016, 0.15),
)
COLOUR: Final = np.array((66, 47, 37)) / 255


def brow(skin: Sheet, centre: NDArray[np.float64], side: str) -> Sheet:
    """Return the brow over the eye at `centre`."""
    outwards = 1.0 if side == "left" else -1.0
    knots = np.array(LINE)
    way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(knots[:, 0]), np.diff(knots[:, 1])))])
    shares = np.linspace(0.0, way[-1], COLUMNS)
    x, y, half = (_smooth(shares, way, knots[:, column]) for column in range(3))
    slope = np.gradient(y, x)
    lean = np.hypot(1.0, slope)
    triangles, _ = skin.triangles()
    values = []
    for column in range(COLUMNS):
        ragged = 1.0 + 0.10 * np.sin(7.3 * column) * (column % 2)
        for across, height, cover in ROWS:
            offset = across * half[column] * ragged
            target = (
                centre[0] + outwards * (x[column] - offset * slope[column] / lean[column]),
                centre[1] + y[column] + offset / lean[column],
            )
            row, normal = _on_skin(skin, triangles, target)
            ends = min(1.0, 0.1 + 0.22 * column, 0.3 + 0.25 * (COLUMNS - 1 - column))
            row[:3] += height * normal
            row[3:6] += cover * ends * (COLOUR - row[3:6])
            values.append(row)
    size = len(ROWS)
    faces = [
        (a, a + size, a + size + 1, a + 1)
        for s in range(0, len(values) - size, size)
        for a in range(s, s + size - 1)
    ]
    if side == "right":
        faces = [face[::-1] for face in faces]
    sheet = Sheet.of(np.zeros((len(values), 3)), faces, "brows")
    sheet.values = np.array(values)
    return sheet


def _smooth(
    at: NDArray[np.float64], way: NDArray[np.float64], knots: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the cubic (Catmull-Rom) curve through the knots."""
    slopes = np.gradient(knots, way)
    after = np.clip(np.searchsorted(way, at), 1, len(way) - 1)
    span = way[after] - way[after - 1]
    t = (at - way[after - 1]) / span
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * knots[after - 1]
        + (t**3 - 2 * t**2 + t) * span * slopes[after - 1]
        + (3 * t**2 - 2 * t**3) * knots[after]
        + (t**3 - t**2) * span * slopes[after]
    )


def _on_skin(
    skin: Sheet, triangles: NDArray[np.int32], target: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the skin's values in front at (x, y), mixed in its triangle, and the normal there."""
    corners = skin.points[triangles]
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    area = np.where(np.abs(area) < 1e-12, np.nan, area)
    dx, dy = target[0] - a[:, 0], target[1] - a[:, 1]
    u = (dx * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * dy) / area
    v = ((b[:, 0] - a[:, 0]) * dy - dx * (b[:, 1] - a[:, 1])) / area
    inside = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9)
    depth = np.where(inside, corners[:, 0, 2], -np.inf)
    hit = int(np.argmax(depth))
    shares = np.array([1 - u[hit] - v[hit], u[hit], v[hit]])
    mixed = np.asarray((shares[:, None] * skin.values[triangles[hit]]).sum(0))
    p, q, r = corners[hit]
    normal = np.cross(q - p, r - p)
    return mixed, normal / np.linalg.norm(normal)
