"""The exact solvers of a skin and a tongue in one: each call to numpy serves both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.solving.exact import ExactSolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.solving.solver import BlendshapeSolver


class JointSolver:
    """Solves the frames of solvers that share no pose, whose objective is `exact`.

    The sum of their objectives falls apart into them, so its minimum is theirs. Each counts in
    units of its own size, else the largest would spoil the condition of the smallest.
    """

    def __init__(self, solvers: Sequence[BlendshapeSolver]) -> None:
        """Take the solvers, which keep their memory and may be configured and reset as ever."""
        self._solvers = list(solvers)
        self._prepare()

    def solve_normals(self, normals: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float32]]:
        """Return each solver's weights for its D^T (target - neutral); see `solve_normal`.

        Raises:
            BundleError: a value is not a number; the frame before is kept.
        """
        solvers = self._solvers
        if any(
            solver.preparation is not known
            for solver, known in zip(solvers, self._known, strict=True)
        ):
            self._prepare()
        sides = [
            solver.right_hand_side(normal) for solver, normal in zip(solvers, normals, strict=True)
        ]
        b = np.concatenate(sides)
        b *= self._per_unit
        upper = self._ones
        x = self._first.solve(b, self._zeros, upper)
        if self._cancels:
            upper = upper.copy()
            for solver, part in zip(solvers, self._parts, strict=True):
                solver.cancel(x[part], upper[part])
            x = self._second.solve(b, self._zeros, upper)
        return [
            solver.take(x[part], side, upper[part])
            for solver, part, side in zip(solvers, self._parts, sides, strict=True)
        ]

    def reset(self) -> None:
        """Forget the frame before; the solvers forget it by themselves."""
        self._first.reset()
        self._second.reset()

    def _prepare(self) -> None:
        self._known = [solver.preparation for solver in self._solvers]
        sizes = [len(known.active) for known in self._known]
        ends = np.cumsum(sizes).tolist()
        self._parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
        matrix, self._per_unit = np.zeros((ends[-1], ends[-1])), np.ones(ends[-1])
        for known, part in zip(self._known, self._parts, strict=True):
            largest = float(np.abs(known.matrix).max())
            unit = largest if largest > 0.0 else 1.0
            matrix[part, part] = known.matrix / unit
            self._per_unit[part] = 1.0 / unit
        # One for each of the two solves of a frame: each keeps its own active set warm.
        self._first, self._second = ExactSolver(matrix), ExactSolver(matrix)
        self._cancels = any(len(known.cancel_pairs) for known in self._known)
        self._zeros, self._ones = np.zeros(ends[-1]), np.ones(ends[-1])
