"""What several tests of the head need: poses by name, the mirror of a vertex, rays through skin."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, TONGUE_16
from facewire.tools.head import load_head

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPES = ARKIT_52 + TONGUE_16


def weights(**curves: float) -> NDArray[np.float32]:
    """Return float32[68]."""
    row = np.zeros(len(SHAPES), np.float32)
    for name, weight in curves.items():
        row[CURVE_INDEX[name]] = weight
    return row


def clip(*poses: dict[str, float], count: int = 68) -> NDArray[np.float32]:
    """Return float32[poses, count]."""
    rows = np.zeros((len(poses), 71), np.float32)
    for row, pose in zip(rows, poses, strict=True):
        row[:68] = weights(**pose)
    return rows[:, :count]


def posed(**curves: float) -> NDArray[np.float32]:
    return load_head().posed(weights(**curves))


def delta(name: str) -> NDArray[np.float32]:
    """Return float32[V, 3], cm: the offsets of a shape at 1."""
    return np.asarray(load_head().deltas[CURVE_INDEX[name]].reshape(-1, 3))


def moved(name: str, more_than_cm: float = 0.0) -> NDArray[np.intp]:
    """Return the vertices a shape moves."""
    return np.flatnonzero(np.linalg.norm(delta(name), axis=1) > more_than_cm)


@lru_cache(maxsize=1)
def mirror() -> NDArray[np.intp]:
    """Return int[V]: the vertex on the other side.

    Lips touch, so a place alone does not name a vertex: the middle of its triangles does.
    """
    head = load_head()
    around = np.zeros((len(head.vertices), 4), np.float64)
    middles = head.vertices[head.triangles].mean(axis=1)
    for corner in range(3):
        np.add.at(around[:, :3], head.triangles[:, corner], middles)
        np.add.at(around[:, 3], head.triangles[:, corner], 1.0)
    features = np.concatenate([head.vertices, around[:, :3] / around[:, 3:]], axis=1)
    flipped = features * (-1, 1, 1, -1, 1, 1)
    squares = (features**2).sum(1)
    found = [
        np.argmin(squares - 2 * part @ features.T, axis=1) for part in np.array_split(flipped, 16)
    ]
    return np.concatenate(found)


def skin_crossings(
    vertices: NDArray[np.float32], starts: NDArray[np.float32], *, near_cm: float = 4.0
) -> NDArray[np.intp]:
    """Return how often the way from each start to the front (+Z) passes through the skin."""
    head = load_head()
    skin = np.isin(head.part_names[head.part], ("skin", "mouth"))
    corners = vertices[head.triangles[skin]].astype(np.float64)
    low, high = starts.min(0) - near_cm, starts.max(0) + near_cm
    close = np.all((corners.min(1) < high) & (corners.max(1) > low), axis=1)
    a, b, c = corners[close].transpose(1, 0, 2)
    # A hair's breadth aside of every edge that runs up or across.
    aside = np.array((1.3e-5, 2.7e-5, 0.0))
    x, y, z = (starts.astype(np.float64) + aside).T[:, :, None]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    u = ((x - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (y - a[:, 1])) / area
    v = ((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (x - a[:, 0]) * (b[:, 1] - a[:, 1])) / area
    ahead = a[:, 2] + u * (b[:, 2] - a[:, 2]) + v * (c[:, 2] - a[:, 2]) > z
    hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (u + v > 0) & ahead
    return np.asarray(hit.sum(axis=1))
