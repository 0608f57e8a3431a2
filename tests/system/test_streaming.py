"""Speech goes in and frames come out of a real daemon, by ring and inline, one voice or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.system.kit import DaemonProcess, speech_like
from tests.system.peer import Batch, RawPeer, Utterance

from facewire.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def daemon(quiet_daemon: DaemonProcess) -> DaemonProcess:
    """One daemon for all tests here."""
    return quiet_daemon


def speak(
    peer: RawPeer, audio: np.ndarray[Any, Any], *, stream: int = 1, generation: int = 0, chunk: int
) -> Utterance:
    for at in range(0, len(audio), chunk):
        peer.audio(audio[at : at + chunk], stream, generation)
    peer.end_audio(stream, generation)
    return peer.utterance(stream)


def test_speech_gives_every_frame_at_its_instant(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring", "inline")
    opened = peer.open_stream(fps=(30_000, 1001))

    spoken = speak(peer, speech_like(3.0), chunk=480)

    total = -(-3 * 30_000 // 1001)
    assert spoken.indices == list(range(total))
    assert spoken.timestamps == [index * 16_000 * 1001 // 30_000 for index in range(total)]
    assert spoken.curves.shape == (total, len(opened.curves))
    assert np.isfinite(spoken.curves).all()
    assert spoken.curves.min() >= 0
    assert spoken.curves.max() <= 1
    assert spoken.curves[:, opened.curves.index("jawOpen")].max() > 0.01
    assert spoken.ended.frames == total
    assert 0 < spoken.ended.real_time_factor < 1
    assert set(spoken.ended.latency_ms) == {"p50", "p90", "p99"}


def test_ring_and_inline_give_the_same_bits(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    audio = speech_like(2.0)
    by_ring, inline = connect(daemon, "ring", "inline"), connect(daemon, "inline")
    by_ring.open_stream(seed=4)
    inline.open_stream(seed=4)

    one, two = speak(by_ring, audio, chunk=320), speak(inline, audio, chunk=3_001)

    assert np.array_equal(one.curves, two.curves)
    assert np.array_equal(one.eyes, two.eyes)
    told = {entry["transport"]: entry for entry in by_ring.stats()["sessions"]}
    assert told["ring"]["inline_payloads"] == 0
    assert told["ring"]["ring_payloads"] == len(one.batches)
    assert told["inline"]["ring_payloads"] == 0


def test_an_interrupted_voice_shows_no_old_frame_and_leaves_the_other_untouched(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    audio = speech_like(3.0)
    alone = connect(daemon, "ring", "inline")
    alone.open_stream(1, seed=1)
    reference = speak(alone, audio, chunk=640)

    peer = connect(daemon, "ring", "inline")
    peer.open_stream(1, seed=1)
    peer.open_stream(2, seed=2)
    generation = 0
    for at in range(0, len(audio), 640):
        peer.audio(audio[at : at + 640], 1)
        peer.audio(audio[at : at + 640], 2, generation)
        if at % 6_400 == 0:
            generation += 1
            peer.send(messages.Interrupt(stream=2, generation=generation))
    peer.end_audio(1)

    first: list[Batch] = []
    in_force = 0
    while True:
        message = peer.receive()
        assert message is not None
        if isinstance(message, messages.Interrupted):
            in_force = message.generation
        if isinstance(message, Batch) and message.message.stream == 2:
            assert message.message.generation == in_force
        if isinstance(message, Batch) and message.message.stream == 1:
            first.append(message)
        if isinstance(message, messages.StreamEnded):
            break
    untouched = Utterance(first, message)
    assert np.array_equal(untouched.curves, reference.curves)
    assert np.array_equal(untouched.eyes, reference.eyes)
    assert in_force > 3


def test_a_stream_resumed_on_a_new_connection_continues_bit_for_bit(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    audio = speech_like(4.0)
    whole = connect(daemon)
    whole.open_stream(seed=9)
    reference = speak(whole, audio, chunk=1_600)

    again = connect(daemon)
    again.open_stream(seed=9, generation=1, start_sample=24_000, first_frame=180)
    rest = speak(again, audio[24_000:], generation=1, chunk=1_000)

    assert rest.indices == list(range(180, 240))
    assert np.array_equal(rest.curves, reference.curves[180:])
    assert rest.batches[0].message.flags == ["resumed"]


@pytest.mark.parametrize(
    ("rate_hz", "encoding", "channels"),
    [(8_000, "int16", 1), (24_000, "int16", 1), (44_100, "float32", 2), (48_000, "int16", 2)],
)
def test_every_format_gives_the_frames_its_length_asks_for(
    rate_hz: int,
    encoding: str,
    channels: int,
    daemon: DaemonProcess,
    connect: Callable[..., RawPeer],
) -> None:
    peer = connect(daemon, "ring")
    peer.open_stream(sample_rate_hz=rate_hz, encoding=encoding, channels=channels)
    audio = speech_like(1.234, rate_hz=rate_hz)
    samples = np.repeat(audio[:, None], channels, axis=1)
    if encoding == "int16":
        samples = (samples * 32767).astype("<i2")

    spoken = speak(peer, samples, chunk=rate_hz // 50)

    assert spoken.indices == list(range(-(-len(audio) * 60 // rate_hz)))
    assert np.isfinite(spoken.curves).all()


def test_the_same_number_can_be_opened_again_after_it_was_closed(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.open_stream(7)
    peer.send(messages.OpenStream(stream=7, sample_rate_hz=16_000))
    assert peer.expect_error("stream_exists").stream == 7
    peer.audio(speech_like(1.0), 7)
    peer.send(messages.CloseStream(stream=7))
    peer.expect(messages.StreamClosed)
    peer.audio(speech_like(0.1), 7)
    assert peer.expect_error("unknown_stream").stream == 7

    peer.open_stream(7)
    assert speak(peer, speech_like(0.5), stream=7, chunk=800).indices == list(range(30))


def test_the_ledger_tells_where_the_time_went(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring")
    peer.open_stream(ledger=True)

    spoken = speak(peer, speech_like(1.0), chunk=160)

    for batch in spoken.batches:
        assert batch.message.ledger is not None
        assert len(batch.message.ledger) == 5
        assert batch.message.ledger == sorted(batch.message.ledger)
        assert batch.arrived_s * 1e9 >= batch.message.ledger[-1]


def test_parameters_and_emotion_change_a_running_stream(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    quiet = {"blinkStrength": 0.0, "gazeStrength": 0.0, "browStrength": 0.0}
    opened = peer.open_stream(parameters=quiet)
    joy = [0.0] * 6 + [1.0] + [0.0] * 3
    peer.send(messages.Emotion(stream=1, generation=0, keys=[(0, [0.0] * 10), (16_000, joy)]))
    peer.send(messages.SetParameters(stream=1, parameters={"lowerFaceStrength": 0.5}))

    spoken = speak(peer, np.zeros(32_000, np.float32), chunk=1_600)

    smile = spoken.curves[:, opened.curves.index("mouthSmileLeft")]
    assert smile[0] < smile[30] < smile[59]


def test_questions_are_answered(daemon: DaemonProcess, connect: Callable[..., RawPeer]) -> None:
    peer = connect(daemon)

    peer.send(messages.ListModels())
    models = peer.expect(messages.Models).models
    peer.send(messages.WarmUp())
    warmed = peer.expect(messages.WarmedUp)
    peer.send(messages.WarmUp(model="nobody"))
    refused = peer.expect_error("unknown_model")
    peer.send(messages.OpenStream(stream=3, sample_rate_hz=16_000, model="nobody"))
    refused_too = peer.expect_error("unknown_model")
    peer.send(messages.Ping(nonce=5, sent_ns=17))
    pong = peer.expect(messages.Pong)
    stats = peer.stats()

    assert models[0]["name"] == "embedded"
    assert (warmed.model, warmed.load_ms) == ("embedded", 0.0)
    assert (refused.stream, refused_too.stream) == (0, 3)
    assert (pong.nonce, pong.sent_ns) == (5, 17)
    assert stats["daemon"]["pid"] == daemon.pid
    assert stats["load"]["streams"] == 0
    assert stats["process"]["rss_bytes"] > 10_000_000
    assert stats["totals"]["errors"]["unknown_model"] == 2
