"""The tongue reaches where speech sounds are made."""

from __future__ import annotations

import numpy as np
import pytest
from tests.head.kit import delta, moved, posed

from facewire.tools.head import load_head


def _tip(pose: np.ndarray) -> np.ndarray:
    """Return the places of the front centimetre of the tongue."""
    head = load_head()
    tongue = head.part_vertices("tongue")
    front = head.vertices[tongue, 2] > head.vertices[tongue, 2].max() - 1.0
    return np.asarray(pose[tongue[front]])


def _teeth(*, upper: bool) -> np.ndarray:
    head = load_head()
    teeth = head.part_vertices("teeth")
    return teeth[np.isin(teeth, moved("jawOpen"), invert=upper)]


def test_tip_and_body_up_reach_the_ridge_behind_the_upper_teeth_at_a_half_open_jaw() -> None:
    head = load_head()
    gums = np.setdiff1d(head.part_vertices("gums"), moved("jawOpen"))
    ridge = head.vertices[gums]
    ridge = ridge[(np.abs(ridge[:, 0]) < 0.8) & (ridge[:, 2] < 13.3)]
    tip = _tip(posed(jawOpen=0.5, tongueTipUp=1, tongueUp=1))

    apart = np.linalg.norm(tip[:, None] - ridge[None], axis=2).min()

    assert apart < 0.35


def test_the_tongue_lies_behind_the_teeth_at_rest() -> None:
    head = load_head()
    front = head.vertices[_teeth(upper=False)]
    front = front[np.abs(front[:, 0]) < 1.0]

    assert _tip(head.vertices)[:, 2].max() < front[:, 2].max()


@pytest.mark.parametrize("jaw", [0.3, 0.5])
def test_a_tongue_put_out_passes_between_the_teeth(jaw: float) -> None:
    head = load_head()
    pose = posed(jawOpen=jaw, tongueOut=1)
    tongue = pose[head.part_vertices("tongue")]
    upper, lower = (pose[_teeth(upper=side)] for side in (True, False))
    row = [teeth[np.abs(teeth[:, 0]) < 1.0] for teeth in (upper, lower)]

    assert tongue[:, 2].max() > row[0][:, 2].max() + 1.0
    for teeth, side in zip(row, (1, -1), strict=True):
        depth = (teeth[:, 2].min(), teeth[:, 2].max())
        between = tongue[(tongue[:, 2] > depth[0]) & (tongue[:, 2] < depth[1])]
        between = between[np.abs(between[:, 0]) < 1.0]
        edge = (side * teeth[:, 1]).min()
        assert len(between) > 5
        assert (side * between[:, 1]).max() < edge + 0.1


@pytest.mark.parametrize("name", ["tongueTipDown", "tongueLeft", "tongueTipRight", "tongueWide"])
def test_a_tongue_inside_the_mouth_stays_inside_the_arch_of_the_teeth(name: str) -> None:
    head = load_head()
    pose = posed(jawOpen=0.6, **{name: 1.0})
    tongue, teeth = pose[head.part_vertices("tongue")], pose[_teeth(upper=False)]
    # Seen from above: no further out than the outer side of the tooth next to it.
    for point in tongue[tongue[:, 2] > teeth[:, 2].min()]:
        near = teeth[np.abs(teeth[:, 2] - point[2]) < 0.5]
        assert np.abs(point[0]) < np.abs(near[:, 0]).max() + 0.05


def test_rolling_up_lifts_the_edges_over_the_middle() -> None:
    head = load_head()
    tongue = head.part_vertices("tongue")
    front = tongue[head.vertices[tongue, 2] > 11.0]
    side = np.abs(head.vertices[front, 0])
    edge, middle = front[side > 0.85 * side.max()], front[side < 0.2]
    for name, sign in (("tongueRollUp", 1), ("tongueRollDown", -1)):
        lift = delta(name)[edge, 1].mean() - delta(name)[middle, 1].mean()
        assert sign * lift > 0.4


def test_rolling_left_sinks_the_left_edge() -> None:
    head = load_head()
    strong = moved("tongueRollLeft", 0.3)
    left = strong[head.vertices[strong, 0] > 0]

    assert delta("tongueRollLeft")[left, 1].mean() < -0.2


def test_wide_and_narrow_are_opposites() -> None:
    head = load_head()
    tongue = head.part_vertices("tongue")
    front = tongue[head.vertices[tongue, 2] > 10.5]
    half = np.abs(head.vertices[front, 0]).max()

    assert np.abs(posed(tongueWide=1)[front, 0]).max() > 1.15 * half
    assert np.abs(posed(tongueNarrow=1)[front, 0]).max() < 0.8 * half
