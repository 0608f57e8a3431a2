"""A raw peer of the daemon: a DEALER that says exactly what a test wants, and counts what comes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import zmq
from zmq.utils.monitor import recv_monitor_message

from facewire.protocol import codec, limits, messages
from facewire.protocol.ring import RingFile, RingReader, RingWriter

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_S = 10.0
VERDICTS = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
M = TypeVar("M", bound=messages.Message)


@dataclass
class Batch:
    """A `frames` message with its numbers."""

    message: messages.Frames
    curves: np.ndarray[Any, np.dtype[np.float32]]
    eyes: np.ndarray[Any, np.dtype[np.float32]]
    arrived_s: float


@dataclass
class RawPeer:
    """A DEALER over codec.pack and unpack; counts sequences, answers pings, keeps what came."""

    endpoint: str
    answers_pings: bool = True
    releases: bool = True
    """False: ring records are read and never given back."""
    routing_id: bytes = b""
    curve: tuple[bytes, bytes, bytes] | None = None
    """Server's public key, own public and secret key."""
    inbox: list[messages.Message] = field(default_factory=list)
    received: int = 0
    version: tuple[int, int] = (0, 0)
    """What the last message was written in."""
    sequence: int = 0
    writer: RingWriter | None = None
    reader: RingReader | None = None
    _files: list[RingFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.set(zmq.LINGER, 0)
        self.socket.set(zmq.RECONNECT_IVL, 50)
        self.socket.set(zmq.SNDTIMEO, int(ANSWER_S * 1000))  # a refused peer has nobody to send to
        if self.routing_id:
            self.socket.set(zmq.ROUTING_ID, self.routing_id)
        if self.curve is not None:
            server, public, secret = self.curve
            self.socket.set(zmq.CURVE_SERVERKEY, server)
            self.socket.set(zmq.CURVE_PUBLICKEY, public)
            self.socket.set(zmq.CURVE_SECRETKEY, secret)
        self._monitor = self.socket.get_monitor_socket(VERDICTS | zmq.EVENT_DISCONNECTED)
        self._events: list[int] = []
        self.socket.connect(self.endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for file in self._files:
            file.close()
        self._files = []
        if not self.socket.closed:
            self.socket.disable_monitor()
        self.context.destroy(linger=0)

    # --- sending ------------------------------------------------------------------------------

    def send(self, message: messages.Message, payload: bytes | None = None) -> int:
        self.sequence += 1
        parts = codec.pack(message, payload, sequence=self.sequence)
        self.socket.send_multipart(parts)
        return self.sequence

    def send_raw(self, *parts: bytes) -> None:
        self.socket.send_multipart(parts)

    def hello(self, token: str, *transports: str, **fields: Any) -> messages.Welcome:
        self.say_hello(token, *transports, **fields)
        welcome = self.expect(messages.Welcome)
        if welcome.rings is not None:
            to_daemon, to_client = (
                RingFile.open(Path(str(ring["path"])), int(ring["size_bytes"]))
                for ring in (welcome.rings["to_daemon"], welcome.rings["to_client"])
            )
            self._files = [to_daemon, to_client]
            self.writer, self.reader = RingWriter(to_daemon), RingReader(to_client)
        return welcome

    def say_hello(self, token: str, *transports: str, **fields: Any) -> None:
        wanted: dict[str, Any] = {
            "versions": [limits.PROTOCOL_VERSION],
            "client": "raw-peer",
            "token": token,
            "transports": list(transports or ("inline",)),
        }
        self.send(messages.Hello(**(wanted | fields)))

    def open_stream(self, stream: int = 1, **fields: Any) -> messages.StreamOpened:
        wanted: dict[str, Any] = {"stream": stream, "sample_rate_hz": 16_000, "encoding": "float32"}
        self.send(messages.OpenStream(**(wanted | fields)))
        return self.expect(messages.StreamOpened, lambda message: message.stream == stream)

    def audio(
        self,
        samples: np.ndarray[Any, Any],
        stream: int = 1,
        generation: int = 0,
    ) -> None:
        """Send one chunk, through the ring where there is one and room in it."""
        payload = samples.tobytes()
        count = len(samples)
        if self.writer is not None:
            place = self.writer.write(payload, generation=generation, sequence=self.sequence + 1)
            if place is not None:
                self.send(
                    messages.Audio(
                        stream=stream, generation=generation, samples=count,
                        offset=place.offset, length_bytes=place.length_bytes,
                    )
                )  # fmt: skip
                return
        self.send(messages.Audio(stream=stream, generation=generation, samples=count), payload)

    def end_audio(self, stream: int = 1, generation: int = 0) -> None:
        self.send(messages.EndAudio(stream=stream, generation=generation))

    # --- receiving ----------------------------------------------------------------------------

    def receive(self, within_s: float = ANSWER_S) -> messages.Message | Batch | None:
        """Return the next message (a `Batch` for frames), pings answered; None when none comes."""
        deadline = time.monotonic() + within_s
        while (left_s := deadline - time.monotonic()) > 0:
            if not self.socket.poll(int(left_s * 1000) + 1):
                return None
            parts = self.socket.recv_multipart()
            envelope, payload = codec.unpack(parts, to="client")
            assert envelope.sequence == self.received + 1, "the daemon's messages have a gap"
            self.received, self.version = envelope.sequence, envelope.version
            message = envelope.message
            if isinstance(message, messages.Ping):
                if self.answers_pings:
                    self.send(messages.Pong(nonce=message.nonce, sent_ns=message.sent_ns))
                continue
            if isinstance(message, messages.Credit) and message.released is not None:
                if self.writer is not None:
                    self.writer.release(message.released)
                if message.samples is None:
                    continue
            if isinstance(message, messages.Frames):
                return self._batch(message, payload, envelope.sequence)
            return message
        return None

    def _batch(
        self, message: messages.Frames, payload: codec.Buffer | None, sequence: int
    ) -> Batch:
        arrived_s = time.monotonic()
        if payload is None:
            assert self.reader is not None
            assert message.offset is not None
            assert message.length_bytes is not None
            payload = self.reader.read(
                message.offset,
                message.length_bytes,
                generation=message.generation,
                sequence=sequence,
            )
            if self.releases:
                self.send(messages.Credit(released=sequence))
        numbers = np.frombuffer(payload, "<f4")
        size = message.count * message.curves
        return Batch(
            message,
            numbers[:size].reshape(message.count, message.curves),
            numbers[size:].reshape(message.count, 4),
            arrived_s,
        )

    def expect(
        self,
        kind: type[M],
        matching: Callable[[M], bool] = lambda _: True,
        *,
        within_s: float = ANSWER_S,
    ) -> M:
        """Return the next message of a kind; others are kept in `inbox`, frames are passed over."""
        deadline = time.monotonic() + within_s
        while True:
            message = self.receive(max(deadline - time.monotonic(), 0))
            assert message is not None, f"no {kind.__name__} came; {self.inbox[-5:]}"
            if isinstance(message, kind) and matching(message):
                return message
            if isinstance(message, messages.Message):
                self.inbox.append(message)

    def expect_error(self, code: str, *, within_s: float = ANSWER_S) -> messages.Error:
        return self.expect(messages.Error, lambda error: error.code == code, within_s=within_s)

    def utterance(self, stream: int = 1, *, within_s: float = 20.0) -> Utterance:
        """Return all frames of a stream until its end."""
        batches: list[Batch] = []
        deadline = time.monotonic() + within_s
        while True:
            message = self.receive(max(deadline - time.monotonic(), 0))
            assert message is not None, f"the stream did not end; {self.inbox[-5:]}"
            if isinstance(message, Batch):
                if message.message.stream == stream:
                    batches.append(message)
            elif isinstance(message, messages.StreamEnded) and message.stream == stream:
                return Utterance(batches, message)
            else:
                self.inbox.append(message)

    def _read_events(self, within_s: float = 0.0) -> None:
        while self._monitor.poll(int(within_s * 1000)):
            self._events.append(int(recv_monitor_message(self._monitor)["event"]))
            within_s = 0.0

    def is_cut(self) -> bool:
        """Return whether the daemon has closed our connection since it was made."""
        self._read_events()
        return zmq.EVENT_DISCONNECTED in self._events

    def is_let_in(self, within_s: float = 5.0) -> bool:
        """Return how the handshake of the connection was decided."""
        deadline = time.monotonic() + within_s
        while not self._events:
            assert time.monotonic() < deadline, "no verdict on the handshake"
            self._read_events(0.1)
        return self._events[0] == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def stats(self) -> dict[str, Any]:
        self.send(messages.Stats())
        return self.expect(messages.Stats).stats


@dataclass
class Utterance:
    """All that came of one generation."""

    batches: list[Batch]
    ended: messages.StreamEnded

    @property
    def curves(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.concatenate([batch.curves for batch in self.batches])

    @property
    def eyes(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.concatenate([batch.eyes for batch in self.batches])

    @property
    def indices(self) -> list[int]:
        return [
            index
            for batch in self.batches
            for index in range(batch.message.first, batch.message.first + batch.message.count)
        ]

    @property
    def timestamps(self) -> list[int]:
        return [stamp for batch in self.batches for stamp in batch.message.timestamps]
