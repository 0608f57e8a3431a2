"""`Raster`: triangles to samples, which triangle is nearest at each point of a grid.

A triangle is cut into rows and a row into samples, all triangles at once; a sample belongs to a
triangle when its middle lies inside. Edges are followed from their upper end, whoever they belong
to, so that neighbours leave neither a hole nor an overlap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

_ID_BITS = 32
_SLIVER_SAMPLES = 1e-5
"""Twice the area below which a triangle has no slope that could be trusted."""


class Raster:
    """Triangles laid on a grid of samples, and what of them is seen."""

    samples: IndexArray
    """intp[seen]: places in the grid, row by row, where anything is."""
    triangles: IndexArray
    """intp[seen]: the nearest triangle there."""
    nearness: FloatArray
    """float32[seen]: how near it is."""

    def __init__(self, corners: FloatArray, height: int, width: int) -> None:
        """Find the nearest triangle at each sample.

        Of equally near triangles the later one is seen, whatever the order of the work.

        Args:
            corners: float32[triangles, 3, 3]: x to the right and y down in samples, where sample
                (0, 0) has its middle at (0.5, 0.5), and nearness > 0, larger in front.
            height: Rows of the grid.
            width: Samples in a row.
        """
        self._width = width
        self._first = corners[:, 0, :2]
        self._across = _inverse_edges(corners)
        base, right, down = (plane[0] for plane in self._planes(corners[:, :, 2:]))
        owner, row, left, count = _rows(corners, height, width)
        begin = base[owner] + _middles(left) * right[owner] + _middles(row) * down[owner]
        step = _counted(count)
        near = np.repeat(begin, count) + np.repeat(right[owner], count) * step.astype(np.float32)
        # The bits of a positive float order as the float does: the nearest has the largest key.
        keys = np.maximum(near, 0).view(np.int32).astype(np.int64) << _ID_BITS
        keys |= np.repeat(owner, count)
        nearest = np.full(height * width, -1, np.int64)
        np.maximum.at(nearest, np.repeat(row * width + left, count) + step, keys)
        self.samples = np.flatnonzero(nearest >= 0)
        winners = nearest[self.samples]
        self.triangles = (winners & ((1 << _ID_BITS) - 1)).astype(np.intp)
        self.nearness = (winners >> _ID_BITS).astype(np.int32).view(np.float32)

    def between(self, values: FloatArray, where: IndexArray | None = None) -> FloatArray:
        """Return values between the corners they are given at, float32[n, seen].

        Args:
            values: float32[triangles, 3, n].
            where: intp[some]: which of the seen samples; None: all of them.
        """
        samples = self.samples if where is None else self.samples[where]
        triangles = self.triangles if where is None else self.triangles[where]
        row = samples // self._width
        x, y = _middles(samples - row * self._width), _middles(row)
        found = np.empty((values.shape[2], len(samples)), np.float32)
        # One value at a time, by take(): several times as fast as rows of values by indexing.
        for out, base, right, down in zip(found, *self._planes(values), strict=True):
            base.take(triangles, out=out, mode="clip")
            for slope, way in ((right, x), (down, y)):
                rise = slope.take(triangles)
                rise *= way
                np.add(out, rise, out=out)
        return found

    def _planes(self, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return values at the grid's origin, their slopes to the right and down.

        Each is float32[n, triangles].
        """
        slopes = self._across @ (values[:, 1:] - values[:, :1])
        right, down = (np.ascontiguousarray(slopes[:, way].T) for way in (0, 1))
        base = values[:, 0].T - self._first[:, 0] * right - self._first[:, 1] * down
        return base, right, down


def _inverse_edges(corners: FloatArray) -> FloatArray:
    """Return float32[triangles, 2, 2]: values along two edges to slopes right and down."""
    first = corners[:, 0]
    bx, by = corners[:, 1, 0] - first[:, 0], corners[:, 1, 1] - first[:, 1]
    cx, cy = corners[:, 2, 0] - first[:, 0], corners[:, 2, 1] - first[:, 1]
    area = bx * cy - by * cx
    flat = np.abs(area) < _SLIVER_SAMPLES
    scale = np.where(flat, 0, 1 / np.where(flat, 1, area))
    inverse = np.empty((len(corners), 2, 2), np.float32)
    inverse[:, 0, 0], inverse[:, 0, 1] = cy * scale, -by * scale
    inverse[:, 1, 0], inverse[:, 1, 1] = -cx * scale, bx * scale
    return inverse


def _middles(places: IndexArray) -> FloatArray:
    return places.astype(np.float32) + np.float32(0.5)


def _counted(counts: IndexArray) -> IndexArray:
    """Return 0, 1, ... counts[0] - 1, 0, 1, ... counts[1] - 1, and so on."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts, counts)


def _rows(
    corners: FloatArray, height: int, width: int
) -> tuple[IndexArray, IndexArray, IndexArray, IndexArray]:
    """Cut triangles into rows: (triangle, row, first sample, how many), each intp[rows]."""
    order = np.argsort(corners[:, :, 1], axis=1, kind="stable")
    x = np.take_along_axis(corners[:, :, 0], order, axis=1)
    y = np.take_along_axis(corners[:, :, 1], order, axis=1)
    first = np.clip(np.ceil(y[:, 0] - 0.5), 0, height).astype(np.intp)
    stop = np.clip(np.ceil(y[:, 2] - 0.5), 0, height).astype(np.intp)
    tall = np.maximum(stop - first, 0)
    owner = np.repeat(np.arange(len(corners)), tall)
    row = _counted(tall) + np.repeat(first, tall)
    middle = row.astype(np.float32) + np.float32(0.5)
    long, upper, lower = (_slope(x, y, *ends) for ends in ((0, 2), (0, 1), (1, 2)))
    begun = middle - y[owner, 0]
    one = x[owner, 0] + begun * long[owner]
    turned = middle - y[owner, 1]
    other = np.where(
        turned < 0, x[owner, 0] + begun * upper[owner], x[owner, 1] + turned * lower[owner]
    )
    left = np.clip(np.ceil(np.minimum(one, other) - np.float32(0.5)), 0, width).astype(np.intp)
    right = np.clip(np.ceil(np.maximum(one, other) - np.float32(0.5)), 0, width).astype(np.intp)
    wide = right > left
    return owner[wide], row[wide], left[wide], (right - left)[wide]


def _slope(x: FloatArray, y: FloatArray, start: int, end: int) -> FloatArray:
    """Return how far each edge moves sideways per row; 0 for one that crosses none."""
    rise = y[:, end] - y[:, start]
    level = rise <= 0
    return np.where(level, 0, (x[:, end] - x[:, start]) / np.where(level, 1, rise))
