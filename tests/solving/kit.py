"""Small rigs and problems with a known answer."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def random_matrix(seed: int, n: int, condition: float = 100.0) -> NDArray[np.float64]:
    """Return a symmetric positive definite matrix whose singular values span `condition`."""
    draw = np.random.default_rng(seed)
    axes: NDArray[np.float64] = np.linalg.qr(draw.normal(size=(n, n)))[0]
    matrix: NDArray[np.float64] = (axes * np.geomspace(1.0, 1.0 / condition, n)) @ axes.T
    return matrix


def brute_force(
    matrix: NDArray[np.float64],
    b: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the minimum of |A x - b|^2 within bounds by trying every set of active bounds."""
    best, cheapest = lower, np.inf
    for sides in product((-1, 0, 1), repeat=len(lower)):
        side = np.array(sides)
        x = np.where(side < 0, lower, upper)
        free = side == 0
        rest = b - matrix @ np.where(free, 0.0, x)
        x[free] = np.linalg.lstsq(matrix[:, free], rest, rcond=None)[0]
        cost = float(np.square(matrix @ x - b).sum())
        if ((x >= lower - 1e-12) & (x <= upper + 1e-12)).all() and cost < cheapest:
            best, cheapest = x, cost
    return best


def frames(seed: int, n: int, count: int) -> Iterator[NDArray[np.float64]]:
    """Yield right-hand sides that wander, as those of speech do, and push many weights out."""
    draw = np.random.default_rng(seed)
    b = draw.normal(size=n)
    for _ in range(count):
        b = 0.9 * b + 0.4 * draw.normal(size=n)
        yield b


def small_rig(seed: int = 1, vertices: int = 40, poses: int = 8) -> SolverRig:
    """Return a rig of random bumps whose mask covers half of its vertices."""
    draw = np.random.default_rng(seed)
    neutral = draw.normal(0.0, 8.0, (vertices, 3)).astype(np.float32)
    deltas = draw.normal(0.0, 0.6, (poses, vertices, 3)).astype(np.float32)
    return SolverRig(neutral, deltas, np.arange(0, vertices, 2, dtype=np.int32))


def small_settings(poses: int = 8, **changes: Any) -> SolverSettings:
    """Return settings with all that a bundle may ask for, but for `changes`."""
    plain: dict[str, Any] = {
        "active": [1] * (poses - 1) + [0],
        "cancel_pairs": [0, 0] + [-1] * (poses - 2),
        "symmetry_pairs": [-1, -1, 4, 4] + [-1] * (poses - 4),
        "l1": 0.5,
        "l2": 0.1,
        "temporal": 0.3,
        "template_size_cm": 50.0,
    }
    return SolverSettings.with_poses(poses, **(plain | changes))


def poses_over_time(rig: SolverRig, count: int, seed: int = 5) -> list[NDArray[np.float32]]:
    """Return posed faces of `rig` that drift, with a little the poses cannot explain."""
    draw = np.random.default_rng(seed)
    weights = draw.random(rig.poses)
    posed = []
    for _ in range(count):
        weights = np.clip(weights + draw.normal(0.0, 0.2, rig.poses), -0.2, 1.3)
        residual = draw.normal(0.0, 0.05, rig.coordinates).astype(np.float32)
        posed.append(rig.evaluate_pose(weights) + residual)
    return posed
