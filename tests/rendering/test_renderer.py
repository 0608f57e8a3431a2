"""The drawn head says what the weights say: pixels are counted, not looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.rendering.conftest import greens, painted, weights

from facewire.tools.rendering.renderer import Renderer
from facewire.tools.rendering.views import VIEWS

if TYPE_CHECKING:
    from facewire.tools.head import Head
    from facewire.tools.rendering.look import Look

Picture = NDArray[np.uint8]
Seen = Callable[..., Picture]
EXTREMES: dict[str, dict[str, float]] = {
    "rest": {},
    "jaw": {"jawOpen": 1},
    "blink": {"eyeBlink": 1},
    "smile": {"mouthSmile": 1, "jawOpen": 0.4},
    "pucker": {"mouthPucker": 1},
    "funnel": {"mouthFunnel": 1, "jawOpen": 0.5},
    "frown": {"browDown": 1, "noseSneer": 1, "eyeSquint": 1, "mouthFrown": 1},
    "puff": {"cheekPuff": 1, "browInnerUp": 1, "eyeWide": 1},
}


def count(head: Head, look: Look, part: str, view: str = "front", **curves: float) -> int:
    """Pixels in which a part is seen."""
    renderer = Renderer(head, 160, view, look=painted(head, look, part))
    return int(greens(renderer.frame(weights(**curves))).sum())


def mouth_of(picture: Picture) -> Picture:
    """The middle of the close-up of the mouth."""
    height, width = picture.shape[:2]
    return picture[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]


def dark(picture: Picture) -> int:
    return int((mouth_of(picture).max(axis=2) < 80).sum())


def white(picture: Picture) -> int:
    """Pixels as bright and as grey as teeth."""
    part = mouth_of(picture).astype(np.int16)
    return int(((part.min(axis=2) > 130) & (np.ptp(part, axis=2) < 45)).sum())


@pytest.mark.parametrize("view", list(VIEWS))
def test_the_same_weights_draw_the_same_bytes(head: Head, look: Look, view: str) -> None:
    renderer = Renderer(head, 96, view, look=look)
    first = renderer.frame(weights(jawOpen=0.4, mouthSmile=0.3))
    renderer.frame(weights(mouthPucker=1, headYaw=0.4))
    again = renderer.frame(weights(jawOpen=0.4, mouthSmile=0.3))
    assert first.dtype == np.uint8
    assert first.tobytes() == again.tobytes()
    assert Renderer(head, 96, view).frame(weights(jawOpen=0.4, mouthSmile=0.3)).tobytes() == (
        first.tobytes()
    )


def test_a_picture_has_the_size_asked_for(head: Head, look: Look) -> None:
    assert Renderer(head, 64, look=look).frame(weights()).shape == (64, 64, 3)
    assert Renderer(head, (50, 70), look=look).frame(weights()).shape == (70, 50, 3)
    poses_only = Renderer(head, 64, look=look).frame(weights()[:68])
    assert np.array_equal(poses_only, Renderer(head, 64, look=look).frame(weights()))


def test_an_open_jaw_shows_the_dark_of_the_mouth_and_teeth(seen: Seen) -> None:
    shut, ajar, wide = (seen("mouth", jawOpen=jaw) for jaw in (0.0, 0.4, 1.0))
    assert dark(shut) < dark(ajar) / 3 < dark(wide) / 3
    smile = seen("mouth", jawOpen=0.3, mouthSmile=1)
    assert white(smile) > white(shut) + 100


def test_teeth_are_behind_shut_lips_and_before_open_ones(head: Head, look: Look) -> None:
    assert count(head, look, "teeth") == 0
    assert count(head, look, "teeth", jawOpen=0.3, mouthSmile=0.6) > 60


@pytest.mark.parametrize("view", ["front", "three-quarter", "profile"])
def test_a_tongue_that_is_out_is_seen(head: Head, look: Look, view: str) -> None:
    out = count(head, look, "tongue", view, jawOpen=0.4, tongueOut=1)
    assert out > count(head, look, "tongue", view, jawOpen=0.4) + 20


@pytest.mark.parametrize("view", ["front", "three-quarter"])
def test_a_blink_hides_the_eyes_step_by_step(head: Head, look: Look, view: str) -> None:
    shown = [count(head, look, "eyes", view, eyeBlink=blink) for blink in (0.0, 0.5, 1.0)]
    assert shown[0] > 100
    assert shown[0] > 1.3 * shown[1]
    assert shown[2] <= 0.03 * shown[0]


def test_the_left_blink_changes_only_the_right_half_of_the_front_view(seen: Seen) -> None:
    rest, winked = seen("front"), seen("front", eyeBlinkLeft=1)
    moved = np.abs(rest.astype(np.int16) - winked).max(axis=2) > 8
    middle = moved.shape[1] // 2
    assert moved[:, middle:].sum() > 60
    assert moved[:, : middle - 4].sum() == 0


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_each_side_of_a_smile_moves_its_own_corner(seen: Seen, side: str) -> None:
    rest, smile = seen("mouth"), seen("mouth", **{f"mouthSmile{side}": 1.0})
    moved = np.abs(rest.astype(np.int16) - smile).max(axis=2)
    left, right = moved[:, : moved.shape[1] // 2].sum(), moved[:, moved.shape[1] // 2 :].sum()
    assert (right > 2 * left) if side == "Left" else (left > 2 * right)


def test_a_pucker_is_narrower_than_a_smile(head: Head, look: Look) -> None:
    """The lips are what is glossy of the skin."""
    lips = np.flatnonzero(look.gloss > 0.1)
    skin = np.intersect1d(lips, head.part_vertices("skin"))
    width = [np.ptp(head.posed(weights(**curves)[:68])[skin, 0])
             for curves in ({"mouthPucker": 1.0}, {}, {"mouthSmile": 1.0})]  # fmt: skip
    assert width[0] < width[1] < width[2]


@pytest.mark.parametrize("view", ["front", "three-quarter", "three-quarter-right", "profile"])
@pytest.mark.parametrize("pose", list(EXTREMES))
def test_no_pose_tears_a_hole_into_the_face(head: Head, look: Look, pose: str, view: str) -> None:
    """The wall is seen from the edge of the picture inwards, never through the head.

    A single sample may slip through a seam, such as the hairline's: tears are wider.
    """
    renderer = Renderer(head, 128, view, samples=1, look=look)
    renderer._backdrop[:] = [[0], [9], [0]]
    wall = greens(renderer.frame(weights(**EXTREMES[pose])))
    assert wall.any()
    holes = wall & ~joined_to_the_edge(wall)
    assert not (holes[1:, 1:] & holes[1:, :-1] & holes[:-1, 1:] & holes[:-1, :-1]).any()
    assert int(holes.sum()) < 30


def joined_to_the_edge(wall: NDArray[np.bool_]) -> NDArray[np.bool_]:
    outside = wall.copy()
    outside[1:-1, 1:-1] = False
    while True:
        grown = outside.copy()
        grown[1:] |= outside[:-1]
        grown[:-1] |= outside[1:]
        grown[:, 1:] |= outside[:, :-1]
        grown[:, :-1] |= outside[:, 1:]
        grown &= wall
        if np.array_equal(grown, outside):
            return outside
        outside = grown


def test_a_head_turn_moves_the_face_and_not_the_shoulders(seen: Seen) -> None:
    rest, turned = seen("front").astype(np.int16), seen("front", headYaw=0.5)
    moved = np.abs(rest - turned).max(axis=2) > 10
    assert moved[40:110, 40:120].mean() > 0.5
    assert moved[-4:].mean() < 0.1


def test_either_side_is_the_mirror_image_of_the_other(head: Head, look: Look) -> None:
    shapes = []
    for view in ("three-quarter", "three-quarter-right"):
        renderer = Renderer(head, 96, view, look=look)
        renderer._backdrop[:] = [[0], [9], [0]]
        shapes.append(greens(renderer.frame(weights(jawOpen=0.4))))
    assert (shapes[0] == shapes[1][:, ::-1]).mean() > 0.97


def test_more_samples_smooth_the_edges_and_keep_the_face(head: Head, look: Look) -> None:
    coarse, fine = (
        Renderer(head, 96, samples=samples, look=look).frame(weights()).astype(np.int16)
        for samples in (1, 3)
    )
    assert np.abs(coarse - fine).mean() < 4
    assert np.abs(np.diff(fine, axis=1)).max() < np.abs(np.diff(coarse, axis=1)).max() + 30


def test_an_eyeball_is_lit_in_front_whichever_part_of_it_is_there(head: Head, look: Look) -> None:
    """Light that was worked out at rest would turn with the eye and leave its white black."""
    lit = []
    for curves in ({}, {"eyeLookDown": 1.0}, {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}):
        posed = head.posed(weights(**curves)[:68])
        front = np.argmax(posed[look.eyes, 2])
        lit.append(look.openness(posed)[look.eyes[front]])
    assert lit[0] > 0.8
    assert lit == pytest.approx([lit[0]] * 3, abs=0.1)


def test_a_mouth_is_the_darker_the_deeper(head: Head, look: Look) -> None:
    posed = head.posed(weights(jawOpen=0.5)[:68])
    light = look.openness(posed)
    deep = posed[look.inside, 2] < look.anchors.mouth[2] - 4
    assert light[look.inside[deep]].max() < 0.05
    assert light[head.part_vertices("teeth")].max() > 0.3
