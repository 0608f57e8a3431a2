"""Proof, when a face is loaded, that its folded matrices say what its vertices say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue
from facewire.solving.reduced import ReducedSkin, ReducedTongue
from facewire.solving.solver import BlendshapeSolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters, SkinParameters
    from facewire.bundles.geometry import FaceGeometry
    from facewire.inference.face_solver import SolverBlock
    from facewire.solving.folding import BasisBlocks, SkinFold, TongueFold

FRAMES: Final = 16
TOLERANCE: Final = 1e-6
"""Most that a weight may differ; of a range of 1."""

_DT_S: Final = 1 / 30
_RESET: Final = 12
_SEED: Final = 20_061


@dataclass(frozen=True)
class FoldCheck:
    """How far the two paths are apart over `FRAMES` frames, the solver run to its minimum."""

    worst: float
    """Largest difference of a weight, vertices in float64; infinite where one is not a number."""
    rounding: float
    """The same with vertices as the SDK rounds them: what float32 alone is good for."""
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether the folded matrices may be used."""
        return self.worst <= self.tolerance

    @property
    def reason(self) -> str:
        """What is wrong, as a sentence; "" where nothing is."""
        if self.passed:
            return ""
        return (
            f"Without vertices a weight is off by {self.worst:.1e}, "
            f"and {self.tolerance:.0e} is allowed."
        )


def check_skin(
    fold: SkinFold,
    blocks: BasisBlocks,
    rest: FaceGeometry,
    block: SolverBlock,
    parameters: FaceParameters,
) -> FoldCheck:
    """Animate some frames both ways: whole face and folded, with changes and a reset on the way.

    Args:
        fold: What is to be proved.
        blocks: The same basis once more.
        rest: The face at rest.
        block: The solver's poses and settings.
        parameters: The bundle's.
    """
    arrays = (rest.neutral_skin, rest.lip_open_pose_delta, rest.eye_close_pose_delta)
    coefficients, moved = _probe(blocks, block)
    reduced = ReducedSkin(fold, parameters.skin, _DT_S)
    whole = SkinAnimator(*arrays, parameters.skin, _DT_S, precision=np.float64)
    rounded = SkinAnimator(*arrays, parameters.skin, _DT_S)
    trial = _Trial(block)
    changes = dict(_changes(parameters.skin))
    for frame in range(FRAMES):
        for animator in (reduced, whole, rounded):
            if frame in changes:
                animator.parameters = changes[frame]
            if frame == _RESET:
                animator.reset()
        if frame == _RESET:
            trial.reset()
        trial.compare(
            reduced.normal(coefficients[frame]),
            block.rig.normal(whole.animate(moved[frame])),
            block.rig.normal(rounded.animate(moved[frame].astype(np.float32))),
        )
    return trial.found


def check_tongue(
    fold: TongueFold,
    blocks: BasisBlocks,
    rest: FaceGeometry,
    block: SolverBlock,
    parameters: FaceParameters,
) -> FoldCheck:
    """Do the same for a tongue; see `check_skin`."""
    coefficients, moved = _probe(blocks, block)
    trial = _Trial(block)
    reduced = ReducedTongue(fold, parameters.tongue)
    said = parameters.tongue
    placed = (said.tongue_strength, said.tongue_height_offset, said.tongue_depth_offset)
    neutral = rest.neutral_tongue.reshape(-1)
    for answer, deltas in zip(coefficients, moved, strict=True):
        rounded = animate_tongue(neutral, deltas.astype(np.float32), *placed)
        exact: NDArray[Any] = deltas * np.float64(np.float32(placed[0])) + neutral
        exact[1::3] += np.float32(placed[1])
        exact[2::3] += np.float32(placed[2])
        trial.compare(reduced.normal(answer), block.rig.normal(exact), block.rig.normal(rounded))
    return trial.found


class _Trial:
    """Three exact solvers side by side."""

    def __init__(self, block: SolverBlock) -> None:
        self._solvers = [BlendshapeSolver(block.rig, block.settings, "exact") for _ in range(3)]
        self._worst = [0.0, 0.0]

    @property
    def found(self) -> FoldCheck:
        return FoldCheck(*self._worst)

    def reset(self) -> None:
        for solver in self._solvers:
            solver.reset()

    def compare(self, *normals: NDArray[np.float64]) -> None:
        """Take the frame's normal vector without vertices, with them, and with rounded ones."""
        if not all(np.isfinite(normal).all() for normal in normals):
            self._worst = [np.inf, np.inf]
            return
        for solver, normal in zip(self._solvers, normals, strict=True):
            solver.solve_normal(normal[solver.preparation.active])
        weights = [solver.raw_weights for solver in self._solvers]
        for at, other in enumerate(weights[1:]):
            self._worst[at] = max(self._worst[at], float(np.abs(weights[0] - other).max()))


def _probe(
    blocks: BasisBlocks, block: SolverBlock
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return coefficients float32[frames, K], and the motion float64[frames, 3V] they stand for.

    The coefficients are such as a network might give: those of poses of the rig.
    """
    weights = np.random.default_rng(_SEED).random((FRAMES, block.rig.poses), np.float32)
    wanted = (0.5 * weights**2).astype(np.float32) @ block.rig.deltas
    coefficients = []
    moved = np.zeros(wanted.shape)
    for _, rows in blocks:
        lengths = np.einsum("ij,ij->i", rows, rows)
        some = wanted @ rows.T / np.where(lengths > 0.0, lengths, 1.0)
        coefficients.append(some)
        moved += some.astype(np.float64) @ rows.astype(np.float64)
    return np.concatenate(coefficients, axis=1), moved


def _changes(parameters: SkinParameters) -> Iterator[tuple[int, SkinParameters]]:
    """Yield (frame, what is set from there on): everything is changed once."""
    slow = replace(
        parameters,
        lower_face_smoothing=0.03,
        upper_face_smoothing=0.09,
        lower_face_strength=1.1,
        upper_face_strength=0.8,
        skin_strength=1.2,
        blink_offset=0.4,
        blink_strength=0.9,
        eyelid_open_offset=-0.1,
        lip_open_offset=0.05,
    )
    yield 4, slow
    yield 8, replace(slow, face_mask_level=0.5, face_mask_softness=0.05)
    yield _RESET, parameters
