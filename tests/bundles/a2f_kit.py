"""Small bundles in NVIDIA's layout, and ways to spoil them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.bundles import onnx_kit

from facewire.emotion import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

V, TONGUE_V, SHAPES, TONGUE_SHAPES, WINDOW = 12, 5, 3, 2, 64
POSES = {"skin": ("jawOpen", "mouthClose", "eyeBlinkLeft"), "tongue": ("tongueUp", "tongueDown")}
VERTICES = {"skin": V, "tongue": TONGUE_V}
FACES = ("Claire", "James")
LOGITS = ("angry", "disgust", "fear", "happy", "neutral", "sad")
CONFIG = {
    "input_strength": 1.3,
    "upper_face_smoothing": 0.001,
    "lower_face_smoothing": 0.0023,
    "upper_face_strength": 1.0,
    "lower_face_strength": 1.4,
    "face_mask_level": 0.6,
    "face_mask_softness": 0.0085,
    "skin_strength": 1.1,
    "blink_strength": 1.0,
    "lower_teeth_strength": 1.3,
    "lower_teeth_height_offset": -0.1,
    "lower_teeth_depth_offset": 0.0,
    "lip_open_offset": -0.03,
    "tongue_strength": 1.5,
    "tongue_height_offset": 0.2,
    "tongue_depth_offset": 0.13,
    "eyeballs_strength": 1.0,
    "saccade_strength": 0.9,
    "right_eye_rot_x_offset": 0.0,
    "right_eye_rot_y_offset": -2.0,
    "left_eye_rot_x_offset": 0.0,
    "left_eye_rot_y_offset": 2.0,
    "eyelid_open_offset": 0.06,
    "eye_saccade_seed": 0,
}


def regression(folder: Path) -> Path:
    """Write a regression bundle."""
    folder.mkdir(exist_ok=True)
    _json(
        folder / "model.json",
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "emotionDatabasePath": "implicit_emo_db.npz",
            "modelConfigPath": "model_config.json",
            "modelDataPath": "model_data.npz",
            "blendshapePaths": _poses(folder, ""),
        },
    )
    params = {
        "implicit_emotion_len": 16,
        "explicit_emotions": list(EMOTIONS),
        "default_emotion": [0.0] * 10,
        "num_shapes_skin": SHAPES,
        "num_verts_skin": V,
        "num_shapes_tongue": TONGUE_SHAPES,
        "num_verts_tongue": TONGUE_V,
        "result_jaw_size": 15,
        "result_eyes_size": 4,
    }
    audio = {"buffer_len": WINDOW, "buffer_ofs": WINDOW // 2, "samplerate": 16000}
    identity = {"type": "regression", "actor": "mark", "version": "2.3", "output": "geometry"}
    _json(folder / "network_info.json", {"id": identity, "params": params, "audio_params": audio})
    _json(
        folder / "model_config.json",
        {"config": {**CONFIG, "source_shot": "g2a_neutral", "source_frame": 3}},
    )
    geometry = _geometry(2)
    np.savez(
        folder / "model_data.npz",
        shapes_matrix_skin=noise((SHAPES, V, 3), 0),
        shapes_matrix_tongue=noise((TONGUE_SHAPES, TONGUE_V, 3), 1),
        shapes_mean_skin=geometry.pop("neutral_skin"),
        shapes_mean_tongue=geometry.pop("neutral_tongue"),
        **geometry,
    )
    np.savez(
        folder / "implicit_emo_db.npz",
        emo_db=noise((9, 16), 3),
        emo_spec_names=np.array([b"g1c_neutral", b"g2a_neutral"]),
        emo_spec_start=np.array([0, 4], np.int32),
        emo_spec_size=np.array([4, 5], np.int32),
    )
    network = onnx_kit.regression(WINDOW, 26, SHAPES + TONGUE_SHAPES + 19)
    (folder / "network.onnx").write_bytes(network.write())
    return folder


def diffusion(folder: Path) -> Path:
    """Write a diffusion bundle of two faces."""
    folder.mkdir(exist_ok=True)
    _json(
        folder / "model.json",
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "modelConfigPaths": [f"model_config_{face}.json" for face in FACES],
            "modelDataPaths": [f"model_data_{face}.npz" for face in FACES],
            "blendshapePaths": [_poses(folder, f"_{face}") for face in FACES],
        },
    )
    params = {
        "emotions": list(EMOTIONS),
        "default_emotion": [0.0] * 10,
        "identities": list(FACES),
        "skin_size": 3 * V,
        "tongue_size": 3 * TONGUE_V,
        "jaw_size": 15,
        "eyes_size": 4,
        "num_diffusion_steps": 2,
        "num_gru_layers": 3,
        "gru_latent_dim": 8,
        "num_frames_left_truncate": 2,
        "num_frames_right_truncate": 1,
        "num_frames_center": 4,
    }
    padding = {"padding_left": WINDOW, "padding_right": WINDOW}
    audio = {"buffer_len": WINDOW, **padding, "samplerate": 16000}
    identity = {"type": "diffusion", "actor": "multi", "version": "3.2", "output": "geometry"}
    _json(folder / "network_info.json", {"id": identity, "params": params, "audio_params": audio})
    for seed, face in enumerate(FACES):
        config = {**CONFIG, "lip_open_offset": -0.01 * seed}
        _json(folder / f"model_config_{face}.json", {"config": config})
        np.savez(folder / f"model_data_{face}.npz", **_geometry(seed))
    network = onnx_kit.diffusion(
        WINDOW, len(FACES), 10, 4, 7, 3 * (V + TONGUE_V) + 19, (2, 3, "batch", 8)
    )
    (folder / "network.onnx").write_bytes(network.write())
    return folder


def emotion(folder: Path) -> Path:
    """Write an Audio2Emotion bundle."""
    folder.mkdir(exist_ok=True)
    _json(
        folder / "model.json",
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "modelConfigPath": "model_config.json",
        },
    )
    _json(
        folder / "network_info.json",
        {"audio_params": {"samplerate": 16000}, "emotions": list(LOGITS)},
    )
    mapped = dict(zip(LOGITS, (1, 3, 4, 6, -1, 9), strict=True))
    config = {
        "output_emotion_length": 10,
        "emotion_contrast": 1.0,
        "max_emotions": 6,
        "live_blend_coef": 0.7,
        "enable_preferred_emotion": False,
        "preferred_emotion_strength": 0.5,
        "preferred_emotion": [0.0] * 10,
        "transition_smoothing": 0.5,
        "fixed_dt": 0.033,
        "emotion_strength": 0.6,
        "emotion_correspondence": mapped,
    }
    _json(folder / "model_config.json", {"post_processing_config": config})
    (folder / "network.onnx").write_bytes(onnx_kit.emotion(len(LOGITS)).write())
    return folder


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "regression": regression,
    "diffusion": diffusion,
    "emotion": emotion,
}


def noise(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Return reproducible values."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def edit_json(path: Path, *keys: str | int, value: Any = ...) -> None:
    """Set the value that the keys lead to, or delete it when no value is given."""
    content = json.loads(path.read_text())
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    if value is ...:
        del holder[keys[-1]]
    else:
        holder[keys[-1]] = value
    _json(path, content)


def edit_npz(path: Path, **changes: Any) -> None:
    """Replace arrays, or delete those whose value is None."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files} | changes
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez(path, **kept, allow_pickle=True)


