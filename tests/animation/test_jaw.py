from __future__ import annotations

import numpy as np
import pytest

from facewire.animation.jaw import (
    column_major,
    exact_jaw_transform,
    jaw_transform,
    rigid_transform,
)
from facewire.animation.kernel_rotation import kernel_rotation

NEUTRAL = np.array(
    [[-2.0, 93.1, 5.1], [2.3, 92.8, 5.1], [0.0, 92.7, 8.1], [-1.2, 93.4, 6.7], [0.7, 93.2, 6.9]],
    np.float32,
)
SPOT = np.tile(np.array([0.1, 93.3, 6.0], np.float32), (5, 1))
LINE = (np.arange(5.0)[:, None] * (0.3, 0.7, -0.2) + (0, 93, 6)).astype(np.float32)
DRAW = np.random.default_rng(11)


def _rotation(angle: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


def test_a_rigid_motion_is_found_again() -> None:
    turn, shift = _rotation(0.07), np.array([0.1, -0.4, 0.2])
    centre = NEUTRAL.mean(axis=0)
    moved = (NEUTRAL - centre) @ turn.T + centre + shift

    found = jaw_transform(NEUTRAL, (moved - NEUTRAL).astype(np.float32), 1.0, 0.0, 0.0)

    assert np.abs(found[:3, :3] - turn).max() < 2e-6
    placed = NEUTRAL @ found[:3, :3].T + found[:3, 3]
    assert np.abs(placed - moved).max() < 5e-5
    assert found[3].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_without_strength_only_the_offsets_are_left() -> None:
    deltas = DRAW.normal(size=(5, 3)).astype(np.float32)

    found = jaw_transform(NEUTRAL, deltas, 0.0, 0.5, -0.25)

    expected = np.eye(4)
    expected[:3, 3] = (0.0, 0.5, -0.25)
    assert np.abs(found - expected)[:3, :3].max() < 1e-6
    assert np.abs(found - expected)[:3, 3].max() < 1e-6 * 93.0


def test_the_wire_has_the_columns_one_after_another() -> None:
    deltas = DRAW.normal(scale=0.3, size=15).astype(np.float32)

    transform = jaw_transform(NEUTRAL.reshape(15), deltas, 1.3, -0.1, 0.0)

    wire = column_major(transform)
    assert wire.flags.c_contiguous
    assert all(wire[c * 4 + r] == transform[r, c] for r in range(4) for c in range(4))


@pytest.mark.parametrize("neutral", [np.zeros((5, 3), np.float32), SPOT, LINE])
def test_points_that_leave_the_rotation_open_give_the_mean_offset_alone(
    neutral: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    deltas = DRAW.normal(scale=0.3, size=(5, 3)).astype(np.float32)
    if neutral is LINE:
        deltas = np.tile(deltas[:1], (5, 1))

    mean_offset = np.add(deltas.mean(axis=0), (0.0, 0.5, 0.25))

    found = jaw_transform(neutral, deltas, 1.0, 0.5, 0.25)

    assert np.array_equal(found[:3, :3], np.eye(3))
    assert np.allclose(found[:3, 3], mean_offset, atol=2e-5)


def test_a_motion_to_one_spot_gives_the_mean_offset_alone() -> None:
    found = jaw_transform(NEUTRAL, SPOT - NEUTRAL, 1.0, 0.0, 0.0)

    assert np.array_equal(found[:3, :3], np.eye(3))
    assert np.allclose(found[:3, 3], SPOT[0] - NEUTRAL.mean(axis=0), atol=2e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_motion_that_is_not_finite_moves_nothing(bad: float) -> None:
    deltas = np.zeros((5, 3), np.float32)
    deltas[2, 1] = bad

    assert np.array_equal(jaw_transform(NEUTRAL, deltas, 1.0, 0.0, 0.0), np.eye(4))


def test_what_is_returned_is_never_a_mirror_image() -> None:
    for _ in range(50):
        source = DRAW.normal(size=(6, 3))
        mirrored = source * (1, 1, -1) + DRAW.normal(scale=0.05, size=(6, 3))

        rotation = rigid_transform(source, mirrored)[:3, :3]

        assert np.linalg.det(rotation) == pytest.approx(1.0)
        assert np.allclose(rotation @ rotation.T, np.eye(3))


def _stretched(second: float, third: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return five points whose spreads along three axes are as 1 to these two."""
    left, _, right = np.linalg.svd(DRAW.normal(size=(5, 3)), full_matrices=False)
    left -= left.mean(axis=0)
    left = np.linalg.qr(left)[0]
    points = left @ np.diag((3.0, 3.0 * second, 3.0 * third)) @ right
    return np.asarray(points + np.array((0.0, 93.0, 6.0)), np.float32)


@pytest.mark.parametrize("mirror", [1.0, -1.0])
@pytest.mark.parametrize("third", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("second", [0.5, 0.8, 1.0])
def test_the_kernels_way_is_near_the_exact_fit(second: float, third: float, mirror: float) -> None:
    for _ in range(15):
        neutral = _stretched(second, third)
        deltas = DRAW.normal(scale=0.05, size=(5, 3)).astype(np.float32)
        deltas[:, 0] += (mirror - 1.0) * neutral[:, 0] * (third == 0.1)

        found = jaw_transform(neutral, deltas, 1.2, 0.1, -0.2)

        exact = exact_jaw_transform(neutral, deltas, 1.2, 0.1, -0.2)
        assert np.abs(found - exact)[:3, :3].max() < 5e-5
        assert np.linalg.det(found[:3, :3]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("size", [1e-25, 1e-12, 1e-4, 1e-2, 1.0, 1e3, 1e7, 1e19])
@pytest.mark.parametrize("second", [0.0, 1e-6, 1e-3, 0.05])
def test_where_the_kernels_way_is_no_use_the_fit_is_the_exact_one(
    size: float, second: float
) -> None:
    neutral = (_stretched(second, second / 2) - (0, 93, 6)).astype(np.float32) * np.float32(size)
    deltas = DRAW.normal(scale=0.1, size=(5, 3)).astype(np.float32) * np.float32(size)

    found = jaw_transform(neutral, deltas, 1.0, 0.0, 0.0)

    exact = exact_jaw_transform(neutral, deltas, 1.0, 0.0, 0.0)
    assert np.abs(found - exact)[:3, :3].max() < 3e-3
    assert np.allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("place", [0, 5, 8])
def test_a_matrix_that_is_not_finite_has_no_rotation_of_the_kernels(bad: float, place: int) -> None:
    entries = [1.0, 0.2, 0.3, 0.1, 2.0, 0.4, 0.2, 0.1, 3.0]
    entries[place] = bad

    assert kernel_rotation([entries[:3], entries[3:6], entries[6:]]) is None


def test_a_matrix_of_rank_one_has_no_rotation_of_the_kernels() -> None:
    assert kernel_rotation([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]]) is None
    assert kernel_rotation([[0.0] * 3] * 3) is None
    assert kernel_rotation([[1e4, 0, 0], [0, 1e-10, 0], [0, 0, 0]]) is None


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (1, -1, -1), (-1, 1, 1), (-1, -1, -1)])
def test_equal_and_diagonal_matrices_are_turned_by_signs_alone(signs: tuple[int, int, int]) -> None:
    columns = kernel_rotation(np.diag(np.array(signs, float)).tolist())

    assert columns is not None
    assert np.linalg.det(columns) == pytest.approx(1.0, abs=2e-6)
    assert np.trace(np.diag(signs) @ columns) == pytest.approx(
        3.0 if np.prod(signs) > 0 else 1.0, abs=5e-6
    )
