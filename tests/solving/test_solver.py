"""One track's solver: state, live changes, and the way in that touches no vertex."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.solving.kit import poses_over_time, small_rig, small_settings

from facewire.protocol.errors import BundleError, SettingsError
from facewire.solving.exact import ExactSolver
from facewire.solving.settings import SolverSettings
from facewire.solving.solver import OBJECTIVES, BlendshapeSolver, Objective

RIG = small_rig()
FACES = poses_over_time(RIG, 12)


def _run(solver: BlendshapeSolver) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([solver.solve(face) for face in FACES])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_after_a_reset_a_solver_equals_a_fresh_one_bit_for_bit(objective: Objective) -> None:
    solver = BlendshapeSolver(RIG, small_settings(), objective)
    first = _run(solver)
    solver.reset()

    assert np.array_equal(_run(solver), first)
    assert np.array_equal(_run(BlendshapeSolver(RIG, small_settings(), objective)), first)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_tracks_of_one_rig_do_not_disturb_each_other(objective: Objective) -> None:
    alone = _run(BlendshapeSolver(RIG, small_settings(), objective))
    one, other = (BlendshapeSolver(RIG, small_settings(), objective) for _ in range(2))
    together = []
    for face, distraction in zip(FACES, FACES[::-1], strict=True):
        together.append(one.solve(face))
        other.solve(distraction)

    assert np.array_equal(together, alone)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_normal_vector_gives_what_the_vertices_give(objective: Objective) -> None:
    by_vertices = _run(BlendshapeSolver(RIG, small_settings(), objective))
    solver = BlendshapeSolver(RIG, small_settings(), objective)
    normals = [RIG.normal(face)[solver.preparation.active] for face in FACES]

    assert np.array_equal([solver.solve_normal(normal) for normal in normals], by_vertices)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_gains_and_offsets_act_at_once_and_leave_the_solution_alone(objective: Objective) -> None:
    plain = BlendshapeSolver(RIG, small_settings(), objective)
    played = BlendshapeSolver(RIG, small_settings(), objective)
    gains = np.linspace(-1.0, 3.0, 8, dtype=np.float32)
    for frame, face in enumerate(FACES):
        offsets = np.full(8, 0.1 * frame, np.float32)
        played.configure(replace(played.settings, multipliers=gains, offsets=offsets))

        assert np.array_equal(played.solve(face), plain.solve(face) * gains + offsets)
        assert np.array_equal(played.raw_weights, plain.raw_weights)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_inactive_pose_stays_at_its_offset(objective: Objective) -> None:
    settings = small_settings(multipliers=[2.0] * 8, offsets=[0.25] * 8)

    assert (_run(BlendshapeSolver(RIG, settings, objective))[:, 7] == 0.25).all()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_weaker_of_a_cancel_pair_gives_way(objective: Objective) -> None:
    free = _run(BlendshapeSolver(RIG, small_settings(cancel_pairs=[-1] * 8), objective))
    solver = BlendshapeSolver(RIG, small_settings(), objective)
    paired = _run(solver)

    assert (np.minimum(free[:, 0], free[:, 1]) > 0.05).any()
    assert (np.minimum(paired[:, 0], paired[:, 1]) <= 1e-9).all()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_frame_before_pulls_by_a_hundredth_of_its_damping(objective: Objective) -> None:
    solver = BlendshapeSolver(RIG, small_settings(cancel_pairs=[-1] * 8), objective)
    solver.solve(FACES[0])
    before = solver.raw_weights
    pulled = solver.solve(FACES[1])
    fresh = BlendshapeSolver(RIG, solver.settings, objective)
    normal = RIG.normal(FACES[1])[:7] + 0.3 * float(solver.preparation.scale) * before

    assert np.abs(fresh.solve_normal(normal) - pulled).max() < 1e-6
    assert np.abs(fresh.raw_weights - before).max() > 1e-3


def test_exact_is_certified_and_the_others_say_how_far_they_are() -> None:
    step = {}
    for objective in OBJECTIVES:
        solver = BlendshapeSolver(RIG, small_settings(), objective)
        _run(solver)
        step[objective] = solver.optimality().step

    assert step["exact"] < 1e-14
    assert step["sdk-cpu"] < 1e-6
    assert step["sdk-gpu"] > step["sdk-cpu"]


def test_exact_and_sdk_cpu_agree_where_the_sdk_reaches_the_minimum() -> None:
    found = [_run(BlendshapeSolver(RIG, small_settings(), each)) for each in ("sdk-cpu", "exact")]

    assert np.abs(found[0] - found[1]).max() < 1e-5


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_other_settings_give_what_a_solver_made_with_them_gives(objective: Objective) -> None:
    solver = BlendshapeSolver(RIG, small_settings(), objective)
    _run(solver)
    other = small_settings(active=[1, 0, 1, 1, 1, 1, 1, 1], l2=2.0, symmetry=3.0, temporal=0.0)
    solver.configure(other)

    difference = _run(solver) - _run(BlendshapeSolver(RIG, other, objective))
    assert np.abs(difference).max() < 1e-12 or objective == "exact"
    assert np.abs(difference).max() < 1e-6


def test_other_settings_make_the_sdk_forget_and_exact_remember() -> None:
    kept = {}
    for objective in OBJECTIVES:
        solver = BlendshapeSolver(RIG, small_settings(), objective)
        _run(solver)
        before = solver.raw_weights
        solver.configure(small_settings(active=[1, 1, 1, 1, 1, 0, 1, 1], l2=0.2))
        kept[objective] = solver.raw_weights
        if objective == "exact":
            assert kept[objective].tolist() == [*before[:5], before[6], 0.0]

    assert not kept["sdk-cpu"].any()
    assert not kept["sdk-gpu"].any()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_face_that_is_not_a_number_is_refused_and_forgotten(objective: Objective) -> None:
    solver = BlendshapeSolver(RIG, small_settings(), objective)
    broken = FACES[3].copy()
    broken[0] = np.nan
    expected = _run(BlendshapeSolver(RIG, small_settings(), objective))
    found = []
    for face in FACES:
        with pytest.raises(BundleError, match="not a number"):
            solver.solve(broken)
        found.append(solver.solve(face))

    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"objective": "nvidia"}, "objective"),
        ({"settings": SolverSettings.with_poses(9)}, "active"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        BlendshapeSolver(RIG, **({"settings": small_settings()} | arguments))

    assert refusal.value.field == field


def test_vectors_of_another_length_are_refused() -> None:
    solver = BlendshapeSolver(RIG, small_settings())

    with pytest.raises(SettingsError, match="120 coordinates"):
        solver.solve(FACES[0][:-3])
    with pytest.raises(SettingsError, match="7 poses are active"):
        solver.solve_normal(np.zeros(8))


def test_refused_settings_leave_the_solver_as_it_was() -> None:
    solver = BlendshapeSolver(RIG, small_settings())
    solver.solve(FACES[0])
    before, settings = solver.raw_weights, solver.settings

    with pytest.raises(SettingsError):
        solver.configure(SolverSettings.with_poses(3))

    assert solver.settings is settings
    assert solver.raw_weights is before


def test_there_is_nothing_to_certify_before_the_first_frame() -> None:
    solver = BlendshapeSolver(RIG, small_settings())

    with pytest.raises(SettingsError, match="no solved frame"):
        solver.optimality()


def test_the_gpu_objective_refuses_a_matrix_it_cannot_invert() -> None:
    rig = small_rig()
    rig.deltas[2] = 0.0
    idle = type(rig)(rig.neutral, rig.deltas)
    settings = SolverSettings.with_poses(8, l1=0.0, l2=0.0)

    with pytest.raises(SettingsError, match="singular"):
        BlendshapeSolver(idle, settings, "sdk-gpu")
    for objective in ("sdk-cpu", "exact"):
        assert BlendshapeSolver(idle, settings, objective).solve(FACES[0])[2] == 0.0


def test_evaluating_a_pose_undoes_solving_it() -> None:
    weights = np.linspace(0.0, 1.0, 8, dtype=np.float32)
    settings = SolverSettings.with_poses(8, l1=0.0, l2=0.0)

    found = BlendshapeSolver(RIG, settings, "exact").solve(RIG.evaluate_pose(weights))

    assert np.abs(found - weights).max() < 1e-5


@pytest.mark.parametrize("short", [True, False])
def test_a_warm_solver_computes_no_inverse(monkeypatch: pytest.MonkeyPatch, *, short: bool) -> None:
    solver = BlendshapeSolver(RIG, small_settings(), "exact")
    for each in solver._passes:
        assert isinstance(each, ExactSolver)
        if not short:
            each._short = None
    solver.solve(FACES[0])
    solver.solve(FACES[0])

    def never(*_: object) -> None:
        raise AssertionError("a factorisation was computed")

    monkeypatch.setattr(np.linalg, "inv", never)
    solver.solve(FACES[0])
