"""The shipped model on synthesised speech: can the words be read from the lips of our head?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from facewire.inference.loading import load_model
from facewire.tools import demo_assets
from facewire.tools.judging.lip_reading import SHUT_CM, LipReading
from facewire.tools.judging.prediction import predicted_curves

ASSETS = Path(__file__).parents[1] / "assets"
DEMO_ASSETS = Path(demo_assets.__file__).parent


def _read(clip: Path) -> LipReading:
    phones = [tuple(row) for row in json.loads(clip.with_suffix(".phones.json").read_text())]
    reading = LipReading()
    reading.add(*predicted_curves(load_model("embedded"), clip), phones)
    return reading


@pytest.mark.parametrize("clip", [DEMO_ASSETS / "speech.flac", ASSETS / "speech_16k.flac"])
def test_lips_shut_on_m_p_b_round_on_oo_and_open_on_ah(clip: Path) -> None:
    reading = _read(clip)
    assert len(reading.bilabial_gaps_cm) >= 7
    assert max(reading.bilabial_gaps_cm) <= SHUT_CM, reading.bilabial_gaps_cm
    assert reading.opened >= 0.9, reading.vowel_gaps_cm
    assert max(reading.round_widths) <= 0.8, reading.round_widths
    assert reading.shut_elsewhere <= 0.06


def test_a_mouth_that_closes_on_b_alone_is_told_from_one_that_hangs_open() -> None:
    times_s = np.arange(60) / 60
    phones = [("AA", 0.0, 0.3), ("B", 0.3, 0.4), ("UW", 0.4, 0.9), ("PAU", 0.9, 1.0)]
    on_b = (times_s >= 0.3) & (times_s < 0.4)
    good, hanging, shut = LipReading(), LipReading(), LipReading()
    jaw = np.full(60, 0.3)
    good.add(
        times_s, {"jawOpen": jaw, "mouthClose": jaw * on_b, "mouthPucker": 0.8 * ~on_b}, phones
    )
    hanging.add(times_s, {"jawOpen": jaw}, phones)
    shut.add(times_s, {}, phones)
    assert (good.shut, good.opened, good.shut_elsewhere) == (1.0, 1.0, 0.0)
    assert (hanging.shut, hanging.opened) == (0.0, 1.0)
    assert (shut.shut, shut.opened) == (1.0, 0.0)
    assert shut.shut_elsewhere > 0.5
    assert good.rounded < 0.8 < hanging.rounded
