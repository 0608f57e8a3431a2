"""From measurements to targets: ranges, FACEGOOD names, phones."""

from __future__ import annotations

import numpy as np
import pytest

from facewire.tools.training import articulation, labels
from facewire.tools.training.channels import HEADS, SPOKEN, curve_sources
from facewire.tools.training.labels import COLUMNS
from facewire.tools.training.pseudo import PhoneFace

PHONES = [
    ("SIL", 0.0, 0.2), ("T", 0.2, 0.35), ("AA", 0.35, 0.6), ("K", 0.6, 0.75), ("SIL", 0.75, 1.0),
]  # fmt: skip


def test_a_talkers_own_range_becomes_zero_to_one() -> None:
    values = np.linspace(0.2, 0.4, 1001).astype(np.float32)
    ranged = labels.ranged(values)
    assert np.percentile(ranged, [5, 95]) == pytest.approx([0.0, 1.0], abs=1e-3)


def test_a_rare_spike_is_compressed_but_stays_the_highest() -> None:
    values = np.concatenate([np.linspace(0.0, 1.0, 1000), [50.0]]).astype(np.float32)
    ranged = labels.ranged(values)
    assert ranged.argmax() == 1000
    assert ranged.max() < 10.0


def test_scale_of_a_camera_does_not_matter() -> None:
    values = np.random.default_rng(1).random(500).astype(np.float32)
    assert labels.ranged(3.0 * values + 2.0) == pytest.approx(labels.ranged(values), abs=1e-4)


def test_facegood_rounding_shapes_reach_funnel_and_pucker() -> None:
    names = ["mouth_stretch_c", "mouth_funnel_dl", "mouth_pucker_l", "mouth_oh_c", "mouth_oo_c"]
    rows = np.zeros((100, len(names)), np.float32)
    rows[:50, 3] = 1.0
    rows[50:, 4] = 0.5
    (values,) = labels.facegood_values({"take": rows}, names).values()
    funnel, pucker = (values[:, COLUMNS.index(c)] for c in ("mouthFunnel", "mouthPucker"))
    assert funnel[:50] == pytest.approx(1.0)
    assert funnel[50:] == pytest.approx(0.3 * 0.5 / 0.7)
    assert not pucker[:50].any()
    assert pucker[50:] == pytest.approx(1.0)


def test_facegood_channels_that_never_move_are_unknown() -> None:
    names = ["mouth_stretch_c", "mouth_dimple_l"]
    rows = np.tile(np.array([0.5, 0.0], np.float32), (20, 1))
    (values,) = labels.facegood_values({"take": rows}, names).values()
    assert np.isnan(values[:, COLUMNS.index("mouthDimple")]).all()
    assert np.isfinite(values[:, COLUMNS.index("jawOpen")]).all()


def test_the_tongue_tip_rises_on_t_and_its_back_on_k() -> None:
    spoken = articulation.spoken_targets(articulation.activity(PHONES, 100, 0.01))
    tip, retracted = (spoken[:, SPOKEN.index(c)] for c in ("tongueTipUp", "tongueIn"))
    assert 20 <= tip.argmax() < 35
    assert 60 <= retracted.argmax() < 75
    assert spoken[:8].max() < 0.01
    assert spoken.min() >= 0.0
    assert spoken.max() <= 1.0


def test_unknown_phones_count_as_silence() -> None:
    active = articulation.activity([("+NOISE+", 0.0, 0.1)], 10, 0.01)
    assert active[:, 0].all()


def test_every_phone_of_the_table_is_a_phone() -> None:
    assert set(articulation.TABLE) <= set(articulation.PHONES)
    assert {c for amounts in articulation.TABLE.values() for c in amounts} <= set(SPOKEN)


def test_both_curves_of_a_pair_come_from_one_head() -> None:
    sources = dict(curve_sources())
    assert sources["mouthSmileLeft"] == sources["mouthSmileRight"] == "mouthSmile"
    assert set(sources.values()) == set(HEADS)


def test_a_phone_face_learns_which_phone_opens_the_mouth() -> None:
    spoken = articulation.activity(PHONES, 100, 0.01)
    opening = spoken[:, [articulation.PHONES.index("AA")]]
    face = PhoneFace([(spoken, opening)] * 20)
    assert face(spoken)[47] > 0.8
    assert face(spoken)[10] < 0.2


def test_a_phone_face_without_examples_is_refused() -> None:
    with pytest.raises(ValueError, match="phones and a face"):
        PhoneFace([])
