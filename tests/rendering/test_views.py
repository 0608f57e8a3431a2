"""Where things come to lie in a picture, and how a head turns."""

from __future__ import annotations

import numpy as np
import pytest

from facewire.tools.rendering.turning import FULL_TURN_DEG, turned
from facewire.tools.rendering.views import VIEWS, Anchors, Camera

ANCHORS = Anchors(
    eyes=np.array([0, 10, 8], np.float32),
    mouth=np.array([0, 4, 9], np.float32),
    axis=np.array([0, 10, 0], np.float32),
)
PIVOT = np.zeros(3, np.float32)


def projected(view: str, *places: tuple[float, float, float]) -> list[list[float]]:
    camera = Camera(VIEWS[view], ANCHORS, 200, 200)
    found: list[list[float]] = camera.project(np.array(places, np.float32)).tolist()
    return found


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_has_the_mouth_in_the_picture_and_up_is_up(view: str) -> None:
    mouth, above = projected(view, (0, 4, 9), (0, 5, 9))
    assert 20 < mouth[0] < 180
    assert 20 < mouth[1] < 180
    assert above[1] < mouth[1] - 5


def test_the_characters_left_is_on_the_right_of_the_front_view() -> None:
    left, right = projected("front", (3, 10, 8), (-3, 10, 8))
    assert left[0] > 100 > right[0]
    assert left[0] - 100 == pytest.approx(100 - right[0], abs=1e-3)


def test_three_quarter_and_profile_see_the_left_ear_before_the_right_one() -> None:
    for view in ("three-quarter", "profile"):
        left, right = projected(view, (7, 8, 0), (-7, 8, 0))
        assert left[2] > right[2]
    left, right = projected("three-quarter-right", (7, 8, 0), (-7, 8, 0))
    assert right[2] > left[2]


def test_what_is_nearer_is_larger() -> None:
    near = projected("front", (-2, 8, 9), (2, 8, 9))
    far = projected("front", (-2, 8, -9), (2, 8, -9))
    assert near[1][0] - near[0][0] > 1.1 * (far[1][0] - far[0][0])


@pytest.mark.parametrize(
    ("head", "nose", "way"),
    [
        ((0, 0, 1), (0, 8, 10), (1, 0, 0)),
        ((0, 1, 0), (0, 8, 10), (0, -1, 0)),
        ((1, 0, 0), (0, 18, 0), (-1, 0, 0)),
    ],
    ids=["yaw: nose to the left", "pitch: nose down", "roll: crown to the right"],
)
def test_a_head_curve_turns_the_head_its_way(
    head: tuple[float, ...], nose: tuple[float, ...], way: tuple[float, ...]
) -> None:
    places = np.array([nose], np.float32)
    moved, normals = turned(places, places, np.array(head, np.float32), PIVOT)
    assert float((moved - places)[0] @ np.array(way)) > 4
    assert normals == pytest.approx(moved)
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(places), rel=1e-5)


def test_a_yaw_of_one_is_the_full_turn_and_the_shoulders_stay() -> None:
    nose, shoulder = (0.0, 5.0, 8.0), (9.0, -12.0, 0.0)
    places = np.array([nose, shoulder], np.float32)
    moved, _ = turned(places, places, np.array([0, 0, 1], np.float32), PIVOT)
    assert np.degrees(np.arctan2(moved[0, 0], moved[0, 2])) == pytest.approx(FULL_TURN_DEG)
    assert moved[1] == pytest.approx(places[1])
