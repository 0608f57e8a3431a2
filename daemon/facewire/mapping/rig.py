"""A rig that is being answered in: its table may be replaced while streams use it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table
from facewire.protocol.errors import MappingError

if TYPE_CHECKING:
    from facewire.mapping.mapper import MouthClose
    from facewire.mapping.table import MappingTable


class Rig:
    """A table and its compiled mappers; any number of streams, on any threads, share one."""

    def __init__(self, table: MappingTable) -> None:
        self.name = table.name
        self.names = table.names
        """Curves of a row, in order; they never change (see `replace`)."""
        self._current: _Compiled = _Compiled(table)

    @property
    def table(self) -> MappingTable:
        """The table in force."""
        return self._current.table

    def mapper(self, mouth_close: MouthClose, *, gaze: bool, limited: bool = True) -> CurveMapper:
        """Return what maps face rows (71 curves) of a source with this convention.

        Args:
            mouth_close: What mouthClose means in the rows: `arkit` or `a2f`.
            gaze: Whether eye rotations come with them.
            limited: Whether a weight that is an input as it is ends at 0 and 1 like any other.
        """
        return self._current.mapper(mouth_close, gaze=gaze, limited=limited)

    def replace(self, table: MappingTable) -> None:
        """Take another table for the same curves; the next frames of every stream follow it.

        Raises:
            MappingError: its curves are not the same in the same order: clients were told those.
        """
        if table.names != self.names:
            raise MappingError(
                f"The curves of {self.name!r} are not those it had.",
                hint="Streams that are open keep the old table; open them anew.",
            )
        self._current = _Compiled(table)  # one assignment: no thread sees half a table


class _Compiled:
    """A table with its mappers, made when first asked for."""

    def __init__(self, table: MappingTable) -> None:
        self.table = table
        self._mappers: dict[tuple[str, bool, bool], CurveMapper] = {}

    def mapper(self, mouth_close: MouthClose, *, gaze: bool, limited: bool) -> CurveMapper:
        key = (mouth_close, gaze, limited)
        found = self._mappers.get(key)
        if found is None:
            table = self.table if limited else _unlimited(self.table)
            found = CurveMapper(table, inputs=FACE_CURVES, mouth_close=mouth_close, gaze=gaze)
            self._mappers[key] = found
        return found


def _unlimited(table: MappingTable) -> MappingTable:
    """Return a table whose plain copies of weights keep what lies outside [0, 1]."""
    curves = (replace(rule, limits=None) if rule.is_copy else rule for rule in table.curves)
    return replace(table, curves=tuple(curves))


@lru_cache(maxsize=64)
def shipped_rig(name: str) -> Rig:
    """Return the rig of a table that comes with Facewire.

    Raises:
        MappingError: there is none of this name; the nearest is named.
    """
    return Rig(load_table(name))
