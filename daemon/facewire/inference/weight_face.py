"""A face of which only weights are wanted: its vertices are folded away when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from facewire.inference.face_solver import FaceSolver
from facewire.inference.fold_check import FoldCheck, check_skin, check_tongue
from facewire.solving.folding import SkinFold, TongueFold
from facewire.solving.joint import JointSolver
from facewire.solving.masked import MaskedFace, MaskedSkin, MaskedTongue
from facewire.solving.reduced import ReducedSkin, ReducedTongue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.bundles.geometry import FaceGeometry
    from facewire.inference.face_solver import SolverBlock
    from facewire.solving.folding import BasisBlocks
    from facewire.solving.solver import Objective

Basis = Callable[[], "BasisBlocks"]
"""Reads a basis some rows at a time, from the beginning at each call: `PcaBasis.blocks`."""

Route = Literal["vertex-free", "masked"]


@dataclass(frozen=True)
class PartRoute:
    """How a skin or a tongue gets its weights, and why."""

    route: Route
    reason: str
    """Why it is masked; "" where it is vertex-free."""
    check: FoldCheck | None
    """What the comparison found; None where there is nothing to fold."""
    nbytes: int
    """Memory that all tracks share; more when a mask is set that was not seen before."""


class WeightFace:
    """One identity; any number of tracks share it."""

    def __init__(
        self,
        rest: FaceGeometry,
        parameters: FaceParameters,
        skin: SolverBlock | None,
        tongue: SolverBlock | None,
        skin_basis: Basis | None,
        tongue_basis: Basis | None,
    ) -> None:
        """Fold, and compare with the vertices; where the two differ, keep the fitted vertices.

        Args:
            rest: The face at rest.
            parameters: The bundle's; they are what the comparison starts from.
            skin: The solver's poses and settings; None: no weights of a skin.
            tongue: Likewise.
            skin_basis: Of the coefficients; None where the network answers with vertices.
            tongue_basis: Likewise.

        Raises:
            SettingsError: the mask's softness is not positive.
            BundleError: the arrays do not belong together.
        """
        self._rest = rest
        self.skin_block, self.tongue_block = skin, tongue
        self._skin_fold: SkinFold | None = None
        self._tongue_fold: TongueFold | None = None
        self._skin_mask: MaskedFace | None = None
        self._tongue_mask: MaskedFace | None = None
        self.skin = self._load_skin(skin, skin_basis, parameters) if skin else None
        """By which route the skin's weights come; None without any."""
        self.tongue = self._load_tongue(tongue, tongue_basis, parameters) if tongue else None
        """The same of the tongue's."""

    def track(
        self, parameters: FaceParameters, dt_s: float, objective: Objective = "sdk-cpu"
    ) -> WeightTrack:
        """Return a new track; `dt_s` is 1 / frame rate, ranges are not checked."""
        return WeightTrack(self, parameters, dt_s, objective)

    def with_blocks(self, skin: SolverBlock | None, tongue: SolverBlock | None) -> WeightFace:
        """Return the same face, solved for with other settings of the same rigs."""
        other = copy(self)
        other.skin_block, other.tongue_block = skin, tongue
        return other

    def fold_mask(self, level: float, softness: float) -> None:
        """Prepare a mask that tracks will be set to; any thread may do so ahead of time.

        Raises:
            SettingsError: `softness` is not positive.
        """
        if self._skin_fold is not None:
            self._skin_fold.regions(level, softness)

    def skin_of(self, parameters: FaceParameters, dt_s: float) -> ReducedSkin | MaskedSkin | None:
        """Return a new track's skin by its route."""
        rest = self._rest
        if self._skin_fold is not None:
            return ReducedSkin(self._skin_fold, parameters.skin, dt_s)
        if self._skin_mask is None:
            return None
        poses = (rest.neutral_skin, rest.lip_open_pose_delta, rest.eye_close_pose_delta)
        return MaskedSkin(self._skin_mask, *poses, parameters.skin, dt_s)

    def tongue_of(self, parameters: FaceParameters) -> ReducedTongue | MaskedTongue | None:
        """Return a new track's tongue by its route."""
        if self._tongue_fold is not None:
            return ReducedTongue(self._tongue_fold, parameters.tongue)
        if self._tongue_mask is None:
            return None
        return MaskedTongue(self._tongue_mask, self._rest.neutral_tongue, parameters.tongue)

    def _load_skin(
        self, block: SolverBlock, basis: Basis | None, parameters: FaceParameters
    ) -> PartRoute:
        rest = self._rest
        check = None
        if basis is not None:
            poses = (rest.neutral_skin, rest.lip_open_pose_delta, rest.eye_close_pose_delta)
            fold = SkinFold(block.rig, basis(), *poses)
            check = check_skin(fold, basis(), rest, block, parameters)
            if check.passed:
                self._skin_fold = fold
                own = parameters.skin
                fold.pin(own.face_mask_level, own.face_mask_softness)  # the rest come and go
                return PartRoute("vertex-free", "", check, fold.nbytes)
        self._skin_mask = MaskedFace(block.rig, basis() if basis else None)
        return _masked(check, self._skin_mask)

    def _load_tongue(
        self, block: SolverBlock, basis: Basis | None, parameters: FaceParameters
    ) -> PartRoute:
        check = None
        if basis is not None:
            fold = TongueFold(block.rig, basis(), self._rest.neutral_tongue)
            check = check_tongue(fold, basis(), self._rest, block, parameters)
            if check.passed:
                self._tongue_fold = fold
                return PartRoute("vertex-free", "", check, fold.nbytes)
        self._tongue_mask = MaskedFace(block.rig, basis() if basis else None)
        return _masked(check, self._tongue_mask)


