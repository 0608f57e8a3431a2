"""`facewire demo`: real speech through a real daemon, and a picture of what the face did."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facewire.tools.frame_rate import frame_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction
    from types import FrameType


@click.command()
@click.argument("speech", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("demo_out"),
    show_default=True, help="Folder for the CSV and the picture.",
)  # fmt: skip
@click.option(
    "--fps", default="60", show_default=True, callback=frame_rate,
    help="Frames per second: 60, 29.97, 30000/1001 ...",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@click.option("-v", "--verbose", count=True, help="-vv shows the traceback of an error.")
def demo(speech: Path | None, out: Path, fps: Fraction, as_json: bool, verbose: int) -> None:  # noqa: FBT001 - click passes by name
    """Stream SPEECH (WAV, FLAC, OGG, MP3; by default a line we ship) through a private daemon.

    It plays in real time through ZeroMQ and shared memory, prints what was measured, and writes
    the curves and a picture of the face into the output folder. Nothing else is left behind.
    """
    del verbose  # read by the command line's own error handler
    from facewire.tools.live.private_daemon import PrivateDaemon

    with _terminated_in_order(), PrivateDaemon() as daemon:
        # The daemon loads its model while we load ours to read, speak and draw.
        from facewire.tools.live.realtime import perform
        from facewire.tools.live.results import lines, make_folder, results, write_files
        from facewire.tools.live.speech import LONGEST_S, read_speech

        sound = read_speech(speech)
        if sound.cut:
            click.echo(
                f"{sound.name} goes on after {LONGEST_S} s: only its beginning is played; "
                "`facewire animate` takes whole files.",
                err=True,
            )
        make_folder(out)
        daemon.wait_until_ready()
        with daemon.connect() as client, _progress(sound.duration_s) as progress:
            performance = perform(client, sound.samples, sound.rate_hz, fps, progress)
        said = results(performance, sound, fps)
        files = write_files(out, performance, sound, fps, said)
    if as_json:
        click.echo(json.dumps(said | files, indent=2))
        return
    for what, figure in lines(said, files):
        click.secho(f"{what:>16}  ", dim=True, nl=False)
        click.echo(figure)


@contextmanager
def _terminated_in_order() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does: the daemon is stopped on the way out."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(audio_s: float) -> Iterator[Callable[[float, int], None]]:
    """Yield what `perform` tells its progress to: a bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _instant_s, _frames: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(
        TextColumn("speaking"), BarColumn(40), TextColumn("{task.completed:4.1f} of"),
        TextColumn("{task.total:.1f} s, {task.fields[frames]} frames"),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=audio_s, frames=0)
        yield lambda instant_s, frames: bar.update(task, completed=instant_s, frames=frames)
