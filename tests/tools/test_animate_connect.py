from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEECH = Path(__file__).parents[1] / "assets" / "speech_16k.flac"
PROGRAM = "from facewire.tools.cli import main; main()"


def _facewire(*arguments: object) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *map(str, arguments)]


def _animate(*arguments: object, runtime: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _facewire("animate", *arguments),
        env=os.environ | {"FACEWIRE_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def _serving(folder: Path, *options: object) -> Iterator[None]:
    daemon = subprocess.Popen(
        _facewire("serve", "--instance", "casting", "--json", *options),
        env=os.environ | {"FACEWIRE_RUNTIME_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().strip(), "the daemon says in one line that it is ready"
        yield
    finally:
        daemon.terminate()
        daemon.communicate(timeout=20)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A runtime folder in which a daemon called `casting` serves."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    with _serving(folder):
        yield folder


@pytest.fixture(scope="module")
def hearing(
    synthetic_bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Path]]:
    """A runtime folder in which a daemon hears emotions, and the folder of its bundles."""
    folder = tmp_path_factory.mktemp("hear")
    folder.chmod(0o700)
    with _serving(
        folder, "--model", synthetic_bundles / "mark", "--emotion-model", synthetic_bundles / "a2e"
    ):
        yield folder, synthetic_bundles


@pytest.mark.parametrize(
    "options",
    [[], ["--fps", "29.97", "--emotion", "joy=0.5", "--seed", "4", "--rig", "arkit_head"]],
)
def test_a_daemon_makes_the_same_bytes(runtime: Path, tmp_path: Path, options: list[str]) -> None:
    here = _animate(SPEECH, "-o", tmp_path / "here.json", *options, runtime=runtime)
    there = _animate(
        SPEECH, "-o", tmp_path / "there.json", "--instance", "casting", *options, runtime=runtime
    )

    assert (here.returncode, there.returncode) == (0, 0), there.stderr
    assert (tmp_path / "there.json").read_bytes() == (tmp_path / "here.json").read_bytes()


def test_a_long_stereo_file_goes_through_a_daemon_within_its_credit(
    runtime: Path, tmp_path: Path
) -> None:
    speech, _ = soundfile.read(SPEECH, dtype="float32")
    wide = np.stack([np.tile(speech, 8), np.tile(speech, 8) * 0.5], 1)
    soundfile.write(tmp_path / "long.wav", wide, 24_000, subtype="FLOAT")

    done = _animate(
        tmp_path / "long.wav",
        "-o",
        tmp_path / "there.csv",
        "--connect",
        "--instance",
        "casting",
        runtime=runtime,
    )
    _animate(tmp_path / "long.wav", "-o", tmp_path / "here.csv", runtime=runtime)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_a_bad_file_among_others_does_not_end_the_session(runtime: Path, tmp_path: Path) -> None:
    speech, _ = soundfile.read(SPEECH)
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a.flac", np.tile(speech, 4), 16_000)
    whole = (tmp_path / "in" / "a.flac").read_bytes()
    (tmp_path / "in" / "a.flac").write_bytes(whole[: len(whole) * 3 // 4])
    soundfile.write(tmp_path / "in" / "b.wav", speech, 16_000)

    done = _animate(
        tmp_path / "in",
        "-o",
        tmp_path / "out",
        "--connect",
        "--instance",
        "casting",
        runtime=runtime,
    )

    assert done.returncode == 1
    assert "a.flac" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.csv"]


def test_a_model_the_daemon_does_not_have_exits_as_it_would_in_process(
    runtime: Path, tmp_path: Path
) -> None:
    done = _animate(
        SPEECH, "-o", tmp_path / "a.csv", "--instance", "casting", "--model", "nobody",
        runtime=runtime,
    )  # fmt: skip

    assert done.returncode == 5
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--identity", "Nobody"], "has no face 'Nobody'"),
        (["--parameter", "lowerFaceStrenght=1"], "lowerFaceStrenght"),
    ],
)
def test_a_mistake_is_told_as_it_would_be_in_process(
    runtime: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    here = _animate(SPEECH, "-o", tmp_path / "a.csv", *options, runtime=runtime)
    there = _animate(
        SPEECH, "-o", tmp_path / "a.csv", "--instance", "casting", *options, runtime=runtime
    )

    assert (here.returncode, there.returncode) == (2, 2)
    assert said in here.stderr
    assert said in there.stderr


def test_a_daemon_says_what_made_the_frames(hearing: tuple[Path, Path], tmp_path: Path) -> None:
    done = _animate(
        SPEECH, "-o", tmp_path / "a.csv", "--instance", "casting", "--model", "mark",
        "--auto-emotion", "--json", runtime=hearing[0],
    )  # fmt: skip

    made_by = json.loads(done.stdout)["made_by"]
    assert (made_by["model"], made_by["identity"], made_by["provider"]) == ("mark", "mark", "cpu")
    assert made_by["emotion_model"] == "a2e"


def test_the_hint_for_a_missing_instance_starts_that_instance(tmp_path: Path) -> None:
    done = _animate(
        SPEECH, "-o", tmp_path / "a.csv", "--instance", "casting", runtime=tmp_path / "empty"
    )

    assert "facewire serve --instance casting" in done.stderr


def test_without_a_daemon_it_says_so(tmp_path: Path) -> None:
    done = _animate(SPEECH, "-o", tmp_path / "clip.csv", "--connect", runtime=tmp_path / "empty")

    assert done.returncode == 1
    assert "daemon" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "clip.csv").exists()


def test_a_daemon_that_hears_emotions_makes_the_same_bytes(
    hearing: tuple[Path, Path], tmp_path: Path
) -> None:
    runtime, bundles = hearing
    (tmp_path / "keys.csv").write_text("time,joy\n1,0\n2,0.8\n")
    felt = ("--with-emotion", "--emotion-keys", tmp_path / "keys.csv", "--fps", "30")

    here = _animate(
        SPEECH, "-o", tmp_path / "here.json", "--model", bundles / "mark",
        "--emotion-model", bundles / "a2e", *felt, runtime=runtime,
    )  # fmt: skip
    there = _animate(
        SPEECH, "-o", tmp_path / "there.json", "--instance", "casting", "--model", "mark",
        "--auto-emotion", *felt, "--emotion-out", tmp_path / "felt.csv", runtime=runtime,
    )  # fmt: skip

    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    assert (tmp_path / "there.json").read_bytes() == (tmp_path / "here.json").read_bytes()
    assert len((tmp_path / "felt.csv").read_text().splitlines()) > 100


def test_a_daemon_that_hears_no_emotions_says_so(runtime: Path, tmp_path: Path) -> None:
    done = _animate(
        SPEECH, "-o", tmp_path / "a.csv", "--instance", "casting", "--auto-emotion", runtime=runtime
    )

    assert done.returncode == 5
    assert "automatic emotion" in done.stderr