def _poses(folder: Path, suffix: str) -> dict[str, dict[str, str]]:
    found = {}
    for seed, (part, names) in enumerate(POSES.items()):
        config, stored = f"bs_{part}_config{suffix}.json", f"bs_{part}{suffix}.npz"
        _json(folder / config, {"blendshape_params": _solver(len(names))})
        arrays: dict[str, Any] = {
            name: noise((VERTICES[part], 3), 10 * seed + at) for at, name in enumerate(names)
        }
        if part == "skin":
            arrays["frontalMask"] = np.array([0, 3, 4, 7, 11], np.int32)
        np.savez(
            folder / stored,
            poseNames=np.array([b"neutral", *(name.encode() for name in names)]),
            neutral=noise((VERTICES[part], 3), 77),
            rig_version=np.array(b"v3.1"),
            **arrays,
        )
        found[part] = {"config": config, "data": stored}
    return found


def _solver(count: int) -> dict[str, Any]:
    return {
        "strengthL2regularization": 0.5,
        "strengthTemporalSmoothing": 0.3,
        "strengthL1regularization": 0.4,
        "strengthSymmetry": 100.0,
        "numPoses": count,
        "bsSolveActivePoses": [1] * (count - 1) + [0],
        "bsSolveCancelPoses": [-1] * count,
        "bsSolveSymmetryPoses": [0, 0, *[-1] * (count - 2)],
        "bsWeightMultipliers": [1.0 + at for at in range(count)],
        "bsWeightOffsets": [0.1 * at for at in range(count)],
        "templateBBSize": 53.45,
    }


def _geometry(seed: int) -> dict[str, Any]:
    shapes = {
        "neutral_skin": (V, 3),
        "neutral_tongue": (TONGUE_V, 3),
        "neutral_jaw": (5, 3),
        "lip_open_pose_delta": (V, 3),
        "eye_close_pose_delta": (V, 3),
        "saccade_rot_matrix": (20, 2),
    }
    return {name: noise(shape, 100 * seed + at) for at, (name, shape) in enumerate(shapes.items())}


def _json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=4))
