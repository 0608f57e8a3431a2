"""How far a solution is from the minimum: a certificate anyone can check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.solving.bvls import kkt_violation, side_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Optimality:
    """The residual of the optimality conditions of min |A x - b|^2 within bounds."""

    gradient: float
    """Largest violation: |g| where free, -g at lower, +g at upper, 0 if none; cm^4."""
    step: float
    """The same as a weight: the most that any one variable, alone, would gain by moving."""


def optimality(
    matrix: NDArray[np.float64],
    b: NDArray[np.float64],
    x: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> Optimality:
    """Return how far x float64[n] is from optimal; both numbers are 0 at the exact minimum.

    The gradient is computed in float64 from A and b themselves, not from a factorisation.
    """
    gradient = (matrix @ x - b) @ matrix
    curvature = np.einsum("ij,ij->j", matrix, matrix)
    movable = curvature > 0.0
    best = x - np.divide(gradient, curvature, out=np.zeros_like(x), where=movable)
    return Optimality(
        gradient=max(0.0, kkt_violation(gradient, side_of(x, lower, upper))),
        step=float(np.abs(x - np.clip(best, lower, upper)).max(initial=0.0)),
    )
