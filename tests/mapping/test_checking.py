"""`check_table` finds what a table lacks and where it contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.mapping.kit import table

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.checking import check_table

if TYPE_CHECKING:
    from facewire.mapping.table import MappingTable

_SIDES = [["_l", "_r"]]


def whole(*curves: dict[str, Any], **keys: Any) -> MappingTable:
    """Return a table whose other inputs are dropped with a reason, and whose numbers are ours."""
    made = [{"by": "test", **curve} if {"from", "ratio"} & curve.keys() else curve
            for curve in curves]  # fmt: skip
    used = {name for curve in curves for name in curve.get("from", {})}
    used |= {curve["ratio"][key] for curve in curves if "ratio" in curve for key in ("of", "to")}
    drops = {name: "not here" for name in FACE_CURVES if name not in used}
    return table(*made, **{"drops": drops, "sides": _SIDES, **keys})


def found(made: MappingTable, level: str = "error") -> list[tuple[str, str]]:
    return [(each.curve, each.text) for each in check_table(made) if each.level == level]


_OPEN = {"name": "open", "from": {"jawOpen": 1}}


def test_a_complete_table_has_no_findings() -> None:
    assert check_table(whole(_OPEN)) == []


def test_an_input_that_reaches_no_curve_needs_a_reason() -> None:
    drops = {name: "not here" for name in FACE_CURVES if name not in ("jawOpen", "cheekPuff")}

    assert [curve for curve, _ in found(whole(_OPEN, drops=drops))] == ["cheekPuff"]
    assert [curve for curve, _ in found(whole(_OPEN, drops={**drops, "cheekPuff": " "}))] == [
        "cheekPuff"
    ]


def test_an_input_that_is_used_is_not_dropped() -> None:
    drops = dict.fromkeys(FACE_CURVES, "not here")

    assert found(whole(_OPEN, drops=drops)) == []
    (curve, text), = found(whole(_OPEN, drops=drops), "warning")  # fmt: skip
    assert curve == "jawOpen"
    assert "take it out of 'drops'" in text


def test_curves_at_rest_need_one_reason() -> None:
    still = whole(_OPEN, {"name": "ear"}, {"name": "nose"})

    (curve, text), = found(still)  # fmt: skip
    assert curve == "ear"
    assert "'ear' and 1 more" in text
    assert found(whole(_OPEN, {"name": "ear"}, at_rest="no ears in a face row")) == []
    assert found(whole(_OPEN, at_rest="none"), "warning")


def test_the_rest_of_a_share_is_not_at_rest() -> None:
    made = whole(_OPEN, {"name": "sil"}, shares=[{"curves": ["open"], "limit": 1, "rest": "sil"}])

    assert found(made) == []


def test_numbers_need_a_source_that_exists() -> None:
    by = {"jawOpen": {"gain": 1, "by": "tset"}}

    assert "add 'by'" in found(whole({**_OPEN, "by": ""}))[0][1]
    assert "'test'" in found(whole({"name": "open", "from": by}))[0][1]
    unused = whole(_OPEN, sources={"test": "t", "other": "o"})
    assert found(unused, "warning") == [("", "No curve has the source 'other'.")]


def test_gains_that_sum_out_of_range_are_told_and_can_be_acknowledged() -> None:
    both = {"name": "x", "from": {"jawOpen": 1, "cheekPuff": 0.6, "mouthFunnel": -3}}

    assert "sum to 1.6" in found(whole(both))[0][1]
    assert '"sums": {"x": 1.6}' in found(whole(both))[0][1]
    assert found(whole(both, sums={"x": 1.6})) == []
    assert "'sums' says 1.5" in found(whole(both, sums={"x": 1.5}))[0][1]
    assert "stays in its range" in found(whole(_OPEN, sums={"open": 1}), "warning")[0][1]


@pytest.mark.parametrize(
    ("curve", "total"),
    [
        ({"from": {"jawOpen": 0.9, "cheekPuff": 0.1}}, None),
        ({"from": {"jawOpen": 0.9}, "offset": 0.2}, 1.1),
        ({"from": {"jawOpen": 0.9}, "ratio": {"of": "mouthClose", "to": "jawOpen"}}, 1.9),
        ({"from": {"jawLeft": 1, "jawRight": -1}, "range": [-1, 1]}, None),
        ({"from": {"jawLeft": 1, "jawRight": -1.5}, "range": [-1, 1]}, -1.5),
        ({"from": {"jawOpen": 2}, "range": [0, 2]}, None),
        ({"from": {"jawOpen": 2}, "range": None}, None),
        ({"from": {"jawOpen": 2}, "response": [[0, 0], [2, 1]]}, None),
        ({"from": {"jawOpen": 2}, "response": [[0, 0], [1, 1]]}, 2.0),
        ({"from": {"headYaw": -2}, "range": [-1, 1]}, 2.0),
        ({"from": {"eyeLookInLeft": 1, "eyeYawLeft": 0.025}}, None),
    ],
)
def test_the_sum_is_that_of_all_helping_inputs_at_one(
    curve: dict[str, Any], total: float | None
) -> None:
    made = whole({"name": "x", **curve}, sides=[["a", "b"]])

    told = [text for _, text in found(made) if "sum to" in text]
    assert len(told) == (total is not None)
    assert total is None or f"sum to {total:g}," in told[0]


@pytest.mark.parametrize(
    "curve",
    [
        {"from": {"jawOpen": -1}},
        {"from": {"jawOpen": 0}},
        {"from": {"jawOpen": 0.4}, "offset": -0.5},
        {"from": {"jawOpen": 1}, "response": [[0, 0.5], [1, 0.5]]},
        {"from": {"jawOpen": 1}, "response": [[2, 0], [3, 1]]},
    ],
)
def test_a_curve_that_no_input_can_move_is_told(curve: dict[str, Any]) -> None:
    assert any("No input can move it" in text for _, text in found(whole({"name": "x", **curve})))


def test_a_response_that_rises_and_falls_again_moves() -> None:
    made = whole({"name": "x", "from": {"jawOpen": 1}, "response": [[0, 0], [0.5, 1], [1, 0]]})

    assert found(made) == []


def test_an_offset_below_the_range_is_a_threshold_and_above_it_odd() -> None:
    assert check_table(whole({**_OPEN, "offset": -0.25})) == []
    odd = whole({"name": "open", "from": {"jawOpen": -1}, "offset": 1.5}, sums={"open": 1.5})
    assert "1.5 lies outside" in found(odd, "warning")[0][1]


_LEFT = {"name": "smile_l", "from": {"mouthSmileLeft": 1, "jawLeft": 0.5}, "range": [0, 2]}
_RIGHT = {"name": "smile_r", "from": {"jawRight": 0.5, "mouthSmileRight": 1}, "range": [0, 2]}


def test_sides_that_agree_are_fine_in_any_order_of_terms() -> None:
    assert found(whole(_LEFT, _RIGHT)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": {"mouthSmileRight": 0.9, "jawRight": 0.5}},
         "mouthSmileRight counts 0.9 where it should count 1"),
        ({"from": {"mouthSmileRight": 1}}, "jawRight counts 0 where it should count 0.5"),
        ({"from": {"mouthSmileRight": 1, "jawLeft": 0.5}}, "jawRight counts 0 where"),
        ({"offset": 0.25}, "offset is 0.25 where it should be 0"),
        ({"range": [0, 1.75]}, "ranges differ"),
        ({"response": [[0, 0], [2, 1.5]]}, "responses differ"),
        ({"ratio": {"of": "mouthClose", "to": "jawOpen"}}, "ratios differ"),
    ],
)  # fmt: skip
def test_sides_that_differ_are_told_once(change: dict[str, Any], words: str) -> None:
    told = [each for each in found(whole(_LEFT, {**_RIGHT, **change})) if "mirror" in each[1]]

    assert len(told) == 1
    assert told[0][0] == "smile_l"
    assert words in told[0][1]


def test_a_mirror_of_null_says_that_the_difference_is_meant() -> None:
    crooked = {**_RIGHT, "from": {"mouthSmileRight": 0.5}, "mirror": None}

    assert found(whole({**_LEFT, "mirror": None}, crooked, sums={})) == []


def test_a_curve_in_the_middle_mirrors_itself() -> None:
    one_sided = whole({"name": "x", "from": {"mouthSmileLeft": 1}})
    assert "mirror of itself" in found(one_sided)[0][1]
    assert 'write "mirror": null' in found(one_sided)[0][1]

    both = {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}
    assert found(whole({"name": "x", "from": both})) == []


def test_an_axis_that_turns_round_has_a_mirror_with_a_sign() -> None:
    axis = {"name": "jaw", "from": {"jawLeft": 1, "jawRight": -1, "headYaw": 0.5}, "range": None}

    assert "mirror of itself" in found(whole(axis))[0][1]
    assert found(whole({**axis, "mirror": {"curve": "jaw", "sign": -1}})) == []


def test_a_signed_mirror_turns_response_and_range_round_too() -> None:
    left = {"name": "x_l", "from": {"headYaw": 1}, "range": [0, 0.5],
            "response": [[-1, 0], [1, 0.5]], "mirror": {"curve": "x_r", "sign": -1}}  # fmt: skip
    right = {"name": "x_r", "from": {"headYaw": 1}, "range": [-0.5, 0],
             "response": [[-1, -0.5], [1, 0]], "mirror": {"curve": "x_l", "sign": -1}}  # fmt: skip

    assert found(whole(left, right)) == []
    assert found(whole(left, {**right, "range": [-0.25, 0]}))


def test_mirrors_that_do_not_point_at_each_other_are_told() -> None:
    made = whole(_OPEN, {"name": "other", "mirror": "open"}, at_rest="so")

    assert found(made) == [("other", "It mirrors 'open', +1, which mirrors 'open', +1.")]


def test_a_reverse_that_is_wrong_is_told() -> None:
    made = whole({"name": "open", "from": {"jawOpen": 0.5}}, reverse={"jawOpen": {"open": 1.5}})

    assert "0.25 of it is read back as 0.1875" in found(made)[0][1]
    assert found(whole({"name": "open", "from": {"jawOpen": 0.5}})) == []


def test_a_reverse_that_hears_other_inputs_is_a_warning() -> None:
    made = whole(
        {"name": "a", "from": {"jawOpen": 1}},
        {"name": "b", "from": {"mouthFunnel": 1, "jawOpen": 0.5}, "range": [0, 2]},
        reverse={"mouthFunnel": {"b": 1}},
    )

    assert found(made) == []
    assert "adds 0.12 to 'mouthFunnel'" in found(made, "warning")[0][1]


def test_a_table_without_words_is_a_warning() -> None:
    assert len(found(whole(_OPEN, title=None, about="  "), "warning")) == 2
