"""A file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, TextIO

from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)


class OutputError(FacewireError):
    """A result cannot be written; `full` when the disk has no room, so that no other will fit."""

    def __init__(self, text: str, *, full: bool = False, hint: str = "") -> None:
        super().__init__(text, hint=hint)
        self.full = full


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of `path` when the block ends well.

    It is written beside its place and synced to the disk before it is renamed; when the block
    fails or is interrupted, nothing of it stays and an older file is as it was. A symbolic link
    stays one and the file it names is replaced. A device or pipe, such as `/dev/stdout`, cannot be
    replaced and is written as the lines come.

    Raises:
        OutputError: the disk is full, or the folder cannot be written.
    """
    try:
        if _is_stream(path):
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                yield stream
        else:
            with (
                _replaced(path.resolve()) as part,
                part.open("w", encoding="utf-8", newline="\n") as stream,
            ):
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
    except BrokenPipeError:
        raise  # whoever read our output has left; the command line knows what to do
    except OSError as error:
        raise _output_error(path, error) from None


@contextmanager
def atomic_part(path: Path) -> Iterator[Path]:
    """Yield the name of a file that takes the place of `path` when the block ends well.

    For writers that open files themselves: it has the suffix of `path`, lies beside it and is not
    there yet. When the block fails nothing of it stays.

    Raises:
        OutputError: the disk is full, the folder cannot be written, or `path` is no plain file.
    """
    try:
        if path.exists() and not path.is_file():
            raise OutputError(f"{path} is not a file that could be replaced.")
        with _replaced(path.resolve(), path.suffix) as part:
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
    except OSError as error:
        raise _output_error(path, error) from None


def _is_stream(path: Path) -> bool:
    # /dev/stdout may lead to a plain file (`> out.csv`), even to one that has no name any more:
    # it is written where the shell opened it, not replaced.
    descriptor = str(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    return descriptor or (path.exists() and not path.is_file())


@contextmanager
def _replaced(path: Path, suffix: str = "") -> Iterator[Path]:
    part = path.with_name(f".facewire-{os.getpid()}-{token_hex(4)}.part{suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _output_error(path: Path, error: OSError) -> OutputError:
    if error.errno in _FULL:
        return OutputError(
            f"The disk is full: {path} was not written.",
            full=True,
            hint="Free some space, or choose another folder with -o.",
        )
    return OutputError(f"{path} cannot be written: {error.strerror or error}.")
