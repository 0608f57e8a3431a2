"""Fixtures: daemons that leave nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import DaemonProcess, wait_until
from tests.system.peer import RawPeer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A runtime folder whose path is short enough for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="fw-"))
    yield folder / "run"
    shutil.rmtree(folder)


@pytest.fixture
def start(runtime: Path) -> Iterator[Callable[..., DaemonProcess]]:
    """Start daemons; each must end with code 0 and leave the runtime folder empty."""
    started: list[DaemonProcess] = []

    def begin(*options: str, **how: Any) -> DaemonProcess:
        daemon = DaemonProcess(runtime, *options, **how)
        started.append(daemon)
        return daemon

    yield begin
    codes = [daemon.stop() for daemon in started if daemon.process.poll() is None]
    for daemon in started:
        if not daemon.log.closed:
            daemon._close()
    assert all(code == 0 for code in codes), codes
    assert list(runtime.rglob("*")) == [], "the daemon left files"


@pytest.fixture(scope="module")
def shared_daemon() -> Iterator[DaemonProcess]:
    """One daemon for the tests of a module that do no harm to it: a start takes half a second."""
    folder = Path(tempfile.mkdtemp(prefix="fw-"))
    daemon = DaemonProcess(folder / "run")
    yield daemon
    assert daemon.stop() == 0
    assert list(daemon.runtime.rglob("*")) == [], "the daemon left files"
    shutil.rmtree(folder)


@pytest.fixture
def quiet_daemon(shared_daemon: DaemonProcess) -> DaemonProcess:
    """The module's daemon, once the sessions of the test before have ended."""
    with RawPeer(shared_daemon.ready["endpoint"]) as peer:
        peer.hello(shared_daemon.token())
        wait_until(lambda: peer.stats()["load"]["sessions"] == 1, within_s=5, what="a quiet daemon")
    return shared_daemon


@pytest.fixture
def daemon(start: Callable[..., DaemonProcess]) -> DaemonProcess:
    return start()


@pytest.fixture
def connect() -> Iterator[Callable[..., RawPeer]]:
    """Connect raw peers; those still open at the end of the test are closed."""
    peers: list[RawPeer] = []

    def begin(daemon: DaemonProcess, *transports: str, greet: bool = True, **how: Any) -> RawPeer:
        peer = RawPeer(daemon.ready["endpoint"], **how)
        peers.append(peer)
        if greet:
            peer.hello(daemon.token(), *transports)
        return peer

    yield begin
    for peer in peers:
        peer.close()
