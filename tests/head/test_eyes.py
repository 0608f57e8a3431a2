"""Lids shut, eyeballs turn, and neither passes through the other."""

from __future__ import annotations

import numpy as np
import pytest
from tests.head.kit import delta, moved, posed, skin_crossings

from facewire.animation.curves import ARKIT_52
from facewire.tools.head import load_head
from facewire.tools.head.eyeballs import TURN_DEG

SIDES = ["Left", "Right"]


def _eye(side: str) -> np.ndarray:
    """Return the vertices of one eyeball."""
    head = load_head()
    eyes = head.part_vertices("eyes")
    return np.asarray(eyes[(head.vertices[eyes, 0] > 0) == (side == "Left")])


def _lids(side: str) -> tuple[np.ndarray, np.ndarray]:
    head, low = load_head(), side.lower()
    return getattr(head, f"lid_upper_{low}"), getattr(head, f"lid_lower_{low}")


@pytest.mark.parametrize("side", SIDES)
def test_a_blink_brings_the_lids_together(side: str) -> None:
    upper, lower = _lids(side)
    pose = posed(**{f"eyeBlink{side}": 1.0})

    assert np.linalg.norm(pose[upper] - pose[lower], axis=1).max() <= 0.05


@pytest.mark.parametrize("side", SIDES)
def test_the_eyes_are_open_at_rest(side: str) -> None:
    upper, lower = _lids(side)
    gap = load_head().vertices[upper, 1] - load_head().vertices[lower, 1]

    assert gap.max() > 0.7


@pytest.mark.parametrize("side", SIDES)
def test_no_part_of_a_shut_eye_is_seen(side: str) -> None:
    head = load_head()
    pose = posed(**{f"eyeBlink{side}": 1.0})
    ball = _eye(side)
    centre = head.eye_centre[SIDES.index(side)]
    front = ball[head.vertices[ball, 2] > centre[2] + 0.6]

    assert len(front) > 100
    assert skin_crossings(pose, pose[front]).min() >= 1


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("name", [n for n in ARKIT_52 if n.endswith("Left")])
def test_no_lid_edge_dips_into_the_eyeball(name: str, weight: float) -> None:
    head = load_head()
    edges = np.concatenate(_lids("Left"))
    distance = np.linalg.norm(posed(**{name: weight})[edges] - head.eye_centre[0], axis=1)

    assert distance.min() > head.eye_radius_cm[0]


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [
        ("eyeLookUpLeft", 1, 1), ("eyeLookDownLeft", 1, -1), ("eyeLookOutLeft", 0, 1),
        ("eyeLookInLeft", 0, -1), ("eyeLookUpRight", 1, 1), ("eyeLookDownRight", 1, -1),
        ("eyeLookOutRight", 0, -1), ("eyeLookInRight", 0, 1),
    ],
)  # fmt: skip
def test_an_eye_turns_thirty_degrees_where_it_is_told(name: str, axis: int, sign: int) -> None:
    head = load_head()
    side = "Left" if name.endswith("Left") else "Right"
    centre = head.eye_centre[SIDES.index(side)]
    pupil = _eye(side)[np.argmax(head.vertices[_eye(side), 2])]
    gaze = posed(**{name: 1.0})[pupil] - centre

    assert sign * gaze[axis] > 0
    assert np.degrees(np.arctan2(abs(gaze[axis]), gaze[2])) == pytest.approx(TURN_DEG, abs=1.0)
    other = _eye("Right" if side == "Left" else "Left")
    assert not np.isin(moved(name), other).any()


def test_only_looks_turn_an_eye() -> None:
    for name in load_head().shape_names:
        turns = np.isin(_eye("Left"), moved(name)).any()
        assert turns == (name.startswith("eyeLook") and name.endswith("Left")), name


def test_eyeballs_are_round_but_for_the_cornea() -> None:
    head = load_head()
    for index, side in enumerate(SIDES):
        away = np.linalg.norm(head.vertices[_eye(side)] - head.eye_centre[index], axis=1)
        assert away.min() > head.eye_radius_cm[index] - 0.001
        assert away.max() < head.eye_radius_cm[index] + 0.04


def test_pupil_iris_and_white_have_edges_of_their_own() -> None:
    head = load_head()
    places, counts = np.unique(head.vertices[_eye("Left")], axis=0, return_counts=True)

    assert (counts == 2).sum() == 48, "two doubled rings: around the pupil and around the iris"
    assert len(places) + 48 == len(_eye("Left"))


def test_wide_opens_and_squint_narrows() -> None:
    upper, lower = _lids("Left")

    def gap(**curves: float) -> float:
        pose = posed(**curves)
        return float((pose[upper] - pose[lower])[4:10, 1].mean())

    assert gap(eyeWideLeft=1) > gap() + 0.2
    assert gap(eyeSquintLeft=1) < gap() - 0.2
    assert gap(eyeLookDownLeft=1) < gap() - 0.1


def test_upper_lashes_hang_down_when_the_eye_is_shut() -> None:
    head = load_head()
    lashes = head.part_vertices("lashes")
    spikes = head.triangles[head.part == list(head.part_names).index("lashes")]
    left_upper = spikes[
        (head.vertices[spikes, 0].min(1) > 0)
        & (head.vertices[spikes, 1].mean(1) > head.eye_centre[0, 1])
    ]
    shut = posed(eyeBlinkLeft=1.0)[left_upper]

    assert np.isin(moved("eyeBlinkLeft"), lashes).sum() > 80
    assert (shut[:, :, 1].max(1) - shut[:, :, 1].min(1)).mean() > 0.1
    tips = shut[np.arange(len(shut)), shut[:, :, 2].argmax(1)]
    assert (tips[:, 1] < shut[:, :, 1].max(1)).mean() > 0.9


def test_a_blink_does_not_move_the_eyeball() -> None:
    assert not delta("eyeBlinkLeft")[_eye("Left")].any()
