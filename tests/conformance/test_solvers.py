"""What the exact solver does otherwise than NVIDIA's, in every configuration of its vectors."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conformance.solver_kit import CASES, Case

from facewire.solving.preparation import prepare
from facewire.solving.solver import BlendshapeSolver

PHANTOMS = [Case("blendshape_tongue", name) for name in ("c21", "c22")]
"""Exactly two active poses of these have no pair; in the skin's c21 and c22 it is one."""


@pytest.mark.parametrize("case", PHANTOMS, ids=str)
def test_exact_does_not_pair_two_poses_that_have_no_pair(case: Case) -> None:
    ids = {"c21": "sym_poses", "c22": "cancel_poses"}[case.name]
    active = np.flatnonzero(case["active_poses"])
    loners = np.flatnonzero(case[ids][active] == -1)
    assert len(loners) == 2
    like_sdk = prepare(case.rig, case.settings, like_sdk=True)
    ours = prepare(case.rig, case.settings, like_sdk=False)

    if case.name == "c21":
        between = tuple(loners)
        pull = 100.0 * 10.0 * float(ours.scale)
        assert ours.matrix[between] - like_sdk.matrix[between] == pytest.approx(pull, rel=1e-5)
    else:
        assert loners.tolist() in like_sdk.cancel_pairs.tolist()
        assert loners.tolist() not in ours.cancel_pairs.tolist()
        assert len(ours.cancel_pairs) == len(like_sdk.cancel_pairs) - 1


@pytest.mark.parametrize("case", CASES, ids=str)
def test_exact_is_certified_on_every_frame(case: Case) -> None:
    solver = BlendshapeSolver(case.rig, case.settings, "exact")

    for target in case.runs["targets"]:
        solver.solve(target)
        assert solver.optimality().step < 1e-12
