"""`facewire demo` for real: a daemon of its own, speech in real time, files, and nothing else."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from PIL import Image

from facewire.tools.demo_assets import speech_clip, speech_phones
from facewire.tools.judging.lip_reading import OPEN_CM, SHUT_CM, LipReading
from facewire.tools.judging.verdict import ROUND_CEILING
from facewire.tools.live.speech import LONGEST_S, read_speech

ASSETS = Path(__file__).parents[1] / "assets"
COMMAND = [sys.executable, "-c", "from facewire.tools.cli import main; main()", "demo"]
SLACK_S = 10.0
"""Generous beside the second or two it takes: other tests may keep the machine busy."""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=50, check=False
    )


def started(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def daemon_of(demo: subprocess.Popen[bytes]) -> psutil.Process:
    """The daemon a running demo has started, once it serves."""
    deadline = time.monotonic() + SLACK_S
    while time.monotonic() < deadline:
        for child in psutil.Process(demo.pid).children():
            runtime = child.environ().get("FACEWIRE_RUNTIME_DIR", "")
            if runtime and list(Path(runtime).glob("demo-*/*.ring")):
                return child
        time.sleep(0.02)
    pytest.fail("the demo started no daemon with rings")


def gone(process: psutil.Process, within_s: float) -> bool:
    try:
        process.wait(within_s)
    except psutil.TimeoutExpired:
        return False
    return True


@pytest.fixture
def second_of_speech(tmp_path: Path) -> Path:
    samples, rate_hz = soundfile.read(ASSETS / "speech_16k.flac", dtype="float32")
    path = tmp_path / "line.wav"
    soundfile.write(path, samples[rate_hz // 5 : rate_hz // 5 + rate_hz], rate_hz)
    return path


def test_the_shipped_line_plays_in_real_time_through_the_ring(tmp_path: Path) -> None:
    with speech_clip().open("rb") as file:
        audio_s = soundfile.info(file).duration
    began_s = time.monotonic()
    result = run(tmp_path, "--json")
    took_s = time.monotonic() - began_s
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["frames"] == math.ceil(audio_s * 60)
    assert said["frames_per_s"] == pytest.approx(60, rel=0.01)
    assert said["transport"] == "ring"
    assert said["payloads"]["ring"] > audio_s * 50
    assert said["payloads"]["inline"] == 0
    assert -20 < said["first_frame_ms"] - said["look_ahead_ms"] < 1000
    assert 0 < said["behind_voice_ms"]["p50"] < 1000
    assert 0 < said["real_time_factor"] < 0.5
    assert set(said["daemon_latency_ms"]) == {"p50", "p90", "p99"}
    assert audio_s < took_s < audio_s + SLACK_S
    assert_the_words_can_be_read(Path(tmp_path / said["csv"]))


def assert_the_words_can_be_read(path: Path) -> None:
    """Lips shut on every m, b and p of the line, round on oo, open on ah; measured on the head."""
    rows = list(csv.reader(path.read_text().splitlines()))
    names = [name.removeprefix("blendShapes.") for name in rows[0][2:]]
    values = np.array(rows[1:], float)
    curves = {name[0].lower() + name[1:]: values[:, 2 + k] for k, name in enumerate(names)}
    reading = LipReading()
    reading.add(values[:, 1], curves, speech_phones())
    assert len(reading.bilabial_gaps_cm) == 8
    assert max(reading.bilabial_gaps_cm) <= SHUT_CM
    assert min(reading.vowel_gaps_cm) >= OPEN_CM
    assert max(reading.round_widths) <= ROUND_CEILING


def test_the_files_hold_the_curves_and_the_picture(tmp_path: Path, second_of_speech: Path) -> None:
    result = run(tmp_path, second_of_speech.name, "--out", "here/there", "--fps", "30")
    assert result.returncode == 0, result.stderr
    out = tmp_path / "here" / "there"
    assert sorted(path.name for path in out.iterdir()) == ["face.png", "line.csv"]
    rows = list(csv.reader((out / "line.csv").read_text().splitlines()))
    assert rows[0][:3] == ["", "timeCode", "blendShapes.EyeBlinkLeft"]
    assert len(rows[0]) == 2 + 71
    assert len(rows) == 1 + 30
    weights = np.array([row[2:] for row in rows[1:]], float)
    assert weights[:, rows[0].index("blendShapes.JawOpen") - 2].max() > 0.1
    with Image.open(out / "face.png") as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width == 1800
    for word in ("first frame", "behind the voice", "real-time factor", "ring", "face.png"):
        assert word in result.stdout


def test_a_file_with_broken_numbers_plays_and_is_drawn(
    tmp_path: Path, second_of_speech: Path
) -> None:
    samples, rate_hz = soundfile.read(second_of_speech, dtype="float32")
    samples[[1000, 2000, 3000]] = [np.nan, np.inf, -1e30]
    soundfile.write(tmp_path / "broken.wav", samples, rate_hz, subtype="FLOAT")
    result = run(tmp_path, "broken.wav", "--json")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "demo_out" / "face.png").stat().st_size > 10_000


def test_of_a_long_file_only_the_beginning_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(8_000 * (LONGEST_S + 1), np.int16), 8_000)
    speech = read_speech(path)
    assert speech.cut
    assert speech.duration_s == LONGEST_S
    assert not read_speech(None).cut


def test_a_stereo_file_at_another_rate_plays_too(tmp_path: Path) -> None:
    instants = np.arange(22_050) / 44_100
    tone = 0.3 * np.sin(2 * np.pi * 200 * instants)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 44_100, subtype="FLOAT")
    result = run(tmp_path, "tone.wav", "--json", "--fps", "29.97")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["frames"] == math.ceil(0.5 * 30_000 / 1001)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.wav", None, "cannot be read: No such file"),
        ("empty.wav", b"", "is empty"),
        ("noise.wav", b"RIFF" + bytes(range(200)), "no audio file"),
        ("text.mp3", b"hello, I am not a sound\n" * 20, "no audio file"),
    ],
)
def test_a_bad_file_gives_one_sentence_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run(tmp_path, name)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "demo_out").exists()


def test_an_output_that_is_a_file_gives_one_sentence(
    tmp_path: Path, second_of_speech: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    result = run(tmp_path, second_of_speech.name, "--out", "taken")
    assert result.returncode == 1
    assert "cannot make the folder taken" in result.stderr
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_wrong_frame_rate_is_a_usage_error(tmp_path: Path) -> None:
    result = run(tmp_path, "--fps", "1000")
    assert result.returncode == 2
    assert "240" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_takes_its_daemon_and_files_along(
    tmp_path: Path, number: signal.Signals
) -> None:
    demo = started(tmp_path)
    daemon = daemon_of(demo)
    runtime = Path(daemon.environ()["FACEWIRE_RUNTIME_DIR"])
    demo.send_signal(number)
    assert demo.wait(SLACK_S) == 130
    assert gone(daemon, 0.5)
    assert not runtime.exists()
    assert list((tmp_path / "demo_out").iterdir()) == []


def test_the_daemon_does_not_outlive_a_killed_demo(tmp_path: Path) -> None:
    demo = started(tmp_path)
    daemon = daemon_of(demo)
    runtime = Path(daemon.environ()["FACEWIRE_RUNTIME_DIR"])
    demo.kill()
    demo.wait()
    try:
        assert gone(daemon, SLACK_S)
        assert [path for path in runtime.rglob("*") if path.is_file()] == []
    finally:
        for folder in sorted(runtime.rglob("*"), reverse=True):
            folder.rmdir()
        runtime.rmdir()


def test_a_killed_daemon_ends_the_demo_with_a_sentence(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        COMMAND, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    daemon = daemon_of(demo)  # type: ignore[arg-type]
    os.kill(daemon.pid, signal.SIGKILL)
    _, said = demo.communicate(timeout=20)
    assert demo.returncode == 1
    assert "error: " in said
    assert "Traceback" not in said
