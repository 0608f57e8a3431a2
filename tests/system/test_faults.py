"""Faults inside: a network that breaks or hangs, a ring that is cut short or lies."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.system.kit import DaemonProcess, speech_like, wait_until

from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.peer import RawPeer

PROGRAM = (str(Path(__file__).with_name("faulty_daemon.py")),)


def test_a_network_that_breaks_ends_one_stream_and_no_other(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(program=PROGRAM)
    peer, other = connect(daemon, "ring"), connect(daemon)
    for stream in (1, 2):
        peer.open_stream(stream)
    other.open_stream(1)
    audio = speech_like(2.0)
    bad = audio.copy()
    bad[16_000] = 7.0
    peer.audio(audio, 1)
    peer.audio(bad, 2)
    other.audio(audio, 1)

    assert peer.expect_error("internal").stream == 2
    peer.audio(audio, 2)
    peer.end_audio(1)
    other.end_audio(1)
    assert peer.utterance(1).ended.frames == 120
    assert other.utterance(1).indices == list(range(120))

    peer.send(messages.Interrupt(stream=2, generation=1))
    peer.audio(audio, 2, 1)
    peer.end_audio(2, 1)
    assert peer.utterance(2).ended.frames == 120
    assert "the network broke" in daemon.output()


def test_a_hung_inference_starves_the_watchdog_and_not_the_loop(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer], runtime: Path
) -> None:
    address = str(runtime.parent / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(10)
        daemon = start(
            program=PROGRAM, environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"}
        )
        assert manager.recv(64) == b"READY=1"
        peer = connect(daemon)
        peer.open_stream()
        hanging = speech_like(0.5)
        hanging[100] = 6.0
        peer.audio(hanging)
        wait_until(
            lambda: peer.stats()["load"]["idle_workers"] == 0, within_s=3, what="the worker busy"
        )

        peer.send(messages.Ping(nonce=1))
        assert peer.expect(messages.Pong, within_s=1).nonce == 1
        peer.send(messages.Interrupt(stream=1, generation=1))
        assert peer.expect(messages.Interrupted, within_s=1).generation == 1
        longest_s, fed_at = 0.0, time.monotonic()
        while longest_s < 1.0:  # HUNG_S is 0.5 there, and the network hangs for 3 s
            assert manager.recv(64) == b"WATCHDOG=1"
            longest_s, fed_at = max(longest_s, time.monotonic() - fed_at), time.monotonic()


def test_a_daemon_with_a_hung_inference_still_ends(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(program=PROGRAM, environment={"FACEWIRE_LIMITS__DRAIN_S": "0"})
    peer = connect(daemon)
    peer.open_stream()
    hanging = speech_like(0.5)
    hanging[100] = 6.0
    peer.audio(hanging)
    wait_until(
        lambda: peer.stats()["load"]["idle_workers"] == 0, within_s=3, what="the worker busy"
    )
    daemon.signal(signal.SIGTERM)

    assert daemon.wait(8) == 0


def test_a_client_that_cuts_its_ring_short_harms_only_its_stream(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring", "inline")
    other = connect(daemon, "ring", "inline")
    peer.open_stream()
    other.open_stream()
    for path in daemon.rings():
        if str(path) in {str(file.path) for file in peer._files}:
            os.truncate(path, 100)

    peer.audio(speech_like(0.5))
    if peer.receive() is None:  # whatever came, the daemon lives
        pytest.fail("no answer")
    other.audio(speech_like(0.5))
    other.end_audio()
    assert other.utterance().indices == list(range(30))


def test_a_record_that_is_not_what_its_message_says_is_refused(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring", "inline")
    peer.open_stream()
    payload = speech_like(0.1).tobytes()
    assert peer.writer is not None
    place = peer.writer.write(payload, generation=5, sequence=peer.sequence + 1)
    assert place is not None
    peer.send(
        messages.Audio(
            stream=1, generation=0, samples=1_600, offset=place.offset,
            length_bytes=place.length_bytes,
        )
    )  # fmt: skip
    assert peer.expect_error("ring_mismatch").stream == 1

    peer.writer = None  # inline in a new generation, as REGISTRY says
    peer.send(messages.Interrupt(stream=1, generation=1))
    peer.audio(speech_like(0.5), 1, 1)
    peer.end_audio(1, 1)
    assert peer.utterance().indices == list(range(30))


def test_a_session_without_rings_that_names_a_record_is_refused(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "inline")
    peer.open_stream()
    peer.send(messages.Audio(stream=1, generation=0, samples=4, offset=64, length_bytes=16))

    assert peer.expect_error("ring_mismatch").field == "offset"


def test_sound_that_is_none_gives_finite_faces_and_a_flag(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring")
    peer.open_stream()
    nonsense = np.tile(
        np.array([np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40, 0.0, 1.0], np.float32), 1_000
    )
    peer.audio(nonsense)
    peer.audio(speech_like(1.0))
    peer.end_audio()
    spoken = peer.utterance()

    assert np.isfinite(spoken.curves).all()
    assert "audio_sanitised" in spoken.batches[0].message.flags
    assert "audio_sanitised" not in spoken.batches[-1].message.flags
    assert "audio_sanitised" in [
        message.code for message in peer.inbox if isinstance(message, messages.Warning)
    ]
