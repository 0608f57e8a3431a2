"""The measured test clips of GRID, where they are to be had: they are not ours to commit.

    FACEWIRE_DATA=DIR pytest tests/judging/test_grid_clips.py

DIR holds `grid_s1_arkit`, as `facewire evaluate --data DIR` wants it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from facewire.inference.loading import load_model
from facewire.tools.judging import reference
from facewire.tools.judging.prediction import predicted_curves
from facewire.tools.judging.verdict import Judge

DATA = os.environ.get("FACEWIRE_DATA", "")


@pytest.mark.skipif(not DATA, reason="FACEWIRE_DATA names no folder with the recordings")
def test_lips_shut_where_the_video_shuts_them_open_on_ah_and_round_on_oo() -> None:
    model, judge = load_model("embedded"), Judge()
    for clip in reference.measured_clips(Path(DATA)):
        judge.add(clip, *predicted_curves(model, clip.audio))

    verdict = judge.verdict()

    assert len(verdict.lips.bilabial_gaps_cm) > 100
    assert verdict.passed, verdict.as_json()
