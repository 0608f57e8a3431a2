"""A scripted daemon: a real ROUTER in a thread that does exactly what a test tells it.

Left alone it welcomes every hello, answers pings, keeps the other messages for the test, and
counts its sequence as it should. A test makes it do what a good daemon never does.
"""

from __future__ import annotations

import os
import queue
import secrets
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import zmq

from facewire.protocol import codec, limits, messages
from facewire.protocol.ring import RingFile, RingReader, RingWriter
from facewire.protocol.runtime import Handshake, InstancePaths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT_S = 5.0
CURVES = ["jawOpen", "mouthClose", "tongueOut"]
M = TypeVar("M", bound=messages.Message)


@dataclass
class Rings:
    files: tuple[RingFile, RingFile]
    reader: RingReader
    writer: RingWriter

    def close(self) -> None:
        for file in self.files:
            file.close()
            file.unlink()


class ScriptedDaemon:
    def __init__(self, runtime: Path, *, instance: str = "default") -> None:
        self.paths = InstancePaths(instance, runtime)
        self.paths.make_folder()
        self.token = secrets.token_hex(8)
        self.offers_rings = False
        self.refusal: messages.Error | None = None
        self.greetings: queue.Queue[messages.Hello] = queue.Queue()
        self.inbox: list[tuple[messages.Message, bytes | None]] = []
        self.rings: Rings | None = None
        self.sessions = 0
        self._sequence = 0
        self._identity = b""
        self._mute = False
        self._arrived = threading.Condition()
        self._orders: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._router: zmq.Socket[bytes] = self._context.socket(zmq.ROUTER)
        self._ears: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._bell: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="scripted-daemon")

    def __enter__(self) -> Self:
        self._router.linger = 0
        self._router.bind(self.paths.endpoint)
        self._ears.bind("inproc://orders")
        self._bell.connect("inproc://orders")
        self._bell.linger = 0
        Handshake(
            endpoint=self.paths.endpoint,
            protocol=limits.PROTOCOL_VERSION,
            pid=os.getpid(),
            token=self.token,
            started_at="2026-01-01T00:00:00Z",
            daemon="scripted",
        ).write(self.paths)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()
        if self._error is not None:
            raise self._error

    def vanish(self) -> None:
        """End like a killed process: connections cut, nothing said, the handshake file left."""
        if self._thread.is_alive():
            self._do(None)
            self._thread.join(WAIT_S)
            assert not self._thread.is_alive()

    # --- what a test does ----------------------------------------------------------------------

    def say(
        self, message: messages.Message, payload: bytes | None = None, *, skip: int = 0
    ) -> None:
        """Send to the newest session; `skip` leaves a hole in the sequence before it."""
        self._do(lambda: self._say(message, payload, skip))

    def say_bytes(self, *parts: bytes) -> None:
        """Send anything at all."""

        def send() -> None:
            self._router.send_multipart([self._identity, *parts])

        self._do(send)

    def say_frames(
        self,
        first: int,
        count: int,
        *,
        stream: int = 1,
        generation: int = 0,
        in_ring: bool = False,
        spoil: bool = False,
        **changed: Any,
    ) -> None:
        """Send frames whose curves all hold their frame's index; `spoil` breaks the ring record."""
        payload = frames_payload(first, count)
        message = replace(
            messages.Frames(
                stream=stream,
                generation=generation,
                first=first,
                count=count,
                curves=len(CURVES),
                timestamps=[index * 16_000 // 60 for index in range(first, first + count)],
            ),
            **changed,
        )

        def through_ring() -> None:
            assert self.rings is not None
            number = generation + 1 if spoil else generation
            place = self.rings.writer.write(payload, generation=number, sequence=self._sequence + 1)
            assert place is not None
            placed = replace(message, offset=place.offset, length_bytes=place.length_bytes)
            self._say(placed, None, 0)

        if in_ring:
            self._do(through_ring)
        else:
            self.say(message, payload)

    def take(
        self,
        kind: type[M],
        matching: Callable[[M], bool] = lambda _: True,
        *,
        within_s: float = WAIT_S,
    ) -> M:
        """Wait for a message of a kind and take it out of the inbox."""
        return self.take_with_payload(kind, matching, within_s=within_s)[0]

    def take_with_payload(
        self,
        kind: type[M],
        matching: Callable[[M], bool] = lambda _: True,
        *,
        within_s: float = WAIT_S,
    ) -> tuple[M, bytes | None]:
        deadline = time.monotonic() + within_s
        with self._arrived:
            while True:
                for entry in self.inbox:
                    message, payload = entry
                    if isinstance(message, kind) and matching(message):
                        self.inbox.remove(entry)
                        return message, payload
                left_s = deadline - time.monotonic()
                assert left_s > 0, f"no {kind.__name__} came, only {self.inbox}"
                self._arrived.wait(left_s)

    def open(self, *, credit_samples: int = 160_000) -> messages.OpenStream:
        """Take the next `open_stream` and open it."""
        wanted = self.take(messages.OpenStream)
        self.say(
            messages.StreamOpened(
                stream=wanted.stream,
                generation=wanted.generation,
                curves=CURVES,
                fps=wanted.fps,
                look_ahead_samples=3200,
                burst_frames=4,
                mouth_close="arkit",
                credit_samples=wanted.start_sample + credit_samples,
                model="scripted",
                rig="a2f",
            )
        )
        return wanted

    def audio_bytes(self, samples: int, *, generation: int = 0, sample_bytes: int = 2) -> bytes:
        """Take `audio` until `samples` came and return their bytes in order."""
        content = b""
        while len(content) < samples * sample_bytes:
            message, payload = self.take_with_payload(
                messages.Audio, lambda audio: audio.generation == generation
            )
            assert payload is not None
            assert len(payload) == message.samples * sample_bytes
            content += payload
        assert len(content) == samples * sample_bytes
        return content

    def hang(self) -> None:
        """Stop reading and answering, as a stopped process does."""
        self._do(lambda: setattr(self, "_mute", True))

    def count(self, kind: type[messages.Message]) -> int:
        with self._arrived:
            return sum(isinstance(message, kind) for message, _ in self.inbox)

    # --- the thread ----------------------------------------------------------------------------

    def _do(self, order: Callable[[], None] | None) -> None:
        self._orders.put(order)
        self._bell.send(b"")

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except BaseException as error:  # noqa: BLE001 - raised again at the end of the test
            self._error = error
        finally:
            if self.rings is not None:
                self.rings.close()
            self._context.destroy(linger=0)

    def _turn(self) -> bool:
        poller = zmq.Poller()
        poller.register(self._ears, zmq.POLLIN)
        if not self._mute:
            poller.register(self._router, zmq.POLLIN)
        ready = dict(poller.poll())
        if self._ears in ready:
            self._ears.recv()
            order = self._orders.get_nowait()
            if order is None:
                return False
            order()
        if self._router in ready:
            identity, *parts = self._router.recv_multipart()
            envelope, payload = codec.unpack(parts, to="daemon")
            self._on_message(identity, envelope, None if payload is None else bytes(payload))
        return True

    def _on_message(self, identity: bytes, envelope: codec.Envelope, payload: bytes | None) -> None:
        message = envelope.message
        if isinstance(message, messages.Hello):
            self._identity, self._sequence = identity, 0
            self._welcome(message)
            return
        if identity != self._identity:
            return  # the last words of a session that is gone
        if isinstance(message, messages.Ping):
            self._say(messages.Pong(nonce=message.nonce, sent_ns=message.sent_ns), None, 0)
            return
        if isinstance(message, messages.Audio) and payload is None:
            assert self.rings is not None
            assert message.offset is not None
            assert message.length_bytes is not None
            payload = self.rings.reader.read(
                message.offset,
                message.length_bytes,
                generation=message.generation,
                sequence=envelope.sequence,
            )
            self._say(messages.Credit(released=envelope.sequence), None, 0)
        if isinstance(message, messages.Credit) and message.released is not None and self.rings:
            self.rings.writer.release(message.released)
        with self._arrived:
            self.inbox.append((message, payload))
            self._arrived.notify_all()

    def _welcome(self, hello: messages.Hello) -> None:
        if self.refusal is not None:
            self.greetings.put(hello)
            self._say(self.refusal, None, 0)
            return
        if hello.token != self.token:  # of the daemon before: the handshake file was read too early
            self._say(messages.Error(code="unauthorized", text="Wrong token."), None, 0)
            return
        self.greetings.put(hello)
        self.sessions += 1
        rings = None
        if self.offers_rings and "ring" in hello.transports:
            rings = self._make_rings()
        self._say(
            messages.Welcome(
                protocol=limits.PROTOCOL_VERSION,
                session=f"session-{self.sessions}",
                daemon="scripted",
                limits=limits.limits_for_welcome(),
                rings=rings,
                models=[],
                rigs=["a2f"],
                capacity={"sessions": 1, "streams": 1},
            ),
            None,
            0,
        )

    def _make_rings(self) -> dict[str, dict[str, str | int]]:
        if self.rings is not None:
            self.rings.close()
        size_bytes = 65_536
        files = [
            RingFile.create(
                self.paths.ring(f"{self.sessions}.{way}"), size_bytes, "scripted", self.sessions
            )
            for way in ("in", "out")
        ]
        self.rings = Rings((files[0], files[1]), RingReader(files[0]), RingWriter(files[1]))
        return {
            name: {"path": str(file.path), "size_bytes": size_bytes}
            for name, file in zip(("to_daemon", "to_client"), files, strict=True)
        }

    def _say(self, message: messages.Message, payload: bytes | None, skip: int) -> None:
        self._sequence += 1 + skip
        parts = codec.pack(message, payload, sequence=self._sequence)
        self._router.send_multipart([self._identity, *parts])


def frames_payload(first: int, count: int) -> bytes:
    indices = np.arange(first, first + count, dtype="<f4")
    return np.repeat(indices, len(CURVES)).tobytes()


def wait_until(condition: Callable[[], Any], what: str, *, within_s: float = WAIT_S) -> None:
    """Wait for a condition that no event announces."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.005)
