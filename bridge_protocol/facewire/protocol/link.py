"""The sockets and rings of one attempt to reach the daemon; a lost link is never reused."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import zmq
from zmq.utils.monitor import parse_monitor_message

from facewire.protocol import codec, limits, messages
from facewire.protocol.errors import ConfigError, ProtocolError, RingError
from facewire.protocol.ring import RingFile, RingReader, RingWriter

if TYPE_CHECKING:
    from facewire.protocol.messages import Message
    from facewire.protocol.target import Address

Way = Literal["ring", "inline"]
"""How a payload travelled."""

CONNECT_MS: Final = 1000
"""A TCP connect, and then the ZMTP handshake, of one attempt."""
WATCHED: Final = (
    zmq.EVENT_CLOSED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
)


class Link:
    """A DEALER, its monitor and, after `open_rings`, the session's rings."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: Address) -> None:
        """Begin to connect.

        Raises:
            ConfigError: the address is none.
        """
        self.address = address
        self.heard_at_s = time.monotonic()
        """When the last message came."""
        self.greeted = False
        """True once the ZMTP handshake succeeded: someone speaks ZeroMQ there."""
        self.refused_by_key = False
        """True when the daemon does not know our CURVE key."""
        self.version = limits.PROTOCOL_VERSION
        """What we write; `welcome` says which."""
        self._next_sequence = 1
        self._due_sequence: int | None = 1
        self._writer: RingWriter | None = None
        self._reader: RingReader | None = None
        self._ring_files: list[RingFile] = []
        self._unreleased = 0
        self._loss = ""
        self.dealer: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self.monitor: zmq.Socket[bytes] = self.dealer.get_monitor_socket(WATCHED)
        try:
            _prepare(self.dealer, address)
            self.dealer.connect(address.endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(
                f"{address.endpoint!r} is no endpoint to connect to: {error.strerror}.",
                hint="Write ipc://PATH or tcp://HOST:PORT.",
            ) from error

    @property
    def loss(self) -> str:
        """Why the link is gone, "" as long as it is not."""
        with contextlib.suppress(zmq.Again):
            while True:
                frames = self.monitor.recv_multipart(zmq.NOBLOCK)
                self._on_event(parse_monitor_message(frames)["event"])
        return self._loss

    def _on_event(self, event: int) -> None:
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self.greeted = True
        elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            self.refused_by_key = True
            self._loss = "the daemon does not know our key"
        elif not self._loss:
            if event == zmq.EVENT_CLOSED:
                self._loss = f"nobody answers at {self.address.endpoint}"
            elif event == zmq.EVENT_DISCONNECTED:
                self._loss = "the connection was cut"
            else:
                self._loss = "the other side does not speak our kind of ZeroMQ, or has another key"

    # --- rings ---------------------------------------------------------------------------------

    def open_rings(self, rings: dict[str, dict[str, Any]]) -> None:
        """Open the rings that `welcome` names.

        Raises:
            RingError: one of them cannot be opened or trusted.
        """
        for name in ("to_daemon", "to_client"):
            path, size_bytes = Path(rings[name]["path"]), rings[name]["size_bytes"]
            ring = RingFile.open(path, size_bytes, writable=name == "to_daemon")
            self._ring_files.append(ring)
        self._writer = RingWriter(self._ring_files[0])
        self._reader = RingReader(self._ring_files[1])

    @property
    def transport(self) -> Way:
        """How payloads travel when there is room."""
        return "ring" if self._reader is not None else "inline"

    # --- messages ------------------------------------------------------------------------------

    def send(self, message: Message, payload: memoryview | None = None) -> Way:
        """Queue one message for the daemon; never blocks.

        Returns:
            How the payload goes (`inline` without one).
        """
        sequence = self._next_sequence
        way: Way = "inline"
        if payload is not None and self._writer is not None:
            placed = self._place(message, payload, sequence)
            if placed is not None:
                message, payload, way = placed, None, "ring"
        parts = codec.pack(message, payload, sequence=sequence, version=self.version)
        self._next_sequence += 1
        try:
            self.dealer.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:  # no bound is set, so there is no connection any more
            self._loss = self._loss or "the connection was cut"
        return way

    def _place(self, message: Message, payload: memoryview, sequence: int) -> Message | None:
        """Return `message` naming its ring record, None when it must go inline."""
        assert isinstance(message, messages.Audio)
        assert self._writer is not None
        try:
            place = self._writer.write(payload, generation=message.generation, sequence=sequence)
        except RingError:
            self._writer = None  # someone cut the file short; the socket still works
            return None
        if place is None:
            return None
        return replace(message, offset=place.offset, length_bytes=place.length_bytes)

    def receive(self) -> tuple[Message, bytes | None, Way] | None:
        """Return the next message that came and its payload, None when there is none.

        A message of a type we do not know (a newer minor version's) is passed over.

        Raises:
            ProtocolError: the daemon broke a rule; the link cannot be trusted any more.
        """
        while True:
            try:
                parts = self.dealer.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return None
            self.heard_at_s = time.monotonic()
            try:
                envelope, payload = codec.unpack(parts, to="client")
            except ProtocolError as error:
                if error.code != "unsupported":
                    raise
                self._due_sequence = None  # its number was not read
                continue
            self._check_sequence(envelope.sequence)
            return self._with_payload(envelope, None if payload is None else bytes(payload))

    def _check_sequence(self, sequence: int) -> None:
        due = self._due_sequence
        if due is not None and sequence != due:
            raise ProtocolError(
                "out_of_sequence",
                f"Message {due} was due, message {sequence} came.",
                field="sequence",
                limit=due,
                got=sequence,
            )
        self._due_sequence = sequence + 1

    def _with_payload(
        self, envelope: codec.Envelope, payload: bytes | None
    ) -> tuple[Message, bytes | None, Way]:
        message = envelope.message
        if isinstance(message, messages.Frames) and payload is None:
            if self._reader is None or message.offset is None or message.length_bytes is None:
                raise ProtocolError("ring_mismatch", "Frames came in a ring that was never opened.")
            payload = self._reader.read(
                message.offset,
                message.length_bytes,
                generation=message.generation,
                sequence=envelope.sequence,
            )
            self._unreleased = envelope.sequence
            return message, payload, "ring"
        if isinstance(message, messages.Credit) and message.released is not None and self._writer:
            self._writer.release(message.released)
        return message, payload, "inline"

    def release(self) -> None:
        """Give back the ring records read since the last time."""
        if self._unreleased:
            self.send(messages.Credit(released=self._unreleased))
            self._unreleased = 0

    def close(self, *, linger_ms: int = 0) -> None:
        """Close everything; what is still queued gets `linger_ms` to leave."""
        self.dealer.disable_monitor()
        self.monitor.close(linger=0)  # an open monitor would block the context for ever
        self.dealer.close(linger=linger_ms)
        for ring in self._ring_files:
            ring.close()
        self._writer = self._reader = None


def _prepare(dealer: zmq.Socket[bytes], address: Address) -> None:
    dealer.linger = 0
    dealer.reconnect_ivl = -1  # we make a new link instead: each needs a hello of its own
    dealer.connect_timeout = CONNECT_MS
    dealer.handshake_ivl = CONNECT_MS
    dealer.heartbeat_ivl = limits.HEARTBEAT_INTERVAL_MS
    dealer.heartbeat_timeout = limits.HEARTBEAT_TIMEOUT_MS
    dealer.heartbeat_ttl = limits.HEARTBEAT_TIMEOUT_MS
    dealer.maxmsgsize = limits.MAX_PART_BYTES
    # Credit bounds both queues; a bound of messages would drop or block what credit allows.
    dealer.sndhwm = dealer.rcvhwm = 0
    if address.invitation is not None:
        dealer.curve_serverkey = address.invitation.server_public_key.encode()
        dealer.curve_publickey = address.invitation.keys.public_key.encode()
        dealer.curve_secretkey = address.invitation.keys.secret_key.encode()
