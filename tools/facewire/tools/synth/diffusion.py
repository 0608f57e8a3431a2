"""A synthetic bundle of the diffusion family, as v3.0 is published: three faces, one network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from facewire.tools.synth import denoiser, motion, solver_settings, texts
from facewire.tools.synth import diffusion_network as network
from facewire.tools.synth.denoiser import Sizes
from facewire.tools.synth.diffusion_network import Normalisation
from facewire.tools.synth.face import FaceSizes, make_face
from facewire.tools.synth.folder import new_folder, write_npz, write_text
from facewire.tools.synth.graph import Port
from facewire.tools.synth.heads import Linear, Range, fitted
from facewire.tools.synth.listening import session, speech_16k
from facewire.tools.synth.notes import NOTE, readme
from facewire.tools.synth.rigs import (
    RIG_VERSIONS,
    SACCADES,
    TONGUE_RIG_VERSION,
    write_rigs,
)
from facewire.tools.synth.tables import saccades
from facewire.tools.synth.weights import Weights

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.tools.synth.denoiser import DiffusionWidths
    from facewire.tools.synth.face import Face

Size = Literal["small", "full"]
IDENTITIES: Final = ("Claire", "James", "Mark")
REFERENCE: Final = "james"
"""Whose size the network's motion is made for; the scales of the others make it theirs."""
STRENGTHS: Final = {
    "claire": (0.1, 0.15, 0.1), "james": (0.1, 0.05, 0.1), "mark": (0.1, 0.05, 0.1),
}  # fmt: skip
"""Actor -> L2, temporal and L1 of the skin's solver; those of James are Mark's, his are unknown."""
TONGUE_DOWN: Final = 9
HEARD: Final = 6
"""Windows of speech the last layers are fitted to; one before them and two behind are silent."""
RIPPLES: Final = 24


@dataclass(frozen=True)
class _Plan:
    points: FaceSizes
    widths: DiffusionWidths


PLANS: Final[dict[str, _Plan]] = {
    "full": _Plan(FaceSizes(24_002, 4_262, 5_602), denoiser.FULL),
    "small": _Plan(FaceSizes(300, 90, 120), denoiser.SMALL),
}


def synth_diffusion(folder: Path, *, size: Size = "small", seed: int = 0) -> Path:
    """Write a whole diffusion bundle with random weights.

    Args:
        folder: Empty, or not there yet.
        size: `full` has NVIDIA's sizes: 24 002 vertices, 180 million weights, 0.7 GB. `small` has
            the same files and the same network with narrow layers, 60 frames of 16 000 samples
            as ever, and a state of 32 instead of 256.
        seed: Decides every byte, on one machine with one set of libraries and threads.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty or cannot be written.
    """
    plan, weights = PLANS[size], Weights(seed)
    faces = {name: make_face(name.lower(), plan.points) for name in IDENTITIES}
    table = saccades(SACCADES, weights)
    sizes = Sizes(skin=3 * plan.points.skin, tongue=3 * plan.points.tongue)
    normalisation = _normalisation(list(faces.values()), table)
    heads = _heads(weights, plan.widths, sizes, normalisation, make_face(REFERENCE, plan.points))
    with new_folder(folder) as part:
        _write_texts(part, plan.widths, sizes)
        for name, face in faces.items():
            _write_identity(part, name, face, table)
        graph = network.diffusion_network(weights, plan.widths, sizes, normalisation, heads)
        del heads
        file = network.diffusion_file(graph, plan.widths, sizes, NOTE)
        (part / "network.onnx").write_bytes(file)
    return folder


def _write_texts(folder: Path, widths: DiffusionWidths, sizes: Sizes) -> None:
    shapes = {
        "window": "Bx16000",
        "identity": f"Bx{len(IDENTITIES)}",
        "emotion": "Bx30x10",
        "input_latents": f"2x2xBx{widths.gru}",
        "noise": f"Bx3x60x{sizes.frame}",
    }
    files = {
        "README.md": readme("Audio2Face-3D v3.0", "diffusion"),
        "config.json": "{}",
        "model.json": texts.diffusion_model(IDENTITIES),
        "network_info.json": texts.diffusion_info(IDENTITIES, sizes.skin, sizes.tongue, widths.gru),
        "trt_info.json": texts.engine_info(shapes, builder_s=150),
    }
    for name, content in files.items():
        write_text(folder / name, content)


def _write_identity(folder: Path, name: str, face: Face, table: NDArray[np.float32]) -> None:
    actor = name.lower()
    write_text(folder / f"model_config_{name}.json", texts.diffusion_config(actor))
    arrays: dict[str, NDArray[np.generic]] = {
        "neutral_skin": face.skin,
        "neutral_tongue": face.tongue,
        "neutral_jaw": face.jaw,
        "lip_open_pose_delta": face.lips_apart,
        "eye_close_pose_delta": face.lids_shut,
        "saccade_rot_matrix": table,
    }
    write_npz(folder / f"model_data_{name}.npz", arrays)
    offsets = [0.0] * 16
    if actor == "claire":
        offsets[TONGUE_DOWN] = 0.2
    write_rigs(
        folder,
        face,
        suffix=f"_{name}",
        versions=(RIG_VERSIONS[actor], TONGUE_RIG_VERSION),
        strengths=STRENGTHS[actor],
        idle=solver_settings.DIFFUSION_IDLE,
        tongue_offsets=offsets,
        crlf=False,
    )


