"""Two exact solvers in one give what each gives by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.solving.kit import poses_over_time, small_rig, small_settings

from facewire.protocol.errors import BundleError
from facewire.solving.joint import JointSolver
from facewire.solving.rig import SolverRig
from facewire.solving.settings import NO_PAIR
from facewire.solving.solver import BlendshapeSolver

if TYPE_CHECKING:
    from numpy.typing import NDArray

SKIN = small_rig(1)
TONGUE = SolverRig(0.02 * small_rig(2, 24, 5).neutral, 0.02 * small_rig(2, 24, 5).deltas)
"""A fiftieth of the skin: a millionth in the units of A."""
CANCELLING = np.array([0, 0, 1, 1, *[NO_PAIR] * 4])


def _solvers(**skin: Any) -> list[BlendshapeSolver]:
    return [
        BlendshapeSolver(SKIN, small_settings(**skin), "exact"),
        BlendshapeSolver(TONGUE, small_settings(5), "exact"),
    ]


def _normals(count: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    skins, tongues = poses_over_time(SKIN, count), poses_over_time(TONGUE, count, seed=6)
    return [
        (SKIN.normal(skin), TONGUE.normal(tongue))
        for skin, tongue in zip(skins, tongues, strict=True)
    ]


def _cut(
    solvers: list[BlendshapeSolver], normals: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    return [
        normal[solver.preparation.active] for solver, normal in zip(solvers, normals, strict=True)
    ]


@pytest.mark.parametrize("pairs", [False, True])
def test_joined_solvers_find_the_minima_of_each(*, pairs: bool) -> None:
    changes = {"cancel_pairs": CANCELLING} if pairs else {}
    joined, alone = _solvers(**changes), _solvers(**changes)
    joint = JointSolver(joined)

    for frame, normals in enumerate(_normals(40)):
        if frame == 20:
            for solver in (joined[0], alone[0]):
                solver.configure(replace(solver.settings, l2=1.0, active=np.arange(8) != 2))
        found = joint.solve_normals(_cut(joined, normals))
        expected = [
            solver.solve_normal(normal)
            for solver, normal in zip(alone, _cut(alone, normals), strict=True)
        ]
        for one, other in zip(found, expected, strict=True):
            assert np.abs(one - other).max() < 1e-6
        for one_solver, other_solver in zip(joined, alone, strict=True):
            assert np.abs(one_solver.raw_weights - other_solver.raw_weights).max() < 1e-10
            assert one_solver.optimality().step < 1e-10


def test_after_a_reset_joined_solvers_are_fresh_ones() -> None:
    solvers = _solvers(cancel_pairs=CANCELLING)
    joint = JointSolver(solvers)
    normals = [_cut(solvers, each) for each in _normals(12)]
    first = [np.concatenate(joint.solve_normals(each)) for each in normals]
    for solver in solvers:
        solver.reset()
    joint.reset()

    assert np.array_equal(first, [np.concatenate(joint.solve_normals(each)) for each in normals])


def test_a_value_that_is_not_a_number_leaves_both_as_they_were() -> None:
    solvers = _solvers()
    joint = JointSolver(solvers)
    normals = [_cut(solvers, each) for each in _normals(2)]
    joint.solve_normals(normals[0])
    before = [solver.raw_weights.copy() for solver in solvers]

    with pytest.raises(BundleError):
        joint.solve_normals([normals[1][0], normals[1][1] * np.nan])

    for kept, solver in zip(before, solvers, strict=True):
        assert np.array_equal(kept, solver.raw_weights)
