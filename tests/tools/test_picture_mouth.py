"""The drawn mouth says what the curves say: pixels are counted, not looked at."""

import math

import numpy as np
import pytest
from PIL import Image

from facewire.tools.picture.face import draw_face
from facewire.tools.picture.mouth import CAVITY, LIP_LINE, inner_edges, mouth_pose, outer_contour

WIDTH = 240


def pixels_like(image: Image.Image, colour: tuple[int, int, int]) -> int:
    """Pixels within a few steps of a colour: reducing blends the edges."""
    pixels = np.asarray(image, np.int16)
    return int((np.abs(pixels - np.array(colour)).max(axis=2) < 12).sum())


def cavity(**weights: float) -> int:
    return pixels_like(draw_face(weights, WIDTH, "#ffffff"), CAVITY)


def both(name: str, value: float) -> dict[str, float]:
    return {f"{name}Left": value, f"{name}Right": value}


def test_the_dark_of_the_mouth_grows_with_the_jaw() -> None:
    areas = [cavity(jawOpen=jaw) for jaw in (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert areas[0] == 0
    assert areas[1] > 0
    assert areas == sorted(areas)
    assert len(set(areas)) == len(areas)


@pytest.mark.parametrize("jaw", [0.0, 0.1, 0.3, 0.6])
def test_closed_lips_show_their_line_and_no_gap(jaw: float) -> None:
    image = draw_face({"jawOpen": jaw, "mouthClose": jaw}, WIDTH, "#ffffff")
    assert pixels_like(image, CAVITY) == 0
    assert pixels_like(image, LIP_LINE) > 20


def test_mouth_close_beyond_the_jaw_does_not_turn_the_lips_inside_out() -> None:
    assert mouth_pose({"jawOpen": 0.1, "mouthClose": 0.9}).gap == 0


def test_lips_that_stay_a_hair_apart_are_drawn_shut() -> None:
    assert mouth_pose({"jawOpen": 0.03}).gap == 0
    assert mouth_pose({"jawOpen": 0.06}).gap > 0


@pytest.mark.parametrize("name", ["mouthLowerDown", "mouthUpperUp"])
def test_a_lip_that_moves_away_opens_the_mouth(name: str) -> None:
    assert mouth_pose(both(name, 0.8)).gap > mouth_pose(both(name, 0.3)).gap > 0


def test_rounding_makes_the_mouth_narrow_and_its_opening_full() -> None:
    flat, round_ = mouth_pose({"jawOpen": 0.3}), mouth_pose({"jawOpen": 0.3, "mouthPucker": 0.8})
    assert round_.half_width < 0.8 * flat.half_width

    def fullness(pose: object) -> float:
        upper, lower = inner_edges(pose)  # type: ignore[arg-type]
        gap = lower[:, 1] - upper[:, 1]
        return float(gap.mean() / gap.max())

    assert fullness(round_) > fullness(flat)


@pytest.mark.parametrize("name", ["mouthSmile", "mouthStretch"])
def test_smile_and_stretch_widen_the_mouth(name: str) -> None:
    assert mouth_pose(both(name, 1.0)).half_width > 1.15 * mouth_pose({}).half_width


def test_smiles_lift_the_corners_and_frowns_lower_them() -> None:
    rest = mouth_pose({}).corner_y
    assert mouth_pose(both("mouthSmile", 0.5)).corner_y < rest
    assert mouth_pose(both("mouthFrown", 0.5)).corner_y > rest


def test_pressed_and_rolled_lips_are_thin() -> None:
    rest = mouth_pose({})
    assert mouth_pose(both("mouthPress", 1.0)).upper_thickness < 0.7 * rest.upper_thickness
    assert mouth_pose({"mouthRollLower": 1.0}).lower_thickness < 0.5 * rest.lower_thickness


def test_one_side_counts_half() -> None:
    assert mouth_pose({"mouthSmileLeft": 1.0}).corner_y == pytest.approx(
        mouth_pose(both("mouthSmile", 0.5)).corner_y
    )


def test_values_out_of_range_draw_the_nearest_mouth_in_range() -> None:
    assert mouth_pose({"jawOpen": 7.0, "mouthPucker": -3.0}) == mouth_pose({"jawOpen": 1.0})


@pytest.mark.parametrize("seed", range(8))
def test_the_lips_enclose_the_opening_whatever_the_curves(seed: int) -> None:
    names = [
        "jawOpen",
        "mouthClose",
        "mouthFunnel",
        "mouthPucker",
        "mouthSmile",
        "mouthStretch",
        "mouthFrown",
    ]
    names += ["mouthPress", "mouthRollUpper", "mouthRollLower", "mouthLowerDown", "mouthUpperUp"]
    values = np.random.default_rng(seed).random(len(names))
    pose = mouth_pose(dict(zip(names, values.tolist(), strict=True)))
    upper, lower = inner_edges(pose)
    outline = outer_contour(pose)
    count = len(upper)
    assert np.isfinite(outline).all()
    assert (outline[:count, 1] <= upper[:, 1] + 1e-9).all()
    assert (outline[count:][::-1, 1] >= lower[:, 1] - 1e-9).all()
    assert (lower[:, 1] >= upper[:, 1] - 1e-9).all()
    assert math.isclose(outline[0, 0], -outline[count - 1, 0])
