"""What a killed client left unread is nobody else's: descriptors are used again at once."""

from __future__ import annotations

import socket
import struct
import time
from typing import TYPE_CHECKING

from facewire.protocol import codec, messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.kit import DaemonProcess
    from tests.system.peer import RawPeer

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + b"\x00" + bytes(31)
READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER" + b"\x08Identity" + bytes(4)
ROUNDS = 8


def say_much_and_die(daemon: DaemonProcess) -> None:
    """Say hello and ask many questions, then close without reading an answer."""
    asked: list[messages.Message] = [
        messages.Hello(versions=[(1, 0)], client="hasty", token=daemon.token()),
        *[messages.Stats()] * 60,
    ]
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(5)
        channel.connect(daemon.ready["endpoint"].removeprefix("ipc://"))
        channel.sendall(GREETING + bytes([4, len(READY)]) + READY)
        channel.recv(64, socket.MSG_WAITALL)
        for sequence, message in enumerate(asked, start=1):
            header = bytes(codec.pack(message, None, sequence=sequence)[0])
            channel.sendall(b"\x02" + struct.pack(">Q", len(header)) + header)


def test_what_a_dead_client_said_is_not_held_against_the_next_one(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    for _ in range(ROUNDS):
        say_much_and_die(daemon)
        peer = connect(daemon)
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            peer.receive(0.1)
            assert not peer.is_cut()
        peer.close()