def _normalisation(faces: list[Face], table: NDArray[np.float32]) -> Normalisation:
    """Return the spaces of the identities: each part about its middle, its farthest number 1."""
    means, scales = [], []
    for face in faces:
        even = [_even(points) for points in (face.skin, face.tongue)]
        rest = np.zeros(denoiser.JAW + denoiser.EYES, np.float32)
        means.append(np.concatenate([*(points for points, _ in even), rest]))
        jaw = _even(face.jaw)[1]
        scales.append([*(scale for _, scale in even), jaw, float(np.abs(table).max())])
    return Normalisation(np.stack(means), np.array(scales, np.float32))


def _even(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    centred = points - points.mean(0, dtype=np.float64)
    scale = float(np.abs(centred).max())
    return (centred / scale).astype(np.float32).ravel(), scale


def _heads(
    weights: Weights,
    widths: DiffusionWidths,
    sizes: Sizes,
    normalisation: Normalisation,
    face: Face,
) -> dict[str, Linear]:
    """Return last layers that turn speech into motion of the face's shapes, and a little else."""
    features = _features(weights, widths, sizes, normalisation)
    scale = normalisation.scale[[name.lower() for name in IDENTITIES].index(REFERENCE)]
    ripple = (Range(0.0, motion.RIPPLE_SWING),) * RIPPLES
    twins = (*motion.FACE_TWINS, *range(len(motion.FACE_TWINS), len(motion.FACE_TWINS) + RIPPLES))
    skin = fitted(weights, "skin.moves", features["skin"], (*motion.FACE_RANGES, *ripple), twins)
    fields = np.concatenate([face.skin_shapes, motion.ripples(face, RIPPLES, weights)])
    tongue = fitted(weights, "tongue.moves", features["tongue"], motion.TONGUE_RANGES)
    jaw_ranges = [motion.FACE_RANGES[row] for row in motion.JAW_ROWS]
    jaw = fitted(weights, "jaw.moves", features["jaw"], jaw_ranges)
    eyes = fitted(weights, "eyes", features["eyes"], motion.EYE_RANGES, motion.EYE_TWINS)
    return {
        "skin": skin.into(_columns(fields) / scale[0]),
        "tongue": tongue.into(_columns(face.tongue_shapes) / scale[1]),
        "jaw": jaw.into(_columns(face.jaw_shapes) / scale[2]),
        "eyes": eyes.into(np.eye(denoiser.EYES, dtype=np.float32) / scale[3]),
    }


def _columns(shapes: NDArray[np.float32]) -> NDArray[np.float32]:
    return shapes.reshape(len(shapes), -1).T


def _features(
    weights: Weights, widths: DiffusionWidths, sizes: Sizes, normalisation: Normalisation
) -> dict[str, NDArray[np.float32]]:
    """Return part -> float32[frames, size]: what its last layer sees of all three identities."""
    graph = network.diffusion_network(weights, widths, sizes, normalisation, None)
    ends = {
        part: widths.large if part in ("skin", "tongue") else widths.little for part in sizes.parts
    }
    ports = [Port(part, ("batch", denoiser.CENTRE, size)) for part, size in ends.items()]
    state_port = Port("output_latents", (2, denoiser.GRU_LAYERS, "batch", widths.gru))
    found = graph.file(network.inputs(widths, sizes), [*ports, state_port], name="inner", note=NOTE)
    runner = session(found)
    del found
    count = len(IDENTITIES)
    noise = weights.stream("noise").standard_normal(
        (count, 3, denoiser.FRAMES, sizes.frame), np.float32
    )
    feeds: dict[str, Any] = {
        "identity": np.eye(count, dtype=np.float32),
        "emotion": np.zeros((count, denoiser.CENTRE, denoiser.EMOTIONS), np.float32),
        "input_latents": np.zeros((2, denoiser.GRU_LAYERS, count, widths.gru), np.float32),
        "noise": noise,
    }
    rows: dict[str, list[NDArray[np.float32]]] = {part: [] for part in ends}
    for window in _windows():
        feeds["window"] = np.tile(window, (count, 1))
        *found, feeds["input_latents"] = runner.run([*ends, "output_latents"], feeds)
        for part, values in zip(ends, found, strict=True):
            rows[part].append(values.reshape(-1, values.shape[-1]))
    return {part: np.concatenate(values) for part, values in rows.items()}


def _windows() -> NDArray[np.float32]:
    """Return float32[windows, 16000], half a window apart: silence, speech, silence."""
    half = network.WINDOW_SAMPLES // 2
    speech = speech_16k()[: (HEARD + 1) * half]
    track = np.concatenate([np.zeros(half, np.float32), speech, np.zeros(3 * half, np.float32)])
    starts = range(0, len(track) - 2 * half + 1, half)
    return np.stack([track[start : start + 2 * half] for start in starts])
