"""Eyes, brows and the head of the drawn face."""

import numpy as np
import pytest
from PIL import Image

from facewire.tools.picture.eyes import BROW, IRIS, WHITE, gaze, lid_heights
from facewire.tools.picture.face import ASPECT, SKIN, draw_face

WIDTH = 240


def where(image: Image.Image, colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.asarray(image, np.int16)
    rows, columns = np.nonzero(np.abs(pixels - np.array(colour)).max(axis=2) < 14)
    return rows, columns


def face(**weights: float) -> Image.Image:
    return draw_face(weights, WIDTH, "#808080")


def test_a_tile_has_the_size_and_background_it_was_asked_for() -> None:
    image = face()
    assert image.size == (WIDTH, round(WIDTH * ASPECT))
    assert image.getpixel((0, 0)) == (0x80, 0x80, 0x80)


def test_the_same_weights_draw_the_same_picture() -> None:
    assert face(jawOpen=0.3).tobytes() == face(jawOpen=0.3).tobytes()


def test_a_blink_hides_the_eyes_step_by_step() -> None:
    seen = [
        len(where(face(eyeBlinkLeft=blink, eyeBlinkRight=blink), WHITE)[0])
        for blink in (0.0, 0.4, 1.0)
    ]
    assert seen[0] > seen[1] > seen[2] == 0


def test_one_eye_can_blink() -> None:
    _, columns = where(face(eyeBlinkLeft=1.0), IRIS)
    assert len(columns) > 0
    assert columns.max() < WIDTH / 2, "the face's left eye is on the picture's right"


def test_looking_aside_moves_both_irises_the_same_way() -> None:
    rest = where(face(), IRIS)[1].mean()
    right = where(face(eyeLookOutLeft=0.7, eyeLookInRight=0.7), IRIS)[1].mean()
    left = where(face(eyeLookOutRight=0.7, eyeLookInLeft=0.7), IRIS)[1].mean()
    assert left < rest - 2
    assert right > rest + 2


def test_looking_up_and_down_are_opposite() -> None:
    up = gaze({"eyeLookUpLeft": 1.0}, "Left")
    down = gaze({"eyeLookDownLeft": 1.0}, "Left")
    assert up[1] < 0 < down[1]


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_lids_open_wide_narrow_in_a_squint_and_meet_in_a_blink(side: str) -> None:
    rest = sum(lid_heights({}, side))
    assert sum(lid_heights({f"eyeWide{side}": 1.0}, side)) > rest
    assert sum(lid_heights({f"eyeSquint{side}": 1.0}, side)) < rest
    assert sum(lid_heights({f"eyeBlink{side}": 1.0}, side)) == pytest.approx(0)


def test_brows_rise_and_fall() -> None:
    def height(**weights: float) -> float:
        forehead = face(**weights).crop((60, 76, 180, 118))  # below the hair, above the eyes
        return float(where(forehead, BROW)[0].mean())

    assert height(browInnerUp=1.0) < height() - 2
    assert height(browDownLeft=1.0, browDownRight=1.0) > height() + 2


def test_an_open_jaw_lowers_the_chin() -> None:
    middle = WIDTH // 2

    def chin(image: Image.Image) -> int:
        column = np.asarray(image, np.int16)[:, middle]
        return int(np.flatnonzero(np.abs(column - np.array(SKIN)).max(axis=1) < 10).max())

    assert chin(face(jawOpen=1.0)) > chin(face(jawOpen=0.5)) + 10 > chin(face()) + 20
