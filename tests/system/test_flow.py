"""Backpressure: nothing is lost, nothing runs ahead, nobody pays for a slow neighbour."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.system.kit import DaemonProcess, speech_like, wait_until
from tests.system.peer import Batch, RawPeer

from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def daemon(quiet_daemon: DaemonProcess) -> DaemonProcess:
    """One daemon for all tests here."""
    return quiet_daemon


def test_audio_beyond_the_credit_is_refused_and_what_came_before_is_kept(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    opened = peer.open_stream(credit_frames=1)
    second = np.zeros(16_000, np.float32)
    for _ in range(opened.credit_samples // 16_000):
        peer.audio(second)

    for _ in range(10):  # one error says it all
        peer.audio(second)
    assert peer.expect_error("credit_exceeded").stream == 1
    peer.send(messages.Credit(stream=1, generation=0, frames=10_000))
    peer.end_audio()
    spoken = peer.utterance()

    assert spoken.ended.frames == 600
    assert spoken.indices[-1] == 599
    assert not any(isinstance(message, messages.Error) for message in peer.inbox)


def test_a_minute_goes_through_within_the_credit_and_in_bounded_memory(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring", "inline")
    credit = peer.open_stream(credit_frames=600).credit_samples
    audio = speech_like(60.0)
    pushed, frames, granted = 0, 0, 600
    first_rss = peer.stats()["process"]["rss_bytes"]
    while frames < 3_600:
        while pushed < len(audio) and pushed + 8_000 <= credit:
            peer.audio(audio[pushed : pushed + 8_000])
            pushed += 8_000
            if pushed == len(audio):
                peer.end_audio()
        message = peer.receive()
        assert message is not None
        if isinstance(message, Batch):
            assert message.message.first == frames
            frames += message.message.count
            if granted - frames < 300:
                granted = frames + 600
                peer.send(messages.Credit(stream=1, generation=0, frames=granted))
        elif isinstance(message, messages.Credit) and message.samples is not None:
            assert message.samples > credit
            credit = message.samples

    assert peer.expect(messages.StreamEnded).frames == 3_600
    told = peer.stats()
    assert told["process"]["rss_bytes"] - first_rss < 8_000_000
    assert told["sessions"][0]["inline_payloads"] == 0


def test_a_stream_without_frame_credit_pauses_and_resumes(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.open_stream(credit_frames=10)
    peer.audio(speech_like(2.0))
    peer.end_audio()
    got: list[int] = []

    def take_frames() -> bool:
        message = peer.receive(within_s=0.2)
        if isinstance(message, Batch):
            got.extend(range(message.message.first, message.message.first + message.message.count))
        return message is None

    wait_until(take_frames, within_s=5, what="silence of a paused stream")
    assert got == list(range(10))
    assert peer.stats()["sessions"][0]["streams"][0]["state"] == "paused"

    peer.send(messages.Credit(stream=1, generation=0, frames=200))
    assert peer.utterance().indices == list(range(10, 120))


def test_live_frames_too_old_to_show_are_dropped_and_counted(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.open_stream(mode="live", credit_frames=6)
    audio = speech_like(1.5)
    begun = time.monotonic()
    for at in range(0, len(audio), 320):
        peer.audio(audio[at : at + 320])
        time.sleep(max(begun + (at + 320) / 16_000 - time.monotonic(), 0))  # the pace of speech
    peer.expect(messages.Warning, lambda warning: warning.code == "degraded")
    peer.send(messages.Credit(stream=1, generation=0, frames=1_000))
    peer.end_audio()
    spoken = peer.utterance()

    assert spoken.ended.frames == 90
    assert spoken.ended.dropped > 40
    assert spoken.indices[-1] == 89
    assert "dropped" in spoken.batches[0].message.flags
    assert peer.stats()["totals"]["dropped"] == spoken.ended.dropped


def test_a_client_that_never_reads_costs_its_neighbour_nothing(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    lazy, busy = connect(daemon), connect(daemon, "ring")
    for stream in range(1, 17):
        lazy.open_stream(stream, credit_frames=2**40, fps=(240, 1))
    before = busy.stats()["process"]["rss_bytes"]
    for stream in range(1, 17):
        lazy.audio(speech_like(10.0), stream)  # 38 400 frames nobody takes from the socket

    busy.open_stream()
    busy.audio(speech_like(5.0))
    busy.end_audio()

    assert busy.utterance().indices == list(range(300))
    waiting = wait_until(
        lambda: [
            stream
            for session in busy.stats()["sessions"]
            for stream in session["streams"]
            if stream["state"] == "paused"
        ],
        within_s=20,
        what="the lazy client's streams paused",
    )
    assert len(waiting) >= 1
    assert busy.stats()["process"]["rss_bytes"] - before < 40_000_000


def test_a_full_ring_falls_back_to_inline_and_counts_it(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(environment={"FACEWIRE_LIMITS__RING_BYTES": "8192"})
    peer = connect(daemon, "ring", "inline", releases=False)
    peer.open_stream()
    audio = speech_like(4.0)
    for at in range(0, len(audio), 4_000):  # 16 000 bytes: no chunk fits this ring
        peer.audio(audio[at : at + 4_000])
    peer.end_audio()
    assert peer.utterance().indices == list(range(240))

    told = peer.stats()["sessions"][0]
    assert told["inline_payloads"] > 0
    assert told["ring_payloads"] > 0
    assert told["inline_payloads"] + told["ring_payloads"] > 90


def test_without_room_for_rings_a_session_goes_inline_with_a_warning(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(environment={"FACEWIRE_LIMITS__RINGS_TOTAL_BYTES": str(9 * 2**20)})
    first = connect(daemon, "ring", "inline")
    second = connect(daemon, greet=False)
    welcome = second.hello(daemon.token(), "ring", "inline")

    assert first.writer is not None
    assert welcome.rings is None
    assert second.expect(messages.Warning).code == "ring_unavailable"
    second.open_stream()
    second.audio(speech_like(0.5))
    second.end_audio()
    assert second.utterance().indices == list(range(30))

    first.close()
    wait_until(lambda: not daemon.rings(), within_s=2, what="the first session's rings removed")
    third = connect(daemon, "ring")
    assert third.writer is not None


def test_fifty_streams_at_once_and_again_leave_memory_and_descriptors_as_they_were(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring", "inline")
    audio = speech_like(0.4)
    reference: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []

    def round_of_fifty() -> dict[str, int]:
        for stream in range(1, 51):
            peer.open_stream(stream)
        for stream in range(1, 51):
            peer.audio(audio, stream)
            peer.end_audio(stream)
        ended, batches = 0, {stream: list[Batch]() for stream in range(1, 51)}
        while ended < 50:
            message = peer.receive()
            assert message is not None
            if isinstance(message, Batch):
                batches[message.message.stream].append(message)
            ended += isinstance(message, messages.StreamEnded)
        for stream in range(1, 51):
            curves = np.concatenate([batch.curves for batch in batches[stream]])
            reference.append(curves)
            assert np.array_equal(curves, reference[0])
            peer.send(messages.CloseStream(stream=stream))
        for _ in range(50):
            peer.expect(messages.StreamClosed)
        stats = peer.stats()
        assert stats["load"]["streams"] == 0
        return {name: stats["process"][name] for name in ("rss_bytes", "descriptors")}

    round_of_fifty()  # arenas and caches reach their size
    before = round_of_fifty()
    after = round_of_fifty()

    assert after["descriptors"] == before["descriptors"]
    assert after["rss_bytes"] - before["rss_bytes"] < 3_000_000
