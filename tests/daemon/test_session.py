"""A session without sockets: what it gives back of its rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tests.daemon.kit import Desk

from facewire.daemon.rings import RingStore
from facewire.daemon.session import Session
from facewire.protocol import codec, limits, messages
from facewire.protocol.ring import RingFile, RingWriter
from facewire.protocol.runtime import InstancePaths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from facewire.daemon.shelf import Shelf
    from facewire.inference.model import Model

RING_BYTES = 65_536


class OneModel:
    """A shelf with one model, loaded."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def request(
        self, _name: str, then: Callable[[Any, float], None], _tell: Callable[[str], None]
    ) -> None:
        then(self._model, 0.0)


def test_records_of_single_samples_are_released_before_they_fill_the_ring(
    model: Model, tmp_path: Path
) -> None:
    paths = InstancePaths("one", tmp_path / "run")
    paths.make_folder()
    desk, store = Desk(), RingStore(paths, RING_BYTES, limits.MAX_RINGS_BYTES)
    rings = store.make("session")
    assert rings is not None
    hello = messages.Hello(versions=[(1, 0)], client="test")
    session = Session(
        "session", hello, 1, desk.outbox, rings, desk.services, cast("Shelf", OneModel(model)), dict
    )
    opening = messages.OpenStream(stream=1, sample_rate_hz=16_000)
    session.receive([bytes(part) for part in codec.pack(opening, None, sequence=2)])
    file = RingFile.open(rings.to_daemon.path, RING_BYTES)
    writer = RingWriter(file)

    for sequence in range(3, 5_000):
        place = writer.write(b"\0\0", generation=0, sequence=sequence)
        assert place is not None, f"the ring was full at message {sequence}"
        audio = messages.Audio(
            stream=1, generation=0, samples=1, offset=place.offset, length_bytes=place.length_bytes
        )
        session.receive([bytes(part) for part in codec.pack(audio, None, sequence=sequence)])
        for credit in desk.listener.heard(messages.Credit):
            if credit.released is not None:
                writer.release(credit.released)
        desk.listener.envelopes.clear()

    file.close()
    session.close()
    store.remove(rings)
