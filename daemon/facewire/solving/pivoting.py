"""A factorisation that follows the set of free variables as it changes, by pivots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REBUILD_SHARE: Final = 4
"""Where more than every fourth variable moves, the table is computed afresh: it is as good as new.
"""

_STEADY: Final = 1e6
"""Up to this ratio of G's singular values a block is exchanged as well as computed afresh, to some
1e-10, and four times as fast."""

_ONE_BY_ONE: Final = 2
"""Up to so many variables are exchanged one at a time; a block costs as much as two and a half."""


class PivotTable:
    """Minimises x'Gx/2 - h'x over any free set, the other variables held.

    With s = G x, the table T maps (h where free, x where held) to (x where free, s where held).
    Moving k variables between the two sets is a principal pivot, O(k n^2); between two frames of
    speech a handful of them move, so the factorisation is carried from frame to frame.
    """

    def __init__(self, gram: NDArray[np.float64]) -> None:
        """Take G float64[n, n], symmetric and positive definite, and begin with all free."""
        self._gram = gram
        self._all_free = np.linalg.inv(gram)
        self._table = self._all_free.copy()
        self._rebuild_share = 0 if np.linalg.cond(gram) <= _STEADY else _REBUILD_SHARE
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
        if len(changed) * self._rebuild_share > len(free):
            np.copyto(self.free, free)
            self.rebuild()
            return
        self.exchange(changed)

    def exchange(self, changed: NDArray[np.intp]) -> None:
        """Free the held ones of some variables and hold the free ones."""
        self.free[changed] ^= True
        if len(changed) <= _ONE_BY_ONE:
            for index in changed.tolist():
                self._exchange_one(index)
            return
        try:
            self._exchange_block(changed)
        except np.linalg.LinAlgError:  # rounding has spoilt the table; G itself is as it was
            self.rebuild()

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

    def solve(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return x where free and G x where held, for h where free and x where held; float64[n]."""
        solved: NDArray[np.float64] = self._table.dot(given)
        return solved

    def _exchange_block(self, changed: NDArray[np.intp]) -> None:
        table = self._table
        columns, rows = table.take(changed, axis=1), table.take(changed, axis=0)
        inverse = np.linalg.inv(rows.take(changed, axis=1))
        carried = inverse.dot(rows)
        across = columns.dot(inverse)
        np.dot(columns, carried, out=self._outer)
        np.subtract(table, self._outer, out=table)
        np.negative(carried, out=carried)
        carried[:, changed], across[changed] = inverse, inverse
        table[changed] = carried
        table[:, changed] = across

    def _exchange_one(self, index: int) -> None:
        table = self._table
        inverse_pivot = 1.0 / table[index, index]
        row = table[index] * inverse_pivot
        column = table[:, index].copy()
        np.multiply(column[:, None], row, out=self._outer)
        np.subtract(table, self._outer, out=table)
        np.negative(row, out=table[index])
        np.multiply(column, inverse_pivot, out=table[:, index])
        table[index, index] = inverse_pivot
