"""The solver files' configurations as rigs, settings and frames of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.conformance.kit import Oracle, oracle

from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings
from facewire.solving.solver import BlendshapeSolver, Objective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FILES = ("blendshape_skin", "blendshape_tongue")
WELL_CONDITIONED = 1e6
"""Above this the SDK's float32 weights say little (INDEX.md)."""
CALM = 1e-5
"""Frames that noise of one ulp moves by more say little, and so do those after them."""


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

    @property
    def calm(self) -> NDArray[np.bool_]:
        """bool[frames]: neither the frame nor one before it since the reset is discontinuous."""
        jumpy = self["sensitivity"] > CALM
        calm = ~np.logical_or.accumulate(jumpy)
        reset = self.config["reset_before_frame"]
        if reset > 0:
            calm[reset:] = ~np.logical_or.accumulate(jumpy[reset:])
        return np.asarray(calm & (self.config["cond_A"] < WELL_CONDITIONED), np.bool_)

    def weights(self, objective: Objective) -> NDArray[np.float32]:
        """Return float32[frames, poses] of our solver from the targets on, free running."""
        solver = BlendshapeSolver(self.rig, self.settings, objective)
        rows = []
        for frame, target in enumerate(self.runs["targets"]):
            if frame == self.config["reset_before_frame"]:
                solver.reset()
            rows.append(solver.solve(target))
        return np.array(rows)

    def right_hand_sides(
        self, previous: NDArray[np.float32]
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield frame and b from the SDK's own D^T delta and `previous`, its row of a frame later.

        `previous` may still be filled in while this runs.
        """
        pull = np.float32(self.config["params"]["temporal"]) * self["scale"][0]
        for frame, normal in enumerate(self["ATb"]):
            first = frame in (0, self.config["reset_before_frame"])
            before = np.zeros_like(normal) if first else previous[frame - 1]
            yield frame, (normal + pull * before).astype(np.float64)

    def upper_bounds(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the upper bounds of the second solve, from the SDK's own pairs."""
        upper = np.ones(len(x))
        for first, second in self["cancel_pairs"]:
            upper[second if x[first] >= x[second] else first] = np.float32(1e-10)
        return upper


CASES = [Case(file, name) for file in FILES for name in oracle(file).cases("configs")]


@lru_cache(maxsize=4)
def _rig(file: str, *, masked: bool) -> SolverRig:
    runs = oracle(file)
    return SolverRig(runs["neutral"], runs["deltas"], runs["mask"] if masked else None)
