"""Reading measured clips from a folder in the layout of the GRID set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.tools.judging.data_folder import MissingDataError
from facewire.tools.judging.reference import JAW_DROP, LIP_APERTURE, SCORES
from facewire.tools.judging.reference import measured_clips as clips

if TYPE_CHECKING:
    from pathlib import Path

LANDMARKS = [33, 263, 13, 14, 1, 152]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with two clips of three and two frames; only the second is a test clip."""
    folder = tmp_path / "grid_s1_arkit"
    (folder / "flac").mkdir(parents=True)
    scores = np.arange(5 * len(SCORES), dtype=np.float16).reshape(5, -1)
    lengths = np.array([3, 2])
    np.savez(
        folder / "mediapipe_blendshapes.npz",
        ids=np.array(["first", "second"]), lengths=lengths, bs=scores, names=np.array(SCORES),
    )  # fmt: skip
    points = np.zeros((5, len(LANDMARKS), 3), np.float16)
    points[:, 1, 0] = 10.0
    points[3:, 3, 1] = [2.0, 4.0]
    points[3:, 5, 1] = [20.0, 30.0]
    np.savez(folder / "mediapipe_landmarks_px.npz", lm=points, index=np.array(LANDMARKS))
    (folder / "test_ids.txt").write_text("second\n", encoding="utf-8")
    row = {"id": "second", "phones": [["SIL", 0.0, 0.02], ["M", 0.02, 0.08]]}
    (folder / "phones_pocketsphinx.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return tmp_path


def test_only_test_clips_are_read(data: Path) -> None:
    assert [clip.id for clip in clips(data)] == ["second"]


def test_scores_are_cut_to_the_clip(data: Path) -> None:
    (clip,) = clips(data)
    assert clip.channels["jawOpen"] == pytest.approx([27.0, 36.0])
    assert clip.channels["mouthSmileLeft"] == pytest.approx([35.0, 44.0])


def test_landmark_measures_are_in_eye_distances(data: Path) -> None:
    (clip,) = clips(data)
    assert clip.channels[LIP_APERTURE] == pytest.approx([0.2, 0.4])
    assert clip.channels[JAW_DROP] == pytest.approx([2.0, 3.0])


def test_phones_keep_their_times(data: Path) -> None:
    (clip,) = clips(data)
    assert clip.phones == [("SIL", 0.0, 0.02), ("M", 0.02, 0.08)]


def test_a_folder_without_the_set_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"grid_s1_arkit/ \(the whole set\)"):
        next(clips(tmp_path))


def test_a_missing_file_is_named_in_the_error(data: Path) -> None:
    (data / "grid_s1_arkit" / "test_ids.txt").unlink()
    with pytest.raises(MissingDataError, match=r"lacks: grid_s1_arkit/test_ids\.txt"):
        next(clips(data))
