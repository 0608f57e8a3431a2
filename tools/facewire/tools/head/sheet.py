"""A surface in the making: per-vertex values that every cut and subdivision mixes linearly.

Positions, colours and the offsets of all shapes ride in one row per vertex, so whatever makes a
vertex out of others makes its shapes too: they stay in step with the surface by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, TONGUE_16

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

SHAPES: Final = ARKIT_52 + TONGUE_16
"""The 68 shapes of the head, in file order."""

PARTS: Final = ("skin", "eyes", "lashes", "brows", "teeth", "gums", "tongue", "mouth")

_COLUMN: Final = {name: 6 + 3 * index for index, name in enumerate(SHAPES)}
_WIDTH: Final = 6 + 3 * len(SHAPES)


@dataclass
class Sheet:
    """A mesh of polygons. Builders change `values` in place and replace `faces` and `parts`."""

    values: NDArray[np.float64]
    """float64[V, 6 + 3 * 68]: position cm, sRGB colour in [0, 1], then the offset of each shape."""
    faces: list[tuple[int, ...]]
    """Polygons, counter-clockwise seen from outside."""
    parts: list[int]
    """Index into PARTS of each face."""

    @classmethod
    def of(cls, points: NDArray[np.float64], faces: Iterable[Sequence[int]], part: str) -> Sheet:
        """Return a sheet of one part at rest: no colour, no shapes."""
        polygons = [tuple(int(corner) for corner in face) for face in faces]
        values = np.zeros((len(points), _WIDTH))
        values[:, :3] = points
        return cls(values, polygons, [PARTS.index(part)] * len(polygons))

    @property
    def points(self) -> NDArray[np.float64]:
        """float64[V, 3]: a view of the positions at rest."""
        return self.values[:, :3]

    @property
    def colours(self) -> NDArray[np.float64]:
        """float64[V, 3]: a view of the sRGB colours in [0, 1]."""
        return self.values[:, 3:6]

    def shape(self, name: str) -> NDArray[np.float64]:
        """float64[V, 3]: a view of the offsets of the shape at weight 1."""
        column = _COLUMN[name]
        return self.values[:, column : column + 3]

    def posed(self, **weights: float) -> NDArray[np.float64]:
        """Return float64[V, 3], the positions with the shapes at these weights."""
        posed = self.points.copy()
        for name, weight in weights.items():
            posed += weight * self.shape(name)
        return posed

    def add_vertices(self, rows: NDArray[np.float64]) -> NDArray[np.intp]:
        """Append rows of values and return their indices."""
        first = len(self.values)
        self.values = np.concatenate([self.values, rows])
        return np.arange(first, len(self.values))

    def of_part(self, *names: str) -> NDArray[np.intp]:
        """Return the vertices that faces of these parts use, ascending."""
        wanted = {PARTS.index(name) for name in names}
        used = {
            v for face, part in zip(self.faces, self.parts, strict=True) if part in wanted
            for v in face
        }  # fmt: skip
        return np.array(sorted(used), np.intp)

    def select(self, faces: Sequence[int]) -> NDArray[np.intp]:
        """Keep these faces and the vertices they use; return int[old V], -1 where one is gone."""
        kept = [self.faces[index] for index in faces]
        used = np.unique([v for face in kept for v in face])
        renumbered = np.full(len(self.values), -1)
        renumbered[used] = np.arange(len(used))
        self.values = self.values[used]
        self.faces = [tuple(int(renumbered[v]) for v in face) for face in kept]
        self.parts = [self.parts[index] for index in faces]
        return renumbered

    def triangles(self) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return int32[T, 3] and the part of each: polygons are cut along short diagonals."""
        corners: list[tuple[int, int, int]] = []
        parts: list[int] = []
        for face, part in zip(self.faces, self.parts, strict=True):
            cut = fan(self.points, face)
            corners += cut
            parts += [part] * len(cut)
        return np.array(corners, np.int32), np.array(parts, np.uint8)


def joined(sheets: Sequence[Sheet]) -> Sheet:
    """Return the sheets as one, vertices and faces in order."""
    faces: list[tuple[int, ...]] = []
    first = 0
    for sheet in sheets:
        faces += [tuple(v + first for v in face) for face in sheet.faces]
        first += len(sheet.values)
    values = np.concatenate([sheet.values for sheet in sheets])
    return Sheet(values, faces, [part for sheet in sheets for part in sheet.parts])


def fan(points: NDArray[np.float64], face: Sequence[int]) -> list[tuple[int, int, int]]:
    """Cut one polygon into triangles, ear by ear: the shortest diagonal first, no empty ear.

    Ties go by the place of the corner, the same on both sides of the face.
    """
    ring = list(face)
    cut: list[tuple[int, int, int]] = []
    while len(ring) > 3:
        keys = [_ear_key(points, ring, k) for k in range(len(ring))]
        ear = keys.index(min(keys))
        cut.append((ring[ear - 1], ring[ear], ring[(ear + 1) % len(ring)]))
        del ring[ear]
    cut.append((ring[0], ring[1], ring[2]))
    return cut


def _ear_key(points: NDArray[np.float64], ring: list[int], ear: int) -> tuple[float, ...]:
    """Return what ears are chosen by: the least goes first."""
    before, here, after = points[[ring[ear - 1], ring[ear], ring[(ear + 1) % len(ring)]]]
    rest = points[ring[:ear] + ring[ear + 1 :]]
    empty = _is_empty(np.stack([before, here, after])) or _is_empty(rest)
    span = float(np.sum((before - after) ** 2))
    x, y, z = here.tolist()
    return (float(empty), *(round(number, 6) for number in (span, y, z, abs(x))))


def _is_empty(polygon: NDArray[np.float64]) -> bool:
    """Say whether a polygon encloses next to nothing."""
    around = polygon - polygon[0]
    area = np.linalg.norm(np.cross(around, np.roll(around, -1, axis=0)).sum(0))
    return bool(area < 1e-4 * np.sum(around**2))


def neighbours(sheet: Sheet) -> list[list[int]]:
    """Return the vertices that share an edge with each vertex, ascending."""
    found: list[set[int]] = [set() for _ in sheet.values]
    for face in sheet.faces:
        for here, there in zip(face, face[1:] + face[:1], strict=True):
            found[here].add(there)
            found[there].add(here)
    return [sorted(near) for near in found]
