"""The solver files' configurations as rigs, settings and frames of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tests.conformance.kit import Oracle, oracle

from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILES = ("blendshape_skin", "blendshape_tongue")


@dataclass(frozen=True)
class Case:
    """One configuration of one file."""

    file: str
    name: str

    def __str__(self) -> str:
        return f"{self.file}-{self.name}"

    @property
    def runs(self) -> Oracle:
        return oracle(self.file)

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = self.runs.cases("configs")[self.name]
        return found

    def __getitem__(self, array: str) -> NDArray[Any]:
        return self.runs[f"{self.name}_{array}"]

    @property
    def rig(self) -> SolverRig:
        return _rig(self.file, masked=self.config["use_mask"])

    @property
    def settings(self) -> SolverSettings:
        strength = self.config["params"]
        return SolverSettings(
            active=self["active_poses"],
            cancel_pairs=self["cancel_poses"],
            symmetry_pairs=self["sym_poses"],
            multipliers=self["multipliers"],
            offsets=self["offsets"],
            l1=strength["L1"],
            l2=strength["L2"],
            temporal=strength["temporal"],
            symmetry=strength["sym"],
            template_size_cm=strength["bb"],
            tolerance=strength["tol"],
        )


CASES = [Case(file, name) for file in FILES for name in oracle(file).cases("configs")]


@lru_cache(maxsize=4)
def _rig(file: str, *, masked: bool) -> SolverRig:
    runs = oracle(file)
    return SolverRig(runs["neutral"], runs["deltas"], runs["mask"] if masked else None)
