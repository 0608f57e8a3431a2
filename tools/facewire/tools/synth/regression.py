"""A synthetic bundle of the regression family, as v2.3 is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from facewire.tools.synth import motion, solver_settings, texts
from facewire.tools.synth import regression_network as network
from facewire.tools.synth.animator_settings import SOURCE_FRAMES
from facewire.tools.synth.face import FaceSizes, make_face
from facewire.tools.synth.folder import new_folder, write_npz, write_text
from facewire.tools.synth.graph import Port
from facewire.tools.synth.heads import Linear, Range, fitted, stacked, summed
from facewire.tools.synth.listening import session, windows
from facewire.tools.synth.notes import NOTE, readme
from facewire.tools.synth.rigs import SACCADES, template_box_cm, write_rigs
from facewire.tools.synth.tables import implicit_emotions, mood_at, saccades
from facewire.tools.synth.weights import Weights

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.tools.synth.face import Face
    from facewire.tools.synth.motion import Basis
    from facewire.tools.synth.regression_network import RegressionWidths

RegressionActor = Literal["mark", "claire"]
Size = Literal["small", "full"]
HEARD: Final = 48
"""Windows the last layers are fitted to."""
STRENGTHS: Final = (0.5, 0.3, 0.5)
"""L2, temporal and L1 of the skin's solver."""
VERSIONS: Final = {"mark": "2.3", "claire": "2.3.1"}


@dataclass(frozen=True)
class _Plan:
    points: FaceSizes
    skin: dict[str, int]
    """Actor -> number of skin coefficients."""
    tongue: int
    widths: RegressionWidths
    implicit_frames: int
    shots: int


PLANS: Final[dict[str, _Plan]] = {
    "full": _Plan(
        FaceSizes(61_520, 10_085, 5_602), {"mark": 272, "claire": 140}, 10, network.FULL, 20_595, 28
    ),
    "small": _Plan(FaceSizes(600, 160, 200), {"mark": 12, "claire": 9}, 5, network.SMALL, 400, 4),
}


def synth_regression(
    folder: Path, *, size: Size = "small", seed: int = 0, actor: RegressionActor = "mark"
) -> Path:
    """Write a whole regression bundle with random weights.

    Args:
        folder: Empty, or not there yet.
        size: `full` has NVIDIA's sizes: 61 520 vertices, 272 or 140 coefficients, 18 million
            weights. `small` has the same files and the same network with narrow layers.
        seed: Decides every byte, on one machine with one set of libraries and threads.
        actor: Mark has more coefficients than Claire, another head and other settings.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty or cannot be written.
    """
    plan, weights = PLANS[size], Weights(seed)
    face = make_face(actor, plan.points)
    bases = {
        "skin": motion.skin_basis(face, plan.skin[actor], weights),
        "tongue": motion.tongue_basis(face, plan.tongue, weights),
    }
    implicit = implicit_emotions(plan.implicit_frames, plan.shots, weights)
    mood = mood_at(implicit, *SOURCE_FRAMES[actor])
    heads = _heads(weights, plan, face, bases, mood)
    with new_folder(folder) as part:
        _write_texts(part, actor, plan, template_box_cm(face.skin_neutral))
        write_npz(part / "implicit_emo_db.npz", implicit)
        write_npz(part / "model_data.npz", _model_data(face, bases, weights))
        _write_poses(part, face)
        sizes = plan.skin[actor], plan.tongue
        graph = network.regression_network(weights, plan.widths, *sizes, heads)
        file = network.regression_file(graph, *sizes, NOTE)
        (part / "network.onnx").write_bytes(file)
    return folder


def _write_poses(folder: Path, face: Face) -> None:
    write_rigs(
        folder,
        face,
        suffix="",
        versions=None,
        strengths=STRENGTHS,
        idle=solver_settings.REGRESSION_IDLE,
        tongue_offsets=[0.0] * 16,
        crlf=True,
    )


