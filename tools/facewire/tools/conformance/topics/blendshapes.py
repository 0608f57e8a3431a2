"""Both solvers on a rig, and the matrix, scale and pairs they start from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.solving.rig import SolverRig
from facewire.solving.settings import NO_PAIR, SolverSettings
from facewire.solving.solver import BlendshapeSolver
from facewire.tools.conformance.outcomes import Compared, Skipped, absolute, differs, relative
from facewire.tools.conformance.topics.forced import cpu_rows, gpu_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

STABLE: Final = 1e-5
"""Above this a frame's `_sensitivity` says that the SDK's own answer hangs on rounding."""
_WELL_CONDITIONED: Final = 1e6
_GPU_CONDITIONED: Final = 1e5
UNSTABLE: Final = "rounding decides the SDK's answer (_sensitivity > 1e-5)"
_AFTER_UNSTABLE: Final = (
    "after a frame where rounding decides the SDK's answer (_sensitivity > 1e-5)"
)
_GPU_WHOLE: Final = 1e3
"""Ours: A itself is only asked for to 1e-6, and the SDK inverts it."""


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every configuration."""
    rigs: dict[bool, SolverRig] = {}
    for name, case in file.cases("configs").items():
        yield name, partial(_configuration, file, name, case, rigs)


def solver_settings(
    file: VectorFile, prefix: str, names: dict[str, str], numbers: list[float]
) -> SolverSettings:
    """Return settings from a file's arrays, `numbers` in the order of its `param_order`."""
    l1, l2, symmetry, temporal, size, tolerance = map(float, numbers)
    return SolverSettings(
        active=file[prefix + names["active"]].astype(bool),
        cancel_pairs=file[prefix + names["cancel"]],
        symmetry_pairs=file[prefix + names["symmetry"]],
        multipliers=file[prefix + names["multipliers"]],
        offsets=file[prefix + names["offsets"]],
        l1=l1,
        l2=l2,
        temporal=temporal,
        symmetry=symmetry,
        template_size_cm=size,
        tolerance=tolerance,
    )


_NAMES: Final = {
    "active": "_active_poses",
    "cancel": "_cancel_poses",
    "symmetry": "_sym_poses",
    "multipliers": "_multipliers",
    "offsets": "_offsets",
}


def _configuration(
    file: VectorFile, name: str, case: dict[str, Any], rigs: dict[bool, SolverRig]
) -> Iterator[Outcome]:
    masked = bool(case["use_mask"])
    if masked not in rigs:  # one serves all configurations
        rigs[masked] = SolverRig(file["neutral"], file["deltas"], file["mask"] if masked else None)
    order = ("L1", "L2", "sym", "temporal", "bb", "tol")
    settings = solver_settings(file, name, _NAMES, [case["params"][key] for key in order])
    solver = BlendshapeSolver(rigs[masked], settings)
    yield from _preparation(file, name, solver)
    yield from _pairs(file, name, solver)
    yield from _weights(file, name, case, solver)
    yield from _forced(file, name, case, settings)
    yield from _gpu(file, name, case, solver)


def _preparation(file: VectorFile, name: str, solver: BlendshapeSolver) -> Iterator[Outcome]:
    prepared = solver.preparation
    yield Compared.one("matrix A", relative(prepared.matrix, file[f"{name}_A"]))
    if f"{name}_ATA" in file:
        gram = solver.rig.gram[np.ix_(prepared.active, prepared.active)]
        yield Compared.one("matrix A", relative(gram, file[f"{name}_ATA"]))
    yield Compared.one("scale", relative([prepared.scale], file[f"{name}_scale"]))
    normal = [solver.rig.normal(target)[prepared.active] for target in file["targets"]]
    expected = file.expect(f"{name}_ATb", (len(normal), None))
    errors = tuple(relative(*pair) for pair in zip(normal, expected, strict=True))
    yield Compared("A^T b", (max(errors, default=0.0),))


def _pairs(file: VectorFile, name: str, solver: BlendshapeSolver) -> Iterator[Outcome]:
    expected = file.expect(f"{name}_cancel_pairs", (None, 2))
    ours = solver.preparation
    yield Compared.one("cancel pairs", differs(_as_set(ours.cancel_pairs), _as_set(expected)))
    exact = BlendshapeSolver(solver.rig, solver.settings, "exact").preparation
    phantom = {kind: _unpaired(solver.settings, kind) for kind in ("cancel", "symmetry")}
    if phantom["cancel"]:
        left = _as_set(expected) - {phantom["cancel"]}
        yield Compared.one("exact without -1 pairs", differs(_as_set(exact.cancel_pairs), left))
    if phantom["symmetry"]:
        pull = solver.settings.symmetry * 10.0 * float(ours.scale)
        at = phantom["symmetry"]
        gap = exact.matrix[at] - ours.matrix[at] - pull
        error = abs(gap) / float(np.abs(ours.matrix).max())
        yield Compared.one("exact without -1 pairs", error)


