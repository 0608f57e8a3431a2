"""Files and folders that only their owner may touch: keys, allow-lists, invitations.

Every file is written whole or not at all, with mode 0600, in folders of mode 0700. Reading checks
owner and mode first, so that a key a neighbour could read or replace is refused, not used. On
Windows the user's profile protects the files and the POSIX checks do not apply.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import KeyFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POSIX: Final = os.name == "posix"
MAX_FILE_BYTES: Final = 64 * 1024
"""No file of ours is larger; a larger one is not ours."""
OTHERS: Final = 0o077


def make_private_folder(folder: Path) -> None:
    """Make `folder` with mode 0700, or check the one that is there.

    Raises:
        KeyFileError: it is no folder, belongs to someone else, or others may look into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyFileError(
            f"Cannot make the folder {folder}: {error.strerror}.",
            hint="Set FACEWIRE_STATE_DIR to a folder of yours.",
        ) from error
    check_private_folder(folder)


def check_private_folder(folder: Path) -> None:
    """Check that `folder` is ours alone.

    Raises:
        KeyFileError: it is no folder, belongs to someone else, or others may look into it.
    """
    if POSIX:
        _check(folder, folder.lstat(), is_expected=stat.S_ISDIR, mode="700")


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write `text` to `path` atomically with mode 0600.

    Args:
        path: Its folder must exist.
        text: The whole new content.
        replace: False refuses to touch a file that is already there, without a race.

    Raises:
        FileExistsError: `path` exists and `replace` is False.
        KeyFileError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        _write_and_sync(temporary, text)
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)  # unlike rename, this fails when `path` exists
    except FileExistsError:
        raise
    except OSError as error:
        raise KeyFileError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def read_private(path: Path) -> str:
    """Return the text of a file that only we can read and write.

    Raises:
        FileNotFoundError: there is none.
        KeyFileError: it is not a regular file of ours, others may touch it, it is too large or
            not text.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyFileError(f"Cannot read {path}: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        if POSIX:
            _check(path, os.fstat(descriptor), is_expected=stat.S_ISREG, mode="600")
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise KeyFileError(f"{path} is larger than {MAX_FILE_BYTES} bytes: it is no key file.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} is not text: it is no key file.") from error


def _write_and_sync(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)  # a name that points at nothing after a crash would lock people out


def _check(
    path: Path, found: os.stat_result, *, is_expected: Callable[[int], bool], mode: str
) -> None:
    if not is_expected(found.st_mode):
        raise KeyFileError(f"{path} is not a plain {'folder' if mode == '700' else 'file'}.")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise KeyFileError(
            f"{path} belongs to user {found.st_uid}, not to the user who runs this.",
            hint="Run as its owner, or set FACEWIRE_STATE_DIR to a folder of yours.",
        )
    if found.st_mode & OTHERS:
        raise KeyFileError(
            f"{path} has mode {stat.S_IMODE(found.st_mode):o}: others may read or change it.",
            hint=f"Run `chmod {mode} {path}`; if others use this machine, make new keys.",
        )
