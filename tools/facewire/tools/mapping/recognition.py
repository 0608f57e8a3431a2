"""Which rig a file's columns are those of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.animation.curves import pascal_case
from facewire.mapping.inputs import same_name
from facewire.mapping.reversal import mouth_close_of
from facewire.mapping.shipped import load_table, shipped_names
from facewire.protocol.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.mapping.table import MappingTable

_ENOUGH = 0.5


def recognised(columns: Sequence[str]) -> MappingTable:
    """Return the shipped table whose curves are most like these columns.

    What counts is, in this order: how many of the columns are curves of the table, how many of its
    curves are columns, how many are spelt alike to the letter; then the shorter name.

    Raises:
        MappingError: less than half of the columns belong to any one table, or two tables fit
            alike and mean different things by mouthClose.
    """
    tables = [load_table(name) for name in shipped_names()]
    if not tables:
        raise MappingError("No curve tables came with Facewire.", hint="Reinstall it.")
    likeness = {table.name: _likeness(table, columns) for table in tables}
    best = max(tables, key=lambda table: (*likeness[table.name], -len(table.name)))
    known = likeness[best.name][0]
    if known < _ENOUGH:
        raise MappingError(
            f"These are the curves of no rig we know: at best {known:.0%} of them are "
            f"{best.name}'s.",
            hint="Name the table with --from; it may be your own file.",
        )
    for other in tables:
        equal = likeness[other.name] == likeness[best.name]
        if equal and mouth_close_of(other) != mouth_close_of(best):
            raise MappingError(
                f"These columns may be those of {best.name} or of {other.name}, which mean "
                "different things by mouthClose.",
                hint=f"Say which: --from {best.name} or --from {other.name}.",
            )
    return best


def _likeness(table: MappingTable, columns: Sequence[str]) -> tuple[float, float, float]:
    keys = {same_name(name) for name in table.names}
    spelt = {*table.names, *map(pascal_case, table.names)}  # `animate` begins names with capitals
    hits = sum(same_name(name) in keys for name in columns)
    exact = sum(name in spelt for name in columns)
    return hits / len(columns), hits / len(table.names), exact / len(columns)
