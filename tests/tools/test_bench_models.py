"""`facewire bench regression|diffusion|emotion`: what is measured, on small bundles; no timings."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from facewire.protocol.errors import SettingsError
from facewire.tools.atomic import OutputError
from facewire.tools.bench import bench
from facewire.tools.benching import bundles, face_model
from facewire.tools.benching.process import CoresUsed, peak_mb, resident_mb

if TYPE_CHECKING:
    from pathlib import Path

SPREAD = {"count", "least", "p50", "p90", "p99"}
WAYS = {"vertices", "sdk-cpu", "exact"}
RATES = {"30", "60"}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def measured(family: str, bundle: Path, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        run(family, "--bundle", str(bundle), "--json", "--windows", "3", *arguments)
    )
    return answer


@pytest.mark.parametrize(("family", "name", "count"), [("regression", "claire", 1),
                                                       ("diffusion", "v3", 30)])  # fmt: skip
def test_a_face_is_measured_part_by_part_at_both_rates_and_every_way(
    synthetic_bundles: Path, family: str, name: str, count: int
) -> None:
    answer = measured(family, synthetic_bundles / name)

    assert answer["frames_per_window"] == count
    assert answer["network_ms"]["count"] == 3 * len(WAYS) * len(RATES)
    assert set(answer["network_frame_ms"]) == SPREAD
    assert answer["network_frame_ms"]["least"] > 0
    for part in ("face_frame_ms", "whole_frame_ms", "window_ms", "real_time_factor"):
        assert set(answer[part]) == WAYS
    for way in WAYS:
        assert 0 < answer["face_frame_ms"][way]["least"] < answer["whole_frame_ms"][way]["p99"]
        assert set(answer["window_ms"][way]) == set(answer["real_time_factor"][way]) == RATES
        assert all(spread["count"] == 3 for spread in answer["window_ms"][way].values())
        assert 0 < answer["ratios"]["network_share"][way] < 1
    assert answer["bundle"]["size"] == "given"
    assert answer["bundle"]["made_s"] is None


def test_a_real_time_factor_is_the_time_spent_over_the_speech_animated(
    synthetic_bundles: Path,
) -> None:
    figures = face_model.measure_face(
        synthetic_bundles / "mark", "regression", threads=1, windows=4
    )

    for lane in figures.lanes:
        assert lane.frames == len(lane.times) == 4
        assert lane.audio_s == pytest.approx(4 / lane.fps)
        for times in lane.times:
            assert times.network + times.face < times.whole


def test_blocks_of_diffusion_give_half_the_frames_at_half_the_rate(
    synthetic_bundles: Path,
) -> None:
    figures = face_model.measure_face(synthetic_bundles / "v3", "diffusion", threads=1, windows=2)

    assert {lane.fps: lane.frames for lane in figures.lanes} == {30: 30, 60: 60}
    assert {lane.audio_s for lane in figures.lanes} == {1.0}


def test_emotion_is_measured_per_inference_and_gives_the_frames_between(
    synthetic_bundles: Path,
) -> None:
    answer = measured("emotion", synthetic_bundles / "a2e", "--threads", "2")

    assert answer["threads"] == 2
    assert answer["frames"] == {"30": 3 * 31, "60": 3 * 31}
    assert set(answer["real_time_factor"]) == set(answer["window_ms"]) == RATES
    assert answer["network_ms"]["count"] == 6
    assert set(answer["post_process_ms"]) == SPREAD


def test_memory_is_that_of_the_process(synthetic_bundles: Path) -> None:
    answer = measured("regression", synthetic_bundles / "claire")

    held = answer["memory_mb"]
    if sys.platform == "linux":
        assert 0 < held["before"] <= held["peak"]
        assert 0 < held["loaded"] <= held["peak"]
        assert resident_mb() <= peak_mb()  # type: ignore[operator]
    else:
        assert set(held.values()) == {None}
    assert answer["load_ms"] > 0
    assert answer["cores_used"] > 0


def test_cores_in_use_are_seconds_of_computing_per_second(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_s, busy_s = iter([10.0, 14.0]), iter([1.0, 7.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(wall_s))
    monkeypatch.setattr(time, "process_time", lambda: next(busy_s))

    assert CoresUsed().so_far() == 1.5


def test_without_a_bundle_a_small_one_is_made_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    answer = json.loads(run("emotion", "--windows", "1", "--json"))

    assert answer["bundle"]["size"] == "small"
    assert answer["bundle"]["made_s"] > 0
    assert 0 < answer["bundle"]["megabytes"] < 20
    assert list(tmp_path.iterdir()) == []
    said = run("emotion", "--windows", "1")
    assert "The bundle is a small one" in said
    assert "--full-size" in said


def test_a_disk_without_room_is_said_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(bundles.FULL_SIZE_GB, "diffusion", 1e9)
    monkeypatch.setattr(bundles, "make", None)

    with pytest.raises(OutputError, match="GB left"):
        run("diffusion", "--full-size")


@pytest.mark.parametrize(("command", "name"), [("diffusion", "mark"), ("regression", "v3"),
                                               ("emotion", "v3")])  # fmt: skip
def test_a_bundle_of_another_family_is_refused(
    synthetic_bundles: Path, command: str, name: str
) -> None:
    with pytest.raises(SettingsError, match=f"not '{command}'"):
        measured(command, synthetic_bundles / name)


def test_a_bundle_given_cannot_be_made_larger(synthetic_bundles: Path) -> None:
    arguments = ["emotion", "--full-size", "--bundle", str(synthetic_bundles / "a2e")]

    assert CliRunner().invoke(bench, arguments).exit_code == 2


def test_people_get_tables_with_the_ratios_side_by_side(synthetic_bundles: Path) -> None:
    said = run("diffusion", "--bundle", str(synthetic_bundles / "v3"), "--windows", "1")

    assert "face, every vertex, the SDK's CPU objective" in said
    assert "whole, a stream, solved exactly" in said
    assert "30 frames come at once" in said
    assert "by every vertex against a stream: the face" in said
    assert "real-time factor" in said
    assert "seconds of processor per second" in said
    assert "The bundle is a small one" not in said
    said = run("emotion", "--bundle", str(synthetic_bundles / "a2e"), "--windows", "1")
    assert "one inference in 31 frames" in said
    assert "load " in said
