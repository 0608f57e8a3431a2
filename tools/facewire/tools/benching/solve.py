"""From a network's coefficients to weights: every vertex, the fitted vertices, and no vertex.

All ways see the same frames in the same order, in turns of one second, so that a burst of load
hits each of them; and once more frame by frame in turn, which leaves each way the caches as the
others' megabytes leave them. Skin and tongue are both computed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue
from facewire.inference.weight_face import WeightFace
from facewire.solving.bvls import solve_bounded
from facewire.solving.folding import blocks_of
from facewire.solving.joint import JointSolver
from facewire.solving.least_squares import FLOAT64_CUTOFF, LeastSquares
from facewire.solving.masked import MaskedFace, MaskedSkin, MaskedTongue
from facewire.solving.preparation import prepare
from facewire.solving.solver import BlendshapeSolver
from facewire.tools.benching.faces import FPS, bench_face
from facewire.tools.benching.figures import Spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.inference.face_solver import SolverBlock
    from facewire.inference.weight_face import PartRoute
    from facewire.solving.solver import Objective
    from facewire.tools.benching.faces import BenchFace
    from facewire.tools.synth.regression import RegressionActor, Size

WAYS: Final = {
    "vertices": "every vertex, an SVD per pivot",
    "masked": "fitted vertices, warm exact solve",
    "vertex_free": "no vertex, warm exact solve",
    "vertex_free_sdk_cpu": "no vertex, the SDK's CPU objective",
}
"""What is compared. The first three minimise the same thing to the end."""
WHOLE_GOAL: Final = 100.0
"""So many times faster than by every vertex the whole frame is to be."""
STAGE_GOALS: Final = {"claire": 50.0, "mark": 200.0}
"""So many times faster than by fitted vertices the stage before the solve is to be."""
TURN_FRAMES: Final = 30
_DT_S: Final = 1 / FPS
_CHANGES: Final = 50
_MASKS: Final = 9

Normals = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


@dataclass(frozen=True)
class SolveFigures:
    """What was found for one actor."""

    coefficients: int
    vertices: int
    fitted_vertices: int
    stage_us: dict[str, Spread]
    """Coefficients to right-hand sides."""
    whole_us: dict[str, Spread]
    """Coefficients to weights."""
    stage_in_turn_us: dict[str, Spread]
    """As `stage_us`, but another way before every frame."""
    whole_in_turn_us: dict[str, Spread]
    worst: float
    """Largest difference of a weight: `vertex_free` against every vertex in float64."""
    rounding: float
    """The same against every vertex in float32, as it was timed."""
    load_ms: float
    """Folding, and comparing 16 frames both ways."""
    strengths_ms: Spread
    """Setting new strengths, offsets and speeds."""
    mask_ms: Spread
    """Folding a mask not seen before."""
    bytes_kept: dict[str, int]
    """Memory of what each way needs of basis and poses."""


def measure(actor: RegressionActor, size: Size, frames: int) -> SolveFigures:
    """Measure one actor."""
    face = bench_face(actor, size, frames)
    began_s = time.perf_counter()
    loaded = _folded(face)
    load_ms = (time.perf_counter() - began_s) * 1000
    for part in (loaded.skin, loaded.tongue):
        assert part is not None
        assert part.route == "vertex-free", part.reason
    stage_us, whole_us, weights = _timed(face, _ways(face, loaded), TURN_FRAMES)
    stage_in_turn_us, whole_in_turn_us, _ = _timed(face, _ways(face, loaded), 1)
    exact = _Way(_Vertices(face, np.float64), _Exact(face, "exact"))
    proof = [np.concatenate(exact.solve(exact.normals(*frame))) for frame in _frames(face)]
    strengths_ms, mask_ms = _changes(face, loaded)
    return SolveFigures(
        coefficients=len(face.skin_basis),
        vertices=face.skin.rig.coordinates // 3,
        fitted_vertices=len(face.skin.rig.vertices),
        stage_us=stage_us,
        whole_us=whole_us,
        stage_in_turn_us=stage_in_turn_us,
        whole_in_turn_us=whole_in_turn_us,
        worst=float(np.abs(weights["vertex_free"] - proof).max()),
        rounding=float(np.abs(weights["vertex_free"] - weights["vertices"]).max()),
        load_ms=load_ms,
        strengths_ms=strengths_ms,
        mask_ms=mask_ms,
        bytes_kept=_memory(face, loaded),
    )


class _Vertices:
    """The path through every vertex, as the SDK has it."""

    def __init__(self, face: BenchFace, precision: type[np.floating[Any]] = np.float32) -> None:
        rest = face.rest
        self._face = face
        self._precision = precision
        self._bases = tuple(
            basis.astype(precision, copy=False) for basis in (face.skin_basis, face.tongue_basis)
        )
        self._tongue = rest.neutral_tongue.astype(precision)
        self._skin = SkinAnimator(
            rest.neutral_skin,
            rest.lip_open_pose_delta,
            rest.eye_close_pose_delta,
            face.parameters.skin,
            _DT_S,
            precision=precision,
        )

    def __call__(self, skin: NDArray[np.float32], tongue: NDArray[np.float32]) -> Normals:
        said = self._face.parameters.tongue
        posed = animate_tongue(
            self._tongue,
            tongue @ self._bases[1],
            said.tongue_strength,
            said.tongue_height_offset,
            said.tongue_depth_offset,
        )
        return (
            self._face.skin.rig.normal(self._skin.animate(skin @ self._bases[0])),
            self._face.tongue.rig.normal(posed),
        )


class _Parts:
    """A skin and a tongue that say their normal vectors themselves."""

    def __init__(self, skin: Any, tongue: Any) -> None:
        self._skin, self._tongue = skin, tongue

    def __call__(self, skin: NDArray[np.float32], tongue: NDArray[np.float32]) -> Normals:
        return self._skin.normal(skin), self._tongue.normal(tongue)


class _Exact:
    """Our solvers, as `WeightTrack` has them."""

    def __init__(self, face: BenchFace, objective: Objective) -> None:
        self._solvers = [
            BlendshapeSolver(block.rig, block.settings, objective)
            for block in (face.skin, face.tongue)
        ]
        self._joint = JointSolver(self._solvers) if objective == "exact" else None

    def __call__(self, normals: Normals) -> list[NDArray[np.float64]]:
        cut = [
            normal[solver.preparation.active]
            for solver, normal in zip(self._solvers, normals, strict=True)
        ]
        if self._joint is not None:
            self._joint.solve_normals(cut)
        else:
            for solver, normal in zip(self._solvers, cut, strict=True):
                solver.solve_normal(normal)
        return [solver.raw_weights for solver in self._solvers]


class _Svd:
    """Bounded least squares from a cold start with an SVD per pivot, run to the minimum."""

    def __init__(self, face: BenchFace) -> None:
        self._parts = [self._part(block) for block in (face.skin, face.tongue)]
        self._before = [np.zeros(len(part[1].active)) for part in self._parts]

    def __call__(self, normals: Normals) -> list[NDArray[np.float64]]:
        for at, (problem, prepared) in enumerate(self._parts):
            b = normals[at][prepared.active] + float(prepared.temporal_pull) * self._before[at]
            self._before[at] = solve_bounded(
                problem, b, np.zeros_like(b), np.ones_like(b), tolerance=0.0, stall=0.0
            )
        return list(self._before)

    @staticmethod
    def _part(block: SolverBlock) -> tuple[LeastSquares, Any]:
        prepared = prepare(block.rig, block.settings, like_sdk=False)
        return LeastSquares(prepared.matrix, cutoff=FLOAT64_CUTOFF, pivots=False), prepared


@dataclass(frozen=True)
class _Way:
    normals: Any
    solve: Any


def _ways(face: BenchFace, loaded: WeightFace) -> dict[str, _Way]:
    rest, said = face.rest, face.parameters
    poses = (rest.neutral_skin, rest.lip_open_pose_delta, rest.eye_close_pose_delta)
    masks = [
        MaskedFace(block.rig, blocks_of(basis))
        for block, basis in ((face.skin, face.skin_basis), (face.tongue, face.tongue_basis))
    ]
    masked = _Parts(
        MaskedSkin(masks[0], *poses, said.skin, _DT_S),
        MaskedTongue(masks[1], rest.neutral_tongue, said.tongue),
    )
    free = [_Parts(loaded.skin_of(said, _DT_S), loaded.tongue_of(said)) for _ in range(2)]
    return {
        "vertices": _Way(_Vertices(face), _Svd(face)),
        "masked": _Way(masked, _Exact(face, "exact")),
        "vertex_free": _Way(free[0], _Exact(face, "exact")),
        "vertex_free_sdk_cpu": _Way(free[1], _Exact(face, "sdk-cpu")),
    }


def _frames(face: BenchFace) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    return list(zip(face.skin_frames, face.tongue_frames, strict=True))


def _timed(
    face: BenchFace, ways: dict[str, _Way], turn: int
) -> tuple[dict[str, Spread], dict[str, Spread], dict[str, NDArray[np.float64]]]:
    """Return stage and whole in microseconds, and the weights float64[frames, poses]."""
    frames = _frames(face)
    stage: dict[str, list[float]] = {name: [] for name in ways}
    whole: dict[str, list[float]] = {name: [] for name in ways}
    weights: dict[str, list[NDArray[np.float64]]] = {name: [] for name in ways}
    for first in range(0, len(frames), turn):
        for name, way in ways.items():
            for skin, tongue in frames[first : first + turn]:
                began_s = time.perf_counter()
                normals = way.normals(skin, tongue)
                reached_s = time.perf_counter()
                solved = way.solve(normals)
                ended_s = time.perf_counter()
                stage[name].append((reached_s - began_s) * 1e6)
                whole[name].append((ended_s - began_s) * 1e6)
                weights[name].append(np.concatenate(solved))
    return (
        {name: Spread.of(times) for name, times in stage.items()},
        {name: Spread.of(times) for name, times in whole.items()},
        {name: np.array(rows) for name, rows in weights.items()},
    )


def _folded(face: BenchFace) -> WeightFace:
    return WeightFace(
        face.rest,
        face.parameters,
        face.skin,
        face.tongue,
        partial(blocks_of, face.skin_basis),
        partial(blocks_of, face.tongue_basis),
    )


def _changes(face: BenchFace, loaded: WeightFace) -> tuple[Spread, Spread]:
    """Return how long it takes to set strengths and offsets, and to fold a new mask, in ms."""
    track = loaded.track(face.parameters, _DT_S)
    said = face.parameters
    strengths, masks = [], []
    for step in range(_CHANGES):
        skin = replace(said.skin, skin_strength=0.5 + 0.02 * step, lip_open_offset=0.001 * step)
        changed = replace(said, skin=skin)
        began_s = time.perf_counter()
        track.parameters = changed
        strengths.append((time.perf_counter() - began_s) * 1000)
    for step in range(_MASKS):
        began_s = time.perf_counter()
        loaded.fold_mask(0.1 + 0.1 * step, 0.001 + 0.06 * step)
        masks.append((time.perf_counter() - began_s) * 1000)
    return Spread.of(strengths), Spread.of(masks)


def _memory(face: BenchFace, loaded: WeightFace) -> dict[str, int]:
    """Return what each way keeps of bases and poses, bytes; the float64 poses count in all."""
    blocks, bases = (face.skin, face.tongue), (face.skin_basis, face.tongue_basis)
    poses = sum(block.rig.masked_deltas.nbytes for block in blocks)
    parts: tuple[PartRoute | None, ...] = (loaded.skin, loaded.tongue)
    return {
        "vertices": sum(basis.nbytes for basis in bases) + poses,
        "masked": sum(
            MaskedFace(block.rig, blocks_of(basis)).nbytes
            for block, basis in zip(blocks, bases, strict=True)
        ),
        "vertex_free": sum(part.nbytes for part in parts if part is not None),
    }
