"""The rigs a daemon answers in: the shipped tables, and those of a folder that a person edits.

The folder is looked at a few times a second. A file that has stopped changing is read on another
thread; a valid table takes effect with the next frame of every stream that uses it, and one that is
not valid leaves the last good one in force.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facewire.daemon.logs import log
from facewire.mapping.inputs import nearest
from facewire.mapping.reading import read_table
from facewire.mapping.rig import Rig, shipped_rig
from facewire.mapping.shipped import shipped_names
from facewire.protocol.errors import FacewireError, MappingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.daemon.worker import Job
    from facewire.mapping.table import MappingTable

LOOK_MS: Final = 250
"""How often the folder is looked at."""
MAX_TABLES: Final = 128
"""Of one folder: `welcome` names at most 256 rigs."""

Stamp = tuple[int, int, int]
"""Modification time in ns, size, inode: editors replace files as often as they rewrite them."""


@dataclass
class _Own:
    """A file of the user's folder."""

    stamp: Stamp
    is_read: bool = False
    """False until the file has looked the same twice: an editor may still be writing."""
    name: str = ""
    """Of the last valid table in it."""
    is_missing: bool = False
    """True when the last look did not find it: editors take a file away to put another there."""


class RigShelf:
    """Rigs by name. Owned by the I/O thread; the rigs themselves serve all threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Args: `folder` holds the user's tables; None: only the shipped ones are answered in."""
        self._folder = folder
        self._files: dict[Path, _Own] = {}
        self._rigs: dict[str, Rig] = {}
        """The user's; a table of a shipped name stands in for the shipped one."""
        self._refused: dict[Path, str] = {}
        self.start: Callable[[Job], None] = _run_here
        """Runs a job on another thread; here until the daemon has threads."""
        self.tell: Callable[[Rig, str, str], None] = lambda _rig, _code, _text: None
        """Called with a warning code and text when the table of a rig could not be replaced."""

    @property
    def watches(self) -> bool:
        """Whether there is a folder to look at."""
        return self._folder is not None

    def names(self) -> list[str]:
        """Return the names of all rigs, the shipped ones first."""
        shipped = shipped_names()
        return [*shipped, *sorted(set(self._rigs) - set(shipped))]

    def get(self, name: str) -> Rig:
        """Return a rig.

        Raises:
            MappingError: there is none of this name, or its table is not valid.
        """
        if name in self._rigs:
            return self._rigs[name]
        wrong = [text for path, text in self._refused.items() if path.stem == name]
        if wrong:
            raise MappingError(wrong[0])
        names = self.names()
        if name in names:
            return shipped_rig(name)
        near = nearest(name, names)
        raise MappingError(
            f"There is no rig called {name!r}.",
            hint=f"Did you mean {near!r}?" if near else f"Rigs are {', '.join(names)}.",
        )

    def read_all(self) -> None:
        """Read the whole folder now; tables that are not valid are logged and left out."""
        for _ in range(2):
            self.look()

    def look(self) -> None:
        """Notice files that came, changed or went; start reading those that have settled."""
        if self._folder is None:
            return
        found = _stamps(self._folder)
        for path in set(self._files) - set(found):
            if self._files[path].is_missing:
                self._forget(path)
            else:
                self._files[path].is_missing = True
        for path, stamp in found.items():
            own = self._files.get(path)
            if own is None or own.stamp != stamp:
                self._files[path] = _Own(stamp, name=own.name if own else "")
            else:
                own.is_missing = False
                if not own.is_read:
                    own.is_read = True
                    self.start(_TableJob(self, path))

    def take_in(self, path: Path, table: MappingTable | FacewireError) -> None:
        """Serve a table that was read; or keep the last good one and say why."""
        own = self._files.get(path)
        if own is None:
            return  # it went while it was being read
        if isinstance(table, FacewireError):
            self._refuse(path, own, str(table))
            return
        holders = [each for each, other in self._files.items() if other.name == table.name]
        if holders and holders != [path]:
            text = f"{path.name} has the name {table.name!r} of {holders[0].name}: choose another."
            self._refuse(path, own, text)
            return
        if own.name and own.name != table.name:
            self._rigs.pop(own.name, None)
        own.name = table.name
        self._refused.pop(path, None)
        self._serve(table, path)

    def _serve(self, table: MappingTable, path: Path) -> None:
        rig = self._rigs.get(table.name)
        if rig is not None:
            try:
                rig.replace(table)
            except MappingError as error:
                self.tell(rig, "mapping_outdated", str(error))
                rig = None
        if rig is None:
            self._rigs[table.name] = Rig(table)
        log().info("the curve table %s of %s is in force", table.name, path.name)

    def _refuse(self, path: Path, own: _Own, text: str) -> None:
        self._refused[path] = text
        log().warning("a curve table is not valid: %s", text, extra={"key": f"table-{path.name}"})
        rig = self._rigs.get(own.name)
        if rig is not None:
            self.tell(rig, "mapping_refused", f"{text} The last valid table stays in force.")

    def _forget(self, path: Path) -> None:
        own = self._files.pop(path)
        self._refused.pop(path, None)
        if self._rigs.pop(own.name, None) is not None:
            log().info("the curve table %s has gone with %s", own.name, path.name)


class _TableJob:
    """See `worker.Job`."""

    def __init__(self, shelf: RigShelf, path: Path) -> None:
        self._shelf = shelf
        self._path = path
        self._table: MappingTable | FacewireError = FacewireError("reading did not end")

    def run(self) -> None:
        try:
            self._table = read_table(self._path)
        except FacewireError as error:
            self._table = error
        except Exception as error:  # noqa: BLE001 - an odd file must not end the worker
            self._table = FacewireError(f"{self._path.name} cannot be read: {error!r}.")

    def land(self) -> None:
        self._shelf.take_in(self._path, self._table)


def _run_here(job: Job) -> None:
    job.run()
    job.land()


def _stamps(folder: Path) -> dict[Path, Stamp]:
    """Return the tables of a folder, by name; none when it cannot be read just now."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        log().warning(
            "the folder of curve tables cannot be read: %s", error, extra={"key": "no-mappings"}
        )
        return {}
    stamps: dict[Path, Stamp] = {}
    for entry in entries:
        if not entry.name.endswith(".json") or entry.name.startswith("."):
            continue
        try:
            seen = entry.stat()
        except OSError:
            continue  # it went between the two calls
        stamps[Path(entry.path)] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        if len(stamps) == MAX_TABLES:
            break
    return stamps
