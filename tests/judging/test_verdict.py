"""The verdict over clips: rows, floors and the table a person reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facewire.tools.judging import table
from facewire.tools.judging.closures import ClosureCounts
from facewire.tools.judging.correlation import label_times
from facewire.tools.judging.reference import JAW_DROP, LIP_APERTURE, SCORES, ClipReference
from facewire.tools.judging.verdict import FLOOR, Judge, Row, Verdict

FRAMES = 75
PHONES = [("AA", 0.0, 1.0), ("M", 1.0, 1.2), ("AA", 1.2, 3.0)]


def _clip() -> ClipReference:
    random = np.random.default_rng(3)
    times = label_times(FRAMES)
    channels = {
        name: np.sin(2 * np.pi * random.uniform(0.8, 2.5) * times + k).astype(np.float32)
        for k, name in enumerate((*SCORES, JAW_DROP))
    }
    aperture = np.ones(FRAMES, np.float32)
    aperture[(times > 0.95) & (times < 1.25)] = 0.0
    channels[LIP_APERTURE] = aperture
    return ClipReference("clip", Path("clip.flac"), channels, PHONES)


def _row(r: float, *, lag_ms: float = 0.0, floor: float = 0.5) -> Row:
    return Row("jawOpen", r=r, best=r, lag_ms=lag_ms, clips=1, floor=floor)


def _perfect_curves(clip: ClipReference) -> dict[str, np.ndarray]:
    curves = {name: clip.channels[name] for name in SCORES}
    curves["mouthClose"] = curves["jawOpen"] - clip.channels[LIP_APERTURE]
    return curves


def test_the_faces_own_curves_score_one() -> None:
    clip, judge = _clip(), Judge()
    judge.add(clip, label_times(FRAMES), _perfect_curves(clip))
    verdict = judge.verdict()
    by_channel = {row.channel: row for row in verdict.rows}
    for name in ("jawOpen", "mouthPucker", "mouthSmileLeft", LIP_APERTURE):
        assert by_channel[name].r == pytest.approx(1.0)
        assert by_channel[name].passed
    assert verdict.closures.recall == 1.0
    assert verdict.closures.precision == 1.0


def test_lips_that_the_video_shuts_must_shut_on_the_head() -> None:
    clip, judge, hanging = _clip(), Judge(), Judge()
    shut = (label_times(FRAMES) > 0.95) & (label_times(FRAMES) < 1.25)
    jaw = np.full(FRAMES, 0.3)
    judge.add(clip, label_times(FRAMES), {"jawOpen": jaw, "mouthClose": jaw * shut})
    hanging.add(clip, label_times(FRAMES), {"jawOpen": jaw})

    assert judge.verdict().lips.shut == 1.0
    assert judge.verdict().lips.opened == 1.0
    assert judge.verdict().lips_passed, "no oo was said"
    assert judge.verdict().as_json()["lips_on_the_head"]["rounded"] is None
    assert hanging.verdict().lips.shut == 0.0
    assert not hanging.verdict().lips_passed


def test_lips_that_stay_apart_in_the_video_need_not_shut() -> None:
    clip, judge = _clip(), Judge()
    clip.channels[LIP_APERTURE][:] = 1.0

    judge.add(clip, label_times(FRAMES), {"jawOpen": np.full(FRAMES, 0.3)})

    assert judge.verdict().lips.bilabial_gaps_cm == []


def test_lip_aperture_is_the_jaw_less_what_the_lips_take_back() -> None:
    clip, judge = _clip(), Judge()
    curves = _perfect_curves(clip)
    del curves["mouthClose"]
    judge.add(clip, label_times(FRAMES), curves)
    rows = {row.channel: row.r for row in judge.verdict().rows}
    assert rows[LIP_APERTURE] < 0.9
    assert "mouthClose" not in rows


def test_r_is_the_mean_over_clips_at_lag_zero() -> None:
    clip, judge = _clip(), Judge()
    good = _perfect_curves(clip)
    judge.add(clip, label_times(FRAMES), good)
    judge.add(clip, label_times(FRAMES), {**good, "mouthPucker": -good["mouthPucker"]})
    rows = {row.channel: row for row in judge.verdict().rows}
    assert rows["mouthPucker"].r == pytest.approx(0.0, abs=1e-6)
    assert rows["mouthPucker"].clips == 2


@pytest.mark.parametrize(
    ("row", "passed"),
    [
        (_row(0.5), True),
        (_row(0.4996), True),
        (_row(0.499), False),
        (_row(0.9, lag_ms=26.0), False),
        (_row(0.9, lag_ms=-25.0), True),
    ],
)
def test_a_row_passes_at_its_floor_and_on_time(row: Row, *, passed: bool) -> None:
    assert row.passed is passed


def _full_verdict(closures: ClosureCounts) -> Verdict:
    rows = tuple(
        Row(name, r=floor, best=floor, lag_ms=0.0, clips=9, floor=floor)
        for name, floor in FLOOR.items()
    )
    return Verdict(rows, closures)


def test_a_verdict_passes_at_exactly_the_floor() -> None:
    at_floor = ClosureCounts(closures=100, recalled=31, predicted=100, confirmed=84)
    assert _full_verdict(at_floor).passed


def test_a_verdict_fails_on_imprecise_closures_alone() -> None:
    imprecise = ClosureCounts(closures=100, recalled=90, predicted=100, confirmed=83)
    assert not _full_verdict(imprecise).passed


def test_a_verdict_fails_when_a_row_is_missing() -> None:
    at_floor = ClosureCounts(closures=100, recalled=31, predicted=100, confirmed=84)
    whole = _full_verdict(at_floor)
    assert not Verdict(whole.rows[1:], at_floor).passed


def test_the_table_shows_each_row_beside_its_floor() -> None:
    verdict = Verdict((_row(0.4, floor=0.86),), ClosureCounts(100, 31, 100, 84))
    text = table.lines(verdict)
    assert "0.400   0.86" in text[1]
    assert text[1].endswith("BELOW")
    assert text[2].endswith("pass")


def test_json_carries_the_floors_and_the_verdict() -> None:
    got = Verdict((_row(0.51234),), ClosureCounts(100, 31, 100, 84)).as_json()
    assert got["rows"][0]["r"] == 0.512
    assert got["rows"][0]["passed"] is True
    assert got["closures"]["recall_floor"] == 0.31
    assert got["passed"] is False
