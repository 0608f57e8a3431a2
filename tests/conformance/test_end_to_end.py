"""From PCA coefficients to weights as NVIDIA's regression executor and its solvers do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conformance.kit import oracle, worst

from facewire.animation.face_parameters import SkinParameters, changed
from facewire.animation.pca import reconstruct
from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue
from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings
from facewire.solving.solver import BlendshapeSolver

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUNS = oracle("end_to_end_regression")
SKIN_SHAPES, TONGUE_SHAPES = RUNS.config["net"][4:6]
WEIGHTS = 2e-4


def _solver(block: str, mask: NDArray[np.int32] | None) -> BlendshapeSolver:
    rig = SolverRig(RUNS[f"neutral_{block}"], RUNS[f"{block}_deltas"], mask)
    l1, l2, symmetry, temporal, size_cm, tolerance = RUNS[f"{block}_cfg_prm"].tolist()
    settings = SolverSettings(
        active=RUNS[f"{block}_cfg_active"],
        cancel_pairs=RUNS[f"{block}_cfg_cancel"],
        symmetry_pairs=RUNS[f"{block}_cfg_sym"],
        multipliers=RUNS[f"{block}_cfg_mult"],
        offsets=RUNS[f"{block}_cfg_off"],
        l1=l1,
        l2=l2,
        temporal=temporal,
        symmetry=symmetry,
        template_size_cm=size_cm,
        tolerance=tolerance,
    )
    return BlendshapeSolver(rig, settings, "exact")


def _skin(fps: int) -> SkinAnimator:
    order = oracle("animator_skin").config["param_order"].split(",")
    values = dict(zip(order, RUNS["params_skin"].tolist(), strict=True))
    parameters = changed(SkinParameters(), values)
    return SkinAnimator(RUNS["neutral_skin"], RUNS["lip"], RUNS["eye"], parameters, 1.0 / fps)


@pytest.mark.parametrize("fps", [30, 60])
def test_the_exact_solver_ends_where_the_sdks_does(fps: int) -> None:
    animator = _skin(fps)
    skin, tongue = _solver("skin", RUNS["skin_mask"]), _solver("tongue", None)
    expected = RUNS[f"fps{fps}_weights"]
    found = []
    for outputs in RUNS["network_outputs"][: len(expected)]:
        deltas = reconstruct(outputs[:SKIN_SHAPES], RUNS["skin_pca"])
        motion = outputs[SKIN_SHAPES : SKIN_SHAPES + TONGUE_SHAPES]
        moved = reconstruct(motion, RUNS["tongue_pca"])
        pose = animate_tongue(RUNS["neutral_tongue"], moved, *RUNS["params_tongue"].tolist())
        found.append(np.concatenate([skin.solve(animator.animate(deltas)), tongue.solve(pose)]))

    assert worst(found, expected) <= WEIGHTS
