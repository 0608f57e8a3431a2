"""The bundle to measure: one of yours, or a synthetic one made for the run and deleted after it.

Making one takes more memory than running it, so it happens in another process: the peak that is
reported is the model's own. This module imports no numpy: threads are limited after it has run.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from facewire.tools.atomic import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL_SIZE_GB: Final = {"regression": 0.32, "diffusion": 0.77, "emotion": 1.26}
"""What a full-size synthetic bundle takes on the disk."""
_SPARE: Final = 1.1
_SAY_EVERY_S: Final = 5.0


@dataclass(frozen=True)
class Bundle:
    """What is measured, and where it came from."""

    folder: Path
    size: str
    """`small` or `full` for a synthetic one, `given` for yours."""
    megabytes: float
    made_s: float | None
    """How long it took to make; None for yours."""

    def answer(self) -> dict[str, Any]:
        """Return what a program reads; a synthetic one's folder is gone by then."""
        return {
            "folder": str(self.folder) if self.size == "given" else None,
            "size": self.size,
            "megabytes": round(self.megabytes, 1),
            "made_s": None if self.made_s is None else round(self.made_s, 1),
        }


@contextmanager
def bundle_for(family: str, given: Path | None, *, full_size: bool) -> Iterator[Bundle]:
    """Yield the folder given, or a synthetic bundle that is deleted at the end.

    Raises:
        OutputError: the disk has no room for it.
        FacewireError: what is needed to make one is not installed.
    """
    if given is not None:
        yield Bundle(given, "given", _megabytes(given), None)
        return
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        if full_size:
            _say_what_it_takes(family, root)
        began_s = time.perf_counter()
        _make_elsewhere(family, root, full_size=full_size)
        made_s = time.perf_counter() - began_s
        if full_size:
            click.echo(f"Made in {made_s:.0f} s; measuring.", err=True)
        size = "full" if full_size else "small"
        yield Bundle(root / family, size, _megabytes(root), made_s)


def make(family: str, folder: Path, *, full_size: bool) -> None:
    """Write the bundle: what the other process does."""
    from facewire.tools.synth import synth

    synth(family, folder, full_size=full_size)


def _make_elsewhere(family: str, root: Path, *, full_size: bool) -> None:
    fresh = multiprocessing.get_context("spawn")  # a fork would share what this process holds
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        making = pool.submit(make, family, root / family, full_size=full_size)
        began_s = time.perf_counter()
        while True:
            try:
                making.result(timeout=_SAY_EVERY_S)
            except TimeoutError:
                if making.done():  # it was the work itself that raised it
                    raise
                spent_s = time.perf_counter() - began_s
                click.echo(f"  {spent_s:.0f} s, {_megabytes(root):.0f} MB written", err=True)
            else:
                return


def _say_what_it_takes(family: str, root: Path) -> None:
    needed_gb, free_gb = FULL_SIZE_GB[family], shutil.disk_usage(root).free / 1e9
    if free_gb < needed_gb * _SPARE:
        raise OutputError(
            f"A full-size {family} bundle takes {needed_gb} GB, and {root.parent} has "
            f"{free_gb:.2f} GB left.",
            full=True,
            hint="Free some space, or set TMPDIR to a folder on a larger disk.",
        )
    click.echo(
        f"Making a full-size {family} bundle with random weights: {needed_gb} GB in {root.parent} "
        "until the run ends.",
        err=True,
    )


def _megabytes(folder: Path) -> float:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # being written in another process, it may have just been renamed
            continue
    return total / 1e6
