"""Left and right are found by the words a rig uses for them."""

from __future__ import annotations

import pytest
from tests.mapping.kit import table

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.inputs import GAZE_ANGLES, INPUTS, mirrored_input
from facewire.mapping.mirrors import mirrors
from facewire.mapping.table import Mirror


@pytest.mark.parametrize(
    ("left", "right", "sides"),
    [
        ("mouthSmileLeft", "mouthSmileRight", [["Left", "Right"]]),
        ("CTRL_expressions_eyeBlinkL", "CTRL_expressions_eyeBlinkR", [["L", "R"]]),
        ("CTRL_mouthLipsStickyLPh1", "CTRL_mouthLipsStickyRPh1", [["L", "R"]]),
        ("CTRL_L_eye_blink.ty", "CTRL_R_eye_blink.ty", [["_L_", "_R_"]]),
        ("eyeBlink_L", "EYEBLINK_R", [["_l", "_r"], ["_L", "_R"]]),
        ("LeftEyeYaw", "RightEyeYaw", [["Left", "Right"]]),
    ],
)  # fmt: skip
def test_the_other_side_is_found_both_ways(left: str, right: str, sides: list[list[str]]) -> None:
    made = table({"name": left}, {"name": right}, {"name": "jawOpen"}, sides=sides)

    assert mirrors(made) == {
        left: Mirror(right), right: Mirror(left), "jawOpen": Mirror("jawOpen"),
    }  # fmt: skip


def test_the_last_word_that_leads_to_a_curve_counts() -> None:
    names = ("L_lip_L", "L_lip_R", "R_lip_L", "R_lip_R")
    made = table(*({"name": name} for name in names), sides=[["L", "R"]])

    assert mirrors(made)["L_lip_L"] == Mirror("L_lip_R")


def test_the_first_pair_of_sides_that_leads_to_a_curve_counts() -> None:
    made = table(
        {"name": "lookLeft_L"}, {"name": "lookLeft_R"}, {"name": "lookRight_L"},
        {"name": "lookRight_R"}, sides=[["_L", "_R"], ["Left", "Right"]],
    )  # fmt: skip

    assert mirrors(made)["lookLeft_L"] == Mirror("lookLeft_R")


def test_what_the_table_says_counts_before_the_words() -> None:
    made = table(
        {"name": "aLeft", "mirror": None}, {"name": "aRight", "mirror": {"curve": "x", "sign": -1}},
        {"name": "x"},
    )  # fmt: skip

    assert mirrors(made) == {"aLeft": None, "aRight": Mirror("x", -1.0), "x": Mirror("x")}


def test_mirroring_an_input_twice_gives_it_back() -> None:
    for name in INPUTS:
        other, sign = mirrored_input(name)

        assert mirrored_input(other) == (name, sign)
    turned = {name for name in INPUTS if mirrored_input(name)[1] < 0}
    assert turned == {"headRoll", "headYaw", "eyeYawLeft", "eyeYawRight"}
    itself = {name for name in INPUTS if mirrored_input(name)[0] == name}
    assert itself.isdisjoint(GAZE_ANGLES)
    assert not [name for name in FACE_CURVES if name.endswith(("Left", "Right")) and name in itself]
