"""The pivot table follows any path of free sets."""

from __future__ import annotations

import numpy as np
import pytest
from tests.solving.kit import random_matrix

from facewire.solving.pivoting import PivotTable


def _gram(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    matrix = random_matrix(n, n)
    return matrix.T @ matrix


@pytest.mark.parametrize("flips", [1, 3, 12])
def test_any_path_of_free_sets_keeps_the_minimum(flips: int) -> None:
    draw = np.random.default_rng(flips)
    gram = _gram(12)
    table = PivotTable(gram)

    for _ in range(200):
        free = table.free.copy()
        free[draw.choice(12, flips, replace=False)] ^= True
        h, held = draw.normal(size=12), draw.normal(size=12)
        table.move_to(free)
        x, gradient = table.minimise(h, held)

        assert np.array_equal(x[~free], held[~free])
        assert np.abs(gram @ x - h)[free].max(initial=0.0) < 1e-9
        assert np.abs(gradient - np.where(free, 0.0, gram @ x - h)).max() < 1e-9


def test_a_correction_takes_the_gradient_away() -> None:
    draw = np.random.default_rng(8)
    gram = _gram(9)
    table = PivotTable(gram)
    table.move_to(np.arange(9) % 3 != 0)
    h, x = draw.normal(size=9), draw.normal(size=9)

    better = x + table.correction(gram @ x - h)

    assert np.abs((gram @ better - h)[table.free]).max() < 1e-10
    assert np.array_equal(better[~table.free], x[~table.free])


def test_rebuilding_changes_no_more_than_rounding() -> None:
    gram = _gram(10)
    table = PivotTable(gram)
    for index in range(6):
        free = table.free.copy()
        free[index] = False
        table.move_to(free)
    h = np.arange(10.0)
    pivoted = table.minimise(h, np.ones(10))[0]
    table.rebuild()

    assert np.abs(table.minimise(h, np.ones(10))[0] - pivoted).max() < 1e-9
