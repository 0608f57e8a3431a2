"""A folder of curve tables that a person edits while voices speak."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.daemon.own_table import write_table

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.daemon import rig_shelf
from facewire.daemon.rig_shelf import MAX_TABLES, RigShelf, open_shelf
from facewire.protocol.errors import ConfigError, MappingError

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.mapping.rig import Rig


def jaw(rig: Rig) -> float:
    """Return what an open jaw becomes in the rig's first curve."""
    face = np.zeros((1, len(FACE_CURVES)), np.float32)
    face[0, CURVE_INDEX["jawOpen"]] = 1.0
    return float(rig.mapper("arkit", gaze=False).apply(face)[0, 0])


class Told:
    def __init__(self) -> None:
        self.warnings: list[tuple[str, str, str]] = []

    def __call__(self, rig: Rig, code: str, text: str) -> None:
        self.warnings.append((rig.name, code, text))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def shelf(tmp_path: Path, told: Told) -> RigShelf:
    write_table(tmp_path / "mine.json", ("Jaw", "jawOpen", 0.5))
    shelf = RigShelf(tmp_path)
    shelf.tell = told
    shelf.read_all()
    return shelf


def settle(shelf: RigShelf) -> None:
    """Look twice: a file is read once it has stopped changing."""
    shelf.look()
    shelf.look()


def test_shipped_rigs_come_first_and_those_of_the_folder_after(shelf: RigShelf) -> None:
    names = shelf.names()

    assert {"a2f", "arkit", "arkit_head"} <= set(names)
    assert names[-1] == "mine"
    assert shelf.get("arkit").names[0] == "eyeBlinkLeft"
    assert jaw(shelf.get("mine")) == 0.5


def test_an_edit_reaches_streams_that_are_open(shelf: RigShelf, tmp_path: Path) -> None:
    rig = shelf.get("mine")

    write_table(tmp_path / "mine.json", ("Jaw", "jawOpen", 0.25))
    settle(shelf)

    assert jaw(rig) == 0.25
    assert shelf.get("mine") is rig


