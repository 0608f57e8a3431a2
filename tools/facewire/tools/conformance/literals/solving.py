"""The solvers on small systems whose solutions were derived, and the names of the poses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, TONGUE_16
from facewire.solving.admm import Admm
from facewire.solving.bvls import solve_bounded
from facewire.solving.least_squares import FLOAT32_CUTOFF, LeastSquares
from facewire.solving.preparation import prepare, scale_factor
from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings
from facewire.solving.solver import OBJECTIVES, BlendshapeSolver
from facewire.tools.conformance.outcomes import absolute, differing, differs, relative

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS: Final = {
    "L1": "l1",
    "L2": "l2",
    "T": "temporal",
    "Sym": "symmetry",
    "templateBBSize": "template_size_cm",
}
_MATRIX: Final = 1e-6
_STEP: Final = 5e-4
"""Of the central difference, as in the SDK's test."""


def _strengths(params: dict[str, float]) -> dict[str, float]:
    return {_NUMBERS[name]: value for name, value in params.items()}


def _frames(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    settings = SolverSettings(
        active=inputs["active"],
        cancel_pairs=inputs["cancel"],
        symmetry_pairs=inputs["symmetry"],
        multipliers=inputs["multipliers"],
        offsets=inputs["offsets"],
        **_strengths(inputs["params"]),
    )
    solver = BlendshapeSolver(SolverRig(inputs["neutral"], inputs["deltas"]), settings)
    prepared = solver.preparation
    # As INDEX.md asks of `_A`: the case's tolerance is meant for weights, and entries are 1000.
    yield differs(relative(prepared.matrix, expected["A"]) <= _MATRIX, expected=True)
    yield differs(relative([prepared.scale], [expected["scale"]]) <= _MATRIX, expected=True)
    yield differs(prepared.active.tolist(), expected["active"])
    yield differs(prepared.cancel_pairs.tolist(), expected["cancel_pairs"])
    for frame, target in enumerate(inputs["targets"]):
        found = solver.solve(np.array(target, np.float32).reshape(-1))
        yield absolute(found, expected["weights"][frame])
        yield absolute(solver.raw_weights, expected["solved_active"][frame])


def _terms(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    """Compare the terms relatively: the scale that is in all of them is a float32."""
    size = inputs["templateBBSize"]
    scale = scale_factor(np.float32(inputs["bbox_diag"]), size)
    yield float(abs(scale / expected["scale"] - 1.0))
    corner = np.array([0, 0, 0, inputs["bbox_diag"], 0, 0], np.float32)
    rig = SolverRig(corner, np.zeros((2, 2, 3)))
    for name, term in (("L1", "l1"), ("L2", "l2"), ("T", "temporal"), ("Sym", "symmetry")):
        strengths = dict.fromkeys(("l1", "l2", "temporal", "symmetry"), 0.0)
        strengths[_NUMBERS[name]] = inputs[name]
        pair = np.zeros(2, np.int64)
        settings = SolverSettings.with_poses(
            2, symmetry_pairs=pair, template_size_cm=size, **strengths
        )
        added = float(prepare(rig, settings, like_sdk=False).matrix[0, 0])
        yield abs(added / expected[f"{term}_term"] - 1.0)


def _offsets_alone(_inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare with what the case says: gains of 0, and no preparation for new offsets."""
    rng = np.random.default_rng(4)
    rig = SolverRig(rng.normal(size=60), rng.normal(size=(6, 60)))
    for objective in OBJECTIVES:
        solver = BlendshapeSolver(rig, SolverSettings.with_poses(6), objective)
        prepared = solver.preparation
        for offset in (0.314159, 0.123456):
            offsets = np.full(6, offset, np.float32)
            gains = np.zeros(6, np.float32)
            solver.configure(replace(solver.settings, multipliers=gains, offsets=offsets))
            found = solver.solve(rng.normal(size=60).astype(np.float32))
            yield differing(found, offsets)
        yield differs(solver.preparation is prepared, expected=True)


def _one_vertex_each(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    neutral = np.array(inputs["neutral"], np.float32)
    deltas = np.zeros((3, *neutral.shape), np.float32)
    deltas[range(3), range(3), range(3)] = 1.0
    rig = SolverRig(neutral, deltas)
    solver = BlendshapeSolver(rig, SolverSettings.with_poses(3, l1=0.0, l2=0.0))
    for weights, wanted in zip(inputs["target_weights"], expected["weights"], strict=True):
        yield absolute(solver.solve(rig.evaluate_pose(np.array(weights))), wanted)


def _pose_names(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    for part, names in (("skin", ARKIT_52), ("tongue", TONGUE_16)):
        yield differs(len(names), expected[f"{part}_count"])
        for index, name in expected[part].items():
            yield differs(names[int(index)], name)


def _updates(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    admm, b = Admm(np.array(inputs["A"])), np.array(inputs["b"])
    lower, upper = (np.full(len(b), float(inputs[end])) for end in ("lower", "upper"))
    for updates, wanted in enumerate(expected["z_sequence"]):
        yield absolute(admm.solve(b, lower, upper, updates), wanted)


def _bounded(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    matrix, b, lower, upper = (np.array(inputs[key]) for key in ("A", "b", "lower", "upper"))
    problem = LeastSquares(matrix, cutoff=FLOAT32_CUTOFF)
    yield absolute(solve_bounded(problem, b, lower, upper, tolerance=1e-10), expected["x"])


def _properties(_inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare with the rules: fixed ones stay, free ones are minimal, the gradient is the slope."""
    rng = np.random.default_rng(9)
    for size in (4, 9, 20):
        problem = LeastSquares(rng.normal(size=(size, size)), cutoff=FLOAT32_CUTOFF)
        b, x = rng.normal(size=(2, size))
        free = rng.random(size) < 0.6
        solved = problem.minimum(b)(x, free)
        yield differing(solved[~free], x[~free])
        lowest = problem.cost_and_gradient(solved, b)[0]
        gradient = problem.cost_and_gradient(x, b)[1]
        for index in range(size):
            step = np.zeros(size)
            step[index] = 1e-3
            moved = min(problem.cost_and_gradient(solved + sign * step, b)[0] for sign in (-1, 1))
            yield differs(not free[index] or moved > lowest, expected=True)
            step[index] = _STEP
            ahead, behind = (problem.cost_and_gradient(x + s * step, b)[0] for s in (1, -1))
            slope = (ahead - behind) / (2 * _STEP)
            yield differs(abs(slope - gradient[index]) <= 1e-6 * (1 + abs(slope)), expected=True)


COMPARED: Final = {
    "bs_solver_": _frames,
    "bs_regterms_mark_v3": _terms,
    "bs_mult_offset": _offsets_alone,
    "bs_small_third_party": _one_vertex_each,
    "bs_pose_names": _pose_names,
    "admm_": _updates,
    "bvls_random_": _bounded,
    "bvls_properties": _properties,
}
