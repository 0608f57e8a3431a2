"""Lips and lids measured from weights are what the posed head shows."""

from __future__ import annotations

import numpy as np
import pytest
from tests.head.kit import clip

from facewire.tools.head import load_head, measures


def _gap(**curves: float) -> float:
    return float(measures.lip_gap_cm(clip(curves))[0])


@pytest.mark.parametrize("count", [52, 68, 71])
def test_a_measure_takes_all_three_widths_of_rows(count: int) -> None:
    rows = clip({"jawOpen": 0.4}, {"mouthFunnel": 0.5}, count=count)

    for measure in (
        measures.lip_gap_cm, measures.lip_width_cm, measures.lip_protrusion_cm,
    ):  # fmt: skip
        values = measure(rows)
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, measure(clip({"jawOpen": 0.4}, {"mouthFunnel": 0.5})))
    assert measures.lid_gap_cm(rows).shape == (2, 2)


def test_the_lip_gap_is_the_mean_opening_of_the_central_pairs() -> None:
    head = load_head()
    rng = np.random.default_rng(3)
    rows = rng.uniform(0, 0.4, (20, 68)).astype(np.float32)
    centre = np.abs(head.vertices[head.inner_lip_upper, 0]) <= measures.CENTRE_CM
    poses = head.posed(rows)
    opening = poses[:, head.inner_lip_upper[centre], 1] - poses[:, head.inner_lip_lower[centre], 1]

    assert centre.sum() == 9
    np.testing.assert_allclose(measures.lip_gap_cm(rows), np.maximum(opening, 0).mean(1), atol=2e-4)


def test_closed_is_exactly_zero_and_open_grows_with_the_jaw() -> None:
    assert _gap() == 0.0
    assert 0 < _gap(jawOpen=0.1) < _gap(jawOpen=0.3) < _gap(jawOpen=1.0)
    assert _gap(jawOpen=1.0) == pytest.approx(2.95, abs=0.05)


@pytest.mark.parametrize("weight", [0.25, 0.5, 1.0])
def test_mouth_close_takes_the_gap_of_the_jaw_away(weight: float) -> None:
    assert _gap(jawOpen=weight, mouthClose=weight) < 1e-5
    assert _gap(jawOpen=weight, mouthClose=weight / 2) == pytest.approx(
        _gap(jawOpen=weight / 2), abs=0.01
    )


def test_lips_pressed_past_contact_measure_zero_and_not_less() -> None:
    assert _gap(mouthRollLower=1, mouthRollUpper=1) == 0.0
    assert _gap(jawOpen=0.1, mouthRollLower=0.8) < _gap(jawOpen=0.1) - 0.1


@pytest.mark.parametrize("curve", ["mouthSmile", "mouthStretch", "mouthPress"])
def test_spreading_shapes_widen_the_mouth(curve: str) -> None:
    rest, spread = measures.lip_width_cm(clip({}, {f"{curve}Left": 1.0, f"{curve}Right": 1.0}))

    assert rest == pytest.approx(4.29, abs=0.05)
    assert spread > rest + 0.4


def test_protrusion_is_zero_at_rest_positive_rounded_and_negative_rolled_in() -> None:
    rest, pucker, funnel, rolled = measures.lip_protrusion_cm(
        clip({}, {"mouthPucker": 1}, {"mouthFunnel": 1}, {"mouthRollUpper": 1})
    )

    assert rest == 0.0
    assert pucker > 0.5
    assert funnel > 0.5
    assert rolled < -0.2


def test_lids_are_measured_side_by_side() -> None:
    rest, left, right = measures.lid_gap_cm(clip({}, {"eyeBlinkLeft": 1}, {"eyeBlinkRight": 1}))

    assert rest[0] == pytest.approx(rest[1], abs=0.002)
    assert left[0] < 0.01
    assert left[1] == pytest.approx(rest[1])
    assert right[1] < 0.01


def test_a_minute_of_curves_is_measured_in_a_blink() -> None:
    rows = np.full((3600, 71), 0.2, np.float32)
    assert measures.lip_gap_cm(rows).shape == (3600,)
