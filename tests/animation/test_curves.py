from __future__ import annotations

from facewire.animation.curves import (
    ARKIT_52,
    FACE_CURVES,
    HEAD_3,
    LOWER_CURVES,
    TONGUE_16,
    TONGUE_CURVES,
    UPPER_CURVES,
    mirrored,
    pascal_case,
)


def test_a_face_has_52_arkit_shapes_16_tongue_poses_and_3_head_angles() -> None:
    assert (len(ARKIT_52), len(TONGUE_16), len(HEAD_3)) == (52, 16, 3)
    assert len(set(FACE_CURVES)) == 71
    assert FACE_CURVES[0] == "eyeBlinkLeft"
    assert FACE_CURVES[17] == "jawOpen"
    assert FACE_CURVES[51:53] == ("tongueOut", "tongueTipUp")


def test_each_shape_belongs_to_one_region() -> None:
    assert set(ARKIT_52 + TONGUE_16) == UPPER_CURVES | LOWER_CURVES | TONGUE_CURVES
    assert not UPPER_CURVES & LOWER_CURVES
    assert not TONGUE_CURVES & (UPPER_CURVES | LOWER_CURVES)
    assert {"cheekPuff", "noseSneerLeft", "jawOpen"} <= LOWER_CURVES


def test_pascal_case_is_the_nims() -> None:
    assert pascal_case("eyeBlinkLeft") == "EyeBlinkLeft"
    assert pascal_case("headRoll") == "HeadRoll"


def test_mirroring_twice_comes_back() -> None:
    assert mirrored("mouthSmileLeft") == "mouthSmileRight"
    assert mirrored("mouthLeft") == "mouthRight"
    assert mirrored("jawOpen") == "jawOpen"
    assert all(mirrored(mirrored(name)) == name for name in FACE_CURVES)
