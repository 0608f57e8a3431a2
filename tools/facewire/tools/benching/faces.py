"""Faces as large as the published ones, built in memory, and what moves them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, TONGUE_16
from facewire.animation.face_parameters import FaceParameters
from facewire.bundles.geometry import FaceGeometry
from facewire.inference.face_solver import SolverBlock
from facewire.inference.loading import load_model
from facewire.inference.stream import Stream, StreamSettings
from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings
from facewire.tools.live.speech import read_speech
from facewire.tools.synth import animator_settings, motion
from facewire.tools.synth.face import diagonal, make_face
from facewire.tools.synth.regression import PLANS
from facewire.tools.synth.rigs import BOX_SHARE
from facewire.tools.synth.solver_settings import REGRESSION_IDLE, skin_solver, tongue_solver
from facewire.tools.synth.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.synth.face import Face
    from facewire.tools.synth.regression import RegressionActor, Size

FPS: Final = 30
_SEED: Final = 0
_FINE: Final = 0.2 * (1 - 0.9**2) ** 0.5
"""So that a coefficient moves by a fifth of its deviation beside what the shapes ask of it."""


@dataclass(frozen=True)
class BenchFace:
    """One actor of the regression family."""

    rest: FaceGeometry
    parameters: FaceParameters
    skin: SolverBlock
    tongue: SolverBlock
    skin_basis: NDArray[np.float32]
    """float32[K, 3V]."""
    tongue_basis: NDArray[np.float32]
    """float32[K, 3V]."""
    skin_frames: NDArray[np.float32]
    """float32[frames, K]: coefficients of a face that speaks."""
    tongue_frames: NDArray[np.float32]
    """float32[frames, K]."""


def bench_face(actor: RegressionActor, size: Size, frames: int) -> BenchFace:
    """Return an actor; the same arguments give the same numbers."""
    plan, weights = PLANS[size], Weights(_SEED)
    face = make_face(actor, plan.points)
    skin = motion.skin_basis(face, plan.skin[actor], weights)
    tongue = motion.tongue_basis(face, plan.tongue, weights)
    draw = np.random.default_rng(_SEED)
    spoken = np.resize(_spoken(), (frames, len(ARKIT_52) + len(TONGUE_16)))  # over and over
    return BenchFace(
        rest=_rest(face),
        parameters=FaceParameters.from_config(animator_settings.REGRESSION_SETTINGS[actor]),
        skin=_block(
            ARKIT_52,
            SolverRig(face.skin_neutral, face.skin_shapes, face.mask),
            skin_solver((0.5, 0.3, 0.5), REGRESSION_IDLE, diagonal(face.skin_neutral) / BOX_SHARE),
        ),
        tongue=_block(
            TONGUE_16,
            SolverRig(face.tongue, face.tongue_shapes),
            tongue_solver([0.0] * 16, diagonal(face.tongue) / BOX_SHARE),
        ),
        skin_basis=skin.rows,
        tongue_basis=tongue.rows,
        skin_frames=_motion(skin, face.skin_shapes, spoken[:, : len(ARKIT_52)], draw),
        tongue_frames=_motion(tongue, face.tongue_shapes, spoken[:, len(ARKIT_52) :], draw),
    )


def _rest(face: Face) -> FaceGeometry:
    return FaceGeometry(
        neutral_skin=face.skin,
        neutral_tongue=face.tongue,
        neutral_jaw=face.jaw,
        lip_open_pose_delta=face.lips_apart,
        eye_close_pose_delta=face.lids_shut,
        saccades_deg=np.zeros((1, 2), np.float32),
    )


def _block(names: tuple[str, ...], rig: SolverRig, config: dict[str, Any]) -> SolverBlock:
    said = config["blendshape_params"]
    settings = SolverSettings.with_poses(
        len(names),
        active=said["bsSolveActivePoses"],
        cancel_pairs=said["bsSolveCancelPoses"],
        symmetry_pairs=said["bsSolveSymmetryPoses"],
        multipliers=said["bsWeightMultipliers"],
        offsets=said["bsWeightOffsets"],
        l1=said["strengthL1regularization"],
        l2=said["strengthL2regularization"],
        temporal=said["strengthTemporalSmoothing"],
        symmetry=said["strengthSymmetry"],
        template_size_cm=said["templateBBSize"],
    )
    return SolverBlock(names, rig, settings)


@lru_cache(maxsize=1)
def _spoken() -> NDArray[np.float32]:
    """Return float32[frames, 68]: face and tongue as our own model speaks the demo's clip."""
    speech = read_speech(None)
    model = load_model("embedded", "cpu")
    settings = StreamSettings(
        sample_rate_hz=speech.rate_hz,
        channels=speech.samples.shape[1],
        encoding="float32",
        fps=Fraction(FPS),
    )
    stream = Stream(model, settings)
    stream.push(speech.samples)
    stream.end()
    batches = []
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, model.backend.run(window.feeds))
        if batch is not None:
            batches.append(batch.curves)
    return np.concatenate(batches)[:, : len(ARKIT_52) + len(TONGUE_16)]


def _motion(
    basis: motion.Basis,
    shapes: NDArray[np.float32],
    weights: NDArray[np.float32],
    draw: np.random.Generator,
) -> NDArray[np.float32]:
    """Return the coefficients of weights float32[frames, shapes], and a little of their own."""
    fine = np.zeros((len(weights), len(basis.deviation)))
    for frame in range(1, len(fine)):
        fine[frame] = 0.9 * fine[frame - 1] + draw.normal(0.0, _FINE, len(basis.deviation))
    moved = weights @ basis.coefficients(shapes) + fine * basis.deviation
    return moved.astype(np.float32)
