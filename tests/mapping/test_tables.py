"""The shipped tables: complete, in the order of their rigs, and with the signs of their rigs."""

from __future__ import annotations

from math import radians
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.animation.curves import (
    ARKIT_52,
    CURVE_INDEX,
    FACE_CURVES,
    HEAD_3,
    TONGUE_16,
    pascal_case,
)  # fmt: skip
from facewire.mapping.checking import check_table
from facewire.mapping.inputs import same_name
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table, shipped_names

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZES = {
    "arkit": 52, "arkit_head": 55, "a2f": 71, "a2f_68": 68, "livelink": 61, "ace": 55,
    "metahuman": 251, "metahuman_legacy": 250, "metahuman_all": 265, "metahuman_board": 167,
    "vrm": 18, "vrm0": 17, "perfect_sync": 52, "oculus": 15, "cc4": 66, "cc4_extended": 77,
    "readyplayerme": 57, "readyplayerme_visemes": 15, "arkit_lr": 52,
}  # fmt: skip
RAW = "CTRL_expressions_"


def row(
    table: str,
    face: Mapping[str, float] | None = None,
    eyes: tuple[float, float, float, float] | None = None,
) -> dict[str, float]:
    """Return the curves of one face; eyes are right pitch, right yaw, left pitch, left yaw."""
    weights = np.zeros((1, len(FACE_CURVES)), np.float32)
    for name, weight in (face or {}).items():
        weights[0, CURVE_INDEX[name]] = weight
    mapper = CurveMapper(load_table(table), gaze=eyes is not None)
    angles = None if eyes is None else np.array([eyes], np.float32)
    values = mapper.apply(weights, angles)[0].tolist()
    return dict(zip(mapper.names, values, strict=True))


def moved(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items() if abs(value) > 1e-6}


def test_every_rig_has_its_table_with_its_number_of_curves() -> None:
    assert {name: len(load_table(name).names) for name in shipped_names()} == SIZES


@pytest.mark.parametrize("name", SIZES)
def test_a_table_passes_every_check(name: str) -> None:
    assert check_table(load_table(name)) == []


@pytest.mark.parametrize(
    ("name", "curves"),
    [
        ("arkit", ARKIT_52),
        ("arkit_head", ARKIT_52 + HEAD_3),
        ("a2f", FACE_CURVES),
        ("a2f_68", ARKIT_52 + TONGUE_16),
        ("ace", tuple(map(pascal_case, ARKIT_52 + HEAD_3))),
        ("perfect_sync", tuple(map(pascal_case, ARKIT_52))),
    ],
)
def test_curves_that_are_only_spelt_anew_keep_our_order(name: str, curves: tuple[str, ...]) -> None:
    assert load_table(name).names == curves


def test_other_orders_are_those_of_their_rigs() -> None:
    live_link = load_table("livelink").names
    assert live_link[:52] == tuple(map(pascal_case, ARKIT_52))
    assert " ".join(live_link[52:]) == (
        "HeadYaw HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll "
        "RightEyeYaw RightEyePitch RightEyeRoll"
    )
    visemes = "sil PP FF TH DD kk CH SS nn RR aa E ih oh ou"
    assert " ".join(load_table("oculus").names) == visemes
    numbered = [name for name in load_table("cc4").names if name[0] in "AT"]
    counts = [f"A{number:02}" for number in range(1, 53)] + [f"T{n:02}" for n in range(1, 12)]
    assert [name[:3] for name in numbered] == counts


def test_numbered_shapes_of_character_creator_mean_what_their_words_say() -> None:
    for rule in load_table("cc4").curves:
        if rule.name.startswith("A") and rule.name != "A52_Tongue_Out":
            words = rule.name[4:].replace("_", "")
            assert [same_name(term.input) for term in rule.terms] == [same_name(words)]


