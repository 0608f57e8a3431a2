"""`facewire bench`: every route is really taken, and the figures have the shape scripts rely on."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import zmq
from click.testing import CliRunner

from facewire.protocol.errors import FacewireError
from facewire.protocol.link import Link
from facewire.tools.bench import bench
from facewire.tools.benching import wire
from facewire.tools.benching.figures import Spread, table

SPREAD = {"count", "least", "p50", "p90", "p99"}


@pytest.fixture
def folder() -> Any:
    with tempfile.TemporaryDirectory(prefix="fw-") as name:
        yield Path(name)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_spread_says_what_it_says() -> None:
    spread = Spread.of(range(101))

    assert spread == Spread(count=101, least=0, p50=50, p90=90, p99=99)
    assert Spread.of([0.12345]).rounded(2) == {
        "count": 1, "least": 0.12, "p50": 0.12, "p90": 0.12, "p99": 0.12,
    }  # fmt: skip


def test_a_table_lines_its_columns_up() -> None:
    assert table(["", "p50"], [["ring", "1"], ["a long name", "1000"]]) == (
        "              p50\nring            1\na long name  1000"
    )


def test_ipc_measures_every_route_in_one_run_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    answer = json.loads(run("ipc", "--trips", "20", "--turns", "5", "--json"))

    routes = {"ring", "ipc", "tcp", *(["curve"] if zmq.has("curve") else [])}
    assert set(answer["round_trip_us"]) == {"300", "3200"}
    for measured in answer["round_trip_us"].values():
        assert set(measured) == routes
        assert all(set(spread) == SPREAD for spread in measured.values())
        assert all(spread["count"] == 20 for spread in measured.values())
    assert set(answer["turn_us"]) == routes
    for parts in answer["turn_us"].values():
        assert parts["turn"]["count"] == parts["daemon"]["count"] == 5
        assert 0 < parts["daemon"]["least"] < parts["turn"]["p99"]
    assert len(answer["machine"]["load_average"]) == 3
    assert list(folder.iterdir()) == []


def test_a_route_that_does_not_do_what_it_is_measured_for_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ring that silently falls back to inline would flatter or slander it."""
    monkeypatch.setattr(Link, "open_rings", lambda *_: None)

    with pytest.raises(FacewireError, match="did not do what it is measured for"):
        wire.round_trips(folder, 3)


def test_animate_measures_the_model_and_says_under_which_load() -> None:
    answer = json.loads(run("animate", "--passes", "1", "--json"))

    assert answer["model"] == "embedded"
    assert answer["frames"] == -(-round(answer["audio_s"] * 60 * 1000) // 1000)
    assert answer["frames_per_second"] == pytest.approx(60 / answer["real_time_factor"], rel=0.02)
    assert answer["network_ms"]["p50"] <= answer["window_ms"]["p50"]
    assert set(answer["window_ms"]) == SPREAD
    assert "load_average" in answer["machine"]


def test_people_get_tables() -> None:
    said = run("animate", "--passes", "1", "--fps", "29.97")

    assert "embedded on cpu, one thread, 29.97 frames per second" in said
    assert "real-time factor" in said
    assert "load " in said


def test_render_measures_every_view_on_one_core() -> None:
    answer = json.loads(run("render", "--frames", "2", "--size", "64", "--json"))

    assert {"front", "three-quarter", "profile", "mouth"} <= set(answer["frame_ms"])
    assert set(answer["frames_per_second"]) == set(answer["frame_ms"])
    for view, spread in answer["frame_ms"].items():
        assert set(spread) == SPREAD
        assert answer["frames_per_second"][view] == pytest.approx(1000 / spread["p50"], rel=0.02)
    assert answer["triangles"] > 5_000
    assert "faces a second" in run("render", "--frames", "1", "--size", "64")


def test_solve_compares_every_way_at_equal_answers() -> None:
    answer = json.loads(run("solve", "--frames", "40", "--json"))

    ways = {"vertices", "masked", "vertex_free", "vertex_free_sdk_cpu"}
    for face in answer["faces"].values():
        for times in ("stage_us", "whole_us", "stage_in_turn_us", "whole_in_turn_us"):
            assert set(face[times]) == ways
            assert all(spread["count"] == 40 for spread in face[times].values())
            assert set(face["times_faster_than"][times]) == {"vertices", "masked"}
        assert face["whole_us"]["vertices"]["p50"] > face["stage_us"]["vertices"]["p50"]
        assert face["worst_difference"] <= 1e-6
        assert face["strengths_ms"]["p50"] <= face["mask_ms"]["p50"]
        assert face["bytes"]["vertex_free"] < face["bytes"]["vertices"]
    said = run("solve", "--frames", "30")
    assert "no vertex, warm exact solve" in said
    assert "a new mask in" in said
