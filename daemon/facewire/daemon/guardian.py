"""Dying with the program that asked for it: a game's private daemon must not outlive the game."""

from __future__ import annotations

import psutil


class Guardian:
    """Watches one process."""

    def __init__(self, pid: int) -> None:
        """Args: `pid` may be gone already."""
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except (psutil.NoSuchProcess, ValueError):  # ValueError: no process has such a number
            self._process = None

    def is_alive(self) -> bool:
        """Return whether the process still runs: not merely its number, and not as a zombie."""
        if self._process is None:
            return False
        try:
            return bool(
                self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False
        except (psutil.AccessDenied, OSError):  # OSError: no descriptor is left to look with
            return True
