"""The pivot table follows any path of free sets."""

from __future__ import annotations

import numpy as np
import pytest
from tests.solving.kit import random_matrix

from facewire.solving.pivoting import PivotTable


def _gram(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    matrix = random_matrix(n, n)
    return matrix.T @ matrix


@pytest.mark.parametrize("flips", [1, 3, 5, 12])
def test_any_path_of_free_sets_keeps_the_minimum(flips: int) -> None:
    draw = np.random.default_rng(flips)
    gram = _gram(12)
    table = PivotTable(gram)

    for _ in range(200):
        free = table.free.copy()
        free[draw.choice(12, flips, replace=False)] ^= True
        h, held = draw.normal(size=12), draw.normal(size=12)
        table.move_to(free)
        solved = table.solve(np.where(free, h, held))
        x = np.where(free, solved, held)

        assert np.abs(gram @ x - h)[free].max(initial=0.0) < 1e-9
        assert np.abs(solved - gram @ x)[~free].max(initial=0.0) < 1e-9


def test_a_gradient_solved_for_is_the_correction_that_takes_it_away() -> None:
    draw = np.random.default_rng(8)
    gram = _gram(9)
    table = PivotTable(gram)
    table.move_to(np.arange(9) % 3 != 0)
    h, x = draw.normal(size=9), draw.normal(size=9)

    better = x - np.where(table.free, table.solve(np.where(table.free, gram @ x - h, 0.0)), 0.0)

    assert np.abs((gram @ better - h)[table.free]).max() < 1e-10


def test_rebuilding_changes_no_more_than_rounding() -> None:
    gram = _gram(10)
    table = PivotTable(gram)
    for index in range(6):
        free = table.free.copy()
        free[index] = False
        table.move_to(free)
    given = np.arange(10.0)
    pivoted = table.solve(given)
    table.rebuild()

    assert np.abs(table.solve(given) - pivoted).max() < 1e-9


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_block_is_exchanged_as_its_variables_one_by_one(count: int) -> None:
    gram = _gram(12)
    at_once, one_by_one = PivotTable(gram), PivotTable(gram)
    changed = np.arange(0, 12, 12 // count)[:count]
    at_once.exchange(changed)
    for index in changed:
        one_by_one.exchange(np.array([index]))

    assert np.array_equal(at_once.free, one_by_one.free)
    given = np.cos(np.arange(12.0))
    assert np.abs(at_once.solve(given) - one_by_one.solve(given)).max() < 1e-9


def test_a_table_that_rounding_has_spoilt_is_computed_afresh() -> None:
    gram = _gram(12)
    table, healthy = PivotTable(gram), PivotTable(gram)
    table._table[:] = 0.0
    changed = np.array([1, 4, 8])
    table.exchange(changed)
    healthy.exchange(changed)

    given = np.cos(np.arange(12.0))
    assert np.abs(table.solve(given) - healthy.solve(given)).max() < 1e-9
