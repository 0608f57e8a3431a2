"""The far end of the round trips: a process that sends each audio payload back as frames.

It does the work of a daemon's I/O thread (decode, read the ring, write the ring, encode) and
nothing else, so what is measured is the wire. Run as a module with a folder for its rings and its
socket; it prints its endpoints as one JSON line and ends when its standard input closes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import zmq

from facewire.protocol import codec, limits, messages
from facewire.protocol.ring import RingFile, RingReader, RingWriter

CURVES = 25
"""A frame of 100 bytes: 300 and 3200 are whole numbers of them."""
RELEASE_EVERY = 16


class Mirror:
    """One ROUTER and the rings of its client."""

    def __init__(self, router: zmq.Socket[bytes], folder: Path, name: str) -> None:
        self.router = router
        self._folder, self._name = folder, name
        self._sequence = 0
        self._rings: tuple[RingReader, RingWriter] | None = None

    def answer(self) -> None:
        """Take one message and answer it."""
        identity, *parts = self.router.recv_multipart()
        envelope, payload = codec.unpack(parts, to="daemon")
        message = envelope.message
        if isinstance(message, messages.Hello):
            self._sequence = 0
            self._send(identity, self._welcome("ring" in message.transports))
        elif isinstance(message, messages.Audio):
            self._reflect(identity, message, payload, envelope.sequence)
        elif isinstance(message, messages.Credit) and message.released and self._rings:
            self._rings[1].release(message.released)

    def _reflect(
        self,
        identity: bytes,
        audio: messages.Audio,
        payload: codec.Buffer | None,
        sequence: int,
    ) -> None:
        in_ring = payload is None
        if audio.offset is not None and audio.length_bytes is not None and self._rings:
            payload = self._rings[0].read(
                audio.offset, audio.length_bytes, generation=0, sequence=sequence
            )
            if sequence % RELEASE_EVERY == 0:
                self._send(identity, messages.Credit(released=sequence))
        assert payload is not None
        count = len(payload) // (4 * CURVES)
        place: dict[str, Any] = {}
        if in_ring and self._rings:
            record = self._rings[1].write(bytes(payload), generation=0, sequence=self._sequence + 1)
            if record is not None:
                place = {"offset": record.offset, "length_bytes": record.length_bytes}
        frames = messages.Frames(
            stream=1,
            generation=0,
            first=0,
            count=count,
            curves=CURVES,
            timestamps=[index * 266 for index in range(count)],
            **place,
        )
        self._send(identity, frames, None if place else bytes(payload))

    def _welcome(self, wants_rings: bool) -> messages.Welcome:  # noqa: FBT001 - one caller
        rings: dict[str, dict[str, str | int]] | None = None
        if wants_rings:
            files = {
                way: RingFile.create(
                    self._folder / f"{self._name}.{way}.ring", limits.RING_BYTES, "bench", 1
                )
                for way in ("to_daemon", "to_client")
            }
            self._rings = RingReader(files["to_daemon"]), RingWriter(files["to_client"])
            rings = {
                way: {"path": str(file.path), "size_bytes": file.size_bytes}
                for way, file in files.items()
            }
        return messages.Welcome(
            protocol=limits.PROTOCOL_VERSION,
            session=self._name,
            daemon="bench echo",
            limits=limits.limits_for_welcome(),
            rings=rings,
            models=[],
            rigs=[],
            capacity={},
        )

    def _send(
        self, identity: bytes, message: messages.Message, payload: bytes | None = None
    ) -> None:
        self._sequence += 1
        parts = codec.pack(message, payload, sequence=self._sequence)
        self.router.send_multipart([identity, *parts])


def main() -> None:
    """Serve until standard input closes."""
    folder = Path(sys.argv[1])
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    public_key, secret_key = zmq.curve_keypair() if zmq.has("curve") else (b"", b"")
    mirrors: dict[str, Mirror] = {}
    endpoints: dict[str, str] = {}
    for name, address in _addresses(folder).items():
        router = context.socket(zmq.ROUTER)
        router.linger = 0
        if name == "curve":  # no allow-list: on loopback, for seconds, it only echoes
            router.curve_server = True
            router.curve_secretkey = secret_key
        router.bind(address)
        endpoints[name] = router.get_string(zmq.LAST_ENDPOINT)
        mirrors[name] = Mirror(router, folder, name)
    print(json.dumps({"endpoints": endpoints, "public_key": public_key.decode()}), flush=True)
    poller = zmq.Poller()
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    for mirror in mirrors.values():
        poller.register(mirror.router, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if sys.stdin.fileno() in ready:
            break
        for mirror in mirrors.values():
            if mirror.router in ready:
                mirror.answer()
    context.destroy(linger=0)


def _addresses(folder: Path) -> dict[str, str]:
    """Return where to bind, by route; each route has a socket of its own."""
    addresses = {"tcp": "tcp://127.0.0.1:*"}
    if zmq.has("ipc"):
        addresses |= {name: f"ipc://{folder}/{name}.sock" for name in ("ring", "ipc")}
    if zmq.has("curve"):
        addresses["curve"] = "tcp://127.0.0.1:*"
    return addresses


if __name__ == "__main__":
    main()
