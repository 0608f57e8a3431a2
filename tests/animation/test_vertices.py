"""Tongue and PCA reconstruction: what the published cases do not reach."""

from __future__ import annotations

import numpy as np

from facewire.animation.pca import reconstruct
from facewire.animation.tongue import animate_tongue

DRAW = np.random.default_rng(5)


def test_the_tongue_is_taken_flat_or_in_rows_and_left_as_it_was() -> None:
    neutral, deltas = DRAW.normal(size=(2, 30, 3)).astype(np.float32)
    kept = neutral.copy(), deltas.copy()

    rows = animate_tongue(neutral, deltas, 1.5, 0.2, 0.13)

    assert np.array_equal(rows, animate_tongue(neutral.ravel(), deltas.ravel(), 1.5, 0.2, 0.13))
    assert np.array_equal(neutral, kept[0])
    assert np.array_equal(deltas, kept[1])


def test_height_and_depth_move_every_vertex_alike() -> None:
    neutral, deltas = DRAW.normal(size=(2, 30, 3)).astype(np.float32)

    shift = animate_tongue(neutral, deltas, 0.0, -1.5, 2.0).reshape(-1, 3) - neutral

    assert np.allclose(shift, (0.0, -1.5, 2.0), atol=1e-6)


def test_shapes_may_be_rows_of_vertices_or_flat() -> None:
    shapes = DRAW.normal(size=(6, 40, 3)).astype(np.float32)
    coefficients = DRAW.normal(size=6).astype(np.float32)

    deltas = reconstruct(coefficients, shapes)

    assert deltas.dtype == np.float32
    assert np.array_equal(deltas, reconstruct(coefficients, shapes.reshape(6, -1)))
    exact = np.tensordot(coefficients.astype(np.float64), shapes.astype(np.float64), 1)
    assert np.abs(deltas - exact.ravel()).max() < 1e-6 * np.abs(exact).max()


def test_one_coefficient_of_one_gives_its_shape_to_the_bit() -> None:
    shapes = DRAW.normal(size=(6, 40, 3)).astype(np.float32)

    for row, alone in enumerate(np.eye(6, dtype=np.float32)):
        assert np.array_equal(reconstruct(alone, shapes), shapes[row].ravel())
