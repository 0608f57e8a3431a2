"""What is said to a peer arrives in order, and a slow peer costs nobody but itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.daemon.kit import Clock, Listener

from facewire.daemon.outbox import MAX_WAITING, STALL_S, Outbox
from facewire.daemon.port import Sent
from facewire.protocol import messages
from facewire.protocol.ring import RingFile, RingReader, RingWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def outbox(listener: Listener, clock: Clock) -> Outbox:
    return Outbox(listener, clock)


def frames(curves: int = 2) -> messages.Frames:
    return messages.Frames(stream=1, generation=0, first=0, count=1, curves=curves, timestamps=[0])


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[RingFile]:
    with RingFile.create(tmp_path / "a.ring", 4096, "session", 1) as file:
        yield file


def test_messages_are_numbered_from_one_without_a_gap(outbox: Outbox, listener: Listener) -> None:
    for nonce in range(5):
        outbox.post(messages.Ping(nonce=nonce))

    assert [envelope.sequence for envelope in listener.envelopes] == [1, 2, 3, 4, 5]


def test_what_a_slow_peer_did_not_take_leaves_later_in_order(
    outbox: Outbox, listener: Listener
) -> None:
    listener.verdict = Sent.FULL
    for nonce in range(3):
        outbox.post(messages.Ping(nonce=nonce))
    assert outbox.blocked
    assert outbox.waiting
    assert listener.envelopes == []

    listener.verdict = Sent.DONE
    outbox.flush()

    assert [message.nonce for message in listener.heard(messages.Ping)] == [0, 1, 2]
    assert not outbox.blocked


def test_a_peer_that_takes_nothing_for_long_is_hopeless(
    outbox: Outbox, listener: Listener, clock: Clock
) -> None:
    listener.verdict = Sent.FULL
    outbox.post(messages.Ping(nonce=1))
    hopeless = []
    for seconds in (STALL_S - 1, 2):
        clock.advance(seconds)
        hopeless.append(outbox.hopeless)
    listener.verdict = Sent.DONE
    outbox.flush()
    hopeless.append(outbox.hopeless)

    assert hopeless == [False, True, False]


def test_the_queue_of_a_slow_peer_is_bounded(outbox: Outbox, listener: Listener) -> None:
    listener.verdict = Sent.FULL
    for nonce in range(10 * MAX_WAITING):
        outbox.post(messages.Ping(nonce=nonce))

    assert outbox.hopeless
    assert len(outbox._waiting) == MAX_WAITING + 1


def test_nothing_is_sent_to_a_peer_that_is_gone(outbox: Outbox, listener: Listener) -> None:
    listener.verdict = Sent.GONE
    outbox.post(messages.Ping(nonce=1))
    assert outbox.gone

    listener.verdict = Sent.DONE
    outbox.post(messages.Ping(nonce=2))
    outbox.post_frames(frames(), bytes(8))
    outbox.flush()
    assert listener.envelopes == []


def test_a_message_that_breaks_our_own_rules_is_not_sent_and_ends_nothing(
    outbox: Outbox, listener: Listener
) -> None:
    outbox.post(messages.Ping(nonce=-1))
    outbox.post(messages.Ping(nonce=1))

    assert [message.nonce for message in listener.heard(messages.Ping)] == [1]
    assert listener.envelopes[0].sequence == 1


def test_frames_go_through_the_ring_and_inline_when_it_is_full(
    outbox: Outbox, listener: Listener, ring: RingFile
) -> None:
    outbox.ring = RingWriter(ring)
    payload = bytes(range(200)) * 10

    for _ in range(3):
        outbox.post_frames(frames(curves=500), payload)

    first, second, third = listener.heard(messages.Frames)
    assert first.offset is not None
    assert first.length_bytes == 2000
    read = RingReader(ring).read(first.offset, first.length_bytes, generation=0, sequence=1)
    assert read == payload
    assert second.offset is None or third.offset is None
    assert listener.payloads[2] == payload
    assert (outbox.traffic.ring_payloads, outbox.traffic.inline_payloads) == (1, 2)
    assert outbox.traffic.ring_failures == 2


def test_a_ring_that_cannot_be_written_costs_nothing_but_a_counter(
    outbox: Outbox, listener: Listener, ring: RingFile
) -> None:
    outbox.ring = RingWriter(ring)
    ring.close()

    outbox.post_frames(frames(), bytes(8))

    assert listener.payloads == [bytes(8)]
    assert outbox.traffic.ring_failures == 1


def test_a_peer_that_missed_a_message_is_hopeless_for_good_and_told_nothing_more(
    outbox: Outbox, listener: Listener
) -> None:
    listener.verdict = Sent.FULL
    for nonce in range(2 * MAX_WAITING):
        outbox.post(messages.Ping(nonce=nonce))
    listener.verdict = Sent.DONE
    outbox.flush()
    outbox.post(messages.Ping(nonce=0))

    assert outbox.hopeless
    sequences = [envelope.sequence for envelope in listener.envelopes]
    assert sequences == list(range(1, len(sequences) + 1))


def test_after_its_close_nothing_leaves_an_outbox(outbox: Outbox, listener: Listener) -> None:
    listener.verdict = Sent.FULL
    outbox.post(messages.Ping(nonce=1))
    listener.verdict = Sent.DONE

    outbox.close()
    outbox.post(messages.Ping(nonce=2))
    outbox.flush()

    assert listener.envelopes == []
