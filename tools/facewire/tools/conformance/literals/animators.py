"""Smoothing, skin, tongue, jaw, eyes and PCA on a handful of vertices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.eyes import EyesAnimator
from facewire.animation.face_parameters import (
    FACE_PARAMETERS,
    EyesParameters,
    SkinParameters,
    changed,
)
from facewire.animation.jaw import column_major, jaw_transform
from facewire.animation.pca import reconstruct
from facewire.animation.skin import SkinAnimator, face_mask
from facewire.animation.smoothing import Smoother, smoothing_share
from facewire.animation.tongue import animate_tongue
from facewire.tools.conformance.outcomes import absolute, differs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


def _float32(values: Any) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def _alpha(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    shares = [smoothing_share(inputs["dt"], each) for each in inputs["smoothing"]]
    yield absolute(shares, expected["alpha"])


def _recurrence(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    raw = _float32(inputs["raw"]).reshape(len(inputs["raw"]), -1)
    smoother, found = Smoother(raw.shape[1]), []
    for values, dt_s in zip(raw, np.broadcast_to(inputs["dt"], len(raw)).tolist(), strict=True):
        smoother.set_speed(dt_s, inputs["smoothing"])
        found.append(smoother.smooth(values).copy())
    wanted = np.reshape(expected["smoothed"], raw.shape)
    # Stated for values of about 1; some are 10, and float32 has a relative rounding.
    yield absolute(np.array(found) / np.maximum(1, np.abs(wanted)),
                   wanted / np.maximum(1, np.abs(wanted)))  # fmt: skip


def _skin(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    given = {FACE_PARAMETERS[name].attribute: value for name, value in inputs["params"].items()}
    animator = SkinAnimator(
        inputs["neutral"],
        inputs["lip_open_delta"],
        inputs["eye_close_delta"],
        SkinParameters(**given),
        inputs["dt"],
    )
    found = [animator.animate(deltas).reshape(-1, 3) for deltas in _float32(inputs["input_deltas"])]
    yield absolute(found, expected["vertices"])
    if "face_mask_lower" in expected:
        yield absolute(animator.mask, expected["face_mask_lower"])


def _mask(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    heights = np.array(inputs["normalised_y"], np.float64)
    mask = face_mask(heights, inputs["level"], inputs["softness"])
    yield absolute(mask, expected["mask_lower"])


def _tongue(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    found = animate_tongue(
        _float32(inputs["neutral"]),
        _float32(inputs["input_delta"]),
        inputs["tongueStrength"],
        inputs["tongueHeightOffset"],
        inputs["tongueDepthOffset"],
    )
    yield absolute(found.reshape(-1, 3), expected["vertices"])


def _jaw(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    found = jaw_transform(
        _float32(inputs["neutral_jaw"]),
        _float32(inputs["jaw_result"]),
        inputs["lowerTeethStrength"],
        inputs["lowerTeethHeightOffset"],
        inputs["lowerTeethDepthOffset"],
    )
    yield absolute(column_major(found), expected["matrix4x4_column_major"])
    if "rotation" in expected:
        yield absolute(found[:3, :3], expected["rotation"])
        yield absolute(found[:3, 3], expected["translation"])


def _animator(saccades: Any, values: Sequence[float], dt_s: float) -> EyesAnimator:
    names = [name for name, row in FACE_PARAMETERS.items() if row.group == "eyes"]
    parameters = changed(EyesParameters(), dict(zip(names, values, strict=True)))
    return EyesAnimator(saccades, parameters, dt_s)


def _angles(rotations: NDArray[np.float32]) -> list[float]:
    """Return right x, right y, left x, left y; NaN where a z is not 0."""
    if rotations[2] or rotations[5]:
        return [np.nan] * 4
    return [float(rotations[index]) for index in (0, 1, 3, 4)]


def _eyes_third_party(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    strengths = (inputs["eyeballsStrength"], inputs["saccadeStrength"])
    values = (*strengths, *inputs["offsets_rx_ry_lx_ly"], inputs["seed"])
    animator = _animator(inputs["saccades"], values, 1 / inputs["fps"])
    found = [_angles(animator.rotate(_float32(inputs["raw"]))) for _ in range(3)]
    yield absolute(found, [expected["frames_0_1"], expected["frames_0_1"], expected["frame_2"]])


def _eyes_sequence(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    params = inputs["params"]
    strengths = (params["eyeballsStrength"], params["saccadeStrength"])
    values = (*strengths, *params["off"], params["saccadeSeed"])
    animator = _animator(inputs["saccades"], values, inputs["dt"])
    rows, found = [], []
    for _ in expected["saccade_index"]:
        rows.append(animator.saccade_row)
        found.append(_angles(animator.rotate(_float32(inputs["raw_each_frame"]))))
    yield differs(rows, expected["saccade_index"])
    yield absolute(found, expected["rx_ry_lx_ly"])


def _eyes_formula(_inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare with what the case says as a rule: gaze plus saccade, or the offsets alone."""
    saccades = np.random.default_rng(1).uniform(-4, 4, (50, 2)).astype(np.float32)
    gaze = _float32([1.5, -2.0, 0.25, 3.0])
    plain = _animator(saccades, (1, 1, 0, 0, 0, 0, 0), 1 / 30)
    still = _animator(saccades, (0, 0, 1.0, -2.0, 3.0, -4.0, 0), 1 / 30)
    for x, y in saccades.tolist():
        row = plain.saccade_row
        yield absolute(_angles(plain.rotate(gaze)), [1.5 + x, -2 + y, 0.25 + x, 3 + y])
        yield differs(_angles(still.rotate_at(gaze, row)), [1.0, -2.0, 3.0, -4.0])


def _pca(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    found = reconstruct(_float32(inputs["coefs"]), _float32(inputs["shapes_matrix"]))
    yield absolute(found.reshape(-1, 3), expected["delta"])


COMPARED: Final = {
    "interpolator_alpha": _alpha,
    "interpolator_": _recurrence,
    "skin_animator_small": _skin,
    "face_mask_values": _mask,
    "tongue_animator_small": _tongue,
    "jaw_transform_": _jaw,
    "eyes_third_party": _eyes_third_party,
    "eyes_sequence": _eyes_sequence,
    "eyes_formula": _eyes_formula,
    "pca_reconstruct": _pca,
}
