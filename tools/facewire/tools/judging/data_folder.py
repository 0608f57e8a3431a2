"""Checks that a data folder holds what a command is about to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class MissingDataError(FacewireError):
    """The data folder lacks files; the text names every one of them."""


def require(data: Path, needed: Mapping[str, Iterable[str]]) -> None:
    """Raise MissingDataError unless every needed file is there.

    Args:
        data: The folder given with --data.
        needed: File or folder names by set (sub-folder).
    """
    absent = [f"{s}/{name}" for s, names in needed.items() for name in names
              if not (data / s / name).exists()]  # fmt: skip
    if not absent:
        return
    whole = [s for s in needed if not (data / s).is_dir()]
    listed = [f"{s}/ (the whole set)" for s in whole]
    listed += [a for a in absent if a.split("/")[0] not in whole]
    raise MissingDataError(
        f"{data} lacks: {', '.join(listed)}.",
        hint="Pass the folder that holds the sets as sub-folders with --data.",
    )
