"""Two exact solvers in one give what each gives by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import numpy as np
import pytest
from tests.solving.kit import poses_over_time, small_rig, small_settings

from facewire.protocol.errors import BundleError, SettingsError
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
        assert np.abs(found - np.concatenate(expected)).max() < 1e-6
        for one_solver, other_solver in zip(joined, alone, strict=True):
            assert np.abs(one_solver.raw_weights - other_solver.raw_weights).max() < 1e-10
            assert one_solver.optimality().step < 1e-10


def test_after_a_reset_joined_solvers_are_fresh_ones() -> None:
    solvers = _solvers(cancel_pairs=CANCELLING)
    joint = JointSolver(solvers)
    normals = [_cut(solvers, each) for each in _normals(12)]
    first = [joint.solve_normals(each) for each in normals]
    for solver in solvers:
        solver.reset()
    joint.reset()

    assert np.array_equal(first, [joint.solve_normals(each) for each in normals])


def test_gains_offsets_and_single_resets_are_followed() -> None:
    joined, alone = _solvers(), _solvers()
    joint = JointSolver(joined)

    for frame, normals in enumerate(_normals(12)):
        for pair in (joined, alone):
            if frame % 4 == 1:
                gains = np.full(8, 1.0 + frame, np.float32)
                offsets = np.linspace(0.0, 0.1 * frame, 8, dtype=np.float32)
                louder = replace(pair[0].settings, multipliers=gains, offsets=offsets)
                pair[0].configure(louder)
            if frame == 6:
                pair[1].reset()
        found = joint.solve_normals(_cut(joined, normals))
        expected = [
            solver.solve_normal(normal)
            for solver, normal in zip(alone, _cut(alone, normals), strict=True)
        ]
        assert np.abs(found - np.concatenate(expected)).max() < 1e-5


def test_a_second_solve_that_could_change_nothing_is_left_out() -> None:
    solvers = _solvers(cancel_pairs=CANCELLING, temporal=0.0)
    joint = JointSolver(solvers)
    second = Mock(wraps=joint._second)
    joint._second = second
    draw = np.random.default_rng(1)

    for frame in range(12):
        asked = [draw.uniform(0.3, 0.6, len(each.preparation.active)) for each in solvers]
        if frame % 3:
            asked[0][[0, 3]], asked[1][1] = -0.5, -0.5
        sides = [each.preparation.matrix @ x for each, x in zip(solvers, asked, strict=True)]
        joint.solve_normals(sides)
        assert np.minimum(*solvers[0].raw_weights[[[0, 2], [1, 3]]]).max() <= 1e-9
        assert solvers[0].optimality().step < 1e-10

    assert second.solve.call_count == 4


def test_vectors_of_other_lengths_are_refused() -> None:
    solvers = _solvers()
    joint = JointSolver(solvers)
    skin, tongue = _cut(solvers, _normals(1)[0])

    with pytest.raises(SettingsError, match="poses are active"):
        joint.solve_normals([skin[:-1], np.append(tongue, 0.0)])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_a_number_leaves_both_as_they_were(value: float) -> None:
    solvers = _solvers()
    joint = JointSolver(solvers)
    normals = [_cut(solvers, each) for each in _normals(2)]
    joint.solve_normals(normals[0])
    before = [solver.raw_weights.copy() for solver in solvers]

    with pytest.raises(BundleError):
        joint.solve_normals([normals[1][0], normals[1][1] * value])

    for kept, solver in zip(before, solvers, strict=True):
        assert np.array_equal(kept, solver.raw_weights)
