"""One listening ROUTER, and who is connected to it.

A ROUTER tells messages apart by routing id, but says nothing of connections: not who came, not who
left, and it cannot close one. Its monitor says the first two, and the descriptor that libzmq puts
on each message joins them, so that a silent, hostile or revoked peer can really be cut.
"""

from __future__ import annotations

import contextlib
import enum
import socket as sockets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import zmq
from zmq.utils.monitor import recv_monitor_message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facewire.protocol.codec import Buffer

MAX_PARTS: Final = 3
"""Parts of a message that are kept; one more than any message has, so that too many is seen."""
_READABLE: Final = int(zmq.POLLIN)  # a plain number: `&` with the enum is ten times as slow
_EVENTS: Final = (
    zmq.EVENT_ACCEPTED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
_FAILED: Final = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused_keys",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "refused_protocol",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "refused_handshake",
}


class Sent(enum.Enum):
    """What became of a message we sent."""

    DONE = "done"
    FULL = "full"
    """The peer reads too slowly; nothing was taken, try later."""
    GONE = "gone"
    """The peer is no longer connected."""


@dataclass(eq=False)
class Connection:
    """One accepted connection, from `accept` to its end."""

    descriptor: int
    accepted_ns: int
    greeted: bool = False
    """True once it has said a valid hello."""
    cut_at_ns: int | None = None
    """When it is to be closed, after what was said last had time to leave."""
    open: bool = True


class Incoming(NamedTuple):
    """One received multipart."""

    route: bytes
    parts: list[bytes]
    connection: Connection | None
    """None when its connection has ended meanwhile."""
    user: str
    """Public key of the peer under CURVE, else empty."""


class Port:
    """A bound ROUTER with its connections. Owned by the I/O thread."""

    def __init__(
        self, socket: zmq.Socket[bytes], clock: Callable[[], int], *, remote: bool
    ) -> None:
        """Watch a socket that is not bound yet; `clock` gives monotonic nanoseconds."""
        self.socket = socket
        self.remote = remote
        self.endpoint = ""
        self.counts: dict[str, int] = dict.fromkeys(["accepted", *_FAILED.values()], 0)
        self.monitor = socket.get_monitor_socket(_EVENTS)
        self._clock = clock
        self._connections: dict[int, Connection] = {}
        self._ended: list[Connection] = []

    @property
    def connections(self) -> Sequence[Connection]:
        """The connections that are open now."""
        return list(self._connections.values())

    def receive(self) -> Incoming | None:
        """Return the next message, or None when there is none now."""
        if not int(self.socket.get(zmq.EVENTS)) & _READABLE:  # far cheaper than an exception
            return None
        route = self.socket.recv(zmq.DONTWAIT)
        frame = self.socket.recv(copy=False)
        first = frame
        parts = [frame.bytes]
        while frame.more:
            frame = self.socket.recv(copy=False)
            if len(parts) < MAX_PARTS:
                parts.append(frame.bytes)
        # Who came and went is read after the message, so that its connection is surely known and
        # a descriptor that was used again is not taken for the one before.
        self.read_monitor()
        return Incoming(route, parts, self._connection(first), self._user(first))

    def _connection(self, frame: zmq.Frame) -> Connection | None:
        try:
            return self._connections.get(int(frame.get(zmq.SRCFD)))
        except zmq.ZMQError:  # a libzmq that no longer tells: serve on, without cutting anybody
            return Connection(-1, self._clock())

    def _user(self, frame: zmq.Frame) -> str:
        return str(frame.get("User-Id")) if self.remote else ""

    def send(self, route: bytes, parts: Sequence[Buffer]) -> Sent:
        """Send one multipart to a peer without ever waiting."""
        try:
            self.socket.send_multipart([route, *parts], zmq.DONTWAIT)
        except zmq.Again:
            return Sent.FULL
        except zmq.ZMQError as error:
            if error.errno in (zmq.EHOSTUNREACH, zmq.ENOTCONN, zmq.ECONNRESET):
                return Sent.GONE
            raise
        return Sent.DONE

    def read_monitor(self) -> None:
        """Take note of who came and who left."""
        while int(self.monitor.get(zmq.EVENTS)) & _READABLE:
            event = recv_monitor_message(self.monitor, zmq.DONTWAIT)
            kind, descriptor = zmq.Event(event["event"]), int(event["value"])
            if kind in _FAILED:
                self.counts[_FAILED[kind]] += 1
                continue
            before = self._connections.pop(descriptor, None)
            if before is not None:
                before.open = False
                self._ended.append(before)
            if kind == zmq.EVENT_ACCEPTED:
                self.counts["accepted"] += 1
                self._connections[descriptor] = Connection(descriptor, self._clock())

    def take_ended(self) -> list[Connection]:
        """Return the connections that have ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def cut(self, connection: Connection) -> None:
        """End a connection; libzmq sees the end and cleans up."""
        connection.cut_at_ns = None
        self.read_monitor()  # a descriptor whose connection ended just now may be another's
        if not connection.open:
            return
        with contextlib.suppress(OSError):
            handle = sockets.socket(fileno=connection.descriptor)
            try:
                handle.shutdown(sockets.SHUT_RDWR)
            finally:
                handle.detach()  # the descriptor belongs to libzmq

    def close(self, linger_ms: int) -> None:
        """Stop watching and close; what was said last has `linger_ms` to leave."""
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(linger_ms)
