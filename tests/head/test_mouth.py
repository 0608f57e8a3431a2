"""Lips touch when they should, and teeth stay behind them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.head.kit import moved, posed, skin_crossings

from facewire.animation.curves import ARKIT_52
from facewire.tools.head import load_head
from facewire.tools.head.lips import COMPRESSION_CM, OPENINGS, SLIDES

CLOSED = [n for n in ARKIT_52 if n not in OPENINGS | SLIDES and n not in COMPRESSION_CM]

BELOW_THE_EYES = [n for n in ARKIT_52 if not n.startswith(("eye", "brow"))]


def _apart(pose: np.ndarray) -> np.ndarray:
    head = load_head()
    between = pose[head.inner_lip_upper] - pose[head.inner_lip_lower]
    return np.asarray(np.linalg.norm(between, axis=1))


def test_lips_touch_at_rest() -> None:
    assert _apart(load_head().vertices).max() == 0.0


@pytest.mark.parametrize("weight", [0.1, 0.25, 0.5, 0.73, 1.0])
def test_mouth_close_shuts_a_jaw_as_open_as_itself(weight: float) -> None:
    pose = posed(jawOpen=weight, mouthClose=weight)

    assert _apart(pose).max() < 1e-5


def test_mouth_close_leaves_the_jaw_down() -> None:
    head = load_head()
    lower = np.intersect1d(head.part_vertices("teeth"), moved("jawOpen"))
    drop = (head.vertices - posed(jawOpen=0.5, mouthClose=0.5))[lower, 1]

    assert drop.min() > 0.1
    assert drop.max() > 1.0


@pytest.mark.parametrize("name", CLOSED)
def test_a_shape_that_is_no_opening_keeps_the_lips_together(name: str) -> None:
    assert _apart(posed(**{name: 1.0})).max() < 0.005


@pytest.mark.parametrize("name", sorted(SLIDES))
def test_a_sliding_jaw_keeps_the_lips_level(name: str) -> None:
    head, pose = load_head(), posed(**{name: 1.0})

    assert np.abs((pose[head.inner_lip_upper] - pose[head.inner_lip_lower])[:, 1]).max() < 0.005


@pytest.mark.parametrize("name", sorted(COMPRESSION_CM))
def test_a_pressing_shape_overlaps_the_lips_by_no_more_than_it_says(name: str) -> None:
    head, pose = load_head(), posed(**{name: 1.0})
    overlap = (pose[head.inner_lip_lower] - pose[head.inner_lip_upper])[:, 1]

    assert overlap.min() > -0.005
    assert overlap.max() < COMPRESSION_CM[name] + 0.005


@pytest.mark.parametrize("name", [None, *BELOW_THE_EYES])
def test_teeth_never_stick_in_the_flesh_of_the_lips(name: str | None) -> None:
    head = load_head()
    curves = {} if name is None else {name: 1.0}
    if name == "mouthClose":
        curves = {"jawOpen": 0.5, "mouthClose": 0.5}
    pose = posed(**curves)
    teeth = head.part_vertices("teeth")
    teeth = teeth[np.abs(head.vertices[teeth, 0]) < 2.5]

    # From the free space of the mouth a way to the front crosses as many skins in as out.
    assert not (skin_crossings(pose, pose[teeth]) % 2).any()


def test_teeth_are_hidden_behind_shut_lips() -> None:
    head = load_head()
    teeth = head.part_vertices("teeth")
    front = teeth[(np.abs(head.vertices[teeth, 0]) < 2.0)]

    assert skin_crossings(head.vertices, head.vertices[front]).min() >= 2


def test_teeth_are_seen_when_the_lips_part() -> None:
    head = load_head()
    teeth = head.part_vertices("teeth")
    pose = posed(
        mouthUpperUpLeft=1, mouthUpperUpRight=1, mouthLowerDownLeft=1, mouthLowerDownRight=1
    )

    assert (skin_crossings(pose, pose[teeth]) == 0).sum() > 50


def test_funnel_and_pucker_narrow_the_mouth_and_thrust_it_forward() -> None:
    head = load_head()
    left, right = head.lip_corners
    for name in ("mouthFunnel", "mouthPucker"):
        pose = posed(**{name: 1.0})
        width = pose[left, 0] - pose[right, 0]
        assert width < 0.6 * (head.vertices[left, 0] - head.vertices[right, 0])
        assert (pose - head.vertices)[head.inner_lip_upper, 2].mean() > 0.5


def test_the_funnel_is_open_and_the_pucker_shut() -> None:
    middle = len(load_head().inner_lip_upper) // 2

    assert _apart(posed(mouthFunnel=1))[middle] > 0.7
    assert _apart(posed(mouthPucker=1))[middle] < 0.1
