"""The minimum of |A x - b|^2 within bounds, to float64, started from the frame before.

Where A is well-conditioned the short way of `bound_set` nearly always finds it. The long way is
block principal pivoting (Judice and Pires 1994): guess for every variable whether it is free or on
which bound, solve, and move all that contradict the guess at once; when that stops helping, move
one at a time (Murty), which ends for every positive definite matrix. From one frame of speech to
the next a handful of variables move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.solving.bound_set import BoundSetSearch
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

_ANYTHING: Final = 1e300
"""A limit that nothing reaches; times 0 it is 0, which infinity is not."""

_REFINED: Final = 1e-9
"""A correction as small as this is the last: what it leaves is smaller by as much again."""


class _Guess:
    """Which variables are free and on which bound the others lie, as numbers.

    Factors of 0 and 1 choose between free and held without a branch: for some fifty numbers
    `np.where` takes as long as four products.
    """

    def __init__(self, curvature: NDArray[np.float64]) -> None:
        size = len(curvature)
        self.side = np.zeros(size)
        """-1 on the lower bound, 1 on the upper, 0 free."""
        self.free, self.held = np.ones(size), np.zeros(size)
        self._at_lower, self._at_upper = np.zeros(size), np.zeros(size)
        self._per_gradient = 1.0 / curvature
        self._weight = np.ones(size)
        self._anything_above, self._anything_below = np.zeros(size), np.zeros(size)

    def place(self) -> None:
        """Take `side` as it is now."""
        side = self.side
        np.abs(side, out=self.held)
        np.subtract(1.0, self.held, out=self.free)
        np.maximum(side, 0.0, out=self._at_upper)
        np.subtract(self.held, self._at_upper, out=self._at_lower)
        np.multiply(self.held, self._per_gradient, out=self._weight)
        self._weight += self.free
        np.multiply(self._at_lower, _ANYTHING, out=self._anything_above)
        np.multiply(self._at_upper, -_ANYTHING, out=self._anything_below)

    def values(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the bounds that the held variables lie on; 0 where free."""
        at: NDArray[np.float64] = lower * self._at_lower
        at += upper * self._at_upper
        return at

    def limits(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return between what x must lie where free, and the gradient where held."""
        least: NDArray[np.float64] = lower * self.free
        least += self._anything_below
        most: NDArray[np.float64] = upper * self.free
        most += self._anything_above
        return least, most

    def gain(self, below: NDArray[np.float64], above: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much weight each variable contradicts the guess of its place.

        Args:
            below: How far it lies under its least.
            above: How far over its most.
        """
        outside: NDArray[np.float64] = np.maximum(below, above)
        outside *= self._weight
        return outside

    def turn(
        self, wrong: NDArray[np.intp], below: NDArray[np.float64], above: NDArray[np.float64]
    ) -> None:
        """Put the free ones of `wrong` on the bound they passed, and free the held ones."""
        self.side[wrong] = np.copysign(self.free, above - below)[wrong]
        self.place()


class ExactSolver:
    """Solves one frame after another; the active set and its factorisation stay warm between."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        """Take A float64[m, n]."""
        self._short = BoundSetSearch.of(matrix)
        self._problem = LeastSquares(matrix, cutoff=FLOAT64_CUTOFF)
        tiny = np.finfo(np.float64).tiny
        self._curvature = np.maximum(np.diag(self._problem.gram), tiny)
        self._guess = _Guess(self._curvature)

    def reset(self) -> None:
        """Forget the frame before; the next solve starts with every variable free."""
        if self._short is not None:
            self._short.reset()
        self._guess.side[:] = 0.0
        self._guess.place()
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
        if self._short is not None:
            x = self._short.solve(b, lower, upper)
            if x is not None:
                return x
        table = self._problem.table
        if table is None:
            return self._from_cold(self._problem, b, lower, upper)
        for _ in range(2):
            x = self._from_warm(table, b, lower, upper)
            if x is not None:
                if self._short is not None:
                    self._short.start_from(x, self._guess.side)
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
        guess, h = self._guess, b.dot(self._problem.matrix)
        fewest, patience = len(h) + 1, _PATIENCE
        for _ in range(_MOVES_PER_VARIABLE * len(h)):
            held = guess.values(lower, upper)
            solved = table.solve(h * guess.free + held)
            solved -= h * guess.held  # x where free, the gradient where held
            least, most = guess.limits(lower, upper)
            below, above = least - solved, solved - most
            wrong = (guess.gain(below, above) > _SLACK).nonzero()[0]
            if not len(wrong):
                solved *= guess.free
                solved += held
                return self._certified(table, solved, b, lower, upper)
            if len(wrong) < fewest:
                fewest, patience = len(wrong), _PATIENCE
            elif patience:
                patience -= 1
            else:
                wrong = wrong[-1:]
            guess.turn(wrong, below, above)
            table.exchange(wrong)
        return None

    def _certified(
        self,
        table: PivotTable,
        x: NDArray[np.float64],
        b: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64] | None:
        """Return x refined, or None where it is not optimal by A and b themselves."""
        guess = self._guess
        for _ in range(_REFINEMENTS):
            gradient = self._problem.gradient(x, b)
            step = table.solve(gradient * guess.free)
            step *= guess.free
            x = x - step
            largest = max(step.max(), -step.min())
            if largest <= _REFINED:
                break
        least, most = guess.limits(lower, upper)
        either = x * guess.free + gradient * guess.held
        gain = guess.gain(least - either, either - most)
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
