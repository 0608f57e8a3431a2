"""Reading a rig back into a face row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.mapping.kit import face, table

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reversal import mouth_close_of, readbacks, to_face

if TYPE_CHECKING:
    from facewire.mapping.table import MappingTable


def read(rig: MappingTable, **values: float) -> dict[str, float]:
    """Return the inputs read off one row of a rig that are not zero."""
    rows = np.zeros((1, len(rig.names)), np.float32)
    for name, value in values.items():
        rows[0, rig.column[name]] = value
    back, _ = to_face(rig, rows)
    return {name: float(back[0, at]) for name, at in CURVE_INDEX.items() if back[0, at]}


def test_an_input_is_read_off_the_first_curve_it_feeds_alone() -> None:
    rig = table(
        {"name": "mixed", "from": {"jawOpen": 1, "cheekPuff": 1}},
        {"name": "first", "from": {"jawOpen": 0.5}},
        {"name": "second", "from": {"jawOpen": 1}},
    )

    assert read(rig, mixed=1.0, first=0.25, second=0.75) == {"jawOpen": 0.5}
    assert set(readbacks(rig)) == {"jawOpen"}
    assert "cheekPuff" in to_face(rig, np.zeros((1, 3), np.float32))[1]


@pytest.mark.parametrize(
    "curve",
    [
        {"from": {"jawOpen": 1}, "offset": 0.125},
        {"from": {"jawOpen": 1}, "response": [[0, 0], [1, 0.5]]},
        {"from": {"jawOpen": 1}, "ratio": {"of": "mouthClose", "to": "jawOpen"}},
        {"from": {"jawOpen": -1}},
        {"from": {"jawOpen": 0}},
        {"from": {"headYaw": 1}},
        {"from": {"jawOpen": 1}, "range": [0.5, 1]},
        {"from": {"eyeYawLeft": 1}, "range": None},
        {"offset": 1},
    ],
)
def test_what_does_not_follow_its_input_alone_and_straight_is_not_read(
    curve: dict[str, object],
) -> None:
    rig = table({"name": "x", **curve})

    assert readbacks(rig) == {}
    assert to_face(rig, np.ones((1, 1), np.float32))[1] == FACE_CURVES


def test_the_given_reverse_counts_before_the_rules() -> None:
    rig = table(
        {"name": "a", "from": {"jawOpen": 1}},
        {"name": "b", "from": {"cheekPuff": 0.5, "jawOpen": 0.5}},
        reverse={"cheekPuff": {"b": 2, "a": -1}},
    )

    assert read(rig, a=0.25, b=0.5) == {"jawOpen": 0.25, "cheekPuff": 0.75}


def test_an_axis_of_two_weights_is_read_as_the_one_that_moves() -> None:
    rig = table(
        {"name": "jaw", "from": {"jawLeft": -1, "jawRight": 1}, "range": [-1, 1]},
        reverse={"jawLeft": {"jaw": -1}, "jawRight": {"jaw": 1}},
    )

    assert read(rig, jaw=0.5) == {"jawRight": 0.5}
    assert read(rig, jaw=-0.5) == {"jawLeft": 0.5}


def test_an_angle_is_read_both_ways() -> None:
    rig = table({"name": "yaw", "from": {"headYaw": 50}, "range": None})

    assert read(rig, yaw=-25.0) == {"headYaw": -0.5}


def test_a_ratio_alone_is_turned_round() -> None:
    rig = table(
        {"name": "together", "ratio": {"of": "mouthClose", "to": "jawOpen", "floor": 0.125}},
        {"name": "open", "from": {"jawOpen": 0.5}},
    )

    assert read(rig, together=0.5, open=0.25) == {"jawOpen": 0.5, "mouthClose": 0.25}
    assert read(rig, together=0.5) == {"mouthClose": 0.0625}
    alone = table({"name": "together", "ratio": {"of": "mouthClose", "to": "jawOpen"}})
    assert readbacks(alone) == {}


def test_a_gaze_curve_is_read_as_its_weight() -> None:
    rig = table({"name": "down", "from": {"eyePitchLeft": 0.025, "eyeLookDownLeft": 0.5}})

    assert read(rig, down=0.25) == {"eyeLookDownLeft": 0.5}


def test_what_is_not_finite_reads_zero() -> None:
    rig = table({"name": "a", "from": {"jawOpen": 1}}, {"name": "b", "from": {"cheekPuff": 1}})

    assert read(rig, a=np.nan, b=0.5) == {"cheekPuff": 0.5}
    assert read(rig, a=np.inf) == {}


def test_there_and_back_is_where_one_was() -> None:
    rig = table(
        {"name": "a", "from": {"jawOpen": 0.75}},
        {"name": "b", "from": {"mouthFunnel": 0.5, "jawOpen": 0.25}},
        {"name": "c", "from": {"mouthFunnel": 0.3}},
        {"name": "d", "ratio": {"of": "mouthClose", "to": "jawOpen"}},
    )
    was = face(jawOpen=0.6, mouthFunnel=0.3, mouthClose=0.2)

    back, lost = to_face(rig, CurveMapper(rig).apply(was))

    np.testing.assert_allclose(back, was, atol=1e-6)
    assert set(lost) == set(FACE_CURVES) - {"jawOpen", "mouthFunnel", "mouthClose"}


@pytest.mark.parametrize(("says", "means"), [("arkit", "arkit"), ("a2f", "a2f"), ("any", "arkit")])
def test_the_row_means_by_mouth_close_what_the_rig_does(says: str, means: str) -> None:
    assert mouth_close_of(table(mouth_close=says)) == means
