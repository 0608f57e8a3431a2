"""The parts of the SDK's walk, by the rules that its own tests assert."""

from __future__ import annotations

import numpy as np
import pytest
from tests.solving.kit import random_matrix

from facewire.solving.bvls import kkt_violation, side_of, solve_bounded
from facewire.solving.least_squares import FLOAT32_CUTOFF, FLOAT64_CUTOFF, LeastSquares

CONDITIONS = (10.0, 1e7)
"""Once solved by pivots, once by the columns' singular values."""


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_minimum_over_free_variables_leaves_the_others_alone(condition: float) -> None:
    matrix = random_matrix(4, 8, condition)
    problem = LeastSquares(matrix, cutoff=FLOAT64_CUTOFF)
    draw = np.random.default_rng(4)
    b, x = draw.normal(size=8), draw.normal(size=8)
    free = np.array([1, 0, 1, 1, 0, 1, 0, 1], np.bool_)

    found = problem.minimum(b)(x, free)
    cost = problem.cost_and_gradient(found, b)[0]

    assert (problem.table is None) == (condition > 1e4)
    assert np.array_equal(found[~free], x[~free])
    for index in np.flatnonzero(free):
        for nudge in (-1e-3, 1e-3):
            moved = found.copy()
            moved[index] += nudge
            assert problem.cost_and_gradient(moved, b)[0] > cost


def test_the_gradient_is_the_slope_of_the_cost() -> None:
    problem = LeastSquares(random_matrix(6, 7), cutoff=FLOAT64_CUTOFF)
    draw = np.random.default_rng(6)
    x, b = draw.normal(size=7), draw.normal(size=7)
    gradient = problem.cost_and_gradient(x, b)[1]

    for index in range(7):
        step = np.zeros(7)
        step[index] = 1e-5
        ahead, behind = (problem.cost_and_gradient(x + s, b)[0] for s in (step, -step))
        assert (ahead - behind) / 2e-5 == pytest.approx(gradient[index], abs=1e-8)


def test_a_side_is_being_exactly_on_a_bound() -> None:
    x = np.array([0.0, 1.0, 0.5, 1e-300, 0.3])
    upper = np.array([1.0, 1.0, 1.0, 1.0, 0.3])

    side = side_of(x, np.zeros(5), upper)

    assert side.tolist() == [-1, 1, 0, 0, 1]
    assert kkt_violation(np.array([3.0, -4.0, -2.0, 1.0, 0.5]), side) == 2.0


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("seed", range(6))
def test_a_solution_is_inside_and_nothing_wants_to_leave(seed: int, condition: float) -> None:
    n = 14
    draw = np.random.default_rng(seed)
    problem = LeastSquares(random_matrix(seed, n, condition), cutoff=FLOAT64_CUTOFF)
    lower = draw.normal(size=n)
    upper = lower + draw.random(n)
    b = draw.normal(size=n)

    x = solve_bounded(problem, b, lower, upper, tolerance=0.0, stall=0.0)
    gradient = problem.cost_and_gradient(x, b)[1]

    assert ((x >= lower) & (x <= upper)).all()
    assert kkt_violation(gradient, side_of(x, lower, upper)) < 1e-9


def test_a_tolerance_stops_the_walk_before_the_minimum() -> None:
    n, draw = 20, np.random.default_rng(3)
    problem = LeastSquares(random_matrix(3, n), cutoff=FLOAT32_CUTOFF)
    b, lower, upper = 3.0 * draw.normal(size=n), np.zeros(n), np.ones(n)

    def violation(tolerance: float) -> float:
        x = solve_bounded(problem, b, lower, upper, tolerance=tolerance)
        return kkt_violation(problem.cost_and_gradient(x, b)[1], side_of(x, lower, upper))

    assert violation(1e-10) < 1e-9
    assert 1e-3 < violation(0.5) < 0.5


def test_directions_below_float32_are_left_out_as_in_the_sdk() -> None:
    matrix = np.diag([1.0, 1.0, 1e-7])
    b = np.array([0.5, 0.25, 0.9e-7])
    bounds = np.zeros(3), np.ones(3)

    rank_two = solve_bounded(LeastSquares(matrix, cutoff=FLOAT32_CUTOFF), b, *bounds, tolerance=0.0)
    whole = solve_bounded(LeastSquares(matrix, cutoff=FLOAT64_CUTOFF), b, *bounds, tolerance=0.0)

    assert rank_two == pytest.approx([0.5, 0.25, 0.0])
    assert whole == pytest.approx([0.5, 0.25, 0.9])
