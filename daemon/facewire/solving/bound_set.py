"""The minimum of |A x - b|^2 within bounds, from the variables that lie on them.

Where A is square and well-conditioned the unbounded minimum x0 is one product away. With S the
variables on a bound, p where they lie and H = (A^T A)^-1,

    H_SS g = p - x0_S,   x = x0 + H_S g

gives the minimum over the others and the gradient g of S at once: a system of as many numbers as
lie on a bound, a third of all weights in speech. A variable belongs to S where x - g / curvature
leaves its bounds; the search ends when S says so of itself (primal-dual active set, Hintermueller,
Ito and Kunisch 2002). It may go round in circles; then, and where the answer fails its
certificate, there is none and `ExactSolver` takes its long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_solve_small: Final[Any] = getattr(
    getattr(np.linalg, "_umath_linalg", None), "solve1", np.linalg.solve
)
"""What `numpy.linalg.solve` calls, to the bit: for twenty numbers its checks cost more than the
work. The name is not numpy's public one; where a numpy keeps it elsewhere `solve` itself will do.
"""

_WELL_CONDITIONED: Final = 3e3
"""Up to this ratio of A's singular values H is good enough for the certificate to pass."""

_EAGER_ROUNDS: Final = 8
"""Speech took seven at most, mostly three; a search that takes longer may be at a tie."""

_ROUNDS: Final = 12
"""A search longer than this goes round in circles."""

_SLACK: Final = 1e-11
"""After the eager rounds a variable this close to its bound is free, which no rounding undoes."""

_CERTIFIED: Final = 1e-8
"""No weight may be further than this from the minimum's."""

_REFINED: Final = 1e-11
"""A solution that may be further than this from the minimum is corrected once."""

_NOTHING: Final = np.empty(0)


class BoundSetSearch:
    """Solves one frame after another, each from the set on the bounds of the frame before."""

    @classmethod
    def of(cls, matrix: NDArray[np.float64]) -> BoundSetSearch | None:
        """Return the search for A float64[m, n]; None where A is not square or not good enough."""
        if matrix.shape[0] != matrix.shape[1]:
            return None
        singular = np.linalg.svd(matrix, compute_uv=False)
        least = float(singular[-1])
        good = 0.0 < singular[0] <= _WELL_CONDITIONED * least
        return cls(matrix, least) if good else None

    def __init__(self, matrix: NDArray[np.float64], least_singular: float) -> None:
        """Take A float64[n, n] and its smallest singular value; see `of`."""
        size = len(matrix)
        unit = float(np.abs(matrix).max()) ** 2
        self._matrix = matrix
        self._per_gradient = matrix / unit  # so that a gradient is of the size of the weights
        self._inverse = np.linalg.inv(matrix)
        spread = (self._inverse @ self._inverse.T) * unit
        self._spread = (spread + spread.T) * 0.5
        """H, in the same unit."""
        # |A (x - minimum)| <= |A^-T e| for a solution whose gradient is off by e.
        per_weight = least_singular / unit
        self._refined, self._certain = (_REFINED * per_weight) ** 2, (_CERTIFIED * per_weight) ** 2
        self._pressed = np.zeros(size)
        """x where free; where held the bound less the gradient, which lies beyond it."""
        self._known = b"", np.empty(0, np.intp), np.empty((0, size)), np.empty((0, 0))
        """A set, its variables' positions, their rows of H, and of those their columns."""
        self._within, self._minimum = np.empty(size), np.empty(size)
        self._residual, self._outside = np.empty(size), np.empty(size, np.bool_)

    def reset(self) -> None:
        """Forget the frame before; the next solve starts with every variable free."""
        self._pressed = np.zeros_like(self._within)

    def start_from(self, x: NDArray[np.float64], side: NDArray[np.float64]) -> None:
        """Begin the next solve at another's answer; `side` is -1 or 1 where it lies on a bound."""
        self._pressed = x + side

    def solve(
        self, b: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Return x float64[n], or None where the search does not end or its end is not certain."""
        pressed, within, outside = self._pressed, self._within, self._outside
        minimum = self._inverse.dot(b, self._minimum)
        known, held, rows, block = self._known
        bounds = gradient = _NOTHING
        for turn in range(_ROUNDS):
            np.maximum(pressed, lower, out=within)
            np.minimum(within, upper, out=within)
            if turn < _EAGER_ROUNDS:
                np.not_equal(pressed, within, out=outside)
            else:
                np.greater(np.abs(pressed - within), _SLACK, out=outside)
            said = outside.tobytes()
            if said != known:
                known, held = said, outside.nonzero()[0]
                rows = self._spread.take(held, 0)
                block = rows.take(held, 1)
            elif turn and within[held].tobytes() == bounds.tobytes():
                self._pressed, self._known = pressed, (known, held, rows, block)
                return self._certified(b, gradient, lower, upper)
            bounds = within[held]
            gradient = _solve_small(block, bounds - minimum[held])
            pressed = gradient.dot(rows)
            pressed += minimum
            pressed[held] -= gradient
        return None

    def _certified(
        self,
        b: NDArray[np.float64],
        gradient: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> NDArray[np.float64] | None:
        """Return the solution, or None where it is not optimal by A and b themselves.

        That the held ones' gradients press against their bounds is how the search ended.
        """
        within, held = self._within, self._known[1]
        for refinements_left in (1, 0):
            off = self._matrix.dot(within, self._residual)
            off -= b
            off = off.dot(self._per_gradient)
            off[held] -= gradient
            error = off.dot(self._inverse)
            allowed = self._refined if refinements_left else self._certain
            if error.dot(error) <= allowed:
                return within.copy()
            if refinements_left:
                gradient = gradient + self._refine(off)
                np.minimum(np.maximum(within, lower, out=within), upper, out=within)
        return None

    def _refine(self, off: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take a wrong gradient float64[n] off the solution; return what the held ones gain."""
        _, held, rows, block = self._known
        step = off.dot(self._spread)
        gain: NDArray[np.float64] = _solve_small(block, step[held])
        step -= gain.dot(rows)
        step[held] = 0.0
        self._within -= step
        return gain