class WeightTrack:
    """One track: what the network says in, weights out, by the face's route."""

    def __init__(
        self, face: WeightFace, parameters: FaceParameters, dt_s: float, objective: Objective
    ) -> None:
        """Stand before the first frame; see `WeightFace.track`."""
        self.solver = FaceSolver(face.skin_block, face.tongue_block, objective)
        """Its two solvers may be configured; their memory is the track's."""
        exact = [each for each in (self.solver.skin, self.solver.tongue) if each is not None]
        self._joint = JointSolver(exact) if objective == "exact" and len(exact) > 1 else None
        self._skin = face.skin_of(parameters, dt_s)
        self._tongue = face.tongue_of(parameters)
        self._parameters = parameters

    @property
    def names(self) -> tuple[str, ...]:
        """Of the weights, in their order: skin, then tongue."""
        return self.solver.names

    @property
    def parameters(self) -> FaceParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None:
        if self._skin is not None and parameters.skin != self._parameters.skin:
            self._skin.parameters = parameters.skin
        if self._tongue is not None:
            self._tongue.parameters = parameters.tongue
        self._parameters = parameters

    def solve(self, skin: NDArray[np.float32], tongue: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the next frame's weights, float32[len(names)], not limited to [0, 1].

        Args:
            skin: Coefficients float32[K], or the motion of all vertices float32[3V] where the face
                has no basis.
            tongue: Likewise.

        Raises:
            BundleError: a value is not a number.
        """
        parts = [
            (solver, part.normal(answer)[solver.preparation.active])
            for part, solver, answer in (
                (self._skin, self.solver.skin, skin),
                (self._tongue, self.solver.tongue, tongue),
            )
            if part is not None and solver is not None
        ]
        if self._joint is not None:
            return self._joint.solve_normals([normal for _, normal in parts])
        weights = [solver.solve_normal(normal) for solver, normal in parts]
        return np.concatenate(weights) if weights else np.zeros(0, np.float32)

    def reset(self) -> None:
        """Begin anew: the next frame is a first one; parameters stay."""
        for part in (self._skin, self._tongue):
            if part is not None:
                part.reset()
        self.solver.reset()
        if self._joint is not None:
            self._joint.reset()


def _masked(check: FoldCheck | None, face: MaskedFace) -> PartRoute:
    reason = check.reason if check else "The network answers with vertices."
    return PartRoute("masked", reason, check, face.nbytes)
