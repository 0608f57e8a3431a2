"""Bounded least squares the way the SDK's CPU solver walks it (a2f_runtime §5.3).

The steps, the order of the pivots and the early stops are the SDK's, and so is its rank cut of
float32; the arithmetic is float64. The SDK's own float32 rounding cannot be had bit for bit (it
changes with the version of its linear algebra), and float64 came closest in our measurements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.solving.least_squares import LeastSquares

    Minimum = Callable[[NDArray[np.float64], NDArray[np.bool_]], NDArray[np.float64]]

STALL: Final = 1e-6
"""The SDK gives up when its optimality changes by less than this, in units of the gradient."""


def solve_bounded(
    problem: LeastSquares,
    b: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    *,
    tolerance: float,
    stall: float = STALL,
) -> NDArray[np.float64]:
    """Return x float64[n] that minimises |A x - b|^2 within lower <= x <= upper, or nearly so.

    It starts cold, from the unbounded minimum; frees the held variable that pulls hardest, walks to
    the minimum of the free ones, and repeats at most n times. It also stops when the cost rises,
    the optimality falls below `tolerance`, or changes by less than `stall`.

    Args:
        problem: A float64[m, n].
        b: float64[m].
        lower: float64[n].
        upper: float64[n], not below `lower`.
        tolerance: In units of the gradient A^T (A x - b).
        stall: In the same units.
    """
    minimum = problem.minimum(b)
    x = feasible_start(minimum, lower, upper)
    side = side_of(x, lower, upper)
    cost, gradient = problem.cost_and_gradient(x, b)
    before = kkt_violation(gradient, side)
    for _ in range(len(x)):
        pull = gradient * side
        strongest = int(pull.argmax())
        if before < tolerance or pull[strongest] <= 0.0:
            break
        side[strongest] = 0
        x, side = walk(minimum, x, side, lower, upper)
        new_cost, gradient = problem.cost_and_gradient(x, b)
        violation = kkt_violation(gradient, side)
        if new_cost > cost or abs(before - violation) < stall:
            break
        cost, before = new_cost, violation
    return x


def side_of(
    x: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.int8]:
    """Return int8[n]: -1 where x is exactly on its lower bound, 1 on its upper, 0 between."""
    side: NDArray[np.int8] = (x == upper).astype(np.int8)
    side[x == lower] = -1
    return side


def kkt_violation(gradient: NDArray[np.float64], side: NDArray[np.int8]) -> float:
    """Return the SDK's optimality: the largest |g| where free, -g at lower, +g at upper.

    It is not positive at an optimum none of whose variables is free.
    """
    return float(np.where(side == 0, np.abs(gradient), gradient * side).max())


def feasible_start(
    minimum: Minimum, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the unbounded minimum, with what leaves its bounds put on them until nothing does."""
    x = np.zeros_like(lower)
    free = np.ones(len(x), np.bool_)
    while free.any():
        x = minimum(x, free)
        outside = free & ((x < lower) | (x > upper))
        if not outside.any():
            break
        x[outside] = np.where(x < lower, lower, upper)[outside]
        free &= ~outside
    return x


def walk(
    minimum: Minimum,
    x: NDArray[np.float64],
    side: NDArray[np.int8],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return x and its sides at the minimum over the free ones, held at each bound it meets."""
    while True:
        target = minimum(x, side == 0)
        outside = ((target < lower) | (target > upper)).nonzero()[0]
        if not len(outside):
            return target, side
        ends = np.where(target < lower, lower, upper)
        shares = (ends - x)[outside] / (target - x)[outside]
        first = int(shares.argmin())
        x = np.clip(x + shares[first] * (target - x), lower, upper)
        x[outside[first]] = ends[outside[first]]
        side = side_of(x, lower, upper)
