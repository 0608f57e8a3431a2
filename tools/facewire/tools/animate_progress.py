"""Where `facewire animate` stands: a bar at the terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from facewire.audio import AudioFile


class Progress(Protocol):
    """Where the work stands."""

    def begin(self, audio: AudioFile, fps: Fraction) -> None:
        """Say that a file begins."""

    def reached(self, frames: int) -> None:
        """Say that so many of its frames are written."""


class _Silent:
    def begin(self, audio: AudioFile, fps: Fraction) -> None:
        pass

    def reached(self, frames: int) -> None:
        pass


class _Bar:
    def __init__(self, rich_progress: Any, files: int) -> None:
        self._progress = rich_progress
        self._files = files
        self._file = 0
        self._task = rich_progress.add_task("", total=None)

    def begin(self, audio: AudioFile, fps: Fraction) -> None:
        self._file += 1
        total = None
        if audio.frames is not None:
            total = float(-(-audio.frames * fps // audio.sample_rate_hz))
        label = audio.path.name if self._files == 1 else (
            f"{audio.path.name} ({self._file}/{self._files})"
        )  # fmt: skip
        self._progress.reset(self._task, total=total, description=label)

    def reached(self, frames: int) -> None:
        self._progress.update(self._task, completed=frames)


@contextmanager
def progress(files: int, *, quiet: bool) -> Iterator[Progress]:
    """Show a bar on a terminal's stderr; nothing anywhere else, or if `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"), BarColumn(),
        TextColumn("{task.completed:.0f} frames"), TimeRemainingColumn(),
    )  # fmt: skip
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield _Bar(shown, files)
