"""The short way to the exact minimum: right where it answers, and silent where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solving.kit import brute_force, frames, random_matrix

from facewire.solving import bound_set
from facewire.solving.bound_set import BoundSetSearch
from facewire.solving.exact import ExactSolver

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 24


def _search(matrix: NDArray[np.float64]) -> BoundSetSearch:
    search = BoundSetSearch.of(matrix)
    assert search is not None
    return search


def _long_way(matrix: NDArray[np.float64]) -> ExactSolver:
    solver = ExactSolver(matrix)
    solver._short = None
    return solver


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    size=st.integers(1, 5),
    condition=st.sampled_from([1.0, 3.0, 40.0, 700.0, 2900.0]),
    scale=st.sampled_from([0.0, 1e-6, 0.3, 1.0, 30.0, 1e4]),
    width=st.sampled_from([0.0, 1e-10, 0.5, 1.0]),
    unit=st.sampled_from([1e-6, 1.0, 1e5]),
)
def test_any_problem_has_the_minimum_of_trying_every_set(
    seed: int, size: int, condition: float, scale: float, width: float, unit: float
) -> None:
    draw = np.random.default_rng(seed)
    matrix = random_matrix(seed, size, condition)
    lower = np.where(draw.random(size) < 0.5, 0.0, -draw.random(size))
    upper = lower + np.where(draw.random(size) < 0.5, 1.0, width)
    solver = ExactSolver(unit * matrix)

    for b in scale * draw.normal(size=(3, size)):
        x = solver.solve(unit * b, lower, upper)
        best = brute_force(matrix, b, lower, upper)
        assert ((x >= lower) & (x <= upper)).all()
        assert np.abs(x - best).max() <= 1e-8 + 1e-13 * condition * np.abs(b).max()


@pytest.mark.parametrize("condition", [5.0, 50.0, 1e3, 2.5e3])
@pytest.mark.parametrize("scale", [0.2, 1.0, 100.0])
def test_where_it_answers_it_answers_what_the_long_way_does(condition: float, scale: float) -> None:
    matrix = random_matrix(3, SIZE, condition)
    search, solver = _search(matrix), _long_way(matrix)
    zeros, ones = np.zeros(SIZE), np.ones(SIZE)
    answered = 0

    for given_b in frames(3, SIZE, 60):
        b = scale * (matrix @ given_b)
        x = search.solve(b, zeros, ones)
        if x is not None:
            answered += 1
            assert np.abs(x - solver.solve(b, zeros, ones)).max() < 1e-9

    assert answered >= 60 if condition < 100.0 else answered > 10


@pytest.mark.parametrize("value", [0.25, -3.0, 4.0])
def test_all_weights_may_be_free_or_on_one_bound(value: float) -> None:
    matrix = np.diag(np.geomspace(1.0, 20.0, SIZE))

    x = _search(matrix).solve(matrix @ np.full(SIZE, value), np.zeros(SIZE), np.ones(SIZE))

    assert x is not None
    assert np.abs(x - np.clip(value, 0.0, 1.0)).max() < 1e-15


@pytest.mark.parametrize("seed", range(10))
def test_ties_end_the_search(seed: int) -> None:
    """The unbounded minimum lies exactly on bounds: only rounding says who is free."""
    matrix = random_matrix(seed, SIZE)
    search = _search(matrix)
    draw = np.random.default_rng(seed)

    for _ in range(5):
        on_bounds = draw.integers(0, 2, SIZE).astype(np.float64)
        x = search.solve(matrix @ on_bounds, np.zeros(SIZE), np.ones(SIZE))
        assert x is not None
        assert np.abs(x - on_bounds).max() < 1e-10


def test_a_weight_may_jump_from_one_bound_to_the_other() -> None:
    matrix = np.diag([1.0, 2.0])
    search = _search(matrix)
    lower, upper = np.zeros(2), np.array([1e-10, 1.0])

    for value in (-5.0, 5.0, -5.0):
        x = search.solve(np.array([value, 1.0]), lower, upper)
        assert x is not None
        assert x.tolist() == [upper[0] if value > 0 else 0.0, 0.5]


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3)),
        np.ones((4, 4)),
        np.diag([1.0, 1.0, 1e-4]),
        np.eye(5)[:, :3],
        np.eye(5)[:3],
    ],
)
def test_a_matrix_that_is_not_good_enough_is_left_to_the_long_way(
    matrix: NDArray[np.float64],
) -> None:
    columns = matrix.shape[1]
    b = matrix @ np.full(columns, 0.5)
    x = ExactSolver(matrix).solve(b, np.zeros(columns), np.ones(columns))

    assert BoundSetSearch.of(matrix) is None
    assert np.abs(matrix @ x - b).max() < 1e-12


def test_after_a_reset_a_search_is_a_fresh_one_bit_for_bit() -> None:
    matrix = random_matrix(3, SIZE)
    search, bounds = _search(matrix), (np.zeros(SIZE), np.ones(SIZE))

    def answers(seed: int) -> list[NDArray[np.float64]]:
        found = [search.solve(b, *bounds) for b in frames(seed, SIZE, 8)]
        return [x for x in found if x is not None]

    first = answers(3)
    answers(4)
    search.reset()

    assert len(first) == 8
    assert np.array_equal(answers(3), first)


def test_an_answer_that_fails_its_certificate_is_not_given() -> None:
    matrix = random_matrix(4, SIZE)
    spoilt, solver, healthy = _search(matrix), ExactSolver(matrix), _long_way(matrix)
    assert solver._short is not None
    for search in (spoilt, solver._short):
        search._spread[:, ::3] *= 1.01
    bounds = np.zeros(SIZE), np.ones(SIZE)

    for b in frames(4, SIZE, 6):
        assert spoilt.solve(b, *bounds) is None
        assert np.abs(solver.solve(b, *bounds) - healthy.solve(b, *bounds)).max() < 1e-12


def test_an_answer_that_is_only_nearly_right_is_corrected() -> None:
    matrix = random_matrix(4, SIZE, 20.0)
    search, healthy = _search(matrix), _long_way(matrix)
    search._spread *= 1.0 + 1e-6 * np.cos(np.arange(SIZE))
    bounds = np.zeros(SIZE), np.ones(SIZE)

    for b in frames(4, SIZE, 6):
        x = search.solve(b, *bounds)
        assert x is not None
        assert np.abs(x - healthy.solve(b, *bounds)).max() < 1e-10


def test_a_search_that_goes_round_in_circles_gives_up_and_goes_on_from_the_answer() -> None:
    matrix = random_matrix(8, 5, 100.0)
    solver, healthy = ExactSolver(matrix), _long_way(matrix)
    search, bounds = _search(matrix), (np.zeros(5), np.ones(5))
    gave_up = 0

    for given_b in frames(8, 5, 20):
        b = matrix @ (0.4 * given_b + 0.3)
        gave_up += search.solve(b, *bounds) is None
        found, expected = solver.solve(b, *bounds), healthy.solve(b, *bounds)
        assert np.abs(found - expected).max() < 1e-10
        assert solver._short is not None
        held = np.clip(solver._short._pressed, 0.0, 1.0) != solver._short._pressed
        assert np.array_equal(held, (expected == 0.0) | (expected == 1.0))

    assert gave_up > 0


def test_what_is_not_a_number_is_not_answered() -> None:
    search = _search(random_matrix(1, 6))

    assert search.solve(np.full(6, np.nan), np.zeros(6), np.ones(6)) is None


@pytest.mark.parametrize("count", [0, 1, 7, 20])
def test_small_systems_are_solved_as_numpy_does_to_the_bit(count: int) -> None:
    matrix, b = random_matrix(count, count), np.arange(float(count))

    assert np.array_equal(bound_set._solve_small(matrix, b), np.linalg.solve(matrix, b))
