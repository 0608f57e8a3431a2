"""The sounds we ship and test with: their format, length and notices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from facewire.tools import demo_assets
from facewire.tools.demo_assets import make_speech

SHIPPED = Path(demo_assets.__file__).parent
ASSETS = Path(__file__).parents[1] / "assets"


@pytest.mark.parametrize(
    ("path", "shortest_s", "longest_s"),
    [(SHIPPED / "speech.flac", 6.0, 9.0), (ASSETS / "speech_16k.flac", 3.0, 6.0)],
)
def test_a_clip_is_speech_with_a_pause_in_it(
    path: Path, shortest_s: float, longest_s: float
) -> None:
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == make_speech.RATE_HZ
    assert samples.ndim == 1
    assert shortest_s <= len(samples) / rate_hz <= longest_s
    assert 0.2 < np.abs(samples).max() < 1.0
    blocks = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    silent = np.abs(blocks).max(axis=1) < 0.003
    assert silent[5:-5].any(), "no pause in the middle"
    assert silent.mean() < 0.5


def test_the_clip_of_the_tests_is_small() -> None:
    assert (ASSETS / "speech_16k.flac").stat().st_size <= 100_000


def test_the_notice_has_the_words_the_voice_and_the_command() -> None:
    notice = (SHIPPED / "NOTICE").read_text()
    spoken = " ".join(phrase for phrase, _ in make_speech.DEMO)
    short = " ".join(phrase for phrase, _ in make_speech.SHORT)
    said = " ".join(notice.split())
    for needed in (
        spoken,
        short,
        f"cmu_us_{make_speech.VOICE}",
        "Carnegie Mellon",
        make_speech.__name__,
    ):
        assert needed in said
