"""Which audio files a command means, and where the result of each belongs."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facewire.audio.files import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Clip:
    """One file to animate."""

    source: Path
    output: Path


def clips(
    sources: Sequence[Path], output: Path, suffix: str, *, into_folder: bool = False
) -> list[Clip]:
    """Return what to read and where to write, in order.

    One file goes to `output` itself, or into it when that is a folder or, with `into_folder`, is to
    be one. Several files, or a folder, go into the folder `output`, where a folder's tree is
    mirrored. Two sources of one name keep their whole names (`a.wav.csv`, `a.flac.csv`).

    Raises:
        click.UsageError: a result would replace a source, or `output` is a file where a folder is
            needed, or nothing was found.
    """
    single = len(sources) == 1 and not sources[0].is_dir()
    if single and not into_folder and not output.is_dir():
        found = [Clip(sources[0], output)]
    else:
        if output.exists() and not output.is_dir():
            raise click.UsageError(f"{output} is a file, and a folder is needed.")
        found = _into_folder([pair for each in sources for pair in _below(each)], output, suffix)
    if not found:
        raise click.UsageError(f"No audio files ({', '.join(SUFFIXES)}) are in {sources[0]}.")
    _refuse_overwriting(found)
    return found


def _below(source: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (file, its place in the output folder without the new suffix)."""
    if not source.is_dir():
        yield source, Path(source.name)
        return
    for folder, names, files in os.walk(source):
        names.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                yield path, path.relative_to(source)


def _into_folder(pairs: list[tuple[Path, Path]], output: Path, suffix: str) -> list[Clip]:
    short = Counter(place.with_suffix("") for _, place in pairs)
    whole = Counter(place for _, place in pairs)
    found = []
    for source, place in pairs:
        if whole[place] > 1:
            raise click.UsageError(f"Two sources are called {place}; animate them separately.")
        stem = place.with_suffix("")
        name = f"{place.name if short[stem] > 1 else stem.name}.{suffix}"
        found.append(Clip(source, output / place.parent / name))
    return found


def _refuse_overwriting(found: list[Clip]) -> None:
    sources = {clip.source.resolve() for clip in found}
    for clip in found:
        same = clip.output.exists() and any(
            clip.output.samefile(source) for source in sources if source.exists()
        )
        if same or clip.output.resolve() in sources:
            raise click.UsageError(f"{clip.output} is a source; choose another output with -o.")
