"""Clips on the tick grid: features beside targets, speeds, silence."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from facewire.tools.training import dataset
from facewire.tools.training.channels import TARGETS
from facewire.tools.training.features import MEL_BANDS
from facewire.tools.training.labels import COLUMNS
from facewire.tools.training.network import PAST_FRAMES
from facewire.tools.training.recordings import Clip

RATE_HZ = 16_000


def _clip(*, excerpt: bool = False) -> Clip:
    """Return one second: a click at 0.5 s, a jaw that peaks there, a T around it."""
    audio = np.full(RATE_HZ, 1e-9, np.float32)
    audio[8_000:8_160] = 0.5
    times = np.arange(101) / 100
    labels = np.full((101, len(COLUMNS)), np.nan, np.float32)
    labels[:, COLUMNS.index("jawOpen")] = np.exp(-(((times - 0.5) / 0.1) ** 2))
    phones = [("SIL", 0.0, 0.45), ("T", 0.45, 0.55), ("SIL", 0.55, 1.0)]
    return Clip("click", "nobody", audio, phones, times, labels, excerpt)


def test_a_sound_and_its_label_stand_at_the_same_tick() -> None:
    example = dataset.example(_clip(), 1.0)
    loudest = int(example.log_mel.float().mean(dim=1).argmax()) - PAST_FRAMES
    jaw = example.targets[:, TARGETS.index("jawOpen")]
    assert example.log_mel.shape == (100 + dataset.CONTEXT_FRAMES, MEL_BANDS)
    assert abs(loudest - 50) <= 1
    assert int(jaw.argmax()) == 50


def test_a_faster_clip_is_shorter_and_its_labels_with_it() -> None:
    example = dataset.example(_clip(), 1.25)
    assert example.ticks == 80
    assert int(example.targets[:, TARGETS.index("jawOpen")].argmax()) == 40
    assert 36 <= int(example.targets[:, TARGETS.index("tongueTipUp")].argmax()) <= 44


def test_channels_nobody_measured_stay_unknown() -> None:
    example = dataset.example(_clip(), 1.0)
    assert bool(example.targets[:, TARGETS.index("mouthSmile")].isnan().all())
    assert not bool(example.targets[:, TARGETS.index("tongueOut")].isnan().any())


def test_the_face_at_the_cut_ends_of_an_excerpt_is_not_asked_for() -> None:
    jaw = TARGETS.index("jawOpen")
    whole, cut = (dataset.example(_clip(excerpt=e), 1.0).targets for e in (False, True))
    assert bool(cut[:25, jaw].isnan().all())
    assert bool(cut[-15:, jaw].isnan().all())
    assert bool((cut[25:-15, jaw] == whole[25:-15, jaw]).all())
    assert not bool(cut[:, TARGETS.index("tongueOut")].isnan().any())


def test_silence_is_quiet_and_the_face_in_it_rests() -> None:
    clips = dataset.silence(seed=1, count=12, seconds=1.0)
    assert all(c.labels is not None and not c.labels.any() for c in clips)
    assert all(np.sqrt(np.mean(c.audio**2)) < 0.02 for c in clips)
    quiet = [c.audio.reshape(-1, 400).any(axis=1) for c in clips]
    assert 0 < np.mean(quiet) < 1, "noise sets in and stops"