def test_side_spellings_keep_the_words_of_jaw_and_mouth() -> None:
    curves = load_table("arkit_lr")
    for rule in curves.curves:
        spelt = rule.name.replace("_L", "Left").replace("_R", "Right")
        assert rule.terms[0].input == spelt
    assert {"jawLeft", "mouthRight", "eyeBlink_L", "mouthSmile_R"} <= set(curves.names)


def test_the_two_metahuman_generations_differ_in_the_tongue_and_in_details() -> None:
    new, old, both = (
        set(load_table(name).names) for name in ("metahuman", "metahuman_legacy", "metahuman_all")
    )
    assert new | old == both
    assert {f"{RAW}tongueBendUp", f"{RAW}tongueTwistLeft", f"{RAW}tongueThick"} <= new - old
    assert {f"{RAW}tongueRollUp", f"{RAW}tongueRollLeft", f"{RAW}headFwdCor"} <= old - new
    assert len(new - old) == 15
    assert len(old - new) == 14
    curl = {"tongueRollUp": 1.0}
    assert moved(row("metahuman", curl)) == {f"{RAW}tongueBendUp": 1.0}
    assert moved(row("metahuman_legacy", curl)) == {f"{RAW}tongueRollUp": 1.0}
    assert moved(row("metahuman_all", curl)) == {
        f"{RAW}tongueBendUp": 1.0, f"{RAW}tongueRollUp": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["metahuman", "metahuman_legacy", "metahuman_all"])
def test_a_metahumans_lips_meet_by_the_share_of_the_opening_they_bridge(name: str) -> None:
    lips = [f"{RAW}mouthLipsTogether{part}" for part in ("UL", "UR", "DL", "DR")]
    for jaw, close, together in ((0.4, 0.4, 1.0), (0.4, 0.1, 0.25), (0.0, 0.01, 0.2), (0.3, 0, 0)):
        values = row(name, {"jawOpen": jaw, "mouthClose": close})
        assert [round(values[lip], 5) for lip in lips] == [together] * 4


def test_a_metahumans_gaze_follows_the_angles_with_its_own_scale() -> None:
    # 20 degrees to the character's left: the left eye outwards, the right eye inwards.
    assert moved(row("metahuman", eyes=(0, 20, 0, 20))) == {
        f"{RAW}eyeLookLeftL": 0.5, f"{RAW}eyeLookLeftR": 0.5,
    }  # fmt: skip
    assert moved(row("metahuman", eyes=(0, -40, 0, -40))) == {
        f"{RAW}eyeLookRightL": 1.0, f"{RAW}eyeLookRightR": 1.0,
    }  # fmt: skip
    assert moved(row("metahuman", eyes=(20, 0, -15, 0))) == {
        f"{RAW}eyeLookDownR": 0.5, f"{RAW}eyeLookUpL": 0.5,
    }  # fmt: skip
    looks = {"eyeLookOutLeft": 0.3, "eyeLookInRight": 0.3}
    assert moved(row("metahuman", looks)) == {
        f"{RAW}eyeLookLeftL": 0.3, f"{RAW}eyeLookLeftR": 0.3,
    }  # fmt: skip
    assert moved(row("metahuman", looks, eyes=(0, 0, 0, 0))) == {}, "the angles go before"


@pytest.mark.parametrize(
    ("shape", "controls"),
    [
        ("jawRight", {"CTRL_C_jaw.tx": 1}),
        ("jawLeft", {"CTRL_C_jaw.tx": -1}),
        ("mouthLeft", {"CTRL_C_mouth.tx": 1}),
        ("jawForward", {"CTRL_C_jaw_fwdBack.ty": -1}),
        ("eyeWideLeft", {"CTRL_L_eye_blink.ty": -1}),
        ("eyeBlinkRight", {"CTRL_R_eye_blink.ty": 1}),
        ("eyeLookOutLeft", {"CTRL_L_eye.tx": 1}),
        ("eyeLookOutRight", {"CTRL_R_eye.tx": -1}),
        ("eyeLookDownLeft", {"CTRL_L_eye.ty": -1}),
        ("eyeLookUpRight", {"CTRL_R_eye.ty": 1}),
        ("mouthRollLower", {"CTRL_L_mouth_lipsRollD.ty": 1, "CTRL_R_mouth_lipsRollD.ty": 1}),
        ("tongueStretch", {"CTRL_C_tongue_inOut.ty": -1}),
        ("tongueLeft", {"CTRL_C_tongue_move.tx": 1}),
    ],
)
def test_face_board_controls_travel_the_way_of_the_board(
    shape: str, controls: dict[str, float]
) -> None:
    assert moved(row("metahuman_board", {shape: 1.0})) == controls


