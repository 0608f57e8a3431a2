"""A lock between processes, which the system frees however its holder ends."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL_S: Final = 0.05


@contextmanager
def held(path: Path, what: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of a file, which is made; its holder may take it away.

    Args:
        path: The file; its folder is there.
        what: What the other process is doing, for the error.
        wait_s: How long to wait for the other to end.

    Raises:
        BundleError: another process holds it.
    """
    deadline = time.monotonic() + wait_s
    while (descriptor := _locked(path)) is None:
        if time.monotonic() >= deadline:
            raise BundleError(
                f"Another process is {what}.", hint="Wait until it has ended, or end it."
            )
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int | None:
    """Return the descriptor of a file that is locked now, None where another holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if _try_lock(descriptor):
        with suppress(FileNotFoundError):
            # A holder that ended in between may have taken away what was opened here.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
    os.close(descriptor)
    return None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
