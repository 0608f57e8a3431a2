"""A factorisation that follows the set of free variables as it changes, one pivot at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REBUILD_SHARE: Final = 4
"""A block rebuild costs about as much as exchanging every fourth variable."""


class PivotTable:
    """Minimises x'Gx/2 - h'x over any free set, the other variables held.

    With s = G x, the table T maps (h where free, x where held) to (x where free, s where held).
    Moving one variable between the two sets is a principal pivot, O(n^2); between two frames of
    speech two or three of them suffice, so the factorisation is carried from frame to frame.
    """

    def __init__(self, gram: NDArray[np.float64]) -> None:
        """Take G float64[n, n], symmetric and positive definite, and begin with all free."""
        self._gram = gram
        self._all_free = np.linalg.inv(gram)
        self._table = self._all_free.copy()
        self._outer = np.empty_like(gram)
        self.free = np.ones(len(gram), np.bool_)
        """bool[n]: which variables are free now. Not to be written to."""

    def release_all(self) -> None:
        """Make every variable free."""
        np.copyto(self._table, self._all_free)
        self.free[:] = True

    def move_to(self, free: NDArray[np.bool_]) -> None:
        """Make exactly the variables `free` bool[n] the free ones."""
        changed = (free != self.free).nonzero()[0]
        if len(changed) * _REBUILD_SHARE > len(free):
            np.copyto(self.free, free)
            self.rebuild()
            return
        for index in changed:
            self._exchange(index)

    def rebuild(self) -> None:
        """Compute the table afresh, which sheds the rounding that pivots leave behind."""
        free, held = np.flatnonzero(self.free), np.flatnonzero(~self.free)
        across = self._gram[np.ix_(free, held)]
        inverse = np.linalg.inv(self._gram[np.ix_(free, free)])
        carried = inverse @ across
        self._table[np.ix_(free, free)] = inverse
        self._table[np.ix_(free, held)] = -carried
        self._table[np.ix_(held, free)] = carried.T
        self._table[np.ix_(held, held)] = self._gram[np.ix_(held, held)] - across.T @ carried

    def minimise(
        self, h: NDArray[np.float64], x: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the minimum over the free variables, and the gradient there.

        Args:
            h: float64[n].
            x: float64[n]; the held variables are read, the free ones are not.

        Returns:
            float64[n], float64[n]: x with its free variables replaced, and G x - h, which is set to
            zero where free.
        """
        solved = self._table.dot(np.where(self.free, h, x))
        return np.where(self.free, solved, x), np.where(self.free, 0.0, solved - h)

    def correction(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the step float64[n] of the free variables that takes `gradient` away from them."""
        step = self._table.dot(np.where(self.free, -gradient, 0.0))
        return np.where(self.free, step, 0.0)

    def _exchange(self, index: np.int64) -> None:
        """Free a held variable or hold a free one."""
        table = self._table
        inverse_pivot = 1.0 / table[index, index]
        row = table[index] * inverse_pivot
        column = table[:, index].copy()
        np.dot(column[:, None], row[None, :], out=self._outer)
        np.subtract(table, self._outer, out=table)
        np.negative(row, out=table[index])
        np.multiply(column, inverse_pivot, out=table[:, index])
        table[index, index] = inverse_pivot
        self.free[index] = not self.free[index]
