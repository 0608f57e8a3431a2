"""Spread a correction over a surface the way a stretched membrane would carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Membrane:
    """The edges of a surface, ready to carry corrections."""

    def __init__(self, near: Sequence[Sequence[int]], points: NDArray[np.float64]) -> None:
        pairs = [(here, there) for here, ends in enumerate(near) for there in ends]
        self._here = np.array([pair[0] for pair in pairs], np.intp)
        self._there = np.array([pair[1] for pair in pairs], np.intp)
        self._length = np.linalg.norm(points[self._here] - points[self._there], axis=1)
        # Long edges pull less, so that the result follows the surface and not the tessellation.
        self._pull = 1.0 / np.maximum(self._length, 1e-3)
        self._count = len(points)

    def distance(self, seeds: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float64]:
        """Return float64[V], the way from the nearest seed along the edges, cm."""
        found = np.full(self._count, np.inf)
        found[np.asarray(seeds)] = 0.0
        while True:
            reached = found.copy()
            np.minimum.at(reached, self._there, found[self._here] + self._length)
            if np.array_equal(reached, found):
                return found
            found = reached

    def spread(
        self,
        seeds: NDArray[np.intp],
        offsets: NDArray[np.float64],
        reach_cm: float,
        rounds: int = 400,
    ) -> NDArray[np.float64]:
        """Return float64[V, N]: the offsets at the seeds, fading to 0 at `reach_cm` from them."""
        free = self.distance(seeds) < reach_cm
        free[seeds] = False
        edges = free[self._there]
        here, there, pull = self._here[edges], self._there[edges], self._pull[edges]
        total = np.bincount(there, pull, self._count)
        field = np.zeros((self._count, offsets.shape[1]))
        field[seeds] = offsets
        for _ in range(rounds):
            for axis in range(offsets.shape[1]):
                sums = np.bincount(there, pull * field[here, axis], self._count)
                field[free, axis] = sums[free] / total[free]
        return field
