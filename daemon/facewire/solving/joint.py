"""The exact solvers of a skin and a tongue in one: each call to numpy serves both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.solving.exact import ExactSolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.solving.preparation import Preparation
    from facewire.solving.solver import BlendshapeSolver


class JointSolver:
    """Solves the frames of solvers that share no pose, whose objective is `exact`.

    The sum of their objectives falls apart into them, so its minimum is theirs. Each counts in
    units of its own size, else the largest would spoil the condition of the smallest.
    """

    def __init__(self, solvers: Sequence[BlendshapeSolver]) -> None:
        """Take the solvers, which keep their memory and may be configured and reset as ever."""
        self._solvers = list(solvers)
        self._known: list[Preparation] = []
        self._given: list[NDArray[np.float64]] = []
        self._prepare()

    def solve_normals(self, normals: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
        """Return all weights for each solver's D^T (target - neutral); see `solve_normal`.

        Returns:
            float32[poses of the first solver, poses of the second, ...].

        Raises:
            SettingsError: a vector has another length.
            BundleError: a value is not a number; the frame before is kept.
        """
        self._follow()
        x, b = self._previous, np.concatenate(normals)
        sizes = [len(each) for each in normals]
        if sizes != self._sizes or np.count_nonzero(np.isfinite(b)) != len(b):
            # What is wrong the solver says best itself.
            for solver, normal in zip(self._solvers, normals, strict=True):
                solver.right_hand_side(normal)
        b += self._pull * x
        scaled, upper = b * self._per_unit, self._ones
        x = self._first.solve(scaled, self._zeros, upper)
        if self._cancels:
            upper = upper.copy()
            for solver, part in zip(self._solvers, self._parts, strict=True):
                solver.cancel(x[part], upper[part])
            if (x > upper).any():  # else the minimum lies within the tighter bounds as well
                x = self._second.solve(scaled, self._zeros, upper)
        self._remember(x, b, upper)
        weights = np.zeros(len(self._gains), np.float32)
        weights[self._active] = x
        weights *= self._gains
        weights += self._offsets
        return weights

    def reset(self) -> None:
        """Forget the frame before; the solvers forget it by themselves."""
        self._first.reset()
        self._second.reset()

    def _follow(self) -> None:
        """Take what has been set or forgotten in the solvers since the frame before."""
        for at, solver in enumerate(self._solvers):
            if solver.settings is not self._settings[at]:
                self._prepare()
                return
            if solver.raw_weights is not self._given[at]:
                self._given[at] = solver.raw_weights
                self._previous = np.concatenate(self._given)

    def _remember(
        self, x: NDArray[np.float64], b: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> None:
        self._previous, given = x, []
        for solver, part in zip(self._solvers, self._parts, strict=True):
            own = x[part]
            solver.remember(own, b[part], upper[part])
            given.append(own)
        self._given = given

    def _prepare(self) -> None:
        solvers = self._solvers
        self._settings = [solver.settings for solver in solvers]
        self._gains = np.concatenate([each.multipliers for each in self._settings])
        self._offsets = np.concatenate([each.offsets for each in self._settings])
        self._given = [solver.raw_weights for solver in solvers]
        self._previous = np.concatenate(self._given)
        if [solver.preparation for solver in solvers] != self._known:
            self._join()

    def _join(self) -> None:
        self._known = known = [solver.preparation for solver in self._solvers]
        self._sizes = sizes = [len(each.active) for each in known]
        ends = np.cumsum(sizes).tolist()
        self._parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
        poses = np.cumsum([0] + [solver.rig.poses for solver in self._solvers])
        self._active = np.concatenate(
            [each.active + first for each, first in zip(known, poses, strict=False)]
        )
        matrix, self._per_unit = np.zeros((ends[-1], ends[-1])), np.ones(ends[-1])
        self._pull = np.repeat([float(each.temporal_pull) for each in known], sizes)
        for each, part in zip(known, self._parts, strict=True):
            largest = float(np.abs(each.matrix).max())
            unit = largest if largest > 0.0 else 1.0
            matrix[part, part] = each.matrix / unit
            self._per_unit[part] = 1.0 / unit
        self._cancels = any(len(each.cancel_pairs) for each in known)
        # One for each of the two solves of a frame: each keeps its own active set warm.
        self._first = ExactSolver(matrix)
        self._second = ExactSolver(matrix) if self._cancels else self._first
        self._zeros, self._ones = np.zeros(ends[-1]), np.ones(ends[-1])
