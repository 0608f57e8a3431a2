"""`facewire render`: curves to pictures of a face, still or moving."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facewire.tools.frame_rate import frame_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from facewire.tools.picture.take import Take
    from facewire.tools.render_clip import Curves, Sound

_SUFFIXES = (".png", ".mp4", ".webm", ".gif")
_VIEWS = {
    "front": ("front",),
    "three-quarter": ("three-quarter",),
    "both": ("front", "three-quarter"),
    "profile": ("profile",),
    "mouth": ("mouth",),
}
_VIDEO_PX, _GIF_PX = 512, 256
_VIDEO_FPS, _GIF_FPS = 30, 25


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the command line said."""

    source: Path
    output: Path
    audio: Path | None
    views: Sequence[str]
    size_px: int | None
    fps: Fraction | None
    from_s: float
    to_s: float | None
    columns: int
    as_json: bool

    @property
    def suffix(self) -> str:
        return self.output.suffix.lower()


def _output(_context: click.Context, _option: click.Parameter, path: Path) -> Path:
    if path.suffix.lower() not in _SUFFIXES:
        raise click.BadParameter(f"{path} should end in {', '.join(_SUFFIXES)}.")
    return path


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), callback=_output,
    metavar="OUT", help="OUT.png for a filmstrip; OUT.mp4, OUT.webm or OUT.gif to watch it.",
)  # fmt: skip
@click.option(
    "--audio", type=click.Path(path_type=Path),
    help="The speech. Without it a file beside IN with its name, such as IN.wav, is taken.",
)  # fmt: skip
@click.option(
    "--view", type=click.Choice(list(_VIEWS)), default="both", show_default=True,
    help="Where the face is seen from.",
)  # fmt: skip
@click.option(
    "--size", "size_px", type=click.IntRange(64, 1024), metavar="PX",
    help=f"Height of each face. [default: {_VIDEO_PX}; GIF {_GIF_PX}; in a PNG what fits]",
)  # fmt: skip
@click.option(
    "--fps", callback=lambda *said: None if said[2] is None else frame_rate(*said),
    help=f"Frames per second of a video. [default: {_VIDEO_FPS}; GIF {_GIF_FPS}]",
)  # fmt: skip
@click.option(
    "--from",
    "from_s",
    type=click.FloatRange(0),
    default=0.0,
    metavar="S",
    help="Begin here, in seconds.",
)
@click.option("--to", "to_s", type=click.FloatRange(0), metavar="S", help="End here, in seconds.")
@click.option(
    "--columns", type=click.IntRange(1, 24), default=12, show_default=True,
    help="Faces in a row of a PNG.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON object.")
@click.option("-v", "--verbose", count=True, help="-vv shows the traceback of an error.")
def render(*, view: str, verbose: int, **said: Any) -> None:
    """Draw the face that a file of curves makes: `facewire render clip.csv -o clip.png`.

    IN is what `facewire animate` or `frame` writes, CSV or JSON, or any CSV with a timeCode column
    and ARKit curve names.
    A PNG shows the telling moments side by side over the sound and the gap of the lips; a
    `.phones.json` beside the speech, such as [["M", 0.10, 0.18]], labels them. A video plays with
    the speech and needs ffmpeg; a GIF needs nothing.
    """
    del verbose  # read by the command line's own error handler
    asked = _Asked(views=_VIEWS[view], **said)
    if asked.to_s is not None and not asked.to_s > asked.from_s:  # "nan" is not later either
        raise click.UsageError("--to must be later than --from.")
    if asked.audio is not None and asked.suffix == ".gif":
        raise click.UsageError("A GIF has no sound: leave --audio out, or write OUT.mp4.")
    for path in filter(None, (asked.source, asked.audio)):
        if asked.output.is_file() and path.exists() and asked.output.samefile(path):
            raise click.UsageError(f"{path} is what is drawn; choose another output with -o.")
    began_s = time.perf_counter()
    answer = _rendered(asked)
    answer["seconds_taken"] = round(time.perf_counter() - began_s, 2)
    if asked.as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    if answer["left_out"]:
        first, more = answer["left_out"][0], len(answer["left_out"]) - 1
        click.echo(
            f"note: {first}{f' and {more} more columns are' if more else ' is'} not drawn; a file "
            "of another rig goes through `facewire mapping convert IN --to arkit -o OUT` first.",
            err=True,
        )
    sound = f", with {Path(answer['audio']).name}" if answer["audio"] else ""
    click.echo(
        f"{asked.source} -> {asked.output}: {answer['frames']} "
        f"{'face' if answer['frames'] == 1 else 'faces'} of "
        f"{answer['seconds']:.2f} s{sound}",
        err=True,
    )


