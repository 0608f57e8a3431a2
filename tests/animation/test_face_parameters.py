from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import literal

from facewire.animation.face_parameters import (
    FACE_PARAMETERS,
    EyesParameters,
    FaceParameters,
    SkinParameters,
    changed,
    checked_value,
)
from facewire.protocol.errors import SettingsError

MARK = literal("bundle_mark_v23_model_config")["expected"]


def test_a_bundles_configuration_is_taken_by_its_own_keys() -> None:
    parameters = FaceParameters.from_config(MARK)

    assert parameters.skin.lower_face_strength == 1.4
    assert parameters.teeth.lower_teeth_height_offset == -0.1
    assert parameters.eyes.right_eye_rot_y_offset == -2.0
    assert parameters.skin.blink_offset == 0.0
    assert type(parameters.eyes.eye_saccade_seed) is float


def test_every_key_of_a_published_configuration_but_three_is_a_face_parameter() -> None:
    known = {row.attribute for row in FACE_PARAMETERS.values() if row.in_config}

    assert set(MARK) - known == {"input_strength", "source_shot", "source_frame"}
    assert known <= set(MARK)


def test_a_bundle_is_taken_without_range_checks() -> None:
    parameters = FaceParameters.from_config({**MARK, "lip_open_offset": 7})

    assert parameters.skin.lip_open_offset == 7.0


@pytest.mark.parametrize("key", ["tongue_strength", "eye_saccade_seed", "face_mask_level"])
def test_a_missing_key_is_named(key: str) -> None:
    config = {name: value for name, value in MARK.items() if name != key}

    with pytest.raises(SettingsError, match=f"{key} is missing") as refusal:
        FaceParameters.from_config(config)

    assert refusal.value.field == key


@pytest.mark.parametrize("value", ["0.5", None, True, [1.0]])
def test_a_value_that_is_no_number_is_refused_with_its_key(value: Any) -> None:
    with pytest.raises(SettingsError, match=r"skin_strength is .* which is not a number"):
        FaceParameters.from_config({**MARK, "skin_strength": value})


def test_changes_reach_every_group_by_wire_names() -> None:
    wanted = {
        "lipOpenOffset": 0.1,
        "tongueDepthOffset": -1.0,
        "lowerTeethStrength": 2.0,
        "leftEyeballRotationOffsetX": 3.0,
    }

    parameters = FaceParameters().with_changes(wanted)

    before, after = FaceParameters().on_wire(), parameters.on_wire()
    assert {name: after[name] for name in after if after[name] != before[name]} == wanted


def test_of_several_changes_all_are_taken_or_none() -> None:
    parameters = FaceParameters.from_config(MARK)

    with pytest.raises(SettingsError, match=r"blinkOffset is 1\.5; it must lie in"):
        parameters.with_changes({"lipOpenOffset": 0.1, "blinkOffset": 1.5})

    assert parameters == FaceParameters.from_config(MARK)


@pytest.mark.parametrize("name", FACE_PARAMETERS)
def test_bounds_are_inclusive_and_one_step_past_them_is_refused(name: str) -> None:
    row = FACE_PARAMETERS[name]
    for bound, beyond in ((row.minimum, -math.inf), (row.maximum, math.inf)):
        accepted = FaceParameters().with_changes({name: bound}).on_wire()
        assert accepted[name] == bound
        past = float(np.nextafter(np.float32(bound), np.float32(beyond)))
        for refused in (past, beyond, math.nan):
            with pytest.raises(SettingsError) as refusal:
                FaceParameters().with_changes({name: refused})
            assert refusal.value.field == name
            assert f"[{row.minimum:g}, {row.maximum:g}]" in refusal.value.text


def test_a_bound_that_a_client_kept_in_float32_is_still_in_range() -> None:
    kept = float(np.float32(0.1))
    assert kept > 0.1

    parameters = changed(SkinParameters(), {"lowerFaceSmoothing": kept})

    assert parameters.lower_face_smoothing == kept


def test_numbers_past_any_float_are_out_of_range() -> None:
    with pytest.raises(SettingsError, match="it must lie in"):
        checked_value("skinStrength", 10**400, 0.0, 2.0)


def test_an_unknown_name_is_told_its_nearest() -> None:
    with pytest.raises(SettingsError) as refusal:
        FaceParameters().with_changes({"lipOpenOfset": 0.0})

    assert refusal.value.hint == "Did you mean 'lipOpenOffset'?"


def test_a_group_takes_its_own_names_only() -> None:
    with pytest.raises(SettingsError, match="no face parameter called 'lipOpenOffset'"):
        changed(EyesParameters(), {"lipOpenOffset": 0.0})
