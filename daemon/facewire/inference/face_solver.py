"""From a posed face to the weights of a bundle's poses: skin first, then tongue (§5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings
from facewire.solving.solver import BlendshapeSolver

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.bundles.blendshapes import PoseRig
    from facewire.inference.face_geometry import PosedFace
    from facewire.solving.solver import Objective


class SolverBlock:
    """What the solver of a skin or a tongue starts from; any number of tracks share one."""

    def __init__(self, names: tuple[str, ...], rig: SolverRig, settings: SolverSettings) -> None:
        self.names = names
        """Of the poses, in the order of the weights."""
        self.rig = rig
        self.settings = settings

    @classmethod
    def from_bundle(cls, poses: PoseRig) -> SolverBlock:
        """Read the vertices of a bundle's poses.

        Raises:
            BundleError: the file is damaged.
            SettingsError: the solver's settings are out of range.
        """
        said = poses.solver
        settings = SolverSettings(
            active=np.array(said.active, np.bool_),
            cancel_pairs=np.array(said.cancel_pairs, np.int64),
            symmetry_pairs=np.array(said.symmetry_pairs, np.int64),
            multipliers=np.array(said.multipliers, np.float32),
            offsets=np.array(said.offsets, np.float32),
            l1=said.l1,
            l2=said.l2,
            temporal=said.temporal,
            symmetry=said.symmetry,
            template_size_cm=said.template_size_cm,
        )
        rig = SolverRig(poses.read_neutral(), poses.read_deltas(), poses.mask)
        return cls(poses.names, rig, settings)

    def without_memory(self) -> SolverBlock:
        """Return the same block with no temporal term, for a frame by itself."""
        return SolverBlock(self.names, self.rig, replace(self.settings, temporal=0.0))


class FaceSolver:
    """One track's two solvers; a block the bundle does not have is left out."""

    def __init__(
        self,
        skin: SolverBlock | None,
        tongue: SolverBlock | None,
        objective: Objective = "sdk-cpu",
    ) -> None:
        self.names = tuple(name for block in (skin, tongue) if block for name in block.names)
        """Of the weights, in their order."""
        self.skin = BlendshapeSolver(skin.rig, skin.settings, objective) if skin else None
        self.tongue = BlendshapeSolver(tongue.rig, tongue.settings, objective) if tongue else None

    def solve(self, face: PosedFace) -> NDArray[np.float32]:
        """Return float32[len(names)], gains and offsets applied, not limited to [0, 1]."""
        blocks = [np.zeros(0, np.float32)]
        if self.skin is not None:
            blocks.append(self.skin.solve(face.skin))
        if self.tongue is not None:
            blocks.append(self.tongue.solve(face.tongue))
        return np.concatenate(blocks)

    def reset(self) -> None:
        """Forget the frame before."""
        for solver in (self.skin, self.tongue):
            if solver is not None:
                solver.reset()
