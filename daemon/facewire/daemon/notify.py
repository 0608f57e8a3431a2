"""Tell the service manager how we are (systemd's protocol)."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def notify(state: str, environment: Mapping[str, str] | None = None) -> bool:
    """Send one line, such as `READY=1`; return False when there is no one to tell."""
    address = (os.environ if environment is None else environment).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(0)
            channel.sendto(state.encode(), address.replace("@", "\0", 1))
    except OSError:
        return False  # a manager that is gone or too busy is no reason to stop serving
    return True


def watchdog_interval_s(environment: Mapping[str, str] | None = None) -> float:
    """Return half of the manager's `WATCHDOG_USEC` in seconds; 0 when it does not watch us."""
    env = os.environ if environment is None else environment
    try:
        if int(env.get("WATCHDOG_PID", os.getpid())) != os.getpid():
            return 0.0
        return max(int(env.get("WATCHDOG_USEC", "0")), 0) / 2e6
    except ValueError:
        return 0.0