def _rendered(asked: _Asked) -> dict[str, Any]:
    """Draw and write; return what `--json` prints."""
    from facewire.tools.atomic import atomic_part
    from facewire.tools.render_clip import CurveFileError, read_curves, read_sound, sound_beside
    from facewire.tools.render_video import VIDEO_SUFFIXES, find_ffmpeg

    ffmpeg = find_ffmpeg() if asked.suffix in VIDEO_SUFFIXES else ""
    curves = read_curves(asked.source)
    stop_s = min(curves.end_s, asked.to_s or curves.end_s)
    if not asked.from_s < stop_s:
        raise CurveFileError(
            f"{asked.source.name} ends at {curves.end_s:.2f} s: nothing is left to draw.",
            hint="Choose an earlier --from.",
        )
    audio = None if asked.suffix == ".gif" else asked.audio or sound_beside(asked.source)
    sound = read_sound(audio, asked.from_s, stop_s) if audio else None
    with atomic_part(asked.output) as part:
        if asked.suffix == ".png":
            shown = _draw_still(asked, part, curves, stop_s, sound)
        else:
            shown = _draw_moving(asked, part, ffmpeg, curves, stop_s, sound)
    return {
        "input": str(asked.source), "output": str(asked.output),
        "audio": str(audio) if audio else None, "views": list(asked.views),
        "seconds": round(stop_s - asked.from_s, 6), **shown, "left_out": list(curves.left_out),
        "bytes": asked.output.stat().st_size,
    }  # fmt: skip


def _draw_still(
    asked: _Asked, part: Path, curves: Curves, stop_s: float, sound: Sound | None
) -> dict[str, Any]:
    from facewire.tools.head import load_head
    from facewire.tools.head.measures import lip_gap_cm
    from facewire.tools.picture.moments import telling_moments
    from facewire.tools.picture.sheet import Contents, Heading, draw_sheet

    take = _take(asked, curves, stop_s, sound)
    gap_cm = lip_gap_cm(take.face)
    moments = telling_moments(take, gap_cm, asked.columns)
    name = (sound.path if sound else asked.source).name
    heading = Heading(
        asked.source.stem, f"{name} · {stop_s - asked.from_s:.1f} s · {len(take.curves)} frames"
    )
    contents = Contents(views=asked.views, lanes=(), face_px=asked.size_px)
    sheet = draw_sheet(take, heading, load_head(), gap_cm, moments, contents)
    sheet.save(part, "PNG")
    drawn = [
        {
            "seconds": round(asked.from_s + take.frame_s(moment.frame), 3),
            "sound": moment.sound or None,
            "lip_gap_cm": round(float(gap_cm[moment.frame]), 3),
        }
        for moment in moments
    ]
    return {"frames": len(moments), "size": list(sheet.size), "moments": drawn}


def _take(asked: _Asked, curves: Curves, stop_s: float, sound: Sound | None) -> Take:
    """Return the part that was asked for, its times counted from its beginning."""
    import numpy as np

    from facewire.animation.curves import FACE_CURVES
    from facewire.audio import mix_down
    from facewire.tools.picture.take import Phone, Take
    from facewire.tools.render_clip import phones_beside

    phones = [
        Phone(name, max(start_s, asked.from_s) - asked.from_s, min(end_s, stop_s) - asked.from_s)
        for name, start_s, end_s in phones_beside(sound.path if sound else asked.source)
        if start_s < stop_s and end_s > asked.from_s
    ]
    count = max(round((stop_s - asked.from_s) * curves.fps), 1)
    return Take(
        samples=mix_down(sound.samples) if sound else np.zeros(0, np.float32),
        sample_rate_hz=sound.rate_hz if sound else 16_000,
        curves=curves.sampled(asked.from_s, count, curves.fps),
        names=FACE_CURVES,
        fps=curves.fps,
        phones=phones,
    )


def _draw_moving(
    asked: _Asked, part: Path, ffmpeg: str, curves: Curves, stop_s: float, sound: Sound | None
) -> dict[str, Any]:
    from facewire.tools.head import load_head
    from facewire.tools.picture.film import Film
    from facewire.tools.render_video import write_gif, write_video

    gif = asked.suffix == ".gif"
    fps = asked.fps or Fraction(_GIF_FPS if gif else _VIDEO_FPS)
    count = max(round((stop_s - asked.from_s) * fps), 1)
    rows = curves.sampled(asked.from_s, count, fps)
    film = Film(load_head(), asked.views, asked.size_px or (_GIF_PX if gif else _VIDEO_PX))
    with _progress(count) as advance:
        frames = _drawn(film.frame, rows, advance)
        if gif:
            samples = [film.frame(row) for row in rows[:: max(count // 8, 1)]]
            write_gif(part, frames, count, fps, samples)
        else:
            write_video(part, ffmpeg, frames, film.size, fps, sound)
    return {"frames": count, "fps": [fps.numerator, fps.denominator], "size": list(film.size)}


def _drawn(
    frame: Callable[[NDArray[np.float32]], NDArray[np.uint8]],
    rows: NDArray[np.float32],
    advance: Callable[[], None],
) -> Iterator[NDArray[np.uint8]]:
    for row in rows:
        yield frame(row)
        advance()


@contextmanager
def _progress(count: int) -> Iterator[Callable[[], None]]:
    """Yield what is called after each frame: a bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("drawing", total=count)
        yield lambda: bar.advance(task)
