"""`facewire render`: curves to a filmstrip, a GIF or a video, and what it says when it cannot."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from PIL import Image

from facewire.protocol.errors import AudioError, FacewireError
from facewire.tools import cli
from facewire.tools.atomic import OutputError
from facewire.tools.picture.sheet import PictureError
from facewire.tools.render import render
from facewire.tools.render_clip import CurveFileError
from facewire.tools.render_video import VideoError
from facewire.tools.retarget import Retarget
from facewire.tools.writers import WRITERS

FRAMES = 30


@pytest.fixture
def curves(tmp_path: Path) -> Path:
    """Half a second at 60 per second: the jaw opens and shuts."""
    path = tmp_path / "line.csv"
    jaw = 0.5 * np.sin(np.linspace(0, np.pi, FRAMES))
    rows = [f"{n},{n / 60!r},{value!r}" for n, value in enumerate(jaw.tolist())]
    path.write_text("\n".join([",timeCode,blendShapes.JawOpen", *rows]) + "\n")
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "line.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(8_000) / 9), 16_000)
    return path


def run(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(render, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(render, [*map(str, arguments)])
    assert result.exit_code == 2, result.output
    return result.output


def test_a_png_is_a_filmstrip_with_the_sound_beside_it(
    tmp_path: Path, curves: Path, voice: Path
) -> None:
    answer = run(curves, "-o", tmp_path / "out" / "strip.png", "--columns", 4, "--view", "front")
    assert answer["audio"] == str(voice)
    assert answer["frames"] == 4
    assert answer["seconds"] == pytest.approx(0.5)
    with Image.open(answer["output"]) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert list(picture.size) == answer["size"]
    assert answer["bytes"] == Path(answer["output"]).stat().st_size
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["strip.png"]


def test_without_sound_the_picture_has_no_waveform(
    tmp_path: Path, curves: Path, voice: Path
) -> None:
    asked = (curves, "-o", tmp_path / "strip.png", "--columns", 2, "--view", "front")
    high = run(*asked)["size"][1]
    voice.unlink()
    answer = run(*asked)
    assert answer["audio"] is None
    assert answer["size"][1] < high - 50


def test_phones_beside_the_sound_label_the_faces(tmp_path: Path, curves: Path, voice: Path) -> None:
    asked = (curves, "-o", tmp_path / "strip.png", "--columns", 3, "--view", "mouth")
    plain = run(*asked)
    voice.with_suffix(".phones.json").write_text('[["M", 0.0, 0.1], ["AA", 0.2, 0.3]]')
    labelled = run(*asked)
    assert [moment["sound"] for moment in plain["moments"]] == [None] * 3
    assert [moment["sound"] for moment in labelled["moments"]] == ["m", "ah"]
    gaps_cm = [moment["lip_gap_cm"] for moment in labelled["moments"]]
    assert gaps_cm[0] < 0.1 < gaps_cm[1]
    assert labelled["size"][1] != plain["size"][1]


def test_a_part_is_drawn_from_and_to(tmp_path: Path, curves: Path) -> None:
    whole = run(curves, "-o", tmp_path / "a.gif", "--size", 64, "--view", "mouth")
    part = run(
        curves,
        "-o",
        tmp_path / "b.gif",
        "--size",
        64,
        "--view",
        "mouth",
        "--from",
        0.1,
        "--to",
        0.3,
    )
    assert (whole["frames"], part["frames"]) == (12, 5)
    assert part["seconds"] == pytest.approx(0.2)


def test_a_gif_moves(tmp_path: Path, curves: Path) -> None:
    answer = run(curves, "-o", tmp_path / "line.gif", "--size", 64, "--fps", 20)
    assert answer["fps"] == [20, 1]
    assert answer["frames"] == 10
    with Image.open(tmp_path / "line.gif") as gif:
        assert gif.size == tuple(answer["size"])
        first = np.asarray(gif.convert("RGB"), np.int16)
        gif.seek(5)
        assert np.abs(first - np.asarray(gif.convert("RGB"))).max() > 40


def test_a_gif_has_no_sound_and_does_not_say_so(tmp_path: Path, curves: Path, voice: Path) -> None:
    moving = (curves, "-o", tmp_path / "line.gif", "--size", 64, "--view", "mouth")

    assert run(*moving)["audio"] is None
    assert "A GIF has no sound" in refused(*moving, "--audio", voice)


def test_without_sound_nothing_leads_to_the_faces_from_above(tmp_path: Path, curves: Path) -> None:
    run(curves, "-o", tmp_path / "strip.png", "--columns", 4, "--view", "front")

    with Image.open(tmp_path / "strip.png") as picture:
        below_heading = np.asarray(picture.convert("L"), np.int16)[84:100]
    assert np.ptp(below_heading) == 0


def test_the_json_of_animate_is_drawn_as_its_csv_is(tmp_path: Path) -> None:
    rows = np.linspace(0, 0.5, 12 * 71, dtype=np.float32).reshape(12, 71)
    for name, kind in WRITERS.items():
        with (tmp_path / f"line.{name}").open("w") as file:
            writer = kind(file, Retarget("a2f", {}), Fraction(30))
            writer.write(0, rows, None)
            writer.close()

    answers = [
        run(tmp_path / f"line.{name}", "-o", tmp_path / f"{name}.gif", "--size", 64)
        for name in WRITERS
    ]

    assert answers[0]["left_out"] == answers[1]["left_out"]
    assert (tmp_path / "csv.gif").read_bytes() == (tmp_path / "json.gif").read_bytes()


def test_a_video_goes_through_ffmpeg(
    tmp_path: Path, curves: Path, voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake ffmpeg keeps what it gets; test_render_video has the real one."""
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        f"#!{sys.executable}\n"
        "import sys, shutil\n"
        "shutil.copyfileobj(sys.stdin.buffer, open(sys.argv[-1], 'wb'))\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = run(curves, "-o", tmp_path / "line.mp4", "--size", 64, "--view", "both")
    width, height = answer["size"]
    assert answer["fps"] == [30, 1]
    assert answer["frames"] == 15
    assert width % 2 == height % 2 == 0
    assert answer["bytes"] == 15 * width * height * 3
    assert answer["audio"] == str(voice)


