"""The example that a new user copies must run as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.system.speech import SPEECH, speech

if TYPE_CHECKING:
    from tests.system.kit import DaemonProcess

EXAMPLE = Path(__file__).parents[2] / "examples" / "stream_speech.py"


def run(runtime: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_example_prints_one_line_per_frame_and_the_jaw_moves(
    daemon: DaemonProcess, runtime: Path
) -> None:
    del daemon  # must be there first

    done = run(runtime, str(SPEECH), "--fast")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == speech().frames()
    assert lines[60].startswith("  1.000 s")
    assert max(line.count("#") for line in lines) > 5
    assert min(line.count("#") for line in lines) == 0


def test_the_example_ends_without_a_word_when_its_reader_has_left(
    daemon: DaemonProcess, runtime: Path
) -> None:
    del daemon  # must be there first

    example = subprocess.Popen(
        [sys.executable, str(EXAMPLE), str(SPEECH), "--fast"],
        env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(runtime), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with example:
        assert example.stdout is not None
        assert example.stderr is not None
        example.stdout.readline()
        example.stdout.close()
        said = example.stderr.read()

    assert example.returncode == 1
    assert said.count("\n") == 1  # that it is connected
    assert said.startswith("connected")


def test_the_example_prints_a_curve_of_any_rig(daemon: DaemonProcess, runtime: Path) -> None:
    del daemon  # must be there first

    rig = ("--rig", "metahuman", "--curve", "CTRL_expressions_jawOpen")
    done = run(runtime, str(SPEECH), "--fast", *rig)
    assert done.returncode == 0, done.stderr
    assert max(line.count("#") for line in done.stdout.splitlines()) > 5

    wrong = run(runtime, str(SPEECH), "--fast", "--rig", "oculus")
    assert wrong.returncode == 1
    assert "no jawOpen. Choose with --curve" in wrong.stderr
    assert "sil" in wrong.stderr


def test_the_example_without_a_daemon_says_how_to_start_one(runtime: Path) -> None:
    done = run(runtime, str(SPEECH))

    assert done.returncode == 1
    assert "Start one with `facewire serve`." in done.stderr
