"""The head's skin as a surface: smooth normals, and how much light its hollows get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.rendering.raster import Raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.rendering.raster import FloatArray, IndexArray

_GRID = 128
"""Samples a side of the picture that says what a direction sees."""
_DIRECTIONS = 48
_NEAR_CM = 0.35
"""What hides a vertex is at least this far before it; less is the vertex's own surface."""


class Surface:
    """Triangles whose vertices may be doubled where colours change: normals ignore the doubling."""

    def __init__(
        self,
        vertices: FloatArray,
        triangles: NDArray[np.integer],
        part: NDArray[np.integer],
        apart: NDArray[np.integer],
    ) -> None:
        """Take the mesh at rest.

        Args:
            vertices: float32[vertices, 3], cm.
            triangles: int[triangles, 3].
            part: int[triangles]; vertices of two parts are two, even at one place.
            apart: int[n], vertices that merely touch others of their part: one lip the other.
        """
        self.triangles = np.asarray(triangles, np.intp)
        owner = np.zeros(len(vertices), np.float32)
        owner[self.triangles] = part[:, None]
        owner[apart] = -1
        places = np.column_stack([np.round(vertices, 4), owner])
        _, self._welded = np.unique(places, axis=0, return_inverse=True)
        corners = self._welded[self.triangles].ravel()
        self._order = np.argsort(corners, kind="stable") // 3
        self._starts = np.searchsorted(np.sort(corners), np.arange(self._welded.max() + 1))

    def normals(self, vertices: FloatArray) -> FloatArray:
        """Return unit normals of a posed mesh, float32[vertices, 3]; large triangles count more."""
        corners = vertices.take(self.triangles, axis=0)
        one, other = (corners[:, corner] - corners[:, 0] for corner in (1, 2))
        (ax, ay, az), (bx, by, bz) = one.T, other.T
        across = np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)
        sums = np.add.reduceat(across[self._order], self._starts, axis=0)
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return np.asarray(sums[self._welded], np.float32)


def openness(vertices: FloatArray, normals: FloatArray, occluders: IndexArray) -> FloatArray:
    """Return the share of the sky each vertex sees, float32[vertices] in [0, 1].

    Directions are spread evenly over the sphere and weighted by the cosine to the normal, as light
    that comes from everywhere is.

    Args:
        vertices: float32[vertices, 3], cm.
        normals: float32[vertices, 3], unit.
        occluders: int[triangles, 3]: what can hide a vertex.
    """
    seen = np.zeros(len(vertices), np.float32)
    total = np.full(len(vertices), 1e-6, np.float32)
    for direction in _sphere(_DIRECTIONS):
        facing = np.maximum(normals @ direction, 0)
        seen += facing * _visible(vertices, occluders, direction)
        total += facing
    return np.asarray(seen / total, np.float32)


def _sphere(count: int) -> FloatArray:
    """Return `count` unit vectors spread evenly, float32[count, 3]: the golden spiral."""
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    around = np.sqrt(1 - height**2)
    places = np.stack([around * np.cos(turn), height, around * np.sin(turn)], axis=1)
    return places.astype(np.float32)


def _visible(vertices: FloatArray, occluders: IndexArray, direction: FloatArray) -> FloatArray:
    """Return 1.0 for each vertex that something far away in `direction` sees, else 0.0."""
    side = np.cross(direction, [0.0, 0.0, 1.0] if abs(direction[2]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    basis = np.stack([side, np.cross(direction, side), direction]).astype(np.float32)
    seen_from = vertices @ basis.T
    low = seen_from.min(axis=0)
    scale = np.float32(_GRID) / np.maximum((seen_from - low)[:, :2].max(), 1e-6)
    place = (seen_from - low) * scale + np.float32(1e-3)
    cells = np.minimum(place[:, :2].astype(np.intp), _GRID - 1)
    nearest = np.zeros(_GRID * _GRID, np.float32)
    corners = place[occluders]
    one, other = (corners[:, corner] - corners[:, 0] for corner in (1, 2))
    # Of a closed surface the sides turned this way hide whatever its other sides do.
    turned = one[:, 0] * other[:, 1] > one[:, 1] * other[:, 0]
    found = Raster(corners[turned], _GRID, _GRID)
    nearest[found.samples] = found.nearness
    before = nearest[cells[:, 1] * _GRID + cells[:, 0]] - place[:, 2]
    return np.asarray(before < _NEAR_CM * scale, np.float32)