def test_a_file_is_not_read_while_it_is_still_changing(shelf: RigShelf, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    rig = shelf.get("mine")
    write_table(path, ("Jaw", "jawOpen", 0.25))

    for times_ns in range(1, 4):
        os.utime(path, ns=(times_ns, times_ns))
        shelf.look()
        assert jaw(rig) == 0.5
    shelf.look()

    assert jaw(rig) == 0.25


def test_a_wrong_edit_leaves_the_last_good_table_and_says_what_is_wrong(
    shelf: RigShelf, tmp_path: Path, told: Told
) -> None:
    rig = shelf.get("mine")

    write_table(tmp_path / "mine.json", ("Jaw", "jawOpne", 0.25))
    settle(shelf)

    assert jaw(rig) == 0.5
    assert shelf.get("mine") is rig
    [(name, code, text)] = told.warnings
    assert (name, code) == ("mine", "mapping_refused")
    assert "jawOpne" in text
    assert "jawOpen" in text
    write_table(tmp_path / "mine.json", ("Jaw", "jawOpen", 0.75))
    settle(shelf)
    assert jaw(rig) == 0.75


def test_open_streams_keep_a_table_whose_curves_change_and_new_ones_get_the_new(
    shelf: RigShelf,
    tmp_path: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(rig_shelf, "log", logging.getLogger)
    rig = shelf.get("mine")

    write_table(tmp_path / "mine.json", ("Chin", "jawOpen", 0.25), ("Jaw", "jawOpen", 0.5))
    settle(shelf)

    assert rig.names == ("Jaw",)
    assert jaw(rig) == 0.5
    assert shelf.get("mine").names == ("Chin", "Jaw")
    assert [code for _, code, _ in told.warnings] == ["mapping_outdated"]
    assert "Streams that are open keep the old table" in caplog.text


def test_a_file_that_an_editor_takes_away_for_a_moment_is_not_forgotten(
    shelf: RigShelf, tmp_path: Path
) -> None:
    rig = shelf.get("mine")
    (tmp_path / "mine.json").unlink()
    shelf.look()

    write_table(tmp_path / "mine.json", ("Jaw", "jawOpen", 0.25))
    settle(shelf)

    assert shelf.get("mine") is rig
    assert jaw(rig) == 0.25


def test_a_file_that_is_gone_takes_its_rig_along(shelf: RigShelf, tmp_path: Path) -> None:
    (tmp_path / "mine.json").unlink()
    settle(shelf)

    assert "mine" not in shelf.names()
    with pytest.raises(MappingError, match="mine"):
        shelf.get("mine")


def test_a_table_of_a_shipped_name_stands_in_for_it_until_it_goes(
    shelf: RigShelf, tmp_path: Path
) -> None:
    write_table(tmp_path / "own.json", ("Jaw", "jawOpen", 0.25), name="metahuman")
    settle(shelf)
    assert shelf.get("metahuman").names == ("Jaw",)

    (tmp_path / "own.json").unlink()
    settle(shelf)
    assert len(shelf.get("metahuman").names) == 251


def test_two_files_of_one_name_are_told_apart_by_who_came_first(
    shelf: RigShelf, tmp_path: Path
) -> None:
    write_table(tmp_path / "copy.json", ("Jaw", "jawOpen", 0.25))
    settle(shelf)

    assert jaw(shelf.get("mine")) == 0.5
    with pytest.raises(MappingError, match=r"mine\.json: choose another"):
        shelf.get("copy")


def test_other_files_of_the_folder_are_none_of_our_business(
    shelf: RigShelf, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".mine.json.swp").write_text("{")
    (tmp_path / ".hidden.json").write_text("{")
    settle(shelf)

    assert [name for name in shelf.names() if name not in RigShelf().names()] == ["mine"]


def test_a_folder_that_goes_away_costs_no_stream_its_table(shelf: RigShelf, tmp_path: Path) -> None:
    rig = shelf.get("mine")
    (tmp_path / "mine.json").unlink()
    tmp_path.rmdir()
    settle(shelf)

    assert jaw(rig) == 0.5


def test_two_files_that_are_swapped_both_stay_alive(shelf: RigShelf, tmp_path: Path) -> None:
    write_table(tmp_path / "other.json", ("Jaw", "jawOpen", 0.25), name="other")
    settle(shelf)
    (tmp_path / "mine.json").rename(tmp_path / "between")
    (tmp_path / "other.json").rename(tmp_path / "mine.json")
    (tmp_path / "between").rename(tmp_path / "other.json")
    settle(shelf)
    settle(shelf)
    assert (jaw(shelf.get("mine")), jaw(shelf.get("other"))) == (0.5, 0.25)

    write_table(tmp_path / "mine.json", ("Jaw", "jawOpen", 0.125), name="other")
    write_table(tmp_path / "other.json", ("Jaw", "jawOpen", 0.75), name="mine")
    settle(shelf)

    assert (jaw(shelf.get("mine")), jaw(shelf.get("other"))) == (0.75, 0.125)


def test_a_copy_takes_over_when_the_file_whose_name_it_has_goes(
    shelf: RigShelf, tmp_path: Path
) -> None:
    write_table(tmp_path / "copy.json", ("Jaw", "jawOpen", 0.25))
    settle(shelf)
    (tmp_path / "mine.json").unlink()
    settle(shelf)

    assert jaw(shelf.get("mine")) == 0.25


def test_a_folder_in_the_place_of_a_table_leaves_the_last_good_one(
    shelf: RigShelf, tmp_path: Path, told: Told
) -> None:
    (tmp_path / "mine.json").unlink()
    (tmp_path / "mine.json").mkdir()
    settle(shelf)

    assert jaw(shelf.get("mine")) == 0.5
    assert [code for _, code, _ in told.warnings] == ["mapping_refused"]


def test_tables_beyond_the_limit_are_left_out_and_that_is_said_once(
    shelf: RigShelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_TABLES):
        write_table(tmp_path / f"a{number:03}.json", ("Jaw", "jawOpen", 0.25), name=f"a{number}")
    with caplog.at_level("WARNING", logger="facewire"):
        settle(shelf)
        settle(shelf)

    assert len(shelf.names()) == len(RigShelf().names()) + MAX_TABLES
    assert len([each for each in caplog.records if f"first {MAX_TABLES}" in each.message]) == 1


def test_a_folder_that_is_none_ends_the_start_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere is no folder"):
        open_shelf(str(tmp_path / "nowhere"))
    assert not open_shelf("").watches


def test_a_folder_that_cannot_be_read_is_told_once_each_time_it_goes(
    shelf: RigShelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = tmp_path.with_name(f"{tmp_path.name}-away")
    with caplog.at_level("WARNING", logger="facewire"):
        for _ in range(2):
            tmp_path.rename(away)
            settle(shelf)
            settle(shelf)
            away.rename(tmp_path)
            settle(shelf)

    told = [each for each in caplog.messages if "cannot be read" in each]
    assert len(told) == 2
    assert jaw(shelf.get("mine")) == 0.5
