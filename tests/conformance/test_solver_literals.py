"""The solver's cases of vectors.json; each but one, which needs a published bundle's numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import literal, literals, worst
from tests.conformance.solver_kit import CASES

from facewire.solving.admm import Admm
from facewire.solving.bvls import solve_bounded
from facewire.solving.exact import ExactSolver
from facewire.solving.least_squares import FLOAT32_CUTOFF, LeastSquares
from facewire.solving.preparation import pairs_by_id, prepare, scale_factor
from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings
from facewire.solving.solver import OBJECTIVES, BlendshapeSolver, Objective

WHOLE = literals("bs_solver_")
RANDOM = literals("bvls_random_")
COVERED = {
    "bs_regterms_mark_v3",
    "bs_mark_v3_bundle_facts",
    "bs_mult_offset",
    "bs_roundtrip_sample_weights",
    "bs_small_third_party",
}
ELSEWHERE = {"bs_pose_names"}
"""Names of a published bundle; bundles are read by facewire.bundles."""


def _settings(inputs: dict[str, Any]) -> SolverSettings:
    strength = inputs["params"]
    return SolverSettings(
        active=inputs["active"],
        cancel_pairs=inputs["cancel"],
        symmetry_pairs=inputs["symmetry"],
        multipliers=inputs["multipliers"],
        offsets=inputs["offsets"],
        l1=strength["L1"],
        l2=strength["L2"],
        temporal=strength["T"],
        symmetry=strength["Sym"],
        template_size_cm=strength["templateBBSize"],
    )


def test_no_case_is_forgotten() -> None:
    named = {case["name"] for case in literals("bs_")}

    assert named == {case["name"] for case in WHOLE} | COVERED | ELSEWHERE
    assert (len(WHOLE), len(RANDOM)) == (4, 6)


@pytest.mark.parametrize("objective", ["sdk-cpu", "exact"])
@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case["name"])
def test_frames_solved_in_order_give_the_derived_weights(
    case: dict[str, Any], objective: Objective
) -> None:
    inputs, expected = case["inputs"], case["expected"]
    solver = BlendshapeSolver(
        SolverRig(inputs["neutral"], inputs["deltas"]), _settings(inputs), objective
    )
    prepared = solver.preparation

    assert worst(prepared.matrix, expected["A"]) <= 1e-6 * np.abs(expected["A"]).max()
    assert prepared.scale == pytest.approx(expected["scale"], rel=1e-6)
    assert prepared.active.tolist() == expected["active"]
    assert prepared.cancel_pairs.tolist() == expected["cancel_pairs"]
    for frame, target in enumerate(inputs["targets"]):
        found = solver.solve(np.array(target, np.float32).reshape(-1))
        assert worst(found, expected["weights"][frame]) <= case["tolerance"]
        assert worst(solver.raw_weights, expected["solved_active"][frame]) <= case["tolerance"]


def test_the_regularisation_terms_of_mark_v3_are_the_measured_ones() -> None:
    inputs, expected = (literal("bs_regterms_mark_v3")[part] for part in ("inputs", "expected"))
    scale = scale_factor(np.float32(inputs["bbox_diag"]), inputs["templateBBSize"])
    assert scale == pytest.approx(expected["scale"], rel=1e-6)  # float32, as in the SDK

    corner = np.float32(inputs["bbox_diag"])
    rig = SolverRig(np.array([0, 0, 0, corner, 0, 0]), np.zeros((2, 2, 3)))
    none = {"l1": 0.0, "l2": 0.0, "temporal": 0.0, "symmetry": 0.0}

    def added(**strength: float) -> float:
        settings = SolverSettings.with_poses(
            2,
            symmetry_pairs=[0, 0],
            template_size_cm=inputs["templateBBSize"],
            **(none | strength),
        )
        return float(prepare(rig, settings, like_sdk=False).matrix[0, 0])

    assert added(l1=inputs["L1"]) == pytest.approx(expected["l1_term"], rel=1e-6)
    assert added(l2=inputs["L2"]) == pytest.approx(expected["l2_term"], rel=1e-6)
    assert added(temporal=inputs["T"]) == pytest.approx(expected["temporal_term"], rel=1e-6)
    assert added(symmetry=inputs["Sym"]) == pytest.approx(expected["symmetry_term"], rel=1e-6)


def test_the_pair_lists_of_mark_v3_make_the_measured_pairs() -> None:
    """The ids are those of its bs_skin_config, the counts were measured on the bundle."""
    expected = literal("bs_mark_v3_bundle_facts")["expected"]
    ids = np.full(52, -1)
    ids[[0, 7]], ids[[6, 13]] = 0, 1
    for first, pair_id in ((23, 2), (25, 3), (27, 4), (29, 5), (35, 6), (37, 7), (39, 8)):
        ids[[first, first + 1]] = pair_id
    for first, pair_id in ((41, 10), (44, 9), (47, 11), (49, 12)):
        ids[[first, first + 1]] = pair_id
    active = np.ones(52, np.bool_)
    active[[1, 2, 3, 4, 8, 9, 10, 11, 15, 16, 21, 22, 51]] = False

    assert active.sum() == expected["active_count"]
    for skip_unpaired in (False, True):
        pairs = pairs_by_id(ids[active], skip_unpaired=skip_unpaired)
        assert len(pairs) == expected["sym_pairs"]
    none = np.full(active.sum(), -1)
    assert len(pairs_by_id(none, skip_unpaired=False)) == expected["cancel_pairs"]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_offsets_alone_are_what_comes_out(objective: Objective) -> None:
    case = CASES[15]
    solver = BlendshapeSolver(case.rig, case.settings, objective)
    prepared = solver.preparation
    poses = case.rig.poses

    for offset in (0.314159, 0.123456):
        gains, offsets = np.zeros(poses, np.float32), np.full(poses, offset, np.float32)
        solver.configure(replace(solver.settings, multipliers=gains, offsets=offsets))
        assert np.array_equal(solver.solve(case.runs["targets"][3]), offsets)
        assert solver.preparation is prepared


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("file", ["blendshape_skin", "blendshape_tongue"])
def test_sample_weights_come_back_on_a_synthetic_rig(file: str, objective: Objective) -> None:
    inputs = literal("bs_roundtrip_sample_weights")["inputs"]
    rig = next(case.rig for case in CASES if case.file == file)
    weights = np.zeros(rig.poses, np.float32)
    for pose, weight in inputs[f"weights{rig.poses}"].items():
        weights[int(pose)] = weight
    strength = inputs["params"]
    settings = SolverSettings.with_poses(
        rig.poses,
        l1=strength["L1"],
        l2=strength["L2"],
        symmetry=strength["Sym"],
        template_size_cm=strength["templateBBSize"],
    )
    target = rig.evaluate_pose(weights)

    found = rig.evaluate_pose(BlendshapeSolver(rig, settings, objective).solve(target))

    distances = np.linalg.norm((found - target).reshape(-1, 3), axis=1)
    limit = literal("bs_roundtrip_sample_weights")["expected"]["mean_vertex_distance_max"]
    assert distances.mean() <= limit


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_one_vertex_per_pose_gives_its_weight_back(objective: Objective) -> None:
    case = literal("bs_small_third_party")
    neutral = np.array(case["inputs"]["neutral"], np.float32)
    deltas = np.zeros((3, *neutral.shape), np.float32)
    deltas[range(3), range(3), range(3)] = 1.0
    rig = SolverRig(neutral, deltas)
    settings = SolverSettings.with_poses(3, l1=0.0, l2=0.0)
    solver = BlendshapeSolver(rig, settings, objective)

    for weights in case["inputs"]["target_weights"]:
        found = solver.solve(rig.evaluate_pose(np.array(weights)))
        assert worst(found, weights) <= case["tolerance"]


@pytest.mark.parametrize("case", RANDOM, ids=lambda case: case["name"])
def test_bounded_systems_have_the_derived_minimum(case: dict[str, Any]) -> None:
    matrix, b, lower, upper = (np.array(case["inputs"][k]) for k in ("A", "b", "lower", "upper"))
    problem = LeastSquares(matrix, cutoff=FLOAT32_CUTOFF)

    as_sdk = solve_bounded(problem, b, lower, upper, tolerance=1e-10)
    exact = ExactSolver(matrix).solve(b, lower, upper)

    assert worst(as_sdk, case["expected"]["x"]) <= case["tolerance"]
    assert worst(exact, case["expected"]["x"]) <= 1e-12


def test_each_of_the_four_admm_updates_is_the_derived_one() -> None:
    case = literal("admm_4_iterations")
    b = np.array(case["inputs"]["b"])
    solver = Admm(np.array(case["inputs"]["A"]))

    for updates, expected in enumerate(case["expected"]["z_sequence"]):
        found = solver.solve(b, np.zeros(len(b)), np.ones(len(b)), updates)
        assert worst(found, expected) <= 1e-12
