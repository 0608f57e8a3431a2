"""`facewire config` shows what holds, where it came from and what it means."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from facewire.daemon.settings import DEFAULTS, RULES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "facewire").mkdir()
    return tmp_path


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("FACEWIRE_")
    }
    return subprocess.run(
        [sys.executable, "-m", "facewire", "config", *arguments],
        env={**environment, "XDG_CONFIG_HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_show_prints_toml_that_could_be_a_configuration_file(folder: Path) -> None:
    shown = run("show", folder=folder)

    parsed = tomllib.loads(shown.stdout)
    flat = {
        f"{section}.{key}": value for section in parsed for key, value in parsed[section].items()
    }
    assert flat == DEFAULTS


def test_show_says_where_a_changed_value_comes_from(folder: Path) -> None:
    (folder / "facewire" / "config.toml").write_text("[limits]\nsessions = 3\n")

    shown = run("show", folder=folder, FACEWIRE_LOG__LEVEL="debug").stdout

    assert f"sessions = 3  # from {folder}/facewire/config.toml" in shown
    assert 'level = "debug"  # from FACEWIRE_LOG__LEVEL' in shown
    told = json.loads(run("show", "--json", folder=folder).stdout)
    assert told["limits.sessions"]["value"] == 3
    assert set(told) == set(RULES)


def test_show_refuses_a_misspelt_setting_with_the_nearest_name(folder: Path) -> None:
    (folder / "facewire" / "config.toml").write_text("[limits]\nsesions = 3\n")

    refused = run("show", folder=folder)

    assert refused.returncode == 2
    assert "limits.sessions" in refused.stderr
    assert refused.stdout == ""


def test_path_names_the_files_and_whether_they_are_there(folder: Path) -> None:
    told = json.loads(run("path", "--json", folder=folder).stdout)

    assert told["user"] == {"path": str(folder / "facewire" / "config.toml"), "exists": False}
    assert "(not there)" in run("path", folder=folder).stdout


def test_explain_has_a_sentence_for_every_setting_and_for_one(folder: Path) -> None:
    whole = run("explain", folder=folder).stdout
    one = run("explain", "limits.sessions", folder=folder).stdout
    section = run("explain", "log", folder=folder).stdout

    assert all(name in whole for name in RULES)
    assert one.splitlines()[0].startswith("limits.sessions = 64   1 to 4096")
    assert "FACEWIRE_LIMITS__SESSIONS" in one
    assert "log.level" in section
    assert "limits." not in section


def test_explain_names_the_nearest_setting(folder: Path) -> None:
    refused = run("explain", "limits.sesions", folder=folder)

    assert refused.returncode == 2
    assert "Did you mean limits.sessions?" in refused.stderr


def test_explain_tells_programs_the_same(folder: Path) -> None:
    told = json.loads(run("explain", "log", "--json", folder=folder).stdout)

    assert set(told) == {name for name in RULES if name.startswith("log.")}
    assert told["log.level"]["variable"] == "FACEWIRE_LOG__LEVEL"
    assert told["log.level"]["needs_restart"] is False
