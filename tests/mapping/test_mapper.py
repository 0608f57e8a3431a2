"""What each rule of a table does, in numbers worked out by hand."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import numpy as np
import pytest
from tests.mapping.kit import face, mapped, table

from facewire.animation.curves import ARKIT_52, FACE_CURVES, pascal_case
from facewire.mapping.mapper import CurveMapper


def test_a_mix_adds_its_gains() -> None:
    rig = table({"name": "x", "from": {"jawOpen": 0.5, "mouthFunnel": -0.25, "cheekPuff": 0.125}})

    assert mapped(rig, jawOpen=1.0, mouthFunnel=0.5, cheekPuff=1.0) == {"x": 0.5}


def test_an_offset_is_where_the_sum_begins() -> None:
    rig = table({"name": "x", "from": {"jawOpen": 0.5}, "offset": 0.25})

    assert mapped(rig) == {"x": 0.25}
    assert mapped(rig, jawOpen=0.5) == {"x": 0.5}


def test_a_curve_without_a_rule_stays_at_its_offset() -> None:
    rig = table({"name": "still"}, {"name": "half", "offset": 0.5})

    assert mapped(rig, jawOpen=1.0) == {"still": 0.0, "half": 0.5}


def test_a_ratio_is_how_much_of_the_open_jaw_the_lips_bridge() -> None:
    rig = table({"name": "x", "ratio": {"of": "mouthClose", "to": "jawOpen", "floor": 0.125}})

    assert mapped(rig, mouthClose=0.25, jawOpen=0.5) == {"x": 0.5}
    assert mapped(rig, mouthClose=0.75, jawOpen=0.5) == {"x": 1.0}
    assert mapped(rig, mouthClose=0.0625, jawOpen=0.0) == {"x": 0.5}  # by the floor
    assert mapped(rig, mouthClose=-0.5, jawOpen=0.5) == {"x": 0.0}


def test_a_ratio_is_added_to_the_mix_with_its_gain() -> None:
    rig = table({
        "name": "x", "from": {"cheekPuff": 1},
        "ratio": {"of": "mouthClose", "to": "jawOpen", "gain": -0.5},
    })  # fmt: skip

    assert mapped(rig, cheekPuff=1.0, mouthClose=0.25, jawOpen=0.5) == {"x": 0.75}


def test_a_response_bends_the_sum_and_holds_its_ends() -> None:
    rig = table({
        "name": "x", "from": {"jawOpen": 1}, "response": [[0.25, 0.5], [0.5, 0.75], [0.75, 0.25]],
    })  # fmt: skip

    bent = {at: mapped(rig, jawOpen=at)["x"] for at in (0.0, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0)}
    assert bent == {0.0: 0.5, 0.25: 0.5, 0.375: 0.625, 0.5: 0.75, 0.625: 0.5, 0.75: 0.25, 1.0: 0.25}


def test_responses_of_different_lengths_live_in_one_table() -> None:
    rig = table(
        {"name": "short", "from": {"jawOpen": 1}, "response": [[0, 1], [1, 0]]},
        {"name": "straight", "from": {"jawOpen": 1}},
        {"name": "long", "from": {"jawOpen": 1},
         "response": [[0, 0], [0.25, 0.5], [0.5, 0.5], [1, 1]]},
    )  # fmt: skip

    assert mapped(rig, jawOpen=0.375) == {"short": 0.625, "straight": 0.375, "long": 0.5}
    assert mapped(rig, jawOpen=2.0) == {"short": 0.0, "straight": 1.0, "long": 1.0}


def test_the_range_holds_a_curve_and_null_does_not() -> None:
    rig = table(
        {"name": "weight", "from": {"headYaw": 2}},
        {"name": "axis", "from": {"headYaw": 2}, "range": [-1, 1]},
        {"name": "angle", "from": {"headYaw": 50}, "range": None},
    )

    assert mapped(rig, headYaw=-0.75) == {"weight": 0.0, "axis": -1.0, "angle": -37.5}
    assert mapped(rig, headYaw=0.75) == {"weight": 1.0, "axis": 1.0, "angle": 37.5}


def test_the_response_comes_before_the_range() -> None:
    rig = table({
        "name": "x", "from": {"jawOpen": 4}, "response": [[0, 0], [4, 2]], "range": [0, 0.5],
    })  # fmt: skip

    assert mapped(rig, jawOpen=0.125) == {"x": 0.25}
    assert mapped(rig, jawOpen=1.0) == {"x": 0.5}


def test_a_share_scales_its_curves_down_and_the_rest_gets_what_is_left() -> None:
    rig = table(
        {"name": "sil"},
        {"name": "a", "from": {"jawOpen": 1}},
        {"name": "b", "from": {"mouthFunnel": 1}},
        {"name": "apart", "from": {"jawOpen": 1}},
        shares=[{"curves": ["a", "b"], "limit": 1.0, "rest": "sil"}],
    )

    below = mapped(rig, jawOpen=0.25, mouthFunnel=0.5)
    assert below == {"sil": 0.25, "a": 0.25, "b": 0.5, "apart": 0.25}
    above = mapped(rig, jawOpen=1.0, mouthFunnel=1.0)
    assert above == {"sil": 0.0, "a": 0.5, "b": 0.5, "apart": 1.0}


def test_a_rest_is_never_more_than_the_limit() -> None:
    rig = table(
        {"name": "sil"},
        {"name": "a", "from": {"headYaw": 1}, "range": [-1, 1]},
        shares=[{"curves": ["a"], "limit": 0.5, "rest": "sil"}],
    )

    assert mapped(rig, headYaw=-1.0) == {"sil": 0.5, "a": -1.0}


_GAZE_RIG = table(
    {"name": "both", "from": {"eyeLookDownLeft": 1, "eyePitchLeft": 0.025, "eyeBlinkLeft": 0.125}},
    {"name": "angle", "from": {"eyeYawRight": 0.025}, "range": [-1, 1]},
    {"name": "weight", "from": {"eyeLookDownLeft": 1}},
)


def test_with_gaze_a_curve_that_names_both_reads_the_angles() -> None:
    mapper = CurveMapper(_GAZE_RIG, gaze=True)
    eyes = np.array([[0, -20, 10, 0]], np.float32)

    rows = mapper.apply(face(eyeLookDownLeft=0.75, eyeBlinkLeft=1.0), eyes)

    assert rows.tolist() == [[0.375, -0.5, 0.75]]


def test_without_gaze_a_curve_that_names_both_reads_the_weights() -> None:
    rows = CurveMapper(_GAZE_RIG).apply(
        face(eyeLookDownLeft=0.75, eyeBlinkLeft=1.0), np.full((1, 4), 30, np.float32)
    )

    assert rows.tolist() == [[0.875, 0.0, 0.75]]


def test_gaze_that_is_not_there_reads_zero() -> None:
    rows = CurveMapper(_GAZE_RIG, gaze=True).apply(face(eyeLookDownLeft=1.0))

    assert rows.tolist() == [[0.0, 0.0, 1.0]]


_JAW_RIG = [
    {"name": "jaw", "from": {"jawOpen": 1}},
    {"name": "close", "from": {"mouthClose": 1}},
]


@pytest.mark.parametrize("renames", [True, False])
@pytest.mark.parametrize(
    ("source", "rig", "jaw"),
    [
        ("arkit", "arkit", 0.5), ("a2f", "arkit", 0.75), ("arkit", "a2f", 0.25),
        ("a2f", "a2f", 0.5), ("arkit", "any", 0.5), ("a2f", "any", 0.5),
    ],
)  # fmt: skip
def test_the_meaning_of_mouth_close_is_converted_where_source_and_rig_differ(
    source: Literal["arkit", "a2f"], rig: str, jaw: float, *, renames: bool
) -> None:
    more = [] if renames else [{"name": "mix", "from": {"jawOpen": 0.5}}]
    made = table(*_JAW_RIG, *more, mouth_close=rig)

    row = CurveMapper(made, mouth_close=source).apply(face(jawOpen=0.5, mouthClose=0.25))[0]

    assert row.tolist() == [jaw, 0.25, *(0.5 * jaw for _ in more)]


@pytest.mark.parametrize("renames", [True, False])
def test_a_jaw_without_its_mouth_close_is_not_below_shut(*, renames: bool) -> None:
    more = [] if renames else [{"name": "mix", "from": {"jawOpen": -0.5}, "range": [-1, 1]}]
    jaw = {"name": "jaw", "from": {"jawOpen": 1}, "range": [-1, 1]}
    made = table(jaw, *more, mouth_close="a2f")

    row = CurveMapper(made).apply(face(jawOpen=0.25, mouthClose=0.5))[0]

    assert row.tolist() == [0.0] * len(row)


def test_a_source_without_a_jaw_still_opens_it_for_mouth_close() -> None:
    mapper = CurveMapper(table(*_JAW_RIG), inputs=["mouthClose"], mouth_close="a2f")

    assert mapper.apply(np.array([[0.25]], np.float32)).tolist() == [[0.25, 0.25]]


def test_the_mirror_swaps_sides_and_turns_the_head_and_the_gaze() -> None:
    rig = table(
        {"name": "smile_l", "from": {"mouthSmileLeft": 1}},
        {"name": "smile_r", "from": {"mouthSmileRight": 1}},
        {"name": "jaw_l", "from": {"jawLeft": 1}},
        {"name": "open", "from": {"jawOpen": 1}},
        *({"name": name, "from": {name: 1}, "range": None}
          for name in ("headRoll", "headPitch", "headYaw", "eyePitchLeft", "eyeYawLeft")),
    )  # fmt: skip
    mapper = CurveMapper(rig, gaze=True, mirror=True)
    row = face(
        mouthSmileLeft=0.25, mouthSmileRight=0.75, jawRight=0.5, jawOpen=0.125,
        headRoll=0.25, headPitch=0.5, headYaw=0.75,
    )  # fmt: skip

    rows = mapper.apply(row, np.array([[3, 5, 7, 11]], np.float32))

    assert rows.tolist() == [[0.75, 0.25, 0.5, 0.125, -0.25, 0.5, -0.75, 3.0, -5.0]]


def test_a_mirrored_rename_is_a_rename() -> None:
    names = ("jawLeft", "jawRight", "headYaw")
    rig = table(*({"name": name, "from": {name: 1}, "range": [-1, 1]} for name in names))

    rows = CurveMapper(rig, mirror=True).apply(face(jawLeft=0.25, headYaw=0.5))

    assert rows.tolist() == [[0.0, 0.25, -0.5]]


@pytest.mark.parametrize("gains", [(1, 1), (0.5, 0.5)])
def test_what_is_not_finite_reads_zero(gains: tuple[float, float]) -> None:
    rig = table(
        {"name": "a", "from": {"jawOpen": gains[0]}},
        {"name": "b", "from": {"mouthFunnel": gains[1]}},
    )
    row = face(jawOpen=0.5)
    for bad in (np.nan, np.inf, -np.inf):
        row[0, FACE_CURVES.index("mouthFunnel")] = bad

        assert CurveMapper(rig).apply(row).tolist() == [[0.5 * gains[0], 0.0]]


def test_values_beyond_float32_are_held_at_its_ends() -> None:
    rig = table(
        {"name": "up", "from": {"jawOpen": 1000}, "range": None},
        {"name": "down", "from": {"jawOpen": -1000}, "range": None},
    )

    rows = CurveMapper(rig).apply(face(jawOpen=1e38))

    most = float(np.finfo(np.float32).max)
    assert rows.tolist() == [[most, -most]]


def test_inputs_may_be_some_in_any_order_and_in_pascal_case() -> None:
    rig = table(
        {"name": "a", "from": {"jawOpen": 0.5, "cheekPuff": 1}},
        {"name": "b", "from": {"mouthFunnel": 1}},
    )
    mapper = CurveMapper(rig, inputs=["MouthFunnel", "something", "JawOpen"])

    rows = mapper.apply(np.array([[0.25, 9.0, 0.5]], np.float32))

    assert rows.tolist() == [[0.25, 0.25]]


def test_a_missing_input_reads_zero_in_renames_and_ratios_too() -> None:
    renames = table({"name": "a", "from": {"jawOpen": 1}}, {"name": "b", "from": {"cheekPuff": 1}})
    ratio = table({"name": "x", "ratio": {"of": "mouthClose", "to": "jawOpen", "floor": 0.5}})

    row = np.array([[0.25]], np.float32)

    assert CurveMapper(renames, inputs=["jawOpen"]).apply(row).tolist() == [[0.25, 0.0]]
    assert CurveMapper(ratio, inputs=["mouthClose"]).apply(row).tolist() == [[0.5]]
    assert CurveMapper(ratio, inputs=["jawOpen"]).apply(row).tolist() == [[0.0]]


def test_arrays_that_do_not_fit_are_refused() -> None:
    mapper = CurveMapper(_GAZE_RIG, gaze=True)

    with pytest.raises(ValueError, match="71 values"):
        mapper.apply(np.zeros((1, 52), np.float32))
    with pytest.raises(ValueError, match="gaze angles"):
        mapper.apply(face(), np.zeros((2, 4), np.float32))
    with pytest.raises(ValueError, match="'jawOpen' is there twice"):
        CurveMapper(_GAZE_RIG, inputs=["jawOpen", "JawOpen"])
    with pytest.raises(ValueError, match="at least one"):
        CurveMapper(_GAZE_RIG, inputs=[])


def test_no_frames_give_no_frames() -> None:
    for rig in (_GAZE_RIG, table(*_JAW_RIG)):
        assert CurveMapper(rig).apply(np.zeros((0, 71), np.float32)).shape == (0, len(rig.names))


def test_the_input_is_left_as_it_was() -> None:
    row = face(jawOpen=0.5, mouthClose=0.25)
    row[0, 0] = np.nan
    before = row.copy()

    for mix in (1, 0.5):
        rig = table(*_JAW_RIG, {"name": "x", "from": {"eyeBlinkLeft": mix}})
        CurveMapper(rig, mouth_close="a2f").apply(row)

    np.testing.assert_array_equal(row, before)


@pytest.mark.parametrize(("mouth_close", "mirror"), list(product(("arkit", "a2f"), (True, False))))
def test_the_short_cut_for_renames_gives_the_bits_of_the_long_way(
    mouth_close: Literal["arkit", "a2f"], *, mirror: bool
) -> None:
    rename: list[dict[str, Any]] = [{"name": name, "from": {name: 1}} for name in ARKIT_52]
    rename += [{"name": "head", "from": {"headYaw": 1}, "range": [-0.1, 0.3]}, {"name": "still"}]
    long_way = {"name": "mix", "from": {"jawOpen": 0.5}}
    inputs = [pascal_case(name) for name in FACE_CURVES if name != "cheekPuff"]
    rng = np.random.default_rng(3)
    rows = rng.normal(0.4, 0.6, (50, len(inputs))).astype(np.float32)
    rows[::7, ::5], rows[1::7, ::5], rows[2, ::3] = np.nan, -0.0, 3e38

    short, long = (
        CurveMapper(table(*curves), inputs=inputs, mouth_close=mouth_close, mirror=mirror)
        for curves in (rename, [*rename, long_way])
    )

    assert short.apply(rows).tobytes() == long.apply(rows)[:, :-1].tobytes()
