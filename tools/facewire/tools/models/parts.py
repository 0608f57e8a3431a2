"""A model on its way into the models folder: a part that can be gone on with, then all of it.

`.NAME.part` holds what has been fetched. It takes the name of the model only when every file has
been read and found right, and the list is written after that.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from facewire.bundles.installed import with_files, with_model, without_model
from facewire.bundles.user_models import is_ours, models_folder, user_models, write_user_models
from facewire.protocol.errors import BundleError
from facewire.tools.atomic import OutputError
from facewire.tools.models.holding import held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from facewire.bundles.installed import InstalledModel
    from facewire.tools.models.progress import Told

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_CHUNK_BYTES: Final = 1 << 20
_SPARE_BYTES: Final = 64 << 20
"""Left free beside what a model needs: a disk filled to the last byte troubles everyone."""
_LIST_WAIT_S: Final = 10.0


def part_of(name: str) -> Path:
    """Return the folder of what has been fetched of a model; it need not be there."""
    return models_folder() / f".{name}.part"


def fetched_bytes(name: str) -> int:
    """Return how much of a model an interrupted pull has left."""
    return folder_bytes(part_of(name))


def has_leftovers(name: str) -> bool:
    """Return whether a pull that ended early, or was killed, has left anything."""
    return part_of(name).exists() or _lock_of(name).exists()


def folder_bytes(folder: Path) -> int:
    """Return the bytes of a folder's files but those of ours; 0 when there is none."""
    paths = (path for path in folder.rglob("*") if not path.name.startswith("."))
    return sum(path.stat().st_size for path in paths if path.is_file())


@contextmanager
def part(name: str, kind: str) -> Iterator[Path]:
    """Hold the part of a model, so that nobody else writes to it; what is in it stays.

    A part that is empty at the end leaves nothing behind.

    Args:
        name: The model.
        kind: What its content is of, such as a source and a commit: an older part of another kind
            is thrown away.

    Raises:
        BundleError: another process is at it, or something else has the model's place.
        OutputError: the models folder cannot be written.
    """
    home = models_folder()
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = _lock_of(name)
        with held(lock, f"fetching {name}"):
            _refuse_taken(name)
            folder = part_of(name)
            stamp = folder / ".kind"
            if not stamp.is_file() or stamp.read_text(encoding="utf-8") != kind:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                stamp.write_text(kind, encoding="utf-8")
            try:
                yield folder
            finally:
                if not fetched_bytes(name):
                    shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):  # where an open file cannot be removed it stays
                    lock.unlink()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn errors of the file system into one that says where.

    Raises:
        OutputError: the disk is full or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}.",
            full=full,
            hint="Free some space; what was fetched so far is kept."
            if full
            else "Check that the folder is yours, or name another in FACEWIRE_MODELS.",
        ) from None


def require_room(needed: int) -> None:
    """Refuse to begin what cannot end.

    Raises:
        OutputError: the disk of the models folder has not so many bytes left.
    """
    folder = models_folder()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed + _SPARE_BYTES > free:
        raise OutputError(
            f"{needed / 1e6:.0f} MB are needed in {models_folder()} and {free / 1e6:.0f} MB free.",
            full=True,
            hint="Free some space, or name a folder on another disk in FACEWIRE_MODELS.",
        )


def copy(source: Path, target: Path, told: Told) -> None:
    """Copy a file and see it on the disk; a link is followed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as given, target.open("wb") as written:
        while chunk := given.read(_CHUNK_BYTES):
            written.write(chunk)
            told(source.name, len(chunk))
        written.flush()
        os.fsync(written.fileno())


def install(folder: Path, model: InstalledModel) -> InstalledModel:
    """Give a part that was found right its place and its line in the list; return the line.

    Raises:
        BundleError: a file cannot be read, or the name was taken meanwhile.
        OutputError: the models folder cannot be written.
    """
    whole = with_files(replace(model, folder=folder))
    final = models_folder() / model.name
    with writing(models_folder()):
        (folder / ".kind").unlink(missing_ok=True)
        folder.rename(final)
    return register(replace(whole, folder=final, placed=True))


def register(model: InstalledModel) -> InstalledModel:
    """Add a model to the list.

    Raises:
        BundleError: the name is none or taken, or the list cannot be written.
        OutputError: the models folder cannot be made.
    """
    with _list_held():
        write_user_models(with_model(user_models(), model, taken=shipped_names()))
    return model


def forget(name: str) -> None:
    """Take a model off the list and delete the files that Facewire put there.

    The files get another name first, so that a kill leaves no half model under its own.

    Raises:
        BundleError: there is none, or the list cannot be written.
        OutputError: its files cannot be deleted.
    """
    gone = models_folder() / f".{name}.gone"
    with _list_held(), writing(models_folder()):
        models = user_models()
        rest = without_model(models, name)
        if is_ours(models[name]) and models[name].folder.is_dir():
            shutil.rmtree(gone, ignore_errors=True)
            models[name].folder.rename(gone)
        write_user_models(rest)
        if gone.is_dir():
            shutil.rmtree(gone)


def forget_part(name: str) -> None:
    """Delete what an interrupted pull has left.

    Raises:
        BundleError: the pull goes on in another process.
        OutputError: it cannot be deleted.
    """
    lock = _lock_of(name)
    with writing(models_folder()), held(lock, f"fetching {name}"):
        if part_of(name).exists():
            shutil.rmtree(part_of(name))
        with suppress(OSError):
            lock.unlink()


def shipped_names() -> list[str]:
    """Return the names that are not free for models of the user's."""
    from facewire.bundles import list_bundles

    return list_bundles()


@contextmanager
def _list_held() -> Iterator[None]:
    home = models_folder()
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        with held(home / ".lock", "writing the list of models", _LIST_WAIT_S):
            yield


def _lock_of(name: str) -> Path:
    return models_folder() / f".{name}.lock"


def _refuse_taken(name: str) -> None:
    folder = models_folder() / name
    if folder.exists():
        raise BundleError(
            f"{folder} is in the way: it is not in the list of models.",
            hint=f"Move it elsewhere; or, if it is a bundle, `facewire models add {folder}`.",
        )
