"""Signals as something the loop can poll: the handler only takes a note and rings a bell."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

HANDLED: Final = [
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


class SignalBell:
    """Catches the signals a daemon answers to, from its making to `close`."""

    def __init__(self) -> None:
        self._caught: deque[int] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.settimeout(0)
        self._writer.settimeout(0)
        self._before: dict[int, object] = {}
        if threading.current_thread() is threading.main_thread():
            self._descriptor_before = signal.set_wakeup_fd(
                self._writer.fileno(), warn_on_full_buffer=False
            )
            for number in HANDLED:
                self._before[number] = signal.signal(number, self._note)

    @property
    def source(self) -> socket.socket:
        """To poll: readable when signals were caught."""
        return self._reader

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._caught.append(number)

    def take(self) -> list[int]:
        """Return the signals caught since the last call."""
        with contextlib.suppress(BlockingIOError):
            while self._reader.recv(64):
                pass
        caught = []
        while self._caught:
            caught.append(self._caught.popleft())
        return caught

    def close(self) -> None:
        """Give the signals back to whoever had them."""
        if self._before:
            signal.set_wakeup_fd(self._descriptor_before)
            for number, handler in self._before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # as signal() returned it
            self._before = {}
        self._reader.close()
        self._writer.close()
