"""The JSON files of a bundle, in NVIDIA's key order and, where it is known, to the byte.

Regression bundles have CRLF line ends. Published files end with or without a line end; each
function gives the one whose digest is known (a2f_runtime 1.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from facewire.tools.synth.animator_settings import (
    CONFIG_KEYS,
    DIFFUSION_SETTINGS,
    REGRESSION_SETTINGS,
    SOURCE_FRAMES,
)
from facewire.tools.synth.tables import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

A2E_EMOTIONS: Final = ("angry", "disgust", "fear", "happy", "neutral", "sad")


def text(value: Any, *, crlf: bool = False, end: bool = False) -> str:
    """Return JSON indented by four, with or without a last line end."""
    plain = json.dumps(value, indent=4) + ("\n" if end else "")
    return plain.replace("\n", "\r\n") if crlf else plain


def regression_model() -> str:
    """Return model.json of v2.3."""
    return text(
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "emotionDatabasePath": "implicit_emo_db.npz",
            "modelConfigPath": "model_config.json",
            "modelDataPath": "model_data.npz",
            "blendshapePaths": _rig_paths(""),
        },
        crlf=True,
        end=True,
    )


def diffusion_model(identities: Sequence[str]) -> str:
    """Return model.json of v3.0."""
    return text(
        {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "modelConfigPaths": [f"model_config_{name}.json" for name in identities],
            "modelDataPaths": [f"model_data_{name}.npz" for name in identities],
            "blendshapePaths": [_rig_paths(f"_{name}") for name in identities],
        }
    )


def emotion_model() -> str:
    """Return model.json of Audio2Emotion."""
    paths = {"networkInfoPath": "network_info.json", "networkPath": "network.trt"}
    return text({**paths, "modelConfigPath": "model_config.json"}, end=True)


def _rig_paths(suffix: str) -> dict[str, dict[str, str]]:
    return {
        part: {
            "config": f"bs_{part}_config{suffix}.json",
            "data": f"bs_{part}{suffix}.npz",
        }
        for part in ("skin", "tongue")
    }


def regression_info(
    actor: str, version: str, *, skin: tuple[int, int], tongue: tuple[int, int]
) -> str:
    """Return network_info.json of v2.3; skin and tongue are (coefficients, vertices)."""
    return text(
        {
            "id": _identity("regression", actor, version),
            "params": {
                "implicit_emotion_len": 16,
                "explicit_emotions": EMOTIONS,
                "default_emotion": [0.0] * len(EMOTIONS),
                "num_shapes_skin": skin[0],
                "num_verts_skin": skin[1],
                "num_shapes_tongue": tongue[0],
                "num_verts_tongue": tongue[1],
                "result_jaw_size": 15,
                "result_eyes_size": 4,
            },
            "audio_params": {"buffer_len": 8320, "buffer_ofs": 4160, "samplerate": 16000},
        },
        crlf=True,
    )


def diffusion_info(identities: Sequence[str], skin_size: int, tongue_size: int, gru: int) -> str:
    """Return network_info.json of v3.0."""
    return text(
        {
            "id": _identity("diffusion", "multi", "3.2"),
            "params": {
                "emotions": EMOTIONS,
                "default_emotion": [0.0] * len(EMOTIONS),
                "identities": identities,
                "skin_size": skin_size,
                "tongue_size": tongue_size,
                "jaw_size": 15,
                "eyes_size": 4,
                "num_diffusion_steps": 2,
                "num_gru_layers": 2,
                "gru_latent_dim": gru,
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


def _identity(family: str, actor: str, version: str) -> dict[str, str]:
    return {"type": family, "actor": actor, "version": version, "output": "geometry"}


def emotion_info() -> str:
    """Return network_info.json of Audio2Emotion, whose list is on one line."""
    names = json.dumps(A2E_EMOTIONS)
    rest = text({"audio_params": {"samplerate": 16000}, "emotions": "names"}, end=True)
    return rest.replace('"names"', names)


def emotion_config() -> str:
    """Return model_config.json of Audio2Emotion."""
    neutral = [0.0] * len(EMOTIONS)
    settings = {
        "output_emotion_length": len(EMOTIONS),
        "emotion_contrast": 1.0,
        "max_emotions": 6,
        "live_blend_coef": 0.7,
        "enable_preferred_emotion": False,
        "preferred_emotion_strength": 0.5,
        "preferred_emotion": "neutral",
        "transition_smoothing": 0.5,
        "fixed_dt": 0.033,
        "emotion_strength": 0.6,
        "emotion_correspondence": dict(zip(A2E_EMOTIONS, (1, 3, 4, 6, -1, 9), strict=True)),
    }
    rest = text({"post_processing_config": settings}, end=True)
    return rest.replace('"neutral",', f"{json.dumps(neutral)},")


def regression_config(actor: str) -> str:
    """Return model_config.json of v2.3."""
    settings = REGRESSION_SETTINGS[actor]
    shot, frame = SOURCE_FRAMES[actor]
    config: dict[str, float | str] = {key: settings[key] for key in CONFIG_KEYS[:7]}
    config |= {"source_shot": shot, "source_frame": frame}
    config |= {key: settings[key] for key in CONFIG_KEYS[7:]}
    return text({"config": config}, crlf=True, end=True)


def legacy_config(
    actor: str, *, skin: tuple[int, int], tongue: tuple[int, int], solver: dict[str, Any]
) -> str:
    """Return a2f_ms_config.json, settings of an older service that nothing reads any more.

    Args:
        actor: Whose animator settings they are.
        skin: Coefficients and vertices.
        tongue: Likewise.
        solver: What bs_skin_config.json holds.
    """
    delay_s = 0.25 if actor == "mark" else 0.15
    face = {"prediction_delay": delay_s, "blink_interval": 3.0, "keyframer_fps": 60}
    network = {
        "num_dim_fullface": skin[0] + tongue[0] + 19,
        "result_skin_size": skin[1],  # as published: it counts vertices, whatever its name says
        "result_tongue_size": tongue[1],
        "result_jaw_size": 15,
        "result_eyes_size": 4,
    }
    eyes = {"ue_l_eye_idx": 1, "ue_r_eye_idx": 8, "ue_eye_dim": 4}
    poses = {**solver["blendshape_params"], "bsDataPath": "bs_skin.npz", **eyes}
    return text(
        {
            "face_params": {**REGRESSION_SETTINGS[actor], **face},
            "network_params": network,
            "blendshape_params": poses,
        },
        crlf=True,
    )


def diffusion_config(actor: str) -> str:
    """Return model_config_*.json of v3.0."""
    settings = DIFFUSION_SETTINGS[actor]
    return text({"config": {key: settings[key] for key in CONFIG_KEYS}})


def engine_info(
    shapes: dict[str, str],
    *,
    most: int = 8,
    best: int = 3,
    lengths: tuple[int, int, int] | None = None,
    builder_s: int | None = None,
) -> str:
    """Return trt_info.json: how TensorRT's builder is called.

    Args:
        shapes: Input -> its shape, with B for the batch and L for a length.
        most: Batch the engine takes.
        best: Batch it is made for.
        lengths: Least, best and most samples, where L varies.
        builder_s: How long the builder takes, where the file tells.
    """
    low, middle, high = lengths or (0, 0, 0)
    high_name = "{MAX_BUFFER_LEN}" if lengths else ""

    def profile(kind: str, batch: str, length: str) -> str:
        sizes = (
            f"{name}:{shape.replace('B', batch).replace('L', length)}"
            for name, shape in shapes.items()
        )
        return f"--{kind}Shapes={','.join(sizes)}"

    defaults = {"MAX_BATCH_SIZE": most, "OPT_BATCH_SIZE": best}
    estimate = {} if builder_s is None else {"estimated_trt_builder_time": builder_s}
    return text(
        {
            **estimate,
            "trt_build_param": {
                "cuda_in_graphics": ["--memPoolSize=tacticSharedMem:0.046875"],
                "batch": [
                    profile("min", "1", str(low)),
                    profile("max", "{MAX_BATCH_SIZE}", high_name),
                    profile("opt", "{OPT_BATCH_SIZE}", str(middle)),
                ],
            },
            "defaults": {**defaults, "MAX_BUFFER_LEN": high} if lengths else defaults,
        }
    )
