"""`facewire conformance`: the committed vectors pass, and whatever is altered in one is named."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click import unstyle
from tests.tools.conformance_kit import SMALL, VECTORS, answer, arrays, run, save

from facewire.tools.conformance.examination import LITERALS, NAMES, examine, find, topic_of
from facewire.tools.conformance.outcomes import Compared, absolute, differing, relative
from facewire.tools.conformance.table import print_report
from facewire.tools.conformance.tally import Row
from facewire.tools.conformance.tolerances import TOLERANCES, Tolerance
from facewire.tools.conformance.topics import TOPICS

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = {
    "blendshape_skin": {"exact without -1 pairs"},  # only one of its poses is without a pair
    "executor_regression": {"identity", "GRU state", "noise"},
}
"""Quantities that share a table with another topic."""


def test_the_committed_vectors_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, VECTORS)

    assert code == 0
    assert found["ok"]
    assert {file["topic"] for file in found["files"]} == set(NAMES)
    assert found["failed"] == 0
    assert found["cases"] > 4000
    for file in found["files"]:
        known = TOLERANCES.get(file["topic"], {})
        reported = {row["quantity"] for row in file["rows"]}
        assert set(known) - ELSEWHERE.get(file["topic"], set()) <= reported


def test_every_literal_case_is_compared_or_skipped_with_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, found = answer(capsys, VECTORS, "--topic", LITERALS)
    listed = json.loads((VECTORS / "vectors.json").read_text())["vectors"]

    assert found["cases"] + found["skipped"] == len(listed) == 194
    assert found["cases"] == 176
    reasons = {why["reason"] for row in found["files"][0]["rows"] for why in row["skipped"]}
    assert "no comparison is known for it" not in reasons


ALTERED = [
    ("bvls", "s17_x", "s17", "x"),
    ("animator_skin", "strong_30_out", "strong_30", "vertices"),
    ("animator_skin", "claire_yaml_60_mask", "claire_yaml_60", "mask"),
    ("animator_skin", "mt_out", "multi_track", "vertices"),
    ("interpolator", "s0.02_out", "s0.02", "smoothed"),
    ("animator_tongue_teeth", "tongue_strong_out", "tongue strong", "tongue vertices"),
    ("animator_tongue_teeth", "teeth_zero_transform_gpu", "teeth zero", "rotation"),
    ("animator_tongue_teeth", "rigid4_transform", "rigid4", "rotation"),
    ("animator_eyes", "strong_25_left", "strong_25", "rotations"),
    ("animator_eyes", "strong_25_frame_index", "strong_25", "saccade rows"),
    ("animator_eyes", "setframe_seed_wrap_right", "setframe_seed_wrap", "rotations"),
    ("pca_reconstruction", "deltas", "frame 0", "deltas"),
    ("a2e_postprocess", "blend03_out", "blend03", "emotions"),
    ("a2e_postprocess", "ties_max2_out_gpu", "ties_max2", "equal logits"),
    ("executor_a2e", "skip4_30_windows", "skip4_30", "windows"),
    ("executor_a2e", "skip4_30_frame_next_ts", "skip4_30", "timestamps"),
    ("executor_a2e", "skip3_60_pref_emotions", "skip3_60_pref", "emotions"),
    ("executor_regression", "fps60_skin", "fps60", "skin and tongue"),
    ("executor_regression", "fps60_log", "fps60", "frames and progress"),
    ("executor_regression", "fps30_in_window", "fps30", "windows"),
    ("executor_diffusion", "chunked_jaw", "chunked", "jaw rotation"),
    ("executor_diffusion", "chunked_in_latents", "chunked", "GRU state"),
    ("executor_diffusion", "oneshot_varnoise_eyes", "oneshot_varnoise", "eyes"),
    ("end_to_end_regression", "fps30_weights", "fps30", "weights"),
    ("end_to_end_regression", "fps60_weights", "fps60", "weights of a stream"),
    ("window_progress", "a2e_60000_3_60_windows", "a2e_60000_3_60", "windows"),
    ("window_progress", "diff_odd_executions_open_after5", "diff_odd", "executions"),
    ("window_progress", "available_executions_table", "available_executions", "gating"),
    ("accumulators", "audio_closed_windows", "audio closed", "audio"),
    ("accumulators", "emo_open_ok", "emotions open", "refusals"),
]


@pytest.mark.parametrize(("topic", "key", "case", "quantity"), ALTERED)
def test_one_altered_number_fails_and_is_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    topic: str,
    key: str,
    case: str,
    quantity: str,
) -> None:
    content = arrays(topic)
    changed = content[key].reshape(-1)
    at = -1 if topic == "window_progress" or key.endswith("_log") else 0
    changed[at] -= 1 if changed.dtype.kind in "iu" else 0.1
    save(tmp_path, topic, content)

    code, found = answer(capsys, tmp_path)

    assert code == 1
    (file,) = found["files"]
    wrong = {row["quantity"]: row["failures"] for row in file["rows"] if not row["ok"]}
    assert not file["errors"]
    assert {failure["case"] for failure in wrong[quantity]} == {case}


def test_every_part_of_a_solver_file_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = arrays("blendshape_tongue")
    altered = {
        "c02_A": "matrix A", "c05_ATb": "A^T b", "c06_weights": "weights of stable frames",
        "c07_raw_active": "weights, teacher-forced", "c09_weights_gpu_admm": "weights of sdk-gpu",
        "c10_cancel_pairs": "cancel pairs", "c12_scale": "scale",
    }  # fmt: skip
    for key in altered:
        value = content[key].reshape(-1)
        value[0] += 1 if value.dtype.kind == "i" else 0.1
    save(tmp_path, "blendshape_tongue", content)

    code, found = answer(capsys, tmp_path)

    assert code == 1
    (file,) = found["files"]
    wrong = {
        (failure["case"], row["quantity"]) for row in file["rows"] for failure in row["failures"]
    }
    assert {(key.split("_")[0], quantity) for key, quantity in altered.items()} <= wrong
    assert not file["errors"]


def test_a_failure_names_topic_case_quantity_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = arrays("bvls")
    content["s17_x"][0] += 0.1
    save(tmp_path, "bvls", content)

    assert run(tmp_path) == 1

    lines = capsys.readouterr().out.splitlines()
    assert "FAILED   bvls s17: x (bvls_dev.npz): 0.1, allowed 1e-05" in lines
    assert lines[-1] == "1 files, 36 comparisons, 35 within their tolerances, 1 FAILED, 0 skipped."


def test_an_altered_literal_fails_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    literals = json.loads((VECTORS / "vectors.json").read_text())
    case = next(each for each in literals["vectors"] if each["name"] == "bvls_random_3")
    case["expected"]["x"][0] += 0.01
    (tmp_path / "vectors.json").write_text(json.dumps(literals))

    code, found = answer(capsys, tmp_path)

    assert code == 1
    failed = [each for row in found["files"][0]["rows"] for each in row["failures"]]
    assert [each["case"] for each in failed] == ["bvls_random_3"]


@pytest.mark.parametrize(("frames", "by", "passes"), [(8, 1e-3, True), (1, 3e-2, False)])
def test_one_frame_in_a_hundred_may_be_off_and_not_by_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], frames: int, by: float, *, passes: bool
) -> None:
    content = arrays("blendshape_tongue")
    content["c02_weights"][:frames, 0] += by
    save(tmp_path, "blendshape_tongue", content)

    code, found = answer(capsys, tmp_path)

    rows = {row["quantity"]: row for row in found["files"][0]["rows"]}
    row = rows["weights of stable frames"]
    assert row["cases"] == 800
    assert row["passed"] == 800 - frames
    allowed, failed = (frames, 0) if passes else (0, frames)
    assert (found["allowed"], found["failed"]) == (allowed, failed)
    assert found["passed"] + allowed + failed == found["cases"]
    run(tmp_path)
    summary = capsys.readouterr().out.splitlines()[-1]
    assert (f"{frames} outside within their allowed share" in summary) is passes
    assert "all within their tolerances" not in summary
    assert row["ok"] is passes
    assert code == (0 if passes else 1)


@pytest.mark.parametrize("suffix", ["", "_dev", "_20270101", "_held_out"])
def test_files_are_found_by_how_their_names_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    for topic in (SMALL, "bvls"):
        shutil.copy(VECTORS / f"{topic}_dev.npz", tmp_path / f"{topic}{suffix}.npz")
    (tmp_path / "vectors").mkdir()
    shutil.copy(VECTORS / "interpolator_dev.npz", tmp_path / "vectors" / "interpolator_9.npz")

    code, found = answer(capsys, tmp_path)

    assert code == 0
    assert [file["topic"] for file in found["files"]] == ["bvls", "interpolator", SMALL]


def test_no_topic_is_taken_for_another() -> None:
    for topic in TOPICS:
        assert topic_of(f"{topic}_dev") == topic
    assert topic_of("animator_skins_dev") is None


def test_a_topic_can_be_looked_at_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, VECTORS, "--topic", SMALL, "--topic", "bvls")

    assert code == 0
    assert {file["topic"] for file in found["files"]} == {SMALL, "bvls"}


def test_a_file_of_no_topic_is_skipped_and_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path, SMALL, arrays(SMALL))
    np.savez(tmp_path / "holiday.npz", a=np.zeros(3))

    assert run(tmp_path) == 0

    assert "skipped  holiday.npz: its name starts like no topic" in capsys.readouterr().out


def test_a_folder_without_vector_files_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").touch()

    assert run(tmp_path) == 2
    assert "holds no vector file" in capsys.readouterr().err

    code, found = answer(capsys, tmp_path)
    assert code == 2
    assert "holds no vector file" in found["error"]["text"]


def test_unknown_topics_and_folders_are_usage_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VECTORS, "--topic", "animator_ears") == 2
    assert "animator_eyes" in capsys.readouterr().err
    assert run(tmp_path / "nowhere") == 2
    save(tmp_path, SMALL, arrays(SMALL))
    assert run(tmp_path, "--topic", "bvls") == 2


def test_on_a_terminal_there_is_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "140")
    found = [each for each in find(VECTORS) if each.topic in (SMALL, "animator_eyes")]

    print_report([examine(each) for each in found])

    lines = unstyle(capsys.readouterr().out).splitlines()
    assert lines[0].split() == [
        "topic", "compared", "cases", "passed", "skipped", "worst", "error", "tolerance",
    ]  # fmt: skip
    # A topic is named once; its other rows are indented below it.
    assert [line.split()[0] for line in lines[1:5]] == [
        "animator_eyes", "saccade", "clock", SMALL,
    ]  # fmt: skip


def test_distances_are_infinite_where_nothing_can_be_compared() -> None:
    for found, expected in (([1.0], [1.0, 2.0]), ([np.nan], [1.0]), ([1.0], [np.nan])):
        assert absolute(found, expected) == np.inf
        assert relative(found, expected) == np.inf
    assert differing([1, 2], [1, 2, 3]) == np.inf
    assert differing([1, 2, 3], [1, 0, 0]) == 2
    assert relative([9.0, 0.0], [10.0, 0.5]) == 0.1


def test_a_share_is_of_the_items_that_were_compared() -> None:
    row = Row("weights", Tolerance(0.1, "here", share=0.5, rest=1.0))

    row.add("a", Compared("weights", (0.0, 0.5)))
    assert row.ok
    row.add("b", Compared("weights", (0.6,)))
    assert [case for case, _, _ in row.failures] == ["b", "a"]
    row.add("c", Compared("weights", (0.0,)))
    assert row.ok
    row.add("d", Compared("weights", (0.0, 2.0)))
    assert [case for case, _, _ in row.failures] == ["d"]
