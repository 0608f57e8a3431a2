"""Triangles on a grid: every sample belongs to one triangle, and to the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewire.tools.rendering.raster import Raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 24


def triangles(*corners: tuple[float, float, float]) -> NDArray[np.float32]:
    return np.array(corners, np.float32).reshape(-1, 3, 3)


def grid(raster: Raster, size: int = SIZE) -> NDArray[np.int64]:
    """The triangle at each sample, -1 where there is none."""
    places = np.full(size * size, -1)
    places[raster.samples] = raster.triangles
    return places.reshape(size, size)


def test_a_sample_is_covered_when_its_middle_is_inside() -> None:
    shown = grid(Raster(triangles((2, 2, 1), (8, 2, 1), (2, 8, 1)), SIZE, SIZE)) == 0
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    inside = (x > 2) & (y > 2) & (x + y < 10)
    on_the_edge = x + y == 10
    assert (shown == inside)[~on_the_edge].all()


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_neighbours_leave_no_hole_and_no_overlap(seed: int) -> None:
    """A fan round a point, with corners on samples' middles as often as not."""
    random = np.random.default_rng(seed)
    rim = np.array([(1, 1), (12, 0), (23, 2), (22, 12), (23.5, 23), (11, 22), (0, 23), (2, 11)])
    rim = np.round(2 * (rim + random.normal(0, 0.4, rim.shape))) / 2
    hub = np.round(2 * random.uniform(9, 14, 2)) / 2
    fan = np.array([[hub, rim[n], rim[(n + 1) % len(rim)]] for n in range(len(rim))])
    corners = np.concatenate([fan, np.ones((len(fan), 3, 1))], axis=2).astype(np.float32)
    owned = np.concatenate([Raster(each[None], 32, 32).samples for each in corners])
    assert len(owned) == len(np.unique(owned)), "an overlap"
    covered = grid(Raster(corners, 32, 32), 32) >= 0
    assert np.array_equal(np.flatnonzero(covered), np.unique(owned))
    inside, within_edges = inside_of(fan)
    assert covered[inside].all(), "a hole"
    assert not covered[~within_edges].any()


def inside_of(fan: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where samples are inside the fan: off its rim, and its rim included."""
    y, x = np.mgrid[:32, :32] + 0.5
    places = np.stack([x, y], axis=-1)
    off_rim, within = np.zeros((32, 32), bool), np.zeros((32, 32), bool)
    for triangle in fan:
        sides = []
        for start, end in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
            (ex, ey), to = end - start, places - start
            sides.append(ex * to[..., 1] - ey * to[..., 0])
        hub_side, rim_side, other_side = sides
        for sign in (1, -1):
            closed = (sign * hub_side >= 0) & (sign * rim_side >= 0) & (sign * other_side >= 0)
            within |= closed
            off_rim |= closed & (rim_side != 0)
    return off_rim, within


def test_the_nearest_is_seen_whatever_comes_first() -> None:
    far = triangles((0, 0, 1), (20, 0, 1), (0, 20, 1))
    near = triangles((2, 2, 2), (9, 2, 2), (2, 9, 2))
    one = Raster(np.concatenate([far, near]), SIZE, SIZE)
    other = Raster(np.concatenate([near, far]), SIZE, SIZE)
    assert (grid(one) == 1).sum() > 10
    assert np.array_equal(grid(one) == 1, grid(other) == 0)


def test_triangles_that_cross_share_the_samples_by_nearness() -> None:
    rising = triangles((0, 0, 1), (20, 0, 3), (0, 20, 1))
    flat = triangles((0, 0, 2), (20, 0, 2), (0, 20, 2))
    places = grid(Raster(np.concatenate([flat, rising]), SIZE, SIZE))
    assert (places[2, :9] == 0).all()
    assert (places[2, 11:17] == 1).all()


def test_of_equally_near_triangles_the_later_one_is_seen() -> None:
    same = triangles((1, 1, 1), (9, 1, 1), (1, 9, 1))
    assert set(Raster(np.concatenate([same, same]), SIZE, SIZE).triangles.tolist()) == {1}


def test_values_are_those_of_the_plane_through_the_corners() -> None:
    corners = triangles((1, 2, 1), (21, 4, 1.5), (5, 20, 2))
    raster = Raster(corners, SIZE, SIZE)
    row, column = np.divmod(raster.samples, SIZE)
    values = np.stack([3 * corners[..., 0] - corners[..., 1], corners[..., 2]], axis=-1)
    found = raster.between(values)
    assert found[0] == pytest.approx(3 * (column + 0.5) - (row + 0.5), abs=1e-3)
    assert found[1] == pytest.approx(raster.nearness, abs=1e-5)
    some = np.array([3, 40])
    assert raster.between(values, some) == pytest.approx(found[:, some])


def test_what_lies_outside_the_grid_is_cut_off() -> None:
    raster = Raster(triangles((-50, -50, 1), (90, -40, 1), (10, 120, 1)), SIZE, SIZE)
    assert raster.samples.min() >= 0
    assert raster.samples.max() < SIZE * SIZE
    assert len(raster.samples) == len(np.unique(raster.samples))


@pytest.mark.parametrize(
    "corners",
    [
        np.zeros((0, 3, 3), np.float32),
        triangles((3, 3, 1), (3, 3, 1), (3, 3, 1)),
        triangles((1, 5, 1), (9, 5, 1), (20, 5, 1)),
        triangles((60, 60, 1), (90, 60, 1), (60, 90, 1)),
    ],
    ids=["none", "a point", "a line", "far away"],
)
def test_what_has_no_area_here_covers_nothing(corners: NDArray[np.float32]) -> None:
    raster = Raster(corners, SIZE, SIZE)
    assert len(raster.samples) == len(raster.triangles) == 0
    assert raster.between(np.zeros((len(corners), 3, 2), np.float32)).shape == (2, 0)
