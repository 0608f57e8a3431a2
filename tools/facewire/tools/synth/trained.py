"""A synthetic regression bundle as NVIDIA's training framework leaves it (a2f_runtime 9.8).

It differs from a published one wherever a reader could have relied on a habit: file names carry the
actor, rigs may be missing, the arrays of both families are there, the order of keys is another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.synth.folder import new_folder, write_npz, write_text
from facewire.tools.synth.regression import synth_regression
from facewire.tools.synth.texts import text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

ACTOR: Final = "mark"
DEPLOYED: Final = {
    "input_strength": 1.3,
    "upper_face_smoothing": 0.001,
    "lower_face_smoothing": 0.0023,
    "upper_face_strength": 1.0,
    "lower_face_strength": 1.7,
    "face_mask_level": 0.6,
    "face_mask_softness": 0.0085,
    "skin_strength": 1.1,
    "blink_strength": 1.0,
    "lower_teeth_strength": 1.3,
    "lower_teeth_height_offset": -0.1,
    "lower_teeth_depth_offset": 0.25,
    "lip_open_offset": -0.05,
    "tongue_strength": 1.5,
    "tongue_height_offset": 0.2,
    "tongue_depth_offset": -0.3,
    "eyeballs_strength": 1.0,
    "saccade_strength": 0.9,
    "right_eye_rot_x_offset": 0.0,
    "right_eye_rot_y_offset": -2.0,
    "left_eye_rot_x_offset": 0.0,
    "left_eye_rot_y_offset": 2.0,
    "eyelid_open_offset": 0.06,
    "eye_saccade_seed": 0,
}
"""model_config of a new bundle (a2f_runtime 9.9), before shot and frame."""


def synth_trained(
    folder: Path, *, seed: int = 0, rigs: Collection[str] = ("skin", "tongue")
) -> Path:
    """Write a small bundle in the manner of the training framework.

    Args:
        folder: Empty, or not there yet.
        seed: Decides everything random.
        rigs: Which solver rigs there are: those for whom nobody made blendshapes have none.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty or cannot be written.
    """
    with new_folder(folder) as part:
        made = synth_regression(part / "published", seed=seed, actor=ACTOR)
        paths = {}
        for rig in ("skin", "tongue"):
            if rig in rigs:
                paths[rig] = _renamed_rig(made, rig)
            else:
                (made / f"bs_{rig}.npz").unlink()
                (made / f"bs_{rig}_config.json").unlink()
        _rewrite_texts(made, paths)
        _unite_data(made / "model_data.npz")
        (made / "a2f_ms_config.json").unlink()
        for path in made.iterdir():
            path.rename(part / path.name)
        made.rmdir()
    return folder


def _renamed_rig(folder: Path, rig: str) -> dict[str, str]:
    names = {"config": f"bs_{rig}_config_{ACTOR}.json", "data": f"bs_{rig}_{ACTOR}.npz"}
    (folder / f"bs_{rig}_config.json").rename(folder / names["config"])
    (folder / f"bs_{rig}.npz").rename(folder / names["data"])
    return names


def _rewrite_texts(folder: Path, rigs: dict[str, dict[str, str]]) -> None:
    info = json.loads((folder / "network_info.json").read_bytes())
    info["params"]["identities"] = [ACTOR]
    with np.load(folder / "implicit_emo_db.npz") as moods:
        shot = moods["emo_spec_names"][0].decode()
    model = {
        "networkInfoPath": "network_info.json",
        "networkPath": "network.trt",
        "modelConfigPath": "model_config.json",
        "modelDataPath": "model_data.npz",
        "emotionDatabasePath": "implicit_emo_db.npz",
        "blendshapePaths": rigs,
    }
    config = {"config": {**DEPLOYED, "source_shot": shot, "source_frame": 0}}
    write_text(folder / "network_info.json", text(info))
    write_text(folder / "model.json", text(model))
    write_text(folder / "model_config.json", text(config))


def _unite_data(path: Path) -> None:
    """Add what the other family names otherwise, and the blinks that nothing reads."""
    with np.load(path) as published:
        arrays: dict[str, NDArray[np.generic]] = dict(published)
    arrays["neutral_skin"] = arrays["shapes_mean_skin"]
    arrays["neutral_tongue"] = arrays["shapes_mean_tongue"]
    arrays["blink_keys"] = np.zeros(10, np.float32)
    write_npz(path, arrays)
