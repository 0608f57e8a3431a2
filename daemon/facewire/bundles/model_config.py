"""`model_config*.json`: how a face is animated unless told otherwise (a2f_runtime §1.4)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facewire.bundles.lenient_json import Fields


@dataclass(frozen=True, kw_only=True)
class AnimatorDefaults:
    """Parameters of the animators as the file has them, under the file's names.

    Finite, and otherwise unchecked: NVIDIA's reader takes values its setters would refuse. There
    is no `blink_offset`: it belongs to the host and starts at 0.
    """

    input_strength: float
    """Gain of the audio; the diffusion runtime of NVIDIA ignores it."""
    upper_face_smoothing: float
    """Half-life in seconds, as the next."""
    lower_face_smoothing: float
    upper_face_strength: float
    lower_face_strength: float
    face_mask_level: float
    face_mask_softness: float
    skin_strength: float
    blink_strength: float
    lower_teeth_strength: float
    lower_teeth_height_offset: float
    """cm, as the next."""
    lower_teeth_depth_offset: float
    lip_open_offset: float
    tongue_strength: float
    tongue_height_offset: float
    """cm, as the next."""
    tongue_depth_offset: float
    eyeballs_strength: float
    saccade_strength: float
    right_eye_rot_x_offset: float
    """Degrees, as the next three."""
    right_eye_rot_y_offset: float
    left_eye_rot_x_offset: float
    left_eye_rot_y_offset: float
    eyelid_open_offset: float
    eye_saccade_seed: float
    """First entry of the saccade table; may have a fraction."""


@dataclass(frozen=True)
class ImplicitSource:
    """Which frame of which shot gives a regression network its implicit emotion."""

    shot: str
    frame: int


def read_animator_defaults(file: Fields) -> AnimatorDefaults:
    """Return the animators' parameters of a `model_config*.json`.

    Raises:
        BundleError: a key is missing or no number; NVIDIA's reader refuses such a bundle too.
    """
    config = file.fields("config")
    return AnimatorDefaults(**{each.name: config.number(each.name) for each in _FIELDS})


def read_implicit_source(file: Fields) -> ImplicitSource:
    """Return the shot and frame of a regression bundle's `model_config.json`.

    Raises:
        BundleError: one is missing or of another type.
    """
    config = file.fields("config")
    return ImplicitSource(config.text("source_shot"), config.integer("source_frame"))


_FIELDS = fields(AnimatorDefaults)