def _write_texts(folder: Path, actor: str, plan: _Plan, box_cm: float) -> None:
    skin = plan.skin[actor], plan.points.skin
    tongue = plan.tongue, plan.points.tongue
    solver = solver_settings.skin_solver(STRENGTHS, solver_settings.REGRESSION_IDLE, box_cm)
    files = {
        "README.md": readme("Audio2Face-3D v2.3", "regression"),
        "model.json": texts.regression_model(),
        "network_info.json": texts.regression_info(
            actor, VERSIONS[actor], skin=skin, tongue=tongue
        ),
        "model_config.json": texts.regression_config(actor),
        "a2f_ms_config.json": texts.legacy_config(actor, skin=skin, tongue=tongue, solver=solver),
        "trt_info.json": texts.engine_info({"input": "Bx1x8320", "emotion": "Bx1x26"}),
    }
    for name, content in files.items():
        write_text(folder / name, content)


def _model_data(
    face: Face, bases: dict[str, Basis], weights: Weights
) -> dict[str, NDArray[np.generic]]:
    return {
        "shapes_matrix_skin": bases["skin"].rows.reshape(-1, len(face.skin), 3),
        "shapes_mean_skin": face.skin,
        "lip_open_pose_delta": face.lips_apart,
        "eye_close_pose_delta": face.lids_shut,
        "shapes_matrix_tongue": bases["tongue"].rows.reshape(-1, len(face.tongue), 3),
        "shapes_mean_tongue": face.tongue,
        "neutral_jaw": face.jaw,
        "saccade_rot_matrix": saccades(SACCADES, weights),
    }


def _heads(
    weights: Weights,
    plan: _Plan,
    face: Face,
    bases: dict[str, Basis],
    mood: NDArray[np.float32],
) -> network.RegressionHeads:
    """Return last layers that turn speech into motion of the face's shapes, and a little else."""
    features = _features(weights, plan, len(bases["skin"].rows), mood)
    moves = fitted(weights, "face.moves", features["face"], motion.FACE_RANGES, motion.FACE_TWINS)
    jaw = Linear(moves.weight[list(motion.JAW_ROWS)], moves.bias[list(motion.JAW_ROWS)])
    eyes = fitted(weights, "eyes", features["face"], motion.EYE_RANGES, motion.EYE_TWINS)
    tongue = fitted(weights, "tongue.moves", features["tongue"], motion.TONGUE_RANGES)
    skin_map = bases["skin"].coefficients(face.skin_shapes).T
    tongue_map = bases["tongue"].coefficients(face.tongue_shapes).T
    skin = summed(
        moves.into(skin_map), _fine(weights, "face.fine", features["face"], bases["skin"])
    )
    jaw_map = face.jaw_shapes.reshape(len(motion.JAW_ROWS), -1).T
    return network.RegressionHeads(
        face=stacked(skin, jaw.into(jaw_map), eyes),
        tongue=summed(
            tongue.into(tongue_map),
            _fine(weights, "tongue.fine", features["tongue"], bases["tongue"]),
        ),
    )


def _fine(weights: Weights, name: str, features: NDArray[np.float32], basis: Basis) -> Linear:
    """Return what each coefficient does of its own."""
    ranges = [Range(0.0, motion.FINE_SHARE * float(deviation)) for deviation in basis.deviation]
    return fitted(weights, name, features, ranges)


def _features(
    weights: Weights, plan: _Plan, skin: int, mood: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """Return part -> float32[windows, size]: what its last layer sees in speech and silence."""
    graph = network.regression_network(weights, plan.widths, skin, plan.tongue, None)
    ends = {"face": skin + network.JAW_AND_EYES, "tongue": plan.tongue}
    file = graph.file(
        network.inputs(),
        [Port(part, ("batch", 1, size)) for part, size in ends.items()],
        name="inner",
        note=NOTE,
    )
    emotion = np.concatenate([mood, np.zeros(network.EXPLICIT, np.float32)])[None, None]
    runner = session(file)
    rows: dict[str, list[NDArray[np.float32]]] = {part: [] for part in ends}
    for window in windows(network.WINDOW_SAMPLES, HEARD):
        found = runner.run(list(ends), {"input": window[None, None], "emotion": emotion})
        for part, values in zip(ends, found, strict=True):
            rows[part].append(values[0])
    return {part: np.concatenate(values) for part, values in rows.items()}
