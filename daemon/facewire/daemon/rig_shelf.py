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
from facewire.protocol.errors import ConfigError, FacewireError, MappingError

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
    wants: str = ""
    """The name its table has now, while another file holds that."""
    is_missing: bool = False
    """True when the last look did not find it: editors take a file away to put another there."""


class RigShelf:
    """Rigs by name. Owned by the I/O thread; the rigs themselves serve all threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Args: `folder` holds the user's tables; None: only the shipped ones are answered in."""
        self._folder = folder
        self._files: dict[Path, _Own] = {}
        self._is_readable = True
        self._rigs: dict[str, Rig] = {}
        """The user's; a table of a shipped name stands in for the shipped one."""
        self._refused: dict[Path, str] = {}
        self._is_full = False
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
        found = self._within_limit(self._seen(self._folder))
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

    def _seen(self, folder: Path) -> dict[Path, Stamp]:
        try:
            stamps = _stamps(folder)
        except OSError as error:
            if self._is_readable:  # said once, not four times a second
                log().warning("the folder of curve tables cannot be read: %s", error)
            self._is_readable = False
            return {}
        self._is_readable = True
        return stamps

    def take_in(self, path: Path, table: MappingTable | FacewireError) -> None:
        """Serve a table that was read; or keep the last good one and say why."""
        own = self._files.get(path)
        if own is None:
            return  # it went while it was being read
        own.wants = ""
        if isinstance(table, FacewireError):
            self._refuse(path, own, str(table))
            return
        for holder, other in self._files.items():
            if other is own or other.name != table.name:
                continue
            if not other.wants:
                own.wants = table.name
                text = f"{path.name} has the name {table.name!r} of {holder.name}: choose another."
                self._refuse(path, own, text)
                return
            other.name = ""  # its file has another name by now: two that were swapped
        before, own.name = own.name, table.name
        if before and before != table.name:
            self._rigs.pop(before, None)
            self._offer(before)
        self._refused.pop(path, None)
        self._serve(table, path)

    def _serve(self, table: MappingTable, path: Path) -> None:
        rig = self._rigs.get(table.name)
        if rig is not None:
            try:
                rig.replace(table)
            except MappingError as error:
                log().warning("%s: %s", path.name, error, extra={"key": f"outdated-{path.name}"})
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
            self._offer(own.name)

    def _offer(self, name: str) -> None:
        """Have the files read again that could not have a name which is free now."""
        for own in self._files.values():
            if own.wants == name:
                own.is_read = False

    def _within_limit(self, found: dict[Path, Stamp]) -> dict[Path, Stamp]:
        was_full, self._is_full = self._is_full, len(found) > MAX_TABLES
        if self._is_full and not was_full:
            log().warning("only the first %d curve tables of the folder are read", MAX_TABLES)
        return dict(list(found.items())[:MAX_TABLES])


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


def open_shelf(folder: str) -> RigShelf:
    """Return the rigs, with the tables of a folder read; "" names none.

    Raises:
        ConfigError: there is no such folder.
    """
    if not folder:
        return RigShelf()
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise ConfigError(
            f"daemon.mappings: {folder} is no folder.",
            hint="Name the folder that holds your curve tables (*.json).",
        )
    rigs = RigShelf(path)
    rigs.read_all()
    return rigs


def _stamps(folder: Path) -> dict[Path, Stamp]:
    """Return the tables of a folder, by name, and no more than show that there are too many."""
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    stamps: dict[Path, Stamp] = {}
    for entry in entries:
        if not entry.name.endswith(".json") or entry.name.startswith("."):
            continue
        try:
            seen = entry.stat()
        except OSError:
            continue  # it went between the two calls
        stamps[Path(entry.path)] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        if len(stamps) > MAX_TABLES:
            break
    return stamps
