"""When descriptors run out, those who are served are served on."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import speech_like, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.system.kit import DaemonProcess
    from tests.system.peer import RawPeer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")


def limited(soft: int, hard: str) -> tuple[str, str]:
    return (
        "-c",
        "import resource, runpy, sys\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "sys.argv[1:1] = ['serve']\n"
        "runpy.run_module('facewire', run_name='__main__')",
    )


@contextlib.contextmanager
def crowd(endpoint: str, size: int) -> Iterator[None]:
    """Keep connections open that say nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(size):
            if endpoint.startswith("ipc://"):
                channel = socket.socket(socket.AF_UNIX)
                address: str | tuple[str, int] = endpoint.removeprefix("ipc://")
            else:
                channel = socket.socket()
                host, port = endpoint.removeprefix("tcp://").split(":")
                address = (host, int(port))
            stack.enter_context(channel)
            channel.settimeout(5)
            channel.connect(address)
        yield


@pytest.mark.parametrize(
    ("hard", "scheme"), [("64", "tcp"), ("hard", "ipc")], ids=["few", "few at first"]
)
def test_a_crowd_larger_than_the_limit_of_open_files_ends_nobody(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer], hard: str, scheme: str
) -> None:
    daemon = start(program=limited(64, hard))
    assert daemon.ready["endpoint"].startswith(f"{scheme}://")
    peer = connect(daemon)
    peer.open_stream()

    with crowd(daemon.ready["endpoint"], 100):
        peer.audio(speech_like(1.0))
        peer.end_audio()
        assert peer.utterance().indices == list(range(60))
    wait_until(lambda: connect(daemon).stats(), within_s=10, what="a new session")

    assert daemon.process.poll() is None
    assert "a handler failed" not in daemon.output()
