"""The service manager hears of us, and only the one that asked."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from facewire.daemon.notify import notify, watchdog_interval_s

if TYPE_CHECKING:
    from pathlib import Path


def test_a_state_reaches_the_managers_socket(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)

        assert notify("READY=1", {"NOTIFY_SOCKET": address})
        assert manager.recv(64) == b"READY=1"


def test_a_state_reaches_an_abstract_socket() -> None:
    name = f"facewire-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")

        assert notify("STOPPING=1", {"NOTIFY_SOCKET": f"@{name}"})
        assert manager.recv(64) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_without_a_manager_nothing_is_told(address: str) -> None:
    assert not notify("READY=1", {"NOTIFY_SOCKET": address})


@pytest.mark.parametrize(
    ("environment", "interval_s"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "4000000"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({"WATCHDOG_USEC": "-5"}, 0.0),
    ],
)
def test_the_watchdog_is_fed_twice_per_period_when_it_watches_us(
    environment: dict[str, str], interval_s: float
) -> None:
    assert watchdog_interval_s(environment) == interval_s
