"""The minimum of |A x - b|^2 within bounds, to float64, started from the frame before.

Block principal pivoting (Judice and Pires 1994): guess for every variable whether it is free or on
which bound, solve, and move all that contradict the guess at once; when that stops helping, move
one at a time (Murty), which ends for every positive definite matrix. From one frame of speech to
the next a handful of variables move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.solving.bvls import feasible_start, side_of, walk
from facewire.solving.least_squares import FLOAT64_CUTOFF, LeastSquares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.solving.pivoting import PivotTable

_SLACK: Final = 1e-11
"""A variable moves when it gains more weight than this; above rounding, below any bound's width."""

_LAST_SLACK: Final = 1e-14
"""The same for the patient search, which no rounding of a table can mislead."""

_CERTIFIED: Final = 1e-8
"""An answer that some variable would leave by more weight than this is computed afresh."""

_PATIENCE: Final = 3
"""Block moves in a row that may fail to lower the number of contradictions."""

_MOVES_PER_VARIABLE: Final = 10
"""A search longer than this is rounding chasing its tail."""

_REFINEMENTS: Final = 3
"""Corrections of x at most; one where A is well-conditioned."""

_REFINED: Final = 1e-12
"""A correction as small as this is the last."""


class ExactSolver:
    """Solves one frame after another; the active set and its factorisation stay warm between."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        """Take A float64[m, n]."""
        self._problem = LeastSquares(matrix, cutoff=FLOAT64_CUTOFF)
        tiny = np.finfo(np.float64).tiny
        self._curvature = np.maximum(np.diag(self._problem.gram), tiny)
        self._side = np.zeros(len(self._curvature))

    def reset(self) -> None:
        """Forget the frame before; the next solve starts with every variable free."""
        self._side[:] = 0.0
        if self._problem.table is not None:
            self._problem.table.release_all()

    def solve(
        self,
        b: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return x float64[n], the minimum; the start decides only how long it takes.

        Where A is nearly singular there is no warm start, and where it is singular x is one of
        many minima.
        """
        table = self._problem.table
        if table is None:
            return self._from_cold(self._problem, b, lower, upper)
        for _ in range(2):
            x = self._from_warm(table, b, lower, upper)
            if x is not None:
                return x
            table.rebuild()
        self.reset()
        by_columns = LeastSquares(self._problem.matrix, cutoff=FLOAT64_CUTOFF, pivots=False)
        return self._from_cold(by_columns, b, lower, upper)

    def _from_warm(
        self,
        table: PivotTable,
        b: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64] | None:
        """Return the minimum, or None where it is not found or A itself contradicts the table."""
        h = b.dot(self._problem.matrix)
        fewest, patience = len(h) + 1, _PATIENCE
        for _ in range(_MOVES_PER_VARIABLE * len(h)):
            x, gradient = table.minimise(h, np.where(self._side < 0.0, lower, upper))
            wrong = (self._gain(table, x, gradient, lower, upper) > _SLACK).nonzero()[0]
            if not len(wrong):
                return self._certified(table, x, b, lower, upper)
            if len(wrong) < fewest:
                fewest, patience = len(wrong), _PATIENCE
            elif patience:
                patience -= 1
            else:
                wrong = wrong[-1:]
            passed = np.where(x[wrong] < lower[wrong], -1.0, 1.0)
            self._side[wrong] = np.where(table.free[wrong], passed, 0.0)
            table.move_to(self._side == 0.0)
        return None

    def _gain(
        self,
        table: PivotTable,
        x: NDArray[np.float64],
        gradient: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return by how much weight each variable contradicts the guess of its place."""
        outside = np.maximum(lower - x, x - upper)
        return np.where(table.free, outside, gradient * self._side / self._curvature)

    def _certified(
        self,
        table: PivotTable,
        x: NDArray[np.float64],
        b: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64] | None:
        """Return x refined, or None where it is not optimal by A and b themselves."""
        for _ in range(_REFINEMENTS):
            gradient = self._problem.cost_and_gradient(x, b)[1]
            step = table.correction(gradient)
            x = x + step
            largest = np.abs(step).max()
            if largest <= _REFINED:
                break
        gain = self._gain(table, x, gradient, lower, upper)
        if not max(largest, gain.max()) <= _CERTIFIED:
            return None
        return np.minimum(np.maximum(x, lower), upper)

    def _from_cold(
        self,
        problem: LeastSquares,
        b: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the minimum by freeing, one at a time, the variable that gains most by moving."""
        minimum = problem.minimum(b)
        x = feasible_start(minimum, lower, upper)
        side = side_of(x, lower, upper)
        for _ in range(_MOVES_PER_VARIABLE * len(x)):
            gain = problem.cost_and_gradient(x, b)[1] * side / self._curvature
            most = int(gain.argmax())
            if gain[most] <= _LAST_SLACK:
                break
            side[most] = 0
            x, side = walk(minimum, x, side, lower, upper)
        return x
