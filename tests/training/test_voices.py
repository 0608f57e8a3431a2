"""Synthesised training speech: what is said, and when."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from facewire.tools.demo_assets import make_speech
from facewire.tools.training.articulation import PHONES
from facewire.tools.training.voices import espeak, flite, recording
from facewire.tools.training.voices.sentences import sentences

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_COUNT = 1500


def test_sentences_are_different_and_the_seed_decides_them() -> None:
    texts = sentences(300, seed=4)
    assert len(set(texts)) == 300
    assert texts == sentences(300, seed=4)
    assert texts != sentences(300, seed=5)
    assert not any("{" in text for text in texts)


def test_nothing_that_the_demo_or_the_tests_say_is_trained_on() -> None:
    judged = [text for text, _ in (*make_speech.DEMO, *make_speech.SHORT)]
    assert not set(judged) & set(sentences(DEFAULT_COUNT, seed=1))


def test_flite_times_are_stretched_to_the_sound() -> None:
    phones = flite.phones_of("pau:0.1 b:0.2 ax:0.4 \n", 0.8)
    assert phones == [("SIL", 0.0, 0.2), ("B", 0.2, 0.4), ("AH", 0.4, 0.8)]


def test_espeak_phones_end_where_the_next_begins() -> None:
    phones = espeak.phones_of([("b", 100), ("u:", 200), ("_:", 600)], 1000, 1000)
    assert phones == [("SIL", 0.0, 0.1), ("B", 0.1, 0.2), ("UW", 0.2, 0.6), ("SIL", 0.6, 1.0)]


def test_an_espeak_phone_nobody_mapped_is_named() -> None:
    with pytest.raises(ValueError, match="'xyz'"):
        espeak.phones_of([("xyz", 0)], 10, 10)


def test_a_missing_flite_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(flite.SynthesiserMissingError) as caught:
        recording.write(tmp_path / "out", per_voice=1, seed=1, report=lambda _: None)
    assert "flite" in str(caught.value.hint)


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs flite")
def test_every_voice_speaks_with_phones_that_fill_its_sound(tmp_path: Path) -> None:
    try:
        minutes = recording.write(tmp_path, per_voice=4, seed=2, report=lambda _: None)
    except flite.SynthesiserMissingError:
        pytest.skip("needs libespeak-ng")
    rows = [json.loads(line) for line in (tmp_path / "phones.jsonl").read_text().splitlines()]
    assert {r["talker"] for r in rows} >= {"kal16", "kal", "awb", "rms", "slt", "m1", "linda"}
    assert minutes > 0.5
    for row in rows:
        samples, rate_hz = soundfile.read(tmp_path / "flac" / f"{row['id']}.flac")
        names, starts, ends = zip(*row["phones"], strict=True)
        assert rate_hz == 16_000
        assert set(names) <= set(PHONES)
        assert ends[-1] == pytest.approx(len(samples) / rate_hz, abs=0.01)
        assert starts[1:] == ends[:-1]
        assert np.abs(samples).max() > 0.05
