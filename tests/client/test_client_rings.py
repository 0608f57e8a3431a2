"""Payloads through shared memory, and what happens when that does not work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.client.kit import ScriptedDaemon, wait_until

from facewire.protocol import messages
from facewire.protocol.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.protocol.client import ClientStream

SOUND = (np.arange(60_000) % 30_000).astype("<i2")


@pytest.fixture
def stream(daemon: ScriptedDaemon) -> Iterator[ClientStream]:
    daemon.offers_rings = True
    with (
        Client.connect(reconnect_s=3.0) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        opening = pool.submit(daemon.open)
        opened = client.open_stream(sample_rate_hz=16_000, wait_s=5.0)
        opening.result()
        assert client.transport == "ring"
        yield opened


def test_audio_and_frames_go_through_the_rings(
    stream: ClientStream, daemon: ScriptedDaemon
) -> None:
    for at in range(0, 60_000, 1000):  # 120 kB in all, through a ring of 64 kB
        stream.send(SOUND[at : at + 1000])
        if at % 10_000 == 9000:
            wait_until(lambda: stream._connection.keeper.link is not None, "the link")
    assert daemon.audio_bytes(60_000) == SOUND.tobytes()
    for first in range(0, 800, 8):
        daemon.say_frames(first, 8, in_ring=True)
    seen: list[float] = []
    while len(seen) < 800:
        batch = stream.read()
        assert batch is not None
        seen += batch.curves[:, 0].tolist()

    assert seen == list(range(800))
    assert stream.counters.ring_sent > 0
    assert (stream.counters.ring_received, stream.counters.inline_received) == (100, 0)


def test_a_full_ring_sends_inline_and_nothing_is_lost(
    stream: ClientStream, daemon: ScriptedDaemon
) -> None:
    loud = np.arange(40_000, dtype=np.uint16).view("<i2")

    stream.send(loud)  # pieces of 16 kB: three fit, the next goes inline if none is released

    assert daemon.audio_bytes(40_000) == loud.tobytes()
    counters = stream.counters
    assert counters.ring_sent > 0
    assert counters.ring_sent + counters.inline_sent >= 5


def test_frames_read_from_the_ring_are_released_even_when_nobody_takes_them(
    stream: ClientStream, daemon: ScriptedDaemon
) -> None:
    for first in range(0, 1000, 100):
        daemon.say_frames(first, 100, in_ring=True)
    wait_until(lambda: stream.counters.frames_received == 1000, "frames at the client")
    daemon.say_frames(1000, 100, in_ring=True)
    wait_until(lambda: stream.counters.frames_received == 1100, "frames at the client")

    assert daemon.rings is not None
    writer = daemon.rings.writer
    wait_until(lambda: writer.unreleased == 0, "release of all records")


def test_a_ring_that_lies_costs_a_resume_inline_and_no_frame(
    stream: ClientStream, daemon: ScriptedDaemon
) -> None:
    daemon.say_frames(0, 4, in_ring=True)
    daemon.say_frames(4, 4, in_ring=True, spoil=True)

    again = daemon.open()
    daemon.say_frames(4, 4, generation=1)

    seen: list[float] = []
    while len(seen) < 8:
        batch = stream.read()
        assert batch is not None
        seen += batch.curves[:, 0].tolist()
    assert again.first_frame == 4
    assert seen == list(range(8))
    assert [daemon.greetings.get_nowait().transports for _ in range(2)] == [
        ["ring", "inline"],
        ["inline"],
    ]


def test_a_ring_mismatch_the_daemon_complains_of_costs_a_resume_inline(
    stream: ClientStream, daemon: ScriptedDaemon
) -> None:
    stream.send(SOUND[:100])
    daemon.audio_bytes(100)
    daemon.say(messages.Error(code="ring_mismatch", text="Not this record.", stream=1))

    daemon.open()

    assert daemon.audio_bytes(100, generation=1) == SOUND[:100].tobytes()
    assert stream.counters.inline_sent == 1


def test_rings_that_cannot_be_opened_are_done_without(daemon: ScriptedDaemon) -> None:
    daemon.offers_rings = True
    original = daemon._make_rings

    def make_and_hide() -> dict[str, dict[str, str | int]]:
        rings = original()
        assert daemon.rings is not None
        daemon.rings.files[1].path.chmod(0o644)
        return rings

    daemon._make_rings = make_and_hide  # type: ignore[method-assign]
    with Client.connect() as client:
        assert client.transport == "inline"
        assert client.ping() < 1000
        assert "warning" in [event.kind for event in client.events()]
    assert daemon.sessions == 2


def test_a_user_who_wants_no_rings_gets_none(daemon: ScriptedDaemon) -> None:
    daemon.offers_rings = True

    with Client.connect(transports=("inline",)) as client:
        assert client.transport == "inline"
