"""Solver runs from the SDK's own matrix and right-hand sides, so that no rounding of ours adds up.

The SDK's solvers are discontinuous, and its GPU solver inverts A in float32: what A is off by in
its last bits comes out many times larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from facewire.solving.admm import Admm
from facewire.solving.bvls import solve_bounded
from facewire.solving.least_squares import FLOAT32_CUTOFF, LeastSquares

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.solving.settings import SolverSettings
    from facewire.tools.conformance.vector_file import VectorFile

_CANCELLED: Final = float(np.float32(1e-10))


class _Solve(Protocol):
    def __call__(
        self, b: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64], /
    ) -> NDArray[np.float64]: ...


def cpu_rows(
    file: VectorFile, name: str, reset_before: int, settings: SolverSettings
) -> NDArray[np.float64]:
    """Return float64[frames, active]: every frame after the SDK's own frame before."""
    problem = LeastSquares(_matrix(file, name), cutoff=FLOAT32_CUTOFF)

    def solve(
        b: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return solve_bounded(problem, b, lower, upper, tolerance=settings.tolerance)

    theirs = file.expect(f"{name}_raw_active", file[f"{name}_ATb"].shape)
    return _rows(file, name, reset_before, settings, solve, lambda frame, _: theirs[frame])


def gpu_weights(
    file: VectorFile, name: str, reset_before: int, settings: SolverSettings
) -> NDArray[np.float32]:
    """Return float32[frames, poses] of the SDK's GPU solver, each frame after our own before."""
    admm = Admm(_matrix(file, name))
    rows = _rows(file, name, reset_before, settings, admm.solve, lambda _, ours: ours)
    weights = np.zeros((len(rows), len(settings.active)), np.float32)
    weights[:, settings.active] = rows
    return weights * settings.multipliers + settings.offsets


def _matrix(file: VectorFile, name: str) -> NDArray[np.float64]:
    return file.expect(f"{name}_A", (None, None)).astype(np.float64)


def _rows(
    file: VectorFile,
    name: str,
    reset_before: int,
    settings: SolverSettings,
    solve: _Solve,
    previous: Callable[[int, NDArray[np.float32]], NDArray[Any]],
) -> NDArray[np.float64]:
    """Solve frame by frame; `previous` (frame, our row) says what the next frame comes after."""
    pull = np.float32(settings.temporal) * np.float32(file.expect(f"{name}_scale", (1,))[0])
    pairs = file.expect(f"{name}_cancel_pairs", (None, 2)).tolist()
    normals = file.expect(f"{name}_ATb", (None, int(settings.active.sum())))
    lower, upper = np.zeros(normals.shape[1]), np.ones(normals.shape[1])
    rows, before = [], np.zeros(normals.shape[1], np.float32)
    for frame, normal in enumerate(normals):
        if frame == reset_before:
            before = np.zeros_like(before)
        b = (normal + pull * before).astype(np.float64)
        x = solve(b, lower, upper)
        if pairs:
            tightened = upper.copy()
            for first, second in pairs:
                tightened[second if x[first] >= x[second] else first] = _CANCELLED
            x = solve(b, lower, tightened)
        rows.append(x)
        before = previous(frame, x.astype(np.float32))
    return np.array(rows)
