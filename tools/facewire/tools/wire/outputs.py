"""Everything that is generated, by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.tools.wire.cases import text
from facewire.tools.wire.header_cases import header_cases
from facewire.tools.wire.message_cases import all_message_cases
from facewire.tools.wire.ring_cases import ring_cases
from facewire.tools.wire.tables import limits_table, message_tables, registry_tables

if TYPE_CHECKING:
    from pathlib import Path


def outputs(folder: Path) -> dict[Path, str]:
    """Return the text of every generated file under `folder`, which is `bridge_protocol`.

    The documents are read for the words around their tables.
    """
    written = {folder / "vectors" / name: content for name, content in vectors().items()}
    tables = {
        "SPEC.md": {"messages": message_tables(), "limits": limits_table()},
        "REGISTRY.md": {"registry": registry_tables()},
    }
    for name, sections in tables.items():
        document = (folder / name).read_text(encoding="utf-8")
        for mark, table in sections.items():
            document = _replaced(document, mark, table)
        written[folder / name] = document
    return written


def vectors() -> dict[str, str]:
    """Return the text of every vector file by its path inside `vectors`."""
    written = {
        f"messages/{name}.json": text([case.json() for case in cases])
        for name, cases in all_message_cases().items()
    }
    written["messages/header.json"] = text([case.json() for case in header_cases()])
    written["rings.json"] = text(ring_cases())
    return written


def _replaced(document: str, mark: str, table: str) -> str:
    """Return the document with `table` between the two comments of `mark`."""
    head, found, rest = document.partition(f"<!-- {mark}: ")
    comment, found_end, rest = rest.partition("-->\n")
    _, found_close, tail = rest.partition(f"<!-- /{mark} -->")
    if not (found and found_end and found_close):
        raise ValueError(f"the marks of `{mark}` are not in the document")
    return f"{head}{found}{comment}{found_end}{table}\n{found_close}{tail}"
