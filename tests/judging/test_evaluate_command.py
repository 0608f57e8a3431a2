"""`facewire evaluate` with the shipped model on two made-up clips."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from facewire.tools.evaluate import evaluate
from facewire.tools.judging.data_folder import MissingDataError
from facewire.tools.judging.reference import SCORES

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 75


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return two clips of modulated noise with faces that have nothing to do with it."""
    folder = tmp_path / "grid_s1_arkit"
    (folder / "flac").mkdir(parents=True)
    random = np.random.default_rng(7)
    np.savez(
        folder / "mediapipe_blendshapes.npz",
        ids=np.array(["a", "b"]), lengths=np.array([FRAMES, FRAMES]),
        bs=random.random((2 * FRAMES, len(SCORES))), names=np.array(SCORES),
    )  # fmt: skip
    points = np.zeros((2 * FRAMES, 6, 3))
    points[:, 1, 0] = 10.0
    points[:, 3, 1], points[:, 5, 1] = random.random((2, 2 * FRAMES))
    np.savez(
        folder / "mediapipe_landmarks_px.npz",
        lm=points, index=np.array([33, 263, 13, 14, 1, 152]),
    )  # fmt: skip
    (folder / "test_ids.txt").write_text("a\nb\n", encoding="utf-8")
    rows = [{"id": i, "phones": [["SIL", 0.0, 0.4], ["M", 0.4, 1.0]]} for i in "ab"]
    (folder / "phones_pocketsphinx.jsonl").write_text(
        "\n".join(json.dumps(r) for r in rows), encoding="utf-8"
    )
    times = np.arange(48_000) / 16_000
    for name in "ab":
        swell = np.clip(np.sin(2 * np.pi * 2.0 * times), 0.0, 1.0)
        audio = 0.1 * swell * random.standard_normal(len(times))
        soundfile.write(folder / "flac" / f"{name}.flac", audio, 16_000)
    return tmp_path


def test_faces_that_do_not_match_fail_with_exit_status_one(data: Path) -> None:
    result = CliRunner().invoke(evaluate, ["--data", str(data)], standalone_mode=False)
    assert result.return_value == 1
    assert "BELOW" in result.stdout
    assert "0.86" in result.stdout


def test_json_names_every_row_and_its_floor(data: Path) -> None:
    result = CliRunner().invoke(evaluate, ["--data", str(data), "--json"], standalone_mode=False)
    report = json.loads(result.stdout)
    assert (report["model"], report["clips"], report["passed"]) == ("embedded", 2, False)
    assert {row["channel"] for row in report["rows"]} == {*SCORES, "lipAperture", "jawDrop"}
    assert all(-1.0 <= row["r"] <= 1.0 and row["clips"] == 2 for row in report["rows"])


def test_a_limit_judges_the_first_clips_only(data: Path) -> None:
    arguments = ["--data", str(data), "--json", "--limit", "1"]
    result = CliRunner().invoke(evaluate, arguments, standalone_mode=False)
    assert json.loads(result.stdout)["clips"] == 1


def test_a_folder_without_test_clips_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(evaluate, ["--data", str(tmp_path)], standalone_mode=False)
    assert isinstance(result.exception, MissingDataError)
