"""More or fewer points on a surface than it was made with; what rides on it comes along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Points:
    """Points in triangles of a mesh, each a mix of three vertices."""

    corners: NDArray[np.intp]
    """int[N, 3]: vertices of the mesh."""
    shares: NDArray[np.float32]
    """float32[N, 3]: of each corner; they sum to 1."""

    def of(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[..., N, 3] for values float32[..., V, 3] at the vertices."""
        mixed = np.zeros((*values.shape[:-2], len(self.corners), 3), np.float32)
        for corner in range(3):
            share = self.shares[:, corner, None]
            mixed += values[..., self.corners[:, corner], :] * share
        return mixed


def dense(triangles: NDArray[np.int32], count: int) -> Points:
    """Return all vertices of the triangles and as many points within as make up the count.

    Each triangle gets as many as the next, so that the points stay as dense as the mesh was where
    it was dense: around lips and lids.

    Args:
        triangles: int32[T, 3].
        count: No less than the vertices used.
    """
    used = np.unique(triangles).astype(np.intp)
    more = count - len(used)
    assert more >= 0
    turn = np.arange(more)
    corners = np.concatenate(
        [np.repeat(used[:, None], 3, axis=1), triangles[turn % len(triangles)]]
    )
    # Halton-like: the plastic number's powers spread any number of points evenly over a square.
    step = turn // len(triangles) + 1
    u, v = (0.7548776662 * step) % 1.0, (0.5698402910 * step) % 1.0
    folded = u + v > 1.0
    u, v = np.where(folded, 1.0 - u, u), np.where(folded, 1.0 - v, v)
    inner = np.stack([1.0 - u - v, u, v], axis=1)
    shares = np.concatenate([np.tile((1.0, 0.0, 0.0), (len(used), 1)), inner])
    return Points(corners.astype(np.intp), shares.astype(np.float32))


def crowding(points: NDArray[np.float32], cell_cm: float) -> NDArray[np.float64]:
    """Return float64[N]: how many points share the cell of each, seen from the front."""
    cells = np.floor(points[:, :2] / cell_cm).astype(np.int64)
    _, place, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    return counts[place].astype(np.float64)


def drawn(weight: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Return that many indices drawn by weight without putting back, ascending; ever the same."""
    chance = np.random.Generator(np.random.SFC64(len(weight)))
    found = chance.choice(len(weight), count, replace=False, p=weight / weight.sum())
    return np.sort(found).astype(np.intp)


def single(vertices: NDArray[np.intp]) -> Points:
    """Return vertices of the mesh themselves as points."""
    corners = np.repeat(vertices[:, None], 3, axis=1)
    shares = np.zeros((len(vertices), 3), np.float32)
    shares[:, 0] = 1.0
    return Points(corners, shares)
