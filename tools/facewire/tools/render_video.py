"""Moving pictures: frames to MP4 or WebM through ffmpeg, to GIF through Pillow."""

from __future__ import annotations

import importlib
import itertools
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from facewire.tools.render_clip import Sound

    Frames = Iterator[NDArray[np.uint8]]

_PICTURE_CODECS: Final = {
    ".mp4": ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-movflags", "+faststart"),
    ".webm": (
        "-c:v", "libvpx-vp9", "-crf", "28", "-b:v", "0", "-cpu-used", "4", "-row-mt", "1",
    ),
}  # fmt: skip
_SOUND_CODECS: Final = {
    ".mp4": ("-c:a", "aac", "-b:a", "160k"),
    ".webm": ("-c:a", "libopus", "-b:a", "96k"),
}
VIDEO_SUFFIXES: Final = tuple(_PICTURE_CODECS)
_TICKS: Final = 100
"""A GIF counts time in hundredths of a second."""


class VideoError(FacewireError):
    """A video cannot be made."""


def find_ffmpeg() -> str:
    """Return the ffmpeg on PATH, or the one the `video` extra brings.

    Raises:
        VideoError: there is none.
    """
    if found := shutil.which("ffmpeg"):
        return found
    with suppress(ImportError, RuntimeError):
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    raise VideoError(
        "MP4 and WebM need ffmpeg, which is not on PATH.",
        hint="Install it (Debian and Ubuntu: apt-get install ffmpeg), or `pip install "
        '"facewire[video]"`, or write a .gif, which needs neither.',
    )


def write_video(
    path: Path, ffmpeg: str, frames: Frames, size: tuple[int, int], fps: Fraction,
    sound: Sound | None,
) -> None:  # fmt: skip
    """Encode frames, with their sound, into `path`; its suffix says how.

    Frame i is shown from i / `fps` on, and the sound begins with frame 0.

    Args:
        path: Ends in one of `VIDEO_SUFFIXES`.
        ffmpeg: The program.
        frames: uint8[height, width, 3] each, sRGB; both sides even.
        size: (width, height) of the frames.
        fps: Frames per second.
        sound: What is heard, or None for a silent video.

    Raises:
        VideoError: ffmpeg fails; its last words are in the text.
    """
    suffix = path.suffix.lower()
    with (
        tempfile.TemporaryDirectory(prefix="facewire-") as folder,
        tempfile.TemporaryFile() as said,
    ):
        command = [
            ffmpeg, "-y", "-hide_banner", "-loglevel", "error", "-nostdin",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{size[0]}x{size[1]}",
            "-framerate", f"{fps.numerator}/{fps.denominator}", "-i", "pipe:0",
            *_sound(sound, Path(folder), suffix),
            *_PICTURE_CODECS[suffix], "-pix_fmt", "yuv420p", str(path),
        ]  # fmt: skip
        encoder = subprocess.Popen(  # noqa: S603 - the user's program, our own arguments
            command, stdin=subprocess.PIPE, stdout=said, stderr=said
        )
        try:
            _feed(encoder, frames)
            status = encoder.wait()
        except BaseException:
            encoder.kill()
            encoder.wait()
            raise
        if status != 0:
            raise VideoError(f"ffmpeg could not make {suffix[1:].upper()}: {_last_words(said)}")


def _feed(encoder: subprocess.Popen[bytes], frames: Frames) -> None:
    assert encoder.stdin is not None
    # An encoder that gives up closes the pipe; its exit status and words say why.
    with suppress(BrokenPipeError), encoder.stdin as pipe:
        for frame in frames:
            pipe.write(np.ascontiguousarray(frame).data)


def _sound(sound: Sound | None, folder: Path, suffix: str) -> list[str]:
    """Return ffmpeg's arguments for the sound, which is cut to the sample in a file of its own."""
    if sound is None or len(sound.samples) == 0:
        return []
    import soundfile

    wave = folder / "sound.wav"
    soundfile.write(wave, sound.samples, sound.rate_hz, subtype="PCM_16")
    return ["-i", str(wave), "-map", "0:v", "-map", "1:a", *_SOUND_CODECS[suffix]]


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it did not say why."


def write_gif(
    path: Path, frames: Frames, count: int, fps: Fraction, samples: Sequence[NDArray[np.uint8]]
) -> None:
    """Write a GIF that loops.

    The instants are rounded to a GIF's hundredths of a second, never their sum: it does not drift.

    Args:
        path: Where.
        frames: `count` times uint8[height, width, 3], sRGB.
        count: How many.
        fps: Frames per second.
        samples: Some frames whose colours serve all: one palette does not flicker.
    """
    palette = Image.fromarray(np.concatenate(samples)).quantize(256, dither=Image.Dither.NONE)
    flat = (Image.fromarray(frame).quantize(palette=palette) for frame in frames)
    instants = [round(number * _TICKS / fps) for number in range(count + 1)]
    shown_ms = [1000 // _TICKS * (b - a) for a, b in itertools.pairwise(instants)]
    next(flat).save(
        path, "GIF", save_all=True, append_images=flat, duration=shown_ms, loop=0, disposal=1
    )
