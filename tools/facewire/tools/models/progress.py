"""What a person at a terminal sees of long work; on stderr, and nothing where it is no terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Told = Callable[[str, int], None]
    """Takes the file at work and how many bytes more of it are done; negative: done in vain."""


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something of unknown length goes on."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def transfer(what: str, total: int | None, done: int = 0) -> Iterator[Told]:
    """Show a bar of bytes; yields what is told of each piece.

    Args:
        what: What is fetched or copied.
        total: Bytes; None: not known.
        done: Bytes of it that were there already.
    """
    if not sys.stderr.isatty():
        yield lambda _file, _count: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total, completed=done)
        yield lambda file, count: shown.update(task, description=file, advance=count)
