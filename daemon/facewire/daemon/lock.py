"""One daemon per instance: an advisory lock that the system frees however the holder dies.

The lock is taken before anything is bound, because a second `bind` on the same ipc path succeeds
silently and steals all new clients. The lock, not a process id, says who is alive; the pid in the
file is only for the sentence a second daemon prints.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Self

from facewire.protocol.errors import AlreadyRunning, RuntimeFolderError

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.protocol.runtime import InstancePaths

_PID_BYTES = 32


class InstanceLock:
    """The held lock of an instance; a context manager that releases it and removes the file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, paths: InstancePaths) -> InstanceLock:
        """Take the lock of an instance and remove what a killed daemon left behind.

        Raises:
            AlreadyRunning: another process holds it.
            RuntimeFolderError: the folder cannot be made or written, or is not ours alone.
        """
        descriptor = _open_locked(paths)
        lock = cls(paths.lock, descriptor)
        try:
            remove_leftovers(paths)  # first: they may be what fills the disk
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        except OSError as error:
            lock.release()
            raise RuntimeFolderError(
                f"Cannot prepare {paths.folder}: {error.strerror}.",
                hint="Make room there, or set FACEWIRE_RUNTIME_DIR to another folder.",
            ) from error
        return lock

    def release(self) -> None:
        """Remove the file and free the lock; harmless when repeated."""
        if self._descriptor < 0:
            return
        # On POSIX the name goes first, while we still hold the lock: whoever opened the old file
        # meanwhile sees, once locked, that the name is not theirs, and tries again.
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self._path.unlink()
        with contextlib.suppress(OSError):
            self._path.parent.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def remove_leftovers(paths: InstancePaths) -> None:
    """Remove socket, handshake and ring files of a daemon that was killed; needs the lock."""
    stale = [paths.handshake, paths.socket, *paths.rings, *paths.folder.glob(".*.tmp")]
    for path in stale:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _open_locked(paths: InstancePaths) -> int:
    """Return a descriptor of the lock file that holds the lock and is the file of that name."""
    while True:
        paths.make_folder()
        try:
            descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | _CLOSE_ON_EXEC, 0o600)
        except FileNotFoundError:
            continue  # a daemon that ended just now removed the folder
        if not _try_lock(descriptor):
            holder = os.read(descriptor, _PID_BYTES).decode("ascii", "replace") or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(
                f"a daemon already serves the instance {paths.folder.name!r} (pid {holder}).",
                hint="Connect to it, stop it, or choose another name with --instance.",
            )
        if _is_named(descriptor, paths.lock):
            return descriptor
        os.close(descriptor)


def _is_named(descriptor: int, path: Path) -> bool:
    """Is the open file still the one that `path` names?"""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)


if sys.platform == "win32":
    import msvcrt

    _CLOSE_ON_EXEC = os.O_NOINHERIT
    _LOCKED_BYTE = 1024  # past the pid, which others must be able to read

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    _CLOSE_ON_EXEC = os.O_CLOEXEC

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
