"""Ranges, setters and small cases of the animators: literal values of vectors.json."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import literal, literals, worst

from facewire.animation.eyes import EyesAnimator
from facewire.animation.face_parameters import (
    FACE_PARAMETERS,
    EyesParameters,
    FaceParameters,
    SkinParameters,
    TeethParameters,
    TongueParameters,
    changed,
)
from facewire.animation.jaw import column_major, jaw_transform
from facewire.animation.pca import reconstruct
from facewire.animation.skin import SkinAnimator, face_mask
from facewire.animation.smoothing import Smoother, smoothing_share
from facewire.animation.tongue import animate_tongue
from facewire.protocol.errors import SettingsError


def _float32(values: Any) -> Any:
    return np.array(values, np.float32)


def _skin(attributes: dict[str, float]) -> SkinParameters:
    """Return parameters by wire names without checks, as the SDK's Init takes them."""
    return SkinParameters(**{FACE_PARAMETERS[n].attribute: v for n, v in attributes.items()})


def test_ranges_and_defaults_are_the_sdks() -> None:
    published = {
        name: bounds for case in literals("range_") for name, bounds in case["expected"].items()
    }

    assert {
        name: {"default": row.default, "min": row.minimum, "max": row.maximum}
        for name, row in FACE_PARAMETERS.items()
    } == published
    defaults = FaceParameters().on_wire()
    assert defaults == {name: bounds["default"] for name, bounds in published.items()}


def _answer(parameters: Any, changes: dict[str, float]) -> str:
    try:
        changed(parameters, changes)
    except SettingsError as error:
        return "not_a_number" if "is not a number" in error.text else "out_of_range"
    return "ok"


def test_skin_setters_answer_as_the_sdks() -> None:
    case = literal("skin_setter_validation")
    parameters = _skin(case["inputs"]["initial"])
    assert parameters.upper_face_smoothing == 0.2

    answers = [_answer(parameters, {name: float(value)}) for name, value in case["inputs"]["sets"]]

    assert answers == case["expected"]["results"]


def test_a_refused_skin_change_leaves_the_old_value() -> None:
    parameters = _skin(literal("skin_setter_validation")["inputs"]["initial"])
    animator = SkinAnimator(np.arange(9), np.ones(9), np.ones(9), parameters, 1 / 60)

    for name, value in literal("skin_setter_validation")["inputs"]["sets"]:
        if _answer(parameters, {name: float(value)}) != "ok":
            with pytest.raises(SettingsError):
                animator.set({name: float(value)})

    assert animator.parameters == parameters


def test_tongue_setters_answer_as_the_sdks() -> None:
    case = literal("tongue_setter_validation")
    names = ("tongueStrength", "tongueHeightOffset", "tongueDepthOffset")
    parameters = changed(
        TongueParameters(), dict(zip(names, case["inputs"]["initial"], strict=True))
    )

    answers = [
        # When all three are set at once the one that is wrong is named.
        _answer(parameters, {name: value})
        if name != "all"
        else _answer(parameters, {names[0]: value[0]})
        for name, value in case["inputs"]["sets"]
    ]

    assert answers == case["expected"]["results"]
    together = dict(zip(names, case["inputs"]["sets"][0][1], strict=True))
    with pytest.raises(SettingsError, match="tongueStrength is 15; it must lie in"):
        changed(parameters, together)


def test_teeth_setters_answer_as_the_sdks() -> None:
    case = literal("teeth_setter_validation")["inputs"]
    names = ("lowerTeethStrength", "lowerTeethHeightOffset", "lowerTeethDepthOffset")

    parameters = changed(TeethParameters(), dict(zip(names, case["valid"], strict=True)))

    assert parameters.lower_teeth_depth_offset == 0.25
    for name, value in case["invalid"]:
        assert _answer(parameters, {name: value}) == "out_of_range"


def test_eyes_setters_answer_as_the_sdks() -> None:
    case = literal("eyes_setter_validation")["inputs"]
    names = [name for name, row in FACE_PARAMETERS.items() if row.group == "eyes"]
    short = {
        f"{side}{axis}": f"{side}EyeballRotationOffset{axis}"
        for side in ("right", "left")
        for axis in "XY"
    }
    animator = EyesAnimator(np.ones((3, 2)), EyesParameters(eyeballs_strength=-1.0), 1 / 30)
    assert animator.parameters.eyeballs_strength == -1.0

    animator.set(dict(zip(names, case["valid"], strict=True)))
    valid = animator.parameters

    assert valid.left_eye_rot_y_offset == 2.0
    for name, value in case["invalid"]:
        with pytest.raises(SettingsError):
            animator.set({short.get(name, name): value})
        assert animator.parameters == valid


@pytest.mark.parametrize(
    "name", ["interpolator_recurrence", "interpolator_step", "interpolator_zero"]
)
def test_smoothing_follows_the_published_recurrence(name: str) -> None:
    case = literal(name)
    inputs = case["inputs"]
    raw = _float32(inputs["raw"]).reshape(len(inputs["raw"]), -1)
    durations = np.broadcast_to(inputs["dt"], len(raw)).tolist()
    smoother = Smoother(raw.shape[1])
    smoothed = []

    for values, dt_s in zip(raw, durations, strict=True):
        smoother.set_speed(dt_s, inputs["smoothing"])
        smoothed.append(smoother.smooth(values).copy())

    expected = np.reshape(case["expected"]["smoothed"], raw.shape)
    assert np.allclose(smoothed, expected, rtol=case["tolerance"], atol=case["tolerance"])


