"""Who may connect to the remote socket: the ZeroMQ Authentication Protocol, answered in the loop.

libzmq asks on `inproc://zeromq.zap.01` for each CURVE handshake. Only CURVE, only our domain, only
keys of the allow-list are let in; everything else, also an allow-list that cannot be read, is
refused. Because the sockets enforce the domain, no answer means no entry: this fails closed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

from facewire.daemon.endpoints import ZAP_DOMAIN
from facewire.daemon.logs import log
from facewire.protocol import keyfiles
from facewire.protocol.errors import FacewireError, KeyFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS: Final = "inproc://zeromq.zap.01"
SELF_TEST_S: Final = 2.0
_VERSION: Final = b"1.0"


class Doorman:
    """Answers libzmq's question for each remote handshake. Owned by the I/O thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """Start answering.

        Raises:
            KeyFileError: the allow-list cannot be trusted.
        """
        self._allowed = _read_allowed()
        self.socket = context.socket(zmq.ROUTER)
        self.socket.set(zmq.LINGER, 0)
        self.socket.bind(ADDRESS)
        self.refused = 0
        """Handshakes refused since the start."""

    def is_allowed(self, public_key: str) -> bool:
        """Return whether the holder of a key (Z85) may be connected now."""
        return public_key in self._allowed

    def name_of(self, public_key: str) -> str:
        """Return the name a key was listed under, "" when it is not listed."""
        return self._allowed.get(public_key, "")

    def reread(self) -> None:
        """Read the allow-list anew; one that cannot be trusted lets nobody in."""
        try:
            self._allowed = _read_allowed()
        except KeyFileError as error:
            self._allowed = {}
            log().error("nobody may connect: %s", error, extra={"key": "allow-list"})

    def answer(self) -> None:
        """Answer the questions that wait."""
        while True:
            try:
                question = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            if len(question) > 3 and question[2] == _VERSION:
                self.socket.send_multipart(self._verdict(question), zmq.DONTWAIT)

    def _verdict(self, question: list[bytes]) -> list[bytes]:
        asker, _, _, request = question[:4]
        domain, mechanism = question[4:5], question[7:8]
        key = b""
        if domain == [ZAP_DOMAIN] and mechanism == [b"CURVE"] and len(question) == 9:
            key = z85.encode(question[8])
        if key and self.is_allowed(key.decode()):
            return [asker, b"", _VERSION, request, b"200", b"OK", key, b""]
        self.refused += 1
        log().warning("a client without an allowed key was refused", extra={"key": "refused-key"})
        return [asker, b"", _VERSION, request, b"400", b"not allowed", b"", b""]


def _read_allowed() -> Mapping[str, str]:
    return {key: client.name for key, client in keyfiles.allowed_clients().items()}


def prove_closed(
    context: zmq.Context[zmq.Socket[bytes]], doorman: Doorman, endpoint: str, server_key: str
) -> None:
    """Connect to our own remote socket with a key nobody knows, and see it refused.

    Args:
        context: The daemon's.
        doorman: Answers meanwhile.
        endpoint: The bound remote endpoint.
        server_key: The daemon's public key, Z85.

    Raises:
        FacewireError: the throwaway key was let in, or nothing was decided in time.
    """
    public, secret = zmq.curve_keypair()
    with context.socket(zmq.DEALER) as stranger:
        stranger.set(zmq.LINGER, 0)
        stranger.set(zmq.IPV6, int("[" in endpoint))
        stranger.set(zmq.CURVE_SERVERKEY, server_key.encode())
        stranger.set(zmq.CURVE_PUBLICKEY, public)
        stranger.set(zmq.CURVE_SECRETKEY, secret)
        monitor = stranger.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
        )
        try:
            stranger.connect(_reachable(endpoint))
            event = _first_event(monitor, doorman)
        finally:
            stranger.disable_monitor()
            monitor.close(0)
    if event != zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        said = "was let in" if event == zmq.EVENT_HANDSHAKE_SUCCEEDED else "got no answer"
        raise FacewireError(
            f"the self-test of {endpoint} failed: a client with an unknown key {said}.",
            hint="The remote endpoint stays closed; run `facewire doctor`.",
        )


def _first_event(monitor: zmq.Socket[bytes], doorman: Doorman) -> int | None:
    poller = zmq.Poller()
    poller.register(monitor, zmq.POLLIN)
    poller.register(doorman.socket, zmq.POLLIN)
    deadline = time.monotonic() + SELF_TEST_S
    while (left_s := deadline - time.monotonic()) > 0:
        ready = dict(poller.poll(int(left_s * 1000) + 1))
        if doorman.socket in ready:
            doorman.answer()
        if monitor in ready:
            return int(recv_monitor_message(monitor)["event"])
    return None


def _reachable(endpoint: str) -> str:
    """Return an address on this machine that reaches a socket bound to all interfaces."""
    return endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
