"""The exact solver: the true minimum, from any start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.solving.kit import brute_force, frames, random_matrix

from facewire.solving.exact import ExactSolver
from facewire.solving.optimality import Optimality, optimality

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LongWay(ExactSolver):
    """What is left where the short way of `bound_set` has no answer."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        super().__init__(matrix)
        self._short = None


WAYS = pytest.mark.parametrize("way", [ExactSolver, LongWay])


def _residual(
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    b: np.ndarray[tuple[int], np.dtype[np.float64]],
    x: np.ndarray[tuple[int], np.dtype[np.float64]],
    upper: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None,
) -> Optimality:
    return optimality(matrix, b, x, np.zeros(len(b)), np.ones(len(b)) if upper is None else upper)


@pytest.mark.parametrize("condition", [3.0, 300.0, 1e6])
@pytest.mark.parametrize("seed", range(4))
def test_the_minimum_is_that_of_trying_every_active_set(seed: int, condition: float) -> None:
    n = 5
    matrix = random_matrix(seed, n, condition)
    solver = ExactSolver(matrix)
    draw = np.random.default_rng(seed)
    lower = -draw.random(n)
    upper = lower + draw.random(n)

    for b in frames(seed, n, 6):
        x = solver.solve(b, lower, upper)
        assert np.abs(x - brute_force(matrix, b, lower, upper)).max() < 1e-12 * condition**2


@WAYS
@pytest.mark.parametrize("condition", [10.0, 1e3, 2e4])
def test_a_warm_start_changes_no_answer(condition: float, way: type[ExactSolver]) -> None:
    n = 52
    matrix = random_matrix(int(condition), n, condition)
    warm = way(matrix)
    lower, upper = np.zeros(n), np.ones(n)

    for b in frames(7, n, 40):
        x = warm.solve(b, lower, upper)
        cold = way(matrix).solve(b, lower, upper)

        assert np.abs(x - cold).max() < 1e-15 * condition**2
        assert _residual(matrix, b, x).step < 1e-12


@WAYS
def test_a_long_run_does_not_drift(way: type[ExactSolver]) -> None:
    n = 30
    matrix = random_matrix(11, n, 1e3)
    solver = way(matrix)
    lower, upper = np.zeros(n), np.ones(n)

    worst = 0.0
    for b in frames(12, n, 1500):
        worst = max(worst, _residual(matrix, b, solver.solve(b, lower, upper)).step)

    assert worst < 1e-12


@pytest.mark.parametrize("condition", [50.0, 1e8])
def test_bounds_that_nearly_meet_are_kept(condition: float) -> None:
    n = 20
    matrix = random_matrix(5, n, condition)
    solver = ExactSolver(matrix)
    draw = np.random.default_rng(5)

    for b in frames(6, n, 20):
        upper = np.where(draw.random(n) < 0.3, 1e-10, 1.0)
        x = solver.solve(b, np.zeros(n), upper)

        assert ((x >= 0.0) & (x <= upper)).all()
        assert _residual(matrix, b, x, upper).step < 1e-9


@WAYS
def test_weights_that_sit_exactly_on_a_bound_by_themselves_end_the_search(
    way: type[ExactSolver],
) -> None:
    n = 24
    matrix = random_matrix(9, n)
    on_bounds = np.random.default_rng(9).integers(0, 2, n).astype(np.float64)

    x = way(matrix).solve(matrix @ on_bounds, np.zeros(n), np.ones(n))

    assert np.abs(x - on_bounds).max() < 1e-10


def test_a_pose_that_does_nothing_stays_at_rest() -> None:
    matrix = random_matrix(2, 6)
    matrix[3, :] = matrix[:, 3] = 0.0
    b = matrix @ np.full(6, 0.4)

    x = ExactSolver(matrix).solve(b, np.zeros(6), np.ones(6))

    assert x[3] == 0.0
    assert _residual(matrix, b, x).step < 1e-12


@WAYS
def test_after_a_reset_a_solver_is_a_fresh_one(way: type[ExactSolver]) -> None:
    matrix = random_matrix(3, 30)
    solver = way(matrix)
    bounds = np.zeros(30), np.ones(30)
    sides = list(frames(3, 30, 8))
    first = [solver.solve(b, *bounds) for b in sides]
    solver.reset()

    assert np.array_equal(first, [solver.solve(b, *bounds) for b in sides])


def test_a_residual_says_how_far_a_wrong_answer_is_off() -> None:
    matrix = np.diag([2.0, 3.0, 1.0])
    b = np.array([1.0, 6.0, -1.0])
    best = np.array([0.5, 1.0, 0.0])

    assert _residual(matrix, b, best) == Optimality(gradient=0.0, step=0.0)
    off = _residual(matrix, b, best + np.array([0.25, -0.25, 0.0]))
    assert off.step == pytest.approx(0.25)
    assert off.gradient == pytest.approx(3.0 * (6.0 - 0.75 * 3.0))
    held = _residual(matrix, b, np.array([0.5, 0.0, 0.0]))
    assert held.gradient == pytest.approx(18.0)
    assert held.step == pytest.approx(1.0)


def test_a_factorisation_gone_bad_is_noticed_and_computed_afresh() -> None:
    n = 16
    matrix = random_matrix(4, n)
    solver = LongWay(matrix)
    lower, upper = np.zeros(n), np.ones(n)
    sides = list(frames(4, n, 6))
    expected = [ExactSolver(matrix).solve(b, lower, upper) for b in sides]

    table = solver._problem.table
    assert table is not None
    for b, wanted in zip(sides, expected, strict=True):
        table._table[:, ::3] *= 1.0 + 1e-4
        assert np.abs(solver.solve(b, lower, upper) - wanted).max() < 1e-10


def test_a_search_that_does_not_end_falls_back_to_one_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n = 16
    matrix = random_matrix(4, n)
    lower, upper = np.zeros(n), np.ones(n)
    sides = list(frames(4, n, 6))
    expected = [ExactSolver(matrix).solve(b, lower, upper) for b in sides]

    solver = LongWay(matrix)
    monkeypatch.setattr(solver, "_from_warm", lambda *_: None)
    for b, wanted in zip(sides, expected, strict=True):
        assert np.abs(solver.solve(b, lower, upper) - wanted).max() < 1e-10