def test_a_video_without_ffmpeg_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, curves: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(VideoError, match="ffmpeg"):
        run(curves, "-o", tmp_path / "line.webm")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line.csv"]


def test_what_cannot_be_drawn_is_an_error_in_one_sentence(tmp_path: Path, curves: Path) -> None:
    output = tmp_path / "out.png"
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    cases: list[tuple[type[FacewireError], tuple[object, ...]]] = [
        (CurveFileError, (tmp_path / "missing.csv", "-o", output)),
        (CurveFileError, (curves, "-o", output, "--from", 3)),
        (AudioError, (curves, "-o", output, "--audio", tmp_path / "noise.wav")),
        (OutputError, (curves, "-o", tmp_path / "line.csv" / "out.png")),
        (PictureError, (curves, "-o", output, "--size", 1024, "--columns", 24)),
    ]
    for kind, arguments in cases:
        with pytest.raises(kind):
            run(*arguments)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line.csv", "noise.wav"]


def test_an_older_picture_stays_when_the_new_one_fails(tmp_path: Path, curves: Path) -> None:
    output = tmp_path / "out.png"
    output.write_bytes(b"older")
    with pytest.raises(PictureError):
        run(curves, "-o", output, "--size", 1024, "--columns", 24)
    assert output.read_bytes() == b"older"


def test_what_the_command_line_cannot_mean_is_a_usage_error(tmp_path: Path, curves: Path) -> None:
    assert ".webm" in refused(curves, "-o", tmp_path / "out.jpg")
    assert "--to must be later" in refused(
        curves, "-o", tmp_path / "out.png", "--from", 0.3, "--to", 0.2
    )
    assert "three-quarter" in refused(curves, "-o", tmp_path / "out.png", "--view", "back")
    assert "no number" in refused(curves, "-o", tmp_path / "out.gif", "--fps", "fast")


def test_people_are_told_what_was_written(tmp_path: Path, curves: Path, voice: Path) -> None:
    result = CliRunner().invoke(
        render, [str(curves), "-o", str(tmp_path / "a.png"), "--columns", "1", "--view", "mouth"]
    )
    assert "1 face of 0.50 s" in result.output
    assert voice.name in result.output
    assert "not drawn" not in result.output


def test_columns_that_are_not_drawn_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rig.csv"
    path.write_text("timeCode,Jaw_Open,Smile,Frown\n0,0.5,1,1\n0.1,0,0,0\n")

    result = CliRunner().invoke(render, [str(path), "-o", str(tmp_path / "a.png")])

    assert "note: Smile and 1 more columns are not drawn" in result.output
    assert run(path, "-o", tmp_path / "a.png")["left_out"] == ["Smile", "Frown"]


def test_the_command_line_knows_it() -> None:
    assert "render" in cli.COMMANDS


def test_what_is_drawn_is_never_written_over(curves: Path) -> None:
    source = curves.rename(curves.with_suffix(".png"))
    before = source.read_bytes()
    assert "choose another output" in refused(source, "-o", source)
    assert source.read_bytes() == before


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_no_number_is_no_instant(curves: Path, tmp_path: Path, option: str) -> None:
    result = CliRunner().invoke(render, [str(curves), "-o", str(tmp_path / "a.png"), option, "nan"])
    assert isinstance(result.exception, CurveFileError | SystemExit)
    assert not (tmp_path / "a.png").exists()
