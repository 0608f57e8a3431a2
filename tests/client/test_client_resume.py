"""What a client does when the daemon dies, hangs, is replaced, or breaks the rules."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.client.kit import WAIT_S, ScriptedDaemon, wait_until

from facewire.protocol import messages
from facewire.protocol.client import Client
from facewire.protocol.errors import ConnectionLost, KeyFileError, ProtocolError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from facewire.protocol.client import ClientStream

RATE = 16_000
SOUND = (np.arange(6 * RATE) % 30_000).astype("<i2")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def open_stream(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor, **settings: Any
) -> ClientStream:
    answered = pool.submit(daemon.open)
    stream = client.open_stream(**{"sample_rate_hz": RATE, "wait_s": 5.0, **settings})
    answered.result()
    return stream


def take_frames(stream: ClientStream, count: int) -> list[float]:
    """Take `count` frames; return what their first curve holds, which is their index."""
    seen: list[float] = []
    while len(seen) < count:
        batch = stream.read()
        assert batch is not None
        seen += batch.curves[:, 0].tolist()
    return seen


def kinds(client: Client) -> list[str]:
    return [event.kind for event in client.events()]


def test_a_new_daemon_gets_the_audio_from_before_the_first_missing_frame(
    runtime: Path, pool: ThreadPoolExecutor
) -> None:
    first = ScriptedDaemon(runtime)
    with first, Client.connect(reconnect_s=5.0) as client:
        stream = open_stream(client, first, pool, seed=3)
        stream.set_parameters({"gazeStrength": 0.0})
        stream.send(SOUND)
        stream.end()
        first.audio_bytes(len(SOUND))
        for at in range(0, 240, 8):
            first.say_frames(at, 8)
        seen = take_frames(stream, 200)  # 40 more have arrived, or are on their way
        wait_until(lambda: stream.counters.frames_received == 240, "frames at the client")
        first.vanish()

        with ScriptedDaemon(runtime) as second:
            assert second.greetings.get(timeout=WAIT_S).token == second.token != first.token
            again = second.open()
            # Frame 240 is at 4 s; it needs the audio from 2 s before.
            assert (again.generation, again.first_frame, again.start_sample) == (1, 240, 2 * RATE)
            assert (again.seed, again.parameters) == (3, {"gazeStrength": 0.0})
            assert second.audio_bytes(4 * RATE, generation=1) == SOUND[2 * RATE :].tobytes()
            second.take(messages.EndAudio)
            second.say_frames(240, 120, generation=1, flags=["resumed"])
            second.say(
                messages.StreamEnded(stream=1, generation=1, frames=360, real_time_factor=0.1)
            )
            for batch in stream:
                seen += batch.curves[:, 0].tolist()
            assert kinds(client) == ["connected", "disconnected", "reconnected", "resumed"]

        assert seen == list(range(360))
        assert stream.counters.resumes == 1


def test_audio_sent_while_there_is_no_daemon_waits_for_the_next(
    runtime: Path, pool: ThreadPoolExecutor
) -> None:
    first = ScriptedDaemon(runtime)
    with first, Client.connect(reconnect_s=5.0) as client:
        stream = open_stream(client, first, pool)
        stream.send(SOUND[:1600])
        first.audio_bytes(1600)
        first.vanish()
        stream.send(SOUND[1600:3200])
        stream.end()

        with ScriptedDaemon(runtime) as second:
            second.open()
            assert second.audio_bytes(3200, generation=1) == SOUND[:3200].tobytes()
            second.take(messages.EndAudio)


def test_an_interrupt_while_there_is_no_daemon_starts_the_next_at_zero(
    runtime: Path, pool: ThreadPoolExecutor
) -> None:
    first = ScriptedDaemon(runtime)
    with first, Client.connect(reconnect_s=5.0) as client:
        stream = open_stream(client, first, pool)
        stream.send(SOUND)
        first.say_frames(0, 8)
        take_frames(stream, 8)
        first.vanish()
        wait_until(lambda: client.endpoint == "", "the loss")
        began = time.monotonic()
        stream.interrupt()
        assert time.monotonic() - began < 0.5
        stream.send(SOUND[:160])

        with ScriptedDaemon(runtime) as second:
            again = second.open()
            assert (again.first_frame, again.start_sample) == (0, 0)
            assert second.audio_bytes(160, generation=again.generation) == SOUND[:160].tobytes()
            assert second.count(messages.Interrupt) == 0
            second.say_frames(0, 4, generation=again.generation)
            batch = stream.read()
            assert batch is not None
            assert (batch.utterance, batch.first) == (1, 0)


def test_an_interrupt_while_the_stream_is_reopened_is_sent_after_it(
    runtime: Path, pool: ThreadPoolExecutor
) -> None:
    first = ScriptedDaemon(runtime)
    with first, Client.connect(reconnect_s=5.0) as client:
        stream = open_stream(client, first, pool)
        first.vanish()
        with ScriptedDaemon(runtime) as second:
            wait_until(lambda: second.count(messages.OpenStream) == 1, "the reopening")
            stream.interrupt()
            assert second.open().generation == 1
            assert second.take(messages.Interrupt).generation == 2


def test_frames_of_the_old_generation_are_not_delivered_after_a_resume(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    stream.send(SOUND[:RATE])
    daemon.say_frames(0, 8)
    assert take_frames(stream, 8) == list(range(8))
    daemon.say(messages.Bye(reason="shutdown"))

    again = daemon.open()
    daemon.say_frames(8, 8, generation=0)
    daemon.say_frames(8, 4, generation=1)

    assert (again.generation, again.first_frame) == (1, 8)
    assert take_frames(stream, 4) == [8, 9, 10, 11]
    assert stream.counters.stale_batches == 1


def test_a_hung_daemon_is_noticed_within_two_seconds(
    runtime: Path, pool: ThreadPoolExecutor
) -> None:
    first = ScriptedDaemon(runtime)
    with first, Client.connect(reconnect_s=8.0) as client:
        stream = open_stream(client, first, pool)
        first.hang()
        began = time.monotonic()
        wait_until(lambda: "disconnected" in kinds(client), "the silence noticed")
        assert time.monotonic() - began < 2.0
        first.vanish()
        with ScriptedDaemon(runtime) as second:
            second.open()
            second.say_frames(0, 4, generation=1)
            assert take_frames(stream, 4) == [0, 1, 2, 3]


def test_an_idle_connection_is_not_taken_for_dead(client: Client, daemon: ScriptedDaemon) -> None:
    time.sleep(2.0)  # the silence is what is tested: longer than SILENT_DAEMON_MS

    assert kinds(client) == ["connected"]
    assert daemon.sessions == 1


def test_the_client_gives_up_after_its_time_and_every_call_says_so(
    runtime: Path, pool: ThreadPoolExecutor
) -> None:
    with ScriptedDaemon(runtime) as daemon:
        client = Client.connect(reconnect_s=0.5)
        stream = open_stream(client, daemon, pool)
        daemon.say_frames(0, 4)
        wait_until(lambda: stream.counters.frames_received == 4, "frames at the client")
        waiting = pool.submit(client.stats)
        daemon.take(messages.Stats)
    began = time.monotonic()

    with pytest.raises(ConnectionLost, match=r"did not come back within 0\.5 s"):
        waiting.result(5)

    assert time.monotonic() - began < 2
    assert take_frames(stream, 4) == [0, 1, 2, 3]  # what arrived is not lost
    for call in (stream.read, client.models, lambda: stream.send(bytes(2))):
        with pytest.raises(ConnectionLost):
            call()
    stream.interrupt()
    stream.close()
    client.close()


def test_a_question_is_asked_again_after_a_reconnect(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    asked = pool.submit(client.stats)
    daemon.take(messages.Stats)
    daemon.say(messages.Bye(reason="shutdown"))
    daemon.take(messages.Stats)
    daemon.say(messages.Stats(stats={"again": True}))

    assert asked.result(5) == {"again": True}


@pytest.mark.parametrize("mistake", ["gap", "repeat", "sequence", "generation", "curves", "end"])
def test_a_broken_rule_costs_a_resume_and_no_frame(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor, mistake: str
) -> None:
    stream = open_stream(client, daemon, pool)
    stream.send(SOUND[:RATE])
    daemon.say_frames(0, 8)
    match mistake:
        case "gap":
            daemon.say_frames(9, 8)
        case "repeat":
            daemon.say_frames(7, 8)
        case "sequence":
            daemon.say(messages.Pong(nonce=0), skip=1)
        case "generation":
            daemon.say_frames(0, 8, generation=5)
        case "curves":
            message = messages.Frames(
                stream=1, generation=0, first=8, count=1, curves=2, timestamps=[0]
            )
            daemon.say(message, bytes(8))
        case "end":
            daemon.say(
                messages.StreamEnded(stream=1, generation=0, frames=60, real_time_factor=0.1)
            )

    again = daemon.open()
    daemon.say_frames(8, 8, generation=1)

    assert (again.generation, again.first_frame) == (1, 8)
    assert take_frames(stream, 16) == list(range(16))


def test_garbage_from_the_daemon_costs_a_resume_and_no_frame(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    daemon.say_bytes(b"\xc1 no header at all")

    daemon.open()
    daemon.say_frames(0, 4, generation=1)

    assert take_frames(stream, 4) == [0, 1, 2, 3]


def test_a_daemon_that_keeps_breaking_the_rules_is_given_up(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    reading = pool.submit(stream.read)
    for generation in range(4):
        daemon.say_frames(7, 4, generation=generation)
        if generation < 3:
            daemon.open()

    with pytest.raises(ProtocolError, match="Frame 0 was due, frame 7 came"):
        reading.result(5)


def test_frames_dropped_by_age_are_no_gap(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool, mode="live")
    daemon.say_frames(0, 4)
    daemon.say_frames(10, 4, flags=["dropped"])
    daemon.say(
        messages.StreamEnded(stream=1, generation=0, frames=14, dropped=6, real_time_factor=1.5)
    )

    assert [batch.first for batch in stream] == [0, 10]
    assert daemon.sessions == 1


def test_a_stream_the_old_session_still_occupies_is_opened_again(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    daemon.say(messages.Bye(reason="shutdown"))
    daemon.take(messages.OpenStream)
    daemon.say(messages.Error(code="too_many_streams", text="Full.", stream=1, retry=True))

    daemon.open()
    daemon.say_frames(0, 4, generation=1)

    assert take_frames(stream, 4) == [0, 1, 2, 3]


def test_a_stream_the_new_daemon_does_not_want_ends_with_its_words(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    daemon.say(messages.Bye(reason="shutdown"))
    daemon.take(messages.OpenStream)
    daemon.say(messages.Error(code="unknown_model", text="No such model here.", stream=1))

    with pytest.raises(RemoteError, match="No such model here"):
        stream.read()


@pytest.mark.parametrize(
    ("reason", "error", "words"),
    [("revoked", KeyFileError, "revoked"), ("violations", RemoteError, "broke its rules")],
)
def test_a_goodbye_for_good_is_not_answered_with_a_new_hello(
    client: Client, daemon: ScriptedDaemon, reason: str, error: type[Exception], words: str
) -> None:
    daemon.say(messages.Bye(reason=reason))

    with pytest.raises(error, match=words):
        client.stats()

    assert daemon.sessions == 1


def test_a_session_the_daemon_forgot_is_begun_anew(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    daemon.say(messages.Error(code="hello_required", text="Who are you?"))

    daemon.open()
    daemon.say_frames(0, 4, generation=1)

    assert take_frames(stream, 4) == [0, 1, 2, 3]
    assert daemon.sessions == 2


def test_a_stream_that_ended_is_reopened_for_the_next_utterance(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    stream.send(SOUND[:160])
    stream.end()
    daemon.audio_bytes(160)
    daemon.say_frames(0, 1)
    daemon.say(messages.StreamEnded(stream=1, generation=0, frames=1, real_time_factor=0.1))
    wait_until(lambda: stream.ended is not None, "the end")
    daemon.say(messages.Bye(reason="shutdown"))

    again = daemon.open()
    assert (again.first_frame, again.start_sample) == (0, 0)
    assert len(list(stream)) == 1
    stream.interrupt()
    stream.send(SOUND[:320])
    assert daemon.take(messages.Interrupt).generation == 2
    assert daemon.audio_bytes(320, generation=2) == SOUND[:320].tobytes()
    assert daemon.count(messages.Audio) == 0


def test_emotion_keys_are_given_to_the_new_daemon_as_far_as_they_matter(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    keys = [(second * RATE, [second / 10] * 10) for second in range(7)]
    stream.set_emotion(keys)
    assert daemon.take(messages.Emotion).keys == keys
    stream.send(SOUND)
    daemon.audio_bytes(len(SOUND))
    daemon.say_frames(0, 270)  # 4.5 s: audio is kept from 2.5 s on
    take_frames(stream, 270)
    daemon.say(messages.Bye(reason="shutdown"))

    assert daemon.open().start_sample == 2 * RATE + RATE // 2
    assert daemon.take(messages.Emotion).keys == keys[2:]


def test_memory_of_a_long_stream_is_bounded(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = open_stream(client, daemon, pool)
    for second in range(60):
        stream.send(SOUND[:RATE])
        daemon.audio_bytes(RATE)
        daemon.say_frames(second * 60, 60)
        daemon.say(messages.Credit(stream=1, generation=0, samples=(second + 11) * RATE))
        take_frames(stream, 60)
        retention = stream._state.now.retention
        assert retention.total_samples - retention.first_sample <= 4 * RATE
