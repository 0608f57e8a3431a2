"""The tables that come with Facewire, by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from facewire.bundles.shipped import data_folder
from facewire.mapping.inputs import nearest
from facewire.mapping.reading import NAME_PATTERN, read_table
from facewire.protocol.errors import MappingError

if TYPE_CHECKING:
    from facewire.mapping.table import MappingTable

_NO_TABLE = "schema"
"""`mappings/schema.json` describes the format to editors."""


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped tables, sorted."""
    stems = (path.stem for path in data_folder("mappings").glob("*.json"))
    return tuple(sorted(stem for stem in stems if _is_name(stem)))


def load_table(name_or_path: str | Path) -> MappingTable:
    """Return a shipped table by its name, or the table of a file by a path that ends in `.json`.

    Raises:
        MappingError: there is no such table (the nearest is named), or the file is not valid.
    """
    wanted = str(name_or_path)
    if isinstance(name_or_path, Path) or wanted.endswith(".json"):
        return read_table(name_or_path)
    path = data_folder("mappings") / f"{wanted}.json"
    if not _is_name(wanted) or not path.is_file():
        names = shipped_names()
        near = nearest(wanted, names)
        listed = f"There are {', '.join(names)}; or give the path of a file that ends in .json."
        raise MappingError(
            f"There is no curve table called {wanted!r}.",
            hint=f"Did you mean {near!r}?" if near else listed,
        )
    return read_table(path)


def _is_name(text: str) -> bool:
    return text != _NO_TABLE and re.fullmatch(NAME_PATTERN, text, re.ASCII) is not None
