"""Reading the recordings: nothing of the judge's clips, everything missing named."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("torch")  # recordings know the rate that `features` fixes

from facewire.tools.judging.data_folder import MissingDataError
from facewire.tools.training import recordings
from facewire.tools.training.labels import COLUMNS


def test_test_clips_are_never_read(data: Path) -> None:
    clips = list(recordings.grid(data / "grid_s1_arkit"))
    assert len(clips) == 28
    assert not {"clip03", "clip07"} & {c.id for c in clips}


def test_talkers_keep_their_names_and_labels_their_times(data: Path) -> None:
    clips = list(recordings.grid(data / "grid_more_talkers"))
    assert {c.talker for c in clips} == {"s2", "s3"}
    times, labels = clips[0].label_times_s, clips[0].labels
    assert times is not None
    assert labels is not None
    assert times[:2] == pytest.approx([0.02, 0.06])
    assert labels.shape == (75, len(COLUMNS))
    assert np.isfinite(labels).all()


def test_utterances_without_a_face_have_phones_only(data: Path) -> None:
    clips = list(recordings.kathleen(data / "kathleen_en_cc0"))
    assert len(clips) == 2
    assert all(c.labels is None and c.phones for c in clips)
    assert len(clips[0].audio) == pytest.approx(48_000, abs=400)


def test_everything_missing_is_named_at_once(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("facegood", "test_ids.txt"))
    with pytest.raises(MissingDataError) as caught:
        recordings.check(copy, data / "synthesised")
    assert "facegood/ (the whole set)" in caught.value.text
    assert "grid_s1_arkit/test_ids.txt" in caught.value.text
    assert "kathleen" not in caught.value.text


def test_synthesised_sentences_keep_their_voice_and_phones(data: Path) -> None:
    clips = list(recordings.synthesised(data / "synthesised"))
    assert {c.talker for c in clips} == {"rms", "f2"}
    assert all(c.labels is None and c.phones[1] == ("B", 0.5, 0.7) for c in clips)


def test_absent_voices_are_told_how_to_be_made(data: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError) as caught:
        recordings.check(data, tmp_path)
    assert "facewire train voices" in str(caught.value.hint)


def test_the_grid_talkers_are_known_by_name(data: Path) -> None:
    assert recordings.grid_talkers(data) == {"s1", "s2", "s3"}
