"""Moving pictures: what ffmpeg is told and given, what it really makes, and GIFs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PIL import Image

from facewire.tools import render_video
from facewire.tools.render_clip import Sound
from facewire.tools.render_video import VideoError, find_ffmpeg, write_gif, write_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = (48, 32)
FPS = Fraction(30_000, 1001)


def frames(count: int) -> Iterator[NDArray[np.uint8]]:
    """Frames of one grey each, lighter and lighter."""
    for number in range(count):
        yield np.full((SIZE[1], SIZE[0], 3), 20 + 10 * number, np.uint8)


def beep(path: Path) -> Sound:
    tone = 0.4 * np.sin(np.arange(16_000) / 5)
    return Sound(path, tone.astype(np.float32)[:, None], 16_000)


@pytest.fixture
def fake_ffmpeg(tmp_path: Path) -> Path:
    """A program that writes down its arguments, its input and the sound it was given."""
    script = tmp_path / "fake_ffmpeg"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, sys, soundfile\n"
        "wave = next((each for each in sys.argv if each.endswith('.wav')), None)\n"
        "told = {'arguments': sys.argv[1:], 'bytes': len(sys.stdin.buffer.read())}\n"
        "if wave:\n"
        "    told['samples'] = len(soundfile.read(wave)[0])\n"
        "json.dump(told, open(sys.argv[-1], 'w'))\n"
    )
    script.chmod(0o755)
    return script


def told(output: Path) -> dict[str, object]:
    answer: dict[str, object] = json.loads(output.read_text())
    return answer


@pytest.mark.parametrize(
    ("suffix", "codecs"),
    [(".mp4", {"libx264", "aac", "yuv420p"}), (".webm", {"libvpx-vp9", "libopus", "yuv420p"})],
)
def test_a_fake_ffmpeg_is_told_the_rate_the_size_and_the_sound(
    tmp_path: Path, fake_ffmpeg: Path, suffix: str, codecs: set[str]
) -> None:
    output = tmp_path / f"out{suffix}"
    write_video(output, str(fake_ffmpeg), frames(7), SIZE, FPS, beep(tmp_path / "beep.wav"))
    said = told(output)
    arguments = said["arguments"]
    assert isinstance(arguments, list)
    assert codecs <= set(arguments)
    assert arguments[arguments.index("-framerate") + 1] == "30000/1001"
    assert arguments[arguments.index("-video_size") + 1] == "48x32"
    assert said["bytes"] == 7 * 48 * 32 * 3
    assert said["samples"] == 16_000


def test_a_fake_ffmpeg_gets_no_sound_when_there_is_none(tmp_path: Path, fake_ffmpeg: Path) -> None:
    write_video(tmp_path / "out.mp4", str(fake_ffmpeg), frames(2), SIZE, FPS, None)
    arguments = told(tmp_path / "out.mp4")["arguments"]
    assert isinstance(arguments, list)
    assert "-map" not in arguments
    assert "-c:a" not in arguments


def test_an_ffmpeg_that_gives_up_is_quoted(tmp_path: Path) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho 'first words' >&2\necho 'Unknown encoder' >&2\nexit 3\n")
    script.chmod(0o755)
    with pytest.raises(VideoError, match="could not make MP4: Unknown encoder"):
        write_video(tmp_path / "out.mp4", str(script), frames(9), SIZE, FPS, None)


def test_ffmpeg_is_ended_when_drawing_fails(tmp_path: Path) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec cat > /dev/null\n")
    script.chmod(0o755)

    def failing() -> Iterator[NDArray[np.uint8]]:
        yield from frames(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "out.mp4", str(script), failing(), SIZE, FPS, None)
    if (tmp_path / "pid").exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


def test_no_ffmpeg_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(VideoError, match="not on PATH") as caught:
        find_ffmpeg()
    for way in ("apt-get install ffmpeg", "facewire[video]", ".gif"):
        assert way in caught.value.hint


def test_the_ffmpeg_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "ffmpeg"
    mine.write_text("")
    mine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == str(mine)


def _ffmpeg() -> str | None:
    try:
        return find_ffmpeg()
    except VideoError:
        return None


@pytest.mark.skipif(_ffmpeg() is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("suffix", render_video.VIDEO_SUFFIXES)
def test_a_real_ffmpeg_keeps_frames_and_sound_together(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out{suffix}"
    program = _ffmpeg()
    assert program is not None
    flash = np.zeros((16_000, 1), np.float32)
    flash[8_000:9_600] = 0.8
    sound = Sound(tmp_path / "flash.wav", flash, 16_000)
    lit = (np.full((32, 48, 3), 235 if 15 <= n < 18 else 20, np.uint8) for n in range(30))
    write_video(output, program, lit, SIZE, Fraction(30), sound)
    asked = [program, "-hide_banner", "-i", str(output)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stderr
    assert re.search(r"Duration: 00:00:0(1\.0|0\.9)", said), said
    assert len(re.findall(r"Stream #0:", said)) == 2
    raw = subprocess.run(
        [program, "-v", "error", "-i", output, "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    grey = np.frombuffer(raw, np.uint8).reshape(-1, 32, 48).mean(axis=(1, 2))
    assert len(grey) == 30
    assert np.flatnonzero(grey > 128).tolist() == [15, 16, 17]
    subprocess.run([program, "-v", "error", "-i", output, tmp_path / "back.wav"], check=True)
    back, rate_hz = soundfile.read(tmp_path / "back.wav")
    loud = np.flatnonzero(np.abs(back.reshape(len(back), -1)[:, 0]) > 0.3)
    assert loud[0] / rate_hz == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30), FPS])
def test_a_gif_plays_for_as_long_as_its_frames_do(tmp_path: Path, fps: Fraction) -> None:
    path = tmp_path / "out.gif"
    write_gif(path, frames(20), 20, fps, list(frames(20)))
    with Image.open(path) as gif:
        assert gif.n_frames == 20  # type: ignore[attr-defined]
        shown_ms = 0
        greys = []
        for number in range(20):
            gif.seek(number)
            shown_ms += gif.info["duration"]
            greys.append(np.asarray(gif.convert("L")).mean())
    assert shown_ms == pytest.approx(float(1000 * 20 / fps), abs=5.1)
    assert greys == sorted(greys)


def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, fake_ffmpeg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    write_video(
        tmp_path / "out.mp4", str(fake_ffmpeg), frames(2), SIZE, FPS, beep(tmp_path / "b.wav")
    )
    assert list((tmp_path / "tmp").iterdir()) == []
    assert shutil.which(str(fake_ffmpeg))


def test_an_encoder_that_hangs_goes_when_we_are_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "hanging"
    script.write_text("#!/bin/sh\ncat >/dev/null\nexec sleep 60\n")
    script.chmod(0o755)
    begun: list[Interrupted] = []

    class Interrupted(subprocess.Popen[bytes]):
        """The first who waits for it presses Ctrl-C."""

        def wait(self, timeout: float | None = None) -> int:
            if self not in begun:
                begun.append(self)
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "out.mp4", str(script), frames(2), SIZE, FPS, None)
    assert begun[0].poll() is not None
