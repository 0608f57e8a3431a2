from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from tests.daemon.own_table import write_table

from facewire.tools.cli import main

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEECH = Path(__file__).parents[1] / "assets" / "speech_16k.flac"


def _command(*arguments: object) -> list[str]:
    program = "from facewire.tools.cli import main; main()"
    return [sys.executable, "-c", program, "animate", *map(str, arguments)]


@dataclass
class Done:
    """What a run of `facewire animate` left."""

    returncode: int
    stdout: str
    stderr: str


def _run(*arguments: object) -> Done:
    """Run the command in this process: most tests need no other, and starting one takes longer."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(["animate", *map(str, arguments)])
    assert isinstance(left.value.code, int)
    return Done(left.value.code, out.getvalue(), err.getvalue())


def _table(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    rows = list(csv.reader(path.read_text().splitlines()))
    return rows[0], np.array([[float(cell) for cell in row] for row in rows[1:]])


def _curve(path: Path, name: str) -> NDArray[np.float64]:
    header, table = _table(path)
    column: NDArray[np.float64] = table[:, header.index(f"blendShapes.{name}")]
    return column


@pytest.fixture(scope="module")
def speech_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped speech, animated with nothing but defaults."""
    path = tmp_path_factory.mktemp("speech") / "speech.csv"
    done = _run(SPEECH, "-o", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return path


def test_speech_becomes_a_table_of_sixty_frames_a_second(speech_csv: Path) -> None:
    header, table = _table(speech_csv)

    samples = soundfile.info(SPEECH).frames
    assert len(header) == 73
    assert len(table) == -(-samples * 60 // 16_000)
    assert table[:, 0].tolist() == list(range(len(table)))
    assert table[:, 1].tolist() == [index / 60 for index in range(len(table))]
    assert table[:, 2:].min() >= 0.0
    assert table[:, 2:].max() <= 1.0
    assert _curve(speech_csv, "JawOpen").max() > 0.1
    assert _curve(speech_csv, "EyeBlinkLeft").max() > 0.5
    assert _curve(speech_csv, "JawOpen")[-1] == 0.0


def test_the_same_file_twice_gives_the_same_bytes(speech_csv: Path, tmp_path: Path) -> None:
    _run(SPEECH, "-o", tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == speech_csv.read_bytes()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("29.97", 1_001 / 30_000), ("30000/1001", 1_001 / 30_000), ("50", 0.02), ("12.5", 0.08)],
)
def test_any_rational_frame_rate_can_be_asked_for(
    tmp_path: Path, text: str, seconds: float
) -> None:
    out = tmp_path / "clip.csv"

    assert _run(SPEECH, "-o", out, "--fps", text).returncode == 0

    _, table = _table(out)
    assert np.allclose(np.diff(table[:, 1]), seconds)
    assert len(table) == int(np.ceil(round(soundfile.info(SPEECH).frames / 16_000 / seconds, 6)))


def test_json_is_chosen_by_name_or_by_option(speech_csv: Path, tmp_path: Path) -> None:
    assert _run(SPEECH, "-o", tmp_path / "clip.json").returncode == 0
    assert _run(SPEECH, "-o", tmp_path / "clip.txt", "--format", "json").returncode == 0

    whole = json.loads((tmp_path / "clip.json").read_text())
    assert (tmp_path / "clip.txt").read_bytes() == (tmp_path / "clip.json").read_bytes()
    weights = np.array([frame["weights"] for frame in whole["frames"]])
    assert np.array_equal(weights, _table(speech_csv)[1][:, 2:])


def test_idle_motion_can_be_left_out_and_the_mouth_stays_the_same(
    speech_csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "still.csv"

    assert _run(SPEECH, "-o", out, "--no-idle").returncode == 0

    header, still = _table(out)
    _, moving = _table(speech_csv)
    eyes = [name.startswith(("blendShapes.Eye", "blendShapes.Brow")) for name in header]
    assert not still[:, eyes].any()
    assert moving[:, eyes].any()
    assert np.array_equal(np.delete(still, eyes, 1), np.delete(moving, eyes, 1))


def test_the_seed_changes_the_idle_motion_only(speech_csv: Path, tmp_path: Path) -> None:
    _run(SPEECH, "-o", tmp_path / "other.csv", "--seed", 3)

    assert not np.array_equal(
        _curve(tmp_path / "other.csv", "EyeBlinkLeft"), _curve(speech_csv, "EyeBlinkLeft")
    )
    assert np.array_equal(_curve(tmp_path / "other.csv", "JawOpen"), _curve(speech_csv, "JawOpen"))


def test_emotion_gains_and_parameters_act(speech_csv: Path, tmp_path: Path) -> None:
    gains = tmp_path / "gains.json"
    gains.write_text('{"jawOpen": 0.5, "cheekPuff": {"offset": 0.25}}')

    _run(SPEECH, "-o", tmp_path / "joy.csv", "--emotion", "joy=0.6")
    _run(SPEECH, "-o", tmp_path / "gains.csv", "--gains", gains)
    _run(SPEECH, "-o", tmp_path / "mute.csv", "--parameter", "lowerFaceStrength=0")

    smile = _curve(tmp_path / "joy.csv", "MouthSmileLeft") - _curve(speech_csv, "MouthSmileLeft")
    assert smile[20:-20].min() > 0.05
    assert np.allclose(
        _curve(tmp_path / "gains.csv", "JawOpen"), 0.5 * _curve(speech_csv, "JawOpen"), atol=1e-6
    )
    assert np.allclose(_curve(tmp_path / "gains.csv", "CheekPuff"), 0.25)
    assert not _curve(tmp_path / "mute.csv", "JawOpen").any()


@pytest.mark.parametrize(
    ("rig", "columns"), [("arkit", 52), ("arkit_head", 55), ("a2f", 71), ("metahuman", 251)]
)
def test_the_rig_decides_the_columns(tmp_path: Path, rig: str, columns: int) -> None:
    assert _run(SPEECH, "-o", tmp_path / "clip.csv", "--rig", rig).returncode == 0

    assert len(_table(tmp_path / "clip.csv")[0]) == 2 + columns


def test_gains_come_before_a_table_of_ones_own_whose_names_stay_as_they_are(
    tmp_path: Path, speech_csv: Path
) -> None:
    write_table(tmp_path / "own.json", ("jaw_drop", "jawOpen", 0.5))
    (tmp_path / "gains.json").write_text('{"jawOpen": 0.5}')

    done = _run(
        SPEECH, "-o", tmp_path / "clip.csv", "--rig", tmp_path / "own.json",
        "--gains", tmp_path / "gains.json",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert _table(tmp_path / "clip.csv")[0] == ["", "timeCode", "blendShapes.jaw_drop"]
    own = _curve(tmp_path / "clip.csv", "jaw_drop")
    assert np.allclose(own, 0.25 * _curve(speech_csv, "JawOpen"), atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(44_100, 2, "FLOAT"), (24_000, 1, "PCM_16"), (8_000, 1, "PCM_16"), (48_000, 2, "PCM_24")],
)
def test_other_rates_and_stereo_give_nearly_the_same_face(
    speech_csv: Path, tmp_path: Path, rate: int, channels: int, subtype: str
) -> None:
    import soxr

    speech, _ = soundfile.read(SPEECH)
    wide = soxr.resample(speech, 16_000, rate)
    source = tmp_path / "clip.wav"
    soundfile.write(source, np.stack([wide] * channels, 1), rate, subtype=subtype)

    assert _run(source, "-o", tmp_path / "clip.csv").returncode == 0

    jaw, wanted = _curve(tmp_path / "clip.csv", "JawOpen"), _curve(speech_csv, "JawOpen")
    assert len(jaw) == -(-len(wide) * 60 // rate)
    common = min(len(jaw), len(wanted))
    # A telephone's 4 kHz lack what the upper half of the spectrum tells.
    assert np.corrcoef(jaw[:common], wanted[:common])[0, 1] > (0.8 if rate == 8_000 else 0.99)


# --- several files ---------------------------------------------------------------------------


def _tree(folder: Path) -> None:
    speech, _ = soundfile.read(SPEECH)
    (folder / "deep" / "er").mkdir(parents=True)
    soundfile.write(folder / "one.wav", speech[:16_000], 16_000)
    soundfile.write(folder / "deep" / "two.FLAC", speech[:16_000], 16_000, format="FLAC")
    soundfile.write(folder / "deep" / "er" / "three.ogg", speech[:16_000], 16_000)
    (folder / "notes.txt").write_text("not audio")
    (folder / ".hidden.wav").write_bytes(b"junk")


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_becomes_a_folder_of_the_same_shape(tmp_path: Path) -> None:
    _tree(tmp_path / "in")

    done = _run(tmp_path / "in", "-o", tmp_path / "out", "--json")

    assert done.returncode == 0, done.stderr
    assert _names(tmp_path / "out") == ["deep/er/three.csv", "deep/two.csv", "one.csv"]
    summary = json.loads(done.stdout)
    assert [Path(each["input"]).name for each in summary["files"]] == [
        "one.wav", "two.FLAC", "three.ogg",
    ]  # fmt: skip
    assert summary["failures"] == []
    assert summary["frames"] == 180
    assert summary["seconds"] == 3.0
    assert 0 < summary["real_time_factor"] < 10


def test_a_bad_file_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    _tree(tmp_path / "in")
    (tmp_path / "in" / "deep" / "bad.wav").write_bytes(b"RIFF nonsense")
    nan = np.full(16_000, np.nan, np.float32)
    soundfile.write(tmp_path / "in" / "nan.wav", nan, 16_000, subtype="FLOAT")

    done = _run(tmp_path / "in", "-o", tmp_path / "out", "--json")

    assert done.returncode == 1
    assert "bad.wav" in done.stderr
    assert "nan.wav holds samples that are no audio" in done.stderr
    assert _names(tmp_path / "out") == [
        "deep/er/three.csv", "deep/two.csv", "nan.csv", "one.csv",
    ]  # fmt: skip
    summary = json.loads(done.stdout)
    assert len(summary["files"]) == 4
    (failure,) = summary["failures"]
    assert failure["input"].endswith("bad.wav")
    assert "no audio file" in failure["error"]
    assert [each["audio_sanitised"] for each in summary["files"]] == [True, False, False, False]


def test_files_of_one_name_keep_their_whole_names(tmp_path: Path) -> None:
    speech, _ = soundfile.read(SPEECH)
    soundfile.write(tmp_path / "a.wav", speech[:1_600], 16_000)
    soundfile.write(tmp_path / "a.flac", speech[:1_600], 16_000)

    done = _run(tmp_path / "a.wav", tmp_path / "a.flac", "-o", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert _names(tmp_path / "out") == ["a.flac.csv", "a.wav.csv"]


def test_one_file_goes_into_a_folder_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    assert _run(SPEECH, "-o", tmp_path / "out").returncode == 0

    assert _names(tmp_path / "out") == ["speech_16k.csv"]


# --- what goes wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fps", "0.5"), "1 to 240"),
        (("--fps", "fast"), "no number"),
        (("--emotion", "joyy=0.5"), "joy"),
        (("--emotion", "joy"), "NAME=NUMBER"),
        (("--emotion", "joy=2"), "[0, 1]"),
        (("--parameter", "blink=1"), "blinkStrength"),
        (("--rig", "metahumn"), "metahuman"),
        (("--rig", "nowhere.json"), "nowhere.json"),
        (("--gains", "nothing.json"), "cannot be read"),
    ],
)
def test_a_wrong_option_is_a_usage_error_that_names_it(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = _run(SPEECH, "-o", tmp_path / "clip.csv", *arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert _names(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--model", "embeded"), 5, "embedded"),
        (("--model", "../embedded"), 5, "not a folder"),
        (("--provider", "tensorrt"), 4, "tensorrt"),
    ],
)
def test_a_missing_model_or_provider_has_its_own_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = _run(SPEECH, "-o", tmp_path / "clip.csv", *arguments)

    assert done.returncode == code
    assert words in done.stderr
    assert _names(tmp_path) == []


@pytest.mark.parametrize("link", ["same", "symlink", "hardlink"])
def test_a_result_never_replaces_its_source(tmp_path: Path, link: str) -> None:
    source = tmp_path / "clip.wav"
    speech, _ = soundfile.read(SPEECH)
    soundfile.write(source, speech, 16_000)
    before = source.read_bytes()
    output = source if link == "same" else tmp_path / "out.csv"
    if link == "symlink":
        output.symlink_to(source)
    elif link == "hardlink":
        os.link(source, output)

    done = _run(source, "-o", output)

    assert done.returncode == 2
    assert "is a source" in done.stderr
    assert source.read_bytes() == before


def test_a_file_that_fails_midway_leaves_the_older_result_alone(tmp_path: Path) -> None:
    speech, _ = soundfile.read(SPEECH)
    whole = tmp_path / "clip.flac"
    soundfile.write(whole, np.tile(speech, 3), 16_000)
    whole.write_bytes(whole.read_bytes()[:-5_000])
    (tmp_path / "clip.csv").write_text("precious")

    done = _run(whole, "-o", tmp_path / "clip.csv")

    assert done.returncode == 1
    assert "clip.flac" in done.stderr
    assert (tmp_path / "clip.csv").read_text() == "precious"
    assert _names(tmp_path) == ["clip.csv", "clip.flac"]


def test_who_reads_the_older_result_keeps_it_whole(tmp_path: Path) -> None:
    (tmp_path / "clip.csv").write_text("precious")

    with (tmp_path / "clip.csv").open() as reader:
        assert _run(SPEECH, "-o", tmp_path / "clip.csv").returncode == 0
        assert reader.read() == "precious", "a new file took its place; nothing was written into it"

    assert len(_table(tmp_path / "clip.csv")[1]) > 100


def test_a_folder_without_audio_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()

    done = _run(tmp_path / "in", "-o", tmp_path / "out")

    assert done.returncode == 2
    assert "No audio files" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    done = _run(SPEECH, "-o", tmp_path / "clip.csv")

    assert done.returncode == 1
    assert "cannot be written: Permission denied" in done.stderr


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    speech, _ = soundfile.read(SPEECH, dtype="int16")
    soundfile.write(tmp_path / "long.wav", np.tile(speech, 200), 16_000)
    process = subprocess.Popen(
        _command(tmp_path / "long.wav", "-o", tmp_path / "out" / "long.csv"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("out/.facewire-*.part")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 130
    assert stderr.strip() == "interrupted"
    assert _names(tmp_path) == ["long.wav"]


def test_a_full_disk_is_one_sentence_and_stops_the_run(tmp_path: Path) -> None:
    """On a real file system of 64 kB, in a mount namespace of its own."""
    room = tmp_path / "room"
    room.mkdir()
    speech, _ = soundfile.read(SPEECH)
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", speech, 16_000)
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$1" && shift && "$@"; code=$?; ls -A room; exit $code'
    )
    inside = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        str(room),
    ]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces on this machine")

    done = subprocess.run(
        [*inside, *_command(tmp_path / "a.wav", tmp_path / "b.wav", "-o", room)],
        capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.count("The disk is full") == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == "", "what was begun must be gone"


# --- the terminal ----------------------------------------------------------------------------


def test_quiet_means_silent(tmp_path: Path) -> None:
    done = subprocess.run(
        _command(SPEECH, "-o", tmp_path / "clip.csv", "-q"),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_one_line_tells_what_was_made(tmp_path: Path) -> None:
    done = _run(SPEECH, "-o", tmp_path / "clip.csv")

    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "clip.csv" in done.stderr
    assert "frames" in done.stderr
    assert "x real time" in done.stderr


def test_verbose_tells_model_rate_and_lag(tmp_path: Path) -> None:
    speech, _ = soundfile.read(SPEECH)
    soundfile.write(tmp_path / "clip.wav", speech, 48_000)

    done = _run(tmp_path / "clip.wav", "-o", tmp_path / "clip.csv", "-v")

    assert "embedded" in done.stderr
    assert "clip.wav: WAV, 48000 Hz, 1 channel(s), resampler lag 18.0 ms" in done.stderr


def test_a_terminal_sees_progress_and_no_rubbish_is_left_on_it(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    try:
        reader, writer = pty.openpty()
    except OSError:
        pytest.skip("no pseudo-terminals on this machine")
    process = subprocess.Popen(
        _command(SPEECH, "-o", tmp_path / "clip.csv"), stdout=subprocess.PIPE, stderr=writer
    )
    os.close(writer)
    shown = b""
    try:
        while chunk := _read_terminal(reader):
            shown += chunk
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()
        os.close(reader)

    assert b"speech_16k.flac" in shown
    assert b"frames" in shown


def _read_terminal(reader: int) -> bytes:
    try:
        return os.read(reader, 4_096)
    except OSError:  # Linux says so when the other side is closed
        return b""


def test_a_link_stays_a_link_and_the_file_it_names_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "clip.csv"
    link.symlink_to(tmp_path / "real" / "clip.csv")

    assert _run(SPEECH, "-o", link).returncode == 0

    assert link.is_symlink()
    assert (tmp_path / "real" / "clip.csv").read_text().startswith(",timeCode,")


def test_a_pipe_is_written_and_not_replaced(speech_csv: Path) -> None:
    done = subprocess.run(_command(SPEECH, "-o", "/dev/stdout"), capture_output=True, check=True)

    assert done.stdout == speech_csv.read_bytes()


def test_a_reader_that_leaves_early_is_no_traceback() -> None:
    with subprocess.Popen(
        _command(SPEECH, "-o", "/dev/stdout", "-q"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


def test_a_slash_at_the_end_asks_for_a_folder(speech_csv: Path, tmp_path: Path) -> None:
    assert _run(SPEECH, "-o", f"{tmp_path}/new/").returncode == 0

    written = tmp_path / "new" / "speech_16k.csv"
    assert written.read_bytes() == speech_csv.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any byte in a name")
def test_a_name_that_is_no_unicode_is_read(speech_csv: Path, tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"voice\xff.flac")
    source.write_bytes(SPEECH.read_bytes())

    assert _run(source, "-o", tmp_path / "clip.csv").returncode == 0

    assert (tmp_path / "clip.csv").read_bytes() == speech_csv.read_bytes()


def test_a_provider_for_somebody_elses_daemon_is_a_usage_error(tmp_path: Path) -> None:
    done = _run(SPEECH, "-o", tmp_path / "a.csv", "--connect", "--provider", "cuda")

    assert done.returncode == 2
    assert "--provider" in done.stderr


@pytest.mark.parametrize("wrong", [["--model", "nobody"], ["--fps", "0"]])
def test_json_tells_an_error_too(tmp_path: Path, wrong: list[str]) -> None:
    done = _run(SPEECH, "-o", tmp_path / "a.csv", "--json", *wrong)

    error = json.loads(done.stdout)["error"]
    assert error["exit_code"] == done.returncode != 0
    assert error["text"] in done.stderr


@pytest.mark.parametrize("into_file", [False, True])
def test_a_dash_writes_the_table_to_standard_output(tmp_path: Path, *, into_file: bool) -> None:
    command = [sys.executable, "-m", "facewire", "animate", str(SPEECH), "-o", "-", "-q"]
    if into_file:
        with (tmp_path / "out.csv").open("w") as out:
            done = subprocess.run(
                command, stdout=out, stderr=subprocess.PIPE, text=True, check=False
            )
        text = (tmp_path / "out.csv").read_text()
    else:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        text = done.stdout

    assert done.returncode == 0, done.stderr
    assert text.startswith(",timeCode,blendShapes.EyeBlinkLeft")
    assert len(text.splitlines()) == 1 + -(-soundfile.info(SPEECH).frames * 60 // 16_000)


@pytest.mark.parametrize("name", ["a.usd", "a.GLB"])
def test_a_name_that_promises_another_format_is_refused(tmp_path: Path, name: str) -> None:
    done = _run(SPEECH, "-o", tmp_path / name)

    assert done.returncode == 2
    assert ".csv or .json" in done.stderr
    assert not (tmp_path / name).exists()
