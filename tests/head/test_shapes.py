"""Every shape moves what its name says, on the side it says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from tests.head.kit import SHAPES, delta, mirror, moved, posed

from facewire.animation.curves import ARKIT_52, TONGUE_16, mirrored
from facewire.tools.head import load_head

SIDED = [name for name in SHAPES if name.endswith("Left")]
UPPER_FACE = [name for name in ARKIT_52 if name.startswith(("eye", "brow"))]
LOWER_FACE = [name for name in ARKIT_52 if name.startswith(("jaw", "mouth"))]


@pytest.mark.parametrize("name", SIDED)
def test_left_and_right_are_each_others_mirror(name: str) -> None:
    reflected = delta(name)[mirror()] * (-1, 1, 1)

    assert np.abs(reflected - delta(mirrored(name))).max() < 0.01


@pytest.mark.parametrize("name", [n for n in SHAPES if not n.endswith(("Left", "Right"))])
def test_a_shape_without_a_side_is_symmetric(name: str) -> None:
    assert np.abs(delta(name)[mirror()] * (-1, 1, 1) - delta(name)).max() < 0.01


@pytest.mark.parametrize(
    "name", [n for n in SIDED if n.startswith(("eye", "brow", "cheek", "nose"))]
)
def test_a_left_shape_moves_the_characters_left(name: str) -> None:
    amount = np.linalg.norm(delta(name), axis=1)

    assert (amount * load_head().vertices[:, 0]).sum() / amount.sum() > 1.0


@pytest.mark.parametrize("name", ["jawLeft", "mouthLeft", "tongueLeft", "tongueTipLeft"])
def test_what_goes_left_goes_to_positive_x(name: str) -> None:
    assert delta(name)[:, 0].sum() > 0
    assert delta(name)[moved(name, 0.1), 0].mean() > 0.1


@pytest.mark.parametrize("name", ["mouthSmileLeft", "mouthFrownLeft", "mouthDimpleLeft"])
def test_a_left_corner_shape_moves_the_left_corner_more(name: str) -> None:
    left, right = np.linalg.norm(delta(name)[load_head().lip_corners], axis=1)

    assert left > 0.3
    assert left > 3 * right


@pytest.mark.parametrize("name", UPPER_FACE)
def test_eyes_and_brows_leave_the_mouth_alone(name: str) -> None:
    head = load_head()
    lowest = head.vertices[moved(name, 0.05), 1].min()

    assert lowest > head.vertices[head.inner_lip_upper, 1].max() + 1.5
    assert not np.isin(moved(name), np.r_[head.inner_lip_upper, head.inner_lip_lower]).any()


@pytest.mark.parametrize("name", LOWER_FACE)
def test_mouth_and_jaw_leave_brows_and_forehead_alone(name: str) -> None:
    head = load_head()
    forehead = np.flatnonzero(
        (head.vertices[:, 1] > head.eye_centre[0, 1] + 1.2) & (np.abs(head.vertices[:, 0]) < 5.0)
    )

    assert not np.isin(moved(name), head.part_vertices("brows", "eyes")).any()
    assert not np.isin(moved(name, 0.02), forehead).any()


@pytest.mark.parametrize("name", TONGUE_16)
def test_a_tongue_shape_moves_the_tongue_alone_and_visibly(name: str) -> None:
    tongue = load_head().part_vertices("tongue")

    assert np.isin(moved(name), tongue).all()
    assert 0.3 < np.linalg.norm(delta(name), axis=1).max() < 2.5


def test_only_jaw_shapes_move_the_lower_teeth_and_none_moves_the_upper() -> None:
    head = load_head()
    teeth = head.part_vertices("teeth", "gums")
    jaw = moved("jawOpen")
    lower, upper = np.intersect1d(teeth, jaw), np.setdiff1d(teeth, jaw)

    assert len(lower) > 500
    assert len(upper) > 500
    for name in SHAPES:
        assert np.isin(lower, moved(name)).all() == name.startswith("jaw"), name
        assert not np.isin(upper, moved(name)).any(), name


def test_lower_teeth_stay_rigid_when_the_jaw_opens() -> None:
    head = load_head()
    lower = np.intersect1d(head.part_vertices("teeth"), moved("jawOpen"))
    pairs = np.stack([lower, np.roll(lower, 97)])

    rest = np.linalg.norm(np.diff(head.vertices[pairs], axis=0)[0], axis=1)
    open_ = np.linalg.norm(np.diff(posed(jawOpen=1)[pairs], axis=0)[0], axis=1)

    np.testing.assert_allclose(open_, rest, atol=0.01)


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [
        ("jawOpen", 1, -1), ("jawForward", 2, 1), ("mouthPucker", 2, 1), ("mouthFunnel", 2, 1),
        ("mouthShrugUpper", 1, 1), ("mouthShrugLower", 1, 1), ("browInnerUp", 1, 1),
        ("browOuterUpLeft", 1, 1), ("browDownLeft", 1, -1), ("mouthSmileLeft", 1, 1),
        ("mouthFrownLeft", 1, -1), ("mouthUpperUpLeft", 1, 1), ("mouthLowerDownLeft", 1, -1),
        ("cheekSquintLeft", 1, 1), ("tongueOut", 2, 1),
        ("tongueTipUp", 1, 1), ("tongueTipDown", 1, -1), ("tongueUp", 1, 1),
        ("tongueDown", 1, -1), ("tongueIn", 2, -1), ("tongueStretch", 2, 1),
    ],
)  # fmt: skip
def test_a_shape_goes_the_way_it_is_called(name: str, axis: int, sign: int) -> None:
    strong = moved(name, 0.5 * float(np.linalg.norm(delta(name), axis=1).max()))

    assert sign * delta(name)[strong, axis].mean() > 0.05


def test_cheeks_puff_outwards() -> None:
    head = load_head()
    strong = moved("cheekPuff", 0.7)
    outwards = head.vertices[strong] - (0.0, head.vertices[strong, 1].mean(), 6.0)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)

    assert (delta("cheekPuff")[strong] * outwards).sum(1).min() > 0.3


def test_a_sneer_lifts_the_wing_of_the_nose() -> None:
    head = load_head()
    nose = head.vertices - (1.0, 69.6, 14.0)
    wing = np.flatnonzero((nose**2).sum(1) < 0.8)

    assert len(wing) > 10
    assert delta("noseSneerLeft")[wing, 1].mean() > 0.1


def test_brows_ride_on_the_skin_beneath() -> None:
    head = load_head()
    brows, skin = head.part_vertices("brows"), head.part_vertices("skin")
    for name in ("browDownLeft", "browInnerUp", "browOuterUpRight"):
        pose = posed(**{name: 1.0})
        for vertex in brows[::9]:
            rest = np.linalg.norm(head.vertices[skin] - head.vertices[vertex], axis=1)
            under = skin[np.argmin(rest)]
            drift = (pose[vertex] - pose[under]) - (head.vertices[vertex] - head.vertices[under])
            assert np.linalg.norm(drift) < 0.15, name