def _unpaired(settings: SolverSettings, kind: str) -> tuple[int, int] | None:
    """Return the two active poses without a pair that the SDK takes for one."""
    ids = settings.cancel_pairs if kind == "cancel" else settings.symmetry_pairs
    alone = np.flatnonzero(ids[settings.active] == NO_PAIR)
    return (int(alone[0]), int(alone[1])) if len(alone) == 2 else None


def _as_set(pairs: NDArray[Any]) -> set[tuple[int, int]]:
    return {(min(first, second), max(first, second)) for first, second in pairs.tolist()}


def _weights(
    file: VectorFile, name: str, case: dict[str, Any], solver: BlendshapeSolver
) -> Iterator[Outcome]:
    expected = file[f"{name}_weights"]
    found = _solved(file, case, solver)
    frames = file.expect(f"{name}_sensitivity", (len(expected),))
    ill = case["cond_A"] >= _WELL_CONDITIONED
    if ill and not case["params"]["temporal"]:  # no frame hangs on the one before
        stable, reason = frames <= STABLE, UNSTABLE
    else:
        stable, reason = _stable_frames(frames, case["reset_before_frame"]), _AFTER_UNSTABLE
    quantity = "weights, ill conditioned" if ill else "weights of stable frames"
    errors = [absolute(found[at], expected[at]) for at in np.flatnonzero(stable)]
    yield Compared(quantity, tuple(errors))
    left = len(stable) - len(errors)
    if left:
        yield Skipped(quantity, reason, left)


def _solved(
    file: VectorFile, case: dict[str, Any], solver: BlendshapeSolver
) -> list[NDArray[np.float32]]:
    found = []
    for frame, target in enumerate(file["targets"]):
        if frame == case["reset_before_frame"]:
            solver.reset()
        found.append(solver.solve(target))
    return found


def _stable_frames(sensitivity: NDArray[Any], reset_before: int) -> NDArray[np.bool_]:
    """Return bool[frames]: neither this nor an earlier frame since start or reset is unstable."""
    stable = sensitivity <= STABLE
    parts = np.split(stable, [reset_before] if 0 < reset_before < len(stable) else [])
    return np.concatenate([np.logical_and.accumulate(part) for part in parts])


def _forced(
    file: VectorFile, name: str, case: dict[str, Any], settings: SolverSettings
) -> Iterator[Outcome]:
    """Compare every frame on its own, after the SDK's frame before."""
    quantity = "weights, teacher-forced"
    if case["cond_A"] >= _WELL_CONDITIONED:
        yield Skipped(quantity, "cond_A >= 1e6: ill conditioned", len(file[f"{name}_ATb"]))
        return
    rows = cpu_rows(file, name, case["reset_before_frame"], settings)
    expected = file[f"{name}_raw_active"]
    stable = np.flatnonzero(file.expect(f"{name}_sensitivity", (len(rows),)) <= STABLE)
    yield Compared(quantity, tuple(absolute(rows[at], expected[at]) for at in stable))
    if len(rows) > len(stable):
        yield Skipped(quantity, UNSTABLE, len(rows) - len(stable))


def _gpu(
    file: VectorFile, name: str, case: dict[str, Any], solver: BlendshapeSolver
) -> Iterator[Outcome]:
    quantity = "weights of sdk-gpu"
    if not case["cond_A"] < _GPU_CONDITIONED:
        yield Skipped(quantity, "cond_A >= 1e5: the SDK's float32 inverses mean nothing there")
        return
    expected = file[f"{name}_weights_gpu_admm"]
    forced = gpu_weights(file, name, case["reset_before_frame"], solver.settings)
    yield Compared.one(quantity, absolute(forced, expected))
    quantity = "weights of sdk-gpu, whole"
    if case["cond_A"] < _GPU_WHOLE:
        whole = BlendshapeSolver(solver.rig, solver.settings, "sdk-gpu")
        yield Compared.one(quantity, absolute(_solved(file, case, whole), expected))
    else:
        yield Skipped(quantity, "cond_A >= 1e3: A agrees to 1e-6, its inverse less (ours)")