@pytest.mark.parametrize("case", literals("interpolator_alpha"), ids=lambda case: case["name"])
def test_smoothing_shares_are_the_published_ones(case: dict[str, Any]) -> None:
    shares = [smoothing_share(case["inputs"]["dt"], s) for s in case["inputs"]["smoothing"]]

    assert worst(shares, case["expected"]["alpha"]) <= case["tolerance"]


@pytest.mark.parametrize("case", literals("skin_animator_small"), ids=lambda case: case["name"])
def test_skin_of_six_vertices_is_as_published(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]
    animator = SkinAnimator(
        inputs["neutral"],
        inputs["lip_open_delta"],
        inputs["eye_close_delta"],
        _skin(inputs["params"]),
        inputs["dt"],
    )

    found = [animator.animate(deltas).reshape(-1, 3) for deltas in _float32(inputs["input_deltas"])]

    assert worst(found, expected["vertices"]) <= case["tolerance"]
    if "face_mask_lower" in expected:
        assert worst(animator.mask, expected["face_mask_lower"]) <= case["tolerance"]


def test_face_mask_values_are_as_published() -> None:
    case = literal("face_mask_values")
    inputs = case["inputs"]

    mask = face_mask(np.array(inputs["normalised_y"]), inputs["level"], inputs["softness"])

    assert worst(mask, case["expected"]["mask_lower"]) <= case["tolerance"]


def test_tongue_of_four_vertices_is_as_published() -> None:
    case = literal("tongue_animator_small")
    inputs = case["inputs"]

    found = animate_tongue(
        _float32(inputs["neutral"]),
        _float32(inputs["input_delta"]),
        inputs["tongueStrength"],
        inputs["tongueHeightOffset"],
        inputs["tongueDepthOffset"],
    )

    assert worst(found.reshape(-1, 3), case["expected"]["vertices"]) <= case["tolerance"]


@pytest.mark.parametrize("case", literals("jaw_transform_"), ids=lambda case: case["name"])
def test_jaw_transforms_are_as_published(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]

    found = jaw_transform(
        _float32(inputs["neutral_jaw"]),
        _float32(inputs["jaw_result"]),
        inputs["lowerTeethStrength"],
        inputs["lowerTeethHeightOffset"],
        inputs["lowerTeethDepthOffset"],
    )

    assert worst(column_major(found), expected["matrix4x4_column_major"]) <= case["tolerance"]
    if "rotation" in expected:
        assert worst(found[:3, :3], expected["rotation"]) <= case["tolerance"]
        assert worst(found[:3, 3], expected["translation"]) <= case["tolerance"]


def _four(rotations: np.ndarray[Any, Any]) -> list[float]:
    """Return right x, right y, left x, left y of an animator's six values."""
    assert rotations[2] == rotations[5] == 0.0
    return [float(rotations[i]) for i in (0, 1, 3, 4)]


def _eyes(saccades: Any, values: tuple[float, ...], fps: float) -> EyesAnimator:
    names = [name for name, row in FACE_PARAMETERS.items() if row.group == "eyes"]
    parameters = changed(EyesParameters(), dict(zip(names, values, strict=True)))
    return EyesAnimator(saccades, parameters, 1 / fps)


def test_eyes_of_a_third_party_are_ours() -> None:
    case = literal("eyes_third_party")
    inputs, expected = case["inputs"], case["expected"]
    strengths = (inputs["eyeballsStrength"], inputs["saccadeStrength"])
    animator = _eyes(
        inputs["saccades"],
        (*strengths, *inputs["offsets_rx_ry_lx_ly"], inputs["seed"]),
        inputs["fps"],
    )

    found = [_four(animator.rotate(_float32(inputs["raw"]))) for _ in range(3)]

    frames = [expected["frames_0_1"], expected["frames_0_1"], expected["frame_2"]]
    assert worst(found, frames) <= case["tolerance"]


def test_a_sequence_of_saccades_is_as_published() -> None:
    case = literal("eyes_sequence_60fps_seed3")
    inputs, expected = case["inputs"], case["expected"]
    parameters = inputs["params"]
    strengths = (parameters["eyeballsStrength"], parameters["saccadeStrength"])
    animator = _eyes(
        inputs["saccades"],
        (*strengths, *parameters["off"], parameters["saccadeSeed"]),
        1 / inputs["dt"],
    )
    rows, found = [], []

    for _ in range(inputs["frames"]):
        rows.append(animator.saccade_row)
        found.append(_four(animator.rotate(_float32(inputs["raw_each_frame"]))))

    assert rows == expected["saccade_index"]
    assert worst(found, expected["rx_ry_lx_ly"]) <= case["tolerance"]


def test_eyes_follow_the_published_formula() -> None:
    tolerance = literal("eyes_formula")["tolerance"]
    saccades = np.random.default_rng(1).uniform(-4, 4, (50, 2)).astype(np.float32)
    gaze = _float32([1.5, -2.0, 0.25, 3.0])
    plain = _eyes(saccades, (1, 1, 0, 0, 0, 0, 0), 30)
    still = _eyes(saccades, (0, 0, 1.0, -2.0, 3.0, -4.0, 0), 30)

    for x, y in saccades.tolist():
        frame = int(plain.saccade_row)
        assert worst(_four(plain.rotate(gaze)), [1.5 + x, -2 + y, 0.25 + x, 3 + y]) <= tolerance
        assert _four(still.rotate_at(gaze, frame)) == [1.0, -2.0, 3.0, -4.0]


def test_pca_reconstruction_is_as_published() -> None:
    case = literal("pca_reconstruct")
    inputs = case["inputs"]

    found = reconstruct(_float32(inputs["coefs"]), _float32(inputs["shapes_matrix"]))

    assert worst(found.reshape(-1, 3), case["expected"]["delta"]) <= case["tolerance"]
