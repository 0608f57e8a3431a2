"""NVIDIA's published configuration files, written again from their values.

Key order, indentation, line ends: every file here has the size and SHA-256 of the published one,
which the tests check against the catalogue before anything is read from it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from facewire.emotion import EMOTIONS

FACES: Final = ("Claire", "James", "Mark")
LOGITS: Final = ("angry", "disgust", "fear", "happy", "neutral", "sad")
SYMMETRY: Final = (
    0, -1, -1, -1, -1, -1, 1, 0, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 2,
    3, 3, 4, 4, 5, 5, -1, -1, -1, -1, 6, 6, 7, 7, 8, 8, 10, 10, -1, 9, 9, -1, 11, 11, 12, 12, -1,
)  # fmt: skip


def v3_model() -> bytes:
    """Return model.json of v3.0."""
    poses = [
        {
            part: {"config": f"bs_{part}_config_{face}.json", "data": f"bs_{part}_{face}.npz"}
            for part in ("skin", "tongue")
        }
        for face in FACES
    ]
    return _lf(
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "modelConfigPaths": [f"model_config_{face}.json" for face in FACES],
            "modelDataPaths": [f"model_data_{face}.npz" for face in FACES],
            "blendshapePaths": poses,
        }
    )


def v3_network_info() -> bytes:
    """Return network_info.json of v3.0."""
    return _lf(
        {
            "id": {"type": "diffusion", "actor": "multi", "version": "3.2", "output": "geometry"},
            "params": {
                "emotions": list(EMOTIONS),
                "default_emotion": [0.0] * 10,
                "identities": list(FACES),
                "skin_size": 72006,
                "tongue_size": 16806,
                "jaw_size": 15,
                "eyes_size": 4,
                "num_diffusion_steps": 2,
                "num_gru_layers": 2,
                "gru_latent_dim": 256,
                "num_frames_left_truncate": 15,
                "num_frames_right_truncate": 15,
                "num_frames_center": 30,
            },
            "audio_params": {
                "buffer_len": 16000,
                "padding_left": 16000,
                "padding_right": 16000,
                "samplerate": 16000,
            },
        }
    )


def v3_model_config(values: dict[str, Any]) -> bytes:
    """Return model_config_*.json of v3.0 from a literal case's values, which have its order."""
    return _lf({"config": values})


def v3_bs_skin_config_mark() -> bytes:
    """Return bs_skin_config_Mark.json of v3.0."""
    inactive = (1, 2, 3, 4, 8, 9, 10, 11, 15, 16, 21, 22, 51)
    return _lf(_skin_solver(0.1, 0.05, 0.1, inactive)) + b"\n"


def mark_model() -> bytes:
    """Return model.json of v2.3 Mark."""
    poses = {
        part: {"config": f"bs_{part}_config.json", "data": f"bs_{part}.npz"}
        for part in ("skin", "tongue")
    }
    return _crlf(
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "emotionDatabasePath": "implicit_emo_db.npz",
            "modelConfigPath": "model_config.json",
            "modelDataPath": "model_data.npz",
            "blendshapePaths": poses,
        },
        end="\r\n",
    )


def mark_model_config(values: dict[str, Any]) -> bytes:
    """Return model_config.json of v2.3 Mark from the literal case's values."""
    return _crlf({"config": values}, end="\r\n")


def mark_bs_skin_config() -> bytes:
    """Return bs_skin_config.json of v2.3 Mark."""
    return _crlf(_skin_solver(0.5, 0.3, 0.5, (1, 2, 3, 4, 8, 9, 10, 11, 51)))


def a2e_model() -> bytes:
    """Return model.json of Audio2Emotion v2.2."""
    paths = {
        "networkInfoPath": "network_info.json",
        "networkPath": "network.trt",
        "modelConfigPath": "model_config.json",
    }
    return _lf(paths) + b"\n"


def a2e_network_info() -> bytes:
    """Return network_info.json of Audio2Emotion v2.2, whose list is on one line."""
    names = json.dumps(LOGITS)
    rate = '    "audio_params": {\n        "samplerate": 16000\n    },\n'
    return f'{{\n{rate}    "emotions": {names}\n}}\n'.encode()


def mark_network_info() -> bytes:
    """Return network_info.json of v2.3 Mark: its values, not its text, which is not known."""
    return _lf(
        {
            "id": {"type": "regression", "actor": "mark", "version": "2.3", "output": "geometry"},
            "params": {
                "implicit_emotion_len": 16,
                "explicit_emotions": list(EMOTIONS),
                "default_emotion": [0.0] * 10,
                "num_shapes_skin": 272,
                "num_verts_skin": 61520,
                "num_shapes_tongue": 10,
                "num_verts_tongue": 5602,
                "result_jaw_size": 15,
                "result_eyes_size": 4,
            },
            "audio_params": {"buffer_len": 8320, "buffer_ofs": 4160, "samplerate": 16000},
        }
    )


def tongue_config(*, l1: float, l2: float, temporal: float, size: float, down: float) -> bytes:
    """Return a bs_tongue_config*.json: its values, not its text, which is not known."""
    count = 16
    return _lf(
        {
            "blendshape_params": {
                "strengthL2regularization": l2,
                "strengthTemporalSmoothing": temporal,
                "strengthL1regularization": l1,
                "strengthSymmetry": 100.0,
                "numPoses": count,
                "bsSolveActivePoses": [1] * count,
                "bsSolveCancelPoses": [-1] * count,
                "bsSolveSymmetryPoses": [-1] * count,
                "bsWeightMultipliers": [2.0, 1, 1, 1, 3.0, 1, 1, 1, 2.0, 1, 1, 1, 1, 2.0, 1, 1],
                "bsWeightOffsets": [0.0] * 9 + [down] + [0.0] * 6,
                "templateBBSize": size,
            }
        }
    )


def _skin_solver(
    l2: float, temporal: float, l1: float, inactive: tuple[int, ...]
) -> dict[str, Any]:
    count = len(SYMMETRY)
    return {
        "blendshape_params": {
            "strengthL2regularization": l2,
            "strengthTemporalSmoothing": temporal,
            "strengthL1regularization": l1,
            "strengthSymmetry": 100.0,
            "numPoses": count,
            "bsSolveActivePoses": [int(pose not in inactive) for pose in range(count)],
            "bsSolveCancelPoses": [-1] * count,
            "bsSolveSymmetryPoses": list(SYMMETRY),
            "bsWeightMultipliers": [1.0] * count,
            "bsWeightOffsets": [0.0] * count,
            "templateBBSize": 53.45050282121686,
        }
    }


def _lf(content: Any) -> bytes:
    return json.dumps(content, indent=4).encode()


def _crlf(content: Any, end: str = "") -> bytes:
    return _lf(content).replace(b"\n", b"\r\n") + end.encode()