def test_the_face_board_looks_by_thirty_degrees_up_and_forty_down() -> None:
    up, down = (row("metahuman_board", eyes=(angle, 0, angle, 0)) for angle in (-30, 40))
    assert [up[f"CTRL_{side}_eye.ty"] for side in "LR"] == [1.0, 1.0]
    assert [down[f"CTRL_{side}_eye.ty"] for side in "LR"] == [-1.0, -1.0]
    half = row("metahuman_board", eyes=(20, 10, 20, 10))
    assert half["CTRL_L_eye.ty"] == -0.5
    assert half["CTRL_L_eye.tx"] == half["CTRL_R_eye.tx"] == 0.25


def test_opposite_directions_cancel_on_the_face_board() -> None:
    both = row("metahuman_board", {"jawLeft": 0.6, "jawRight": 0.2})
    assert both["CTRL_C_jaw.tx"] == pytest.approx(-0.4)


def test_live_link_eyes_are_radians_with_yaw_to_the_right_and_pitch_down() -> None:
    values = row("livelink", {"headYaw": -0.5}, eyes=(10, 20, -5, 30))
    assert values["RightEyePitch"] == pytest.approx(radians(10))
    assert values["RightEyeYaw"] == pytest.approx(-radians(20))
    assert values["LeftEyePitch"] == pytest.approx(-radians(5))
    assert values["LeftEyeYaw"] == pytest.approx(-radians(30))
    assert values["HeadYaw"] == -0.5, "heads are signed and not clamped to weights"
    # Both eyes to the character's left, told by weights: below zero, as the app records it.
    weights = row("livelink", {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5})
    assert weights["LeftEyeYaw"] == weights["RightEyeYaw"] == pytest.approx(-0.3)


def test_ace_is_sent_the_mouth_close_that_contains_the_jaw() -> None:
    values = row("ace", {"jawOpen": 0.5, "mouthClose": 0.2})
    assert values["JawOpen"] == pytest.approx(0.3)
    assert values["MouthClose"] == pytest.approx(0.2)
    assert row("livelink", {"jawOpen": 0.5, "mouthClose": 0.2})["JawOpen"] == 0.5


@pytest.mark.parametrize("name", ["arkit", "arkit_head", "a2f", "a2f_68"])
def test_our_own_rigs_pass_both_meanings_of_mouth_close(name: str) -> None:
    table = load_table(name)
    face = np.full((1, len(FACE_CURVES)), 0.25, np.float32)
    assert (CurveMapper(table, mouth_close="arkit").apply(face) == 0.25).all()
    assert (CurveMapper(table, mouth_close="a2f").apply(face) == 0.25).all()


def test_vrm_blinks_each_eye_once_and_looks_where_both_eyes_look() -> None:
    winks = moved(row("vrm", {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.5}))
    assert winks == {"blinkLeft": 1.0, "blinkRight": 0.5}
    assert moved(row("vrm", eyes=(0, 20, 0, 20))) == {"lookLeft": 0.5}
    assert moved(row("vrm", eyes=(-15, 0, -15, 0))) == {"lookUp": 0.5}
    assert moved(row("vrm0", eyes=(20, -20, 20, -20))) == {"LookDown": 0.5, "LookRight": 0.5}


def test_characters_of_the_extended_profile_look_by_eye_and_direction() -> None:
    left = {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}
    assert moved(row("cc4_extended", left)) == {"Eye_L_Look_L": 1.0, "Eye_R_Look_L": 1.0}
