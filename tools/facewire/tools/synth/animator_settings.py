"""What the animators of the published bundles are told, by actor."""

from __future__ import annotations

from typing import Final

CONFIG_KEYS: Final = (
    "input_strength", "upper_face_smoothing", "lower_face_smoothing", "upper_face_strength",
    "lower_face_strength", "face_mask_level", "face_mask_softness", "skin_strength",
    "blink_strength", "lower_teeth_strength", "lower_teeth_height_offset",
    "lower_teeth_depth_offset", "lip_open_offset", "tongue_strength", "tongue_height_offset",
    "tongue_depth_offset", "eyeballs_strength", "saccade_strength", "right_eye_rot_x_offset",
    "right_eye_rot_y_offset", "left_eye_rot_x_offset", "left_eye_rot_y_offset",
    "eyelid_open_offset", "eye_saccade_seed",
)  # fmt: skip
"""Of `config` in model_config*.json, in file order."""
_PLAIN: Final[dict[str, float]] = {
    **dict.fromkeys(CONFIG_KEYS, 0.0),
    **{key: 1.0 for key in CONFIG_KEYS if key.endswith("_strength")},
    "upper_face_smoothing": 0.001,
    "lower_face_smoothing": 0.006,
    "face_mask_level": 0.6,
    "face_mask_softness": 0.0085,
    "tongue_strength": 1.3,
    "eye_saccade_seed": 0,
}
_MARK: Final[dict[str, float]] = {
    "lower_face_smoothing": 0.0023,
    "tongue_strength": 1.5,
    "tongue_height_offset": 0.2,
    "tongue_depth_offset": 0.13,
    "saccade_strength": 0.9,
    "right_eye_rot_y_offset": -2.0,
    "left_eye_rot_y_offset": 2.0,
    "eyelid_open_offset": 0.06,
}
DIFFUSION_SETTINGS: Final[dict[str, dict[str, float]]] = {
    "claire": {**_PLAIN, "saccade_strength": 0.6},
    "james": {**_PLAIN, "saccade_strength": 0.9, "lip_open_offset": -0.02},
    "mark": {**_PLAIN, **_MARK},
}
"""Actor -> model_config of v3.0."""
REGRESSION_SETTINGS: Final[dict[str, dict[str, float]]] = {
    # Claire's file is not known; these are the values her older documents give.
    "claire": {
        **_PLAIN,
        "lower_face_strength": 1.25,
        "lower_teeth_strength": 1.25,
        "saccade_strength": 0.6,
    },
    "mark": {
        **_PLAIN,
        **_MARK,
        "input_strength": 1.3,
        "lower_face_strength": 1.4,
        "skin_strength": 1.1,
        "lower_teeth_strength": 1.3,
        "lower_teeth_height_offset": -0.1,
        "lip_open_offset": -0.03,
    },
}
"""Actor -> model_config of v2.3."""
SOURCE_FRAMES: Final = {"claire": ("cp1_neutral", 10), "mark": ("g2a_neutral", 33)}
"""Actor -> shot and frame whose implicit emotion v2.3 uses."""
