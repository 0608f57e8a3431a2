"""A stream at the client: audio out, frames in, credit both ways."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.client.kit import CURVES, ScriptedDaemon, wait_until

from facewire.protocol import messages
from facewire.protocol.errors import (
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    RemoteError,
    SettingsError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facewire.protocol.client import Client, ClientStream


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.fixture
def opened(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> Callable[..., ClientStream]:
    """Open a stream on both sides."""

    def begin(*, credit_samples: int = 160_000, **settings: Any) -> ClientStream:
        answered = pool.submit(daemon.open, credit_samples=credit_samples)
        stream = client.open_stream(**{"sample_rate_hz": 16_000, "wait_s": 5.0, **settings})
        answered.result()
        return stream

    return begin


def ended(frames: int, generation: int = 0, **others: Any) -> messages.StreamEnded:
    return messages.StreamEnded(
        stream=1, generation=generation, frames=frames, real_time_factor=0.1, **others
    )


def test_audio_arrives_byte_for_byte_and_frames_come_back(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()
    sound = np.arange(3000, dtype="<i2")

    stream.send(sound[:1000])
    stream.send(sound[1000:].tobytes())
    stream.end()

    assert daemon.audio_bytes(3000) == sound.tobytes()
    daemon.take(messages.EndAudio)
    daemon.say_frames(0, 4)
    daemon.say_frames(4, 8)
    daemon.say(ended(12))
    batches = list(stream)

    assert stream.curves == CURVES
    assert [batch.first for batch in batches] == [0, 4]
    assert np.concatenate([batch.curves for batch in batches])[:, 1].tolist() == list(range(12))
    assert batches[1].timestamps.tolist() == [index * 16_000 // 60 for index in range(4, 12)]
    assert batches[0].curves.dtype == np.float32
    assert batches[0].eyes is None
    assert stream.ended is not None
    assert stream.ended.frames == 12
    assert stream.counters.inline_received == 2


def test_bytes_may_be_cut_in_the_middle_of_a_sample(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened(channels=2, encoding="float32")
    sound = np.linspace(-1, 1, 2000, dtype="<f4").tobytes()

    for at in range(0, len(sound), 333):
        stream.send(sound[at : at + 333])

    assert daemon.audio_bytes(1000, sample_bytes=8) == sound


def test_an_incomplete_last_sample_is_dropped_and_told(
    opened: Callable[..., ClientStream], client: Client, daemon: ScriptedDaemon
) -> None:
    stream = opened()

    stream.send(b"\1\2\3")
    stream.end()

    daemon.take(messages.EndAudio)
    assert daemon.audio_bytes(1) == b"\1\2"
    assert any("incomplete last sample" in event.text for event in client.events())


@pytest.mark.parametrize(
    ("settings", "audio"),
    [
        ({"encoding": "int16"}, np.zeros(10, np.float32)),
        ({"encoding": "float32"}, np.zeros(10, np.int16)),
        ({"encoding": "float32", "channels": 2}, np.zeros(10, np.float32)),
        ({"encoding": "float32", "channels": 2}, np.zeros((2, 5), np.float32)),
        ({"encoding": "float32"}, np.zeros((5, 2), np.float32)),
    ],
)
def test_an_array_that_does_not_fit_the_stream_is_refused(
    opened: Callable[..., ClientStream], settings: dict[str, Any], audio: np.ndarray[Any, Any]
) -> None:
    stream = opened(**settings)

    with pytest.raises(SettingsError) as refused:
        stream.send(audio)

    assert refused.value.field == "audio"


def test_send_waits_for_credit_and_nothing_is_lost(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened(credit_samples=1600)
    sound = np.arange(16_000, dtype="<i2")

    sending = pool.submit(
        lambda: [stream.send(sound[at : at + 320]) for at in range(0, 16_000, 320)]
    )

    first = daemon.audio_bytes(1600)
    wait_until(lambda: not sending.running() or stream._state.may_append is False, "credit spent")
    assert not sending.done()
    assert daemon.count(messages.Audio) == 0  # not a sample beyond the credit
    daemon.say(messages.Credit(stream=1, generation=0, samples=16_000))
    rest = daemon.audio_bytes(14_400)

    assert all(sending.result(5))
    assert first + rest == sound.tobytes()


def test_send_without_credit_gives_up_after_its_deadline(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened(credit_samples=100)
    stream.send(bytes(400))
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded, match="credit for more audio") as waited:
        stream.send(bytes(400), timeout_s=0.2)

    assert 0.2 <= time.monotonic() - began < 2
    assert "Take the frames" in waited.value.hint
    daemon.audio_bytes(100)


def test_iteration_gives_up_after_its_deadline(opened: Callable[..., ClientStream]) -> None:
    stream = opened(wait_s=0.2)

    with pytest.raises(DeadlineExceeded, match="frames"):
        next(iter(stream))


def test_frame_credit_is_granted_as_frames_are_taken(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened(credit_frames=16)
    for first in range(0, 16, 4):
        daemon.say_frames(first, 4)
    wait_until(lambda: stream.counters.frames_received == 16, "frames at the client")
    assert daemon.count(messages.Credit) == 0  # nothing was taken yet

    taken = 0
    granted = 16
    for _ in range(4):
        batch = stream.read()
        assert batch is not None
        taken += len(batch)
        granted = max(
            granted, daemon.take(messages.Credit, lambda c: c.frames is not None).frames or 0
        )
        assert granted == taken + 16


def test_interrupt_while_another_thread_iterates_shows_no_old_frame(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened()
    seen: list[tuple[int, int]] = []
    first_seen = threading.Event()

    def iterate() -> None:
        for batch in stream:
            seen.append((batch.utterance, batch.first))
            first_seen.set()

    iterating = pool.submit(iterate)
    daemon.say_frames(0, 4)
    assert first_seen.wait(5)
    assert stream.interrupt() == 1
    daemon.say_frames(4, 4)  # was on its way
    interrupt = daemon.take(messages.Interrupt)
    daemon.say_frames(8, 4)  # the daemon had not read the interrupt yet
    daemon.say(messages.Interrupted(stream=1, generation=1, credit_samples=160_000))
    daemon.say_frames(0, 4, generation=1)
    daemon.say(ended(4, generation=1))
    iterating.result(5)

    assert interrupt.generation == 1
    assert seen == [(0, 0), (1, 0)]
    assert stream.counters.stale_batches == 2


def test_audio_after_an_interrupt_does_not_wait_for_the_answer(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()
    stream.send(bytes(640))
    daemon.audio_bytes(320)

    stream.interrupt()
    stream.send(b"\1\0" * 100)

    daemon.take(messages.Interrupt)
    assert daemon.audio_bytes(100, generation=1) == b"\1\0" * 100


def test_a_send_that_waits_is_dropped_by_an_interrupt(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened(credit_samples=100)
    stream.send(b"\7\0" * 200)
    waiting = pool.submit(stream.send, b"\7\0" * 100)
    wait_until(waiting.running, "the other thread")

    stream.interrupt()

    assert waiting.result(5) is False
    assert stream.send(b"\7\0", utterance=0) is False
    daemon.take(messages.Interrupt)
    stream.send(b"\1\0" * 50)
    assert daemon.audio_bytes(50, generation=1) == b"\1\0" * 50


def test_a_late_end_of_the_old_utterance_does_not_end_the_new_one(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()
    number = stream.interrupt()

    stream.end(utterance=0)
    stream.send(bytes(20), utterance=number)
    stream.end(utterance=number)

    daemon.take(messages.Interrupt)
    daemon.audio_bytes(10, generation=1)
    assert daemon.take(messages.EndAudio).generation == 1
    assert daemon.count(messages.EndAudio) == 0


def test_two_quick_interrupts_leave_only_the_last_utterance(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()

    stream.interrupt()
    assert stream.interrupt() == 2
    stream.send(bytes(20))

    last = daemon.take(messages.Interrupt, lambda message: message.generation == 2)
    daemon.say(messages.Interrupted(stream=1, generation=2, credit_samples=160_000))
    daemon.audio_bytes(10, generation=2)
    daemon.say_frames(0, 1, generation=2)
    batch = stream.read()
    assert last.generation == 2
    assert batch is not None
    assert batch.utterance == 2


def test_a_stream_can_be_used_again_after_its_end(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()
    stream.send(bytes(20))
    stream.end()
    daemon.take(messages.EndAudio)
    daemon.say_frames(0, 1)
    daemon.say(ended(1))
    assert len(list(stream)) == 1
    with pytest.raises(RemoteError, match="cannot follow") as refused:
        stream.send(bytes(20))
    assert refused.value.code == "audio_ended"

    stream.interrupt()
    stream.send(bytes(20))
    stream.end()

    daemon.take(messages.EndAudio, lambda message: message.generation == 1)
    daemon.say_frames(0, 1, generation=1)
    daemon.say(ended(1, generation=1))
    assert [batch.utterance for batch in stream] == [1]


def test_animate_does_both_ways_in_one_thread(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened(credit_samples=1600, credit_frames=8)

    def answer() -> None:
        for index in range(10):
            daemon.audio_bytes(1600)
            daemon.say_frames(index * 6, 6)
            daemon.say(messages.Credit(stream=1, generation=0, samples=1600 * (index + 2)))
        daemon.take(messages.EndAudio)
        daemon.say(ended(60))

    answering = pool.submit(answer)
    batches = list(stream.animate(bytes(1000) for _ in range(32)))
    answering.result(5)

    assert sum(len(batch) for batch in batches) == 60


def test_animate_goes_on_when_credit_comes_without_frames(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened(credit_samples=1600)

    def answer() -> None:
        daemon.audio_bytes(1600)
        daemon.say(messages.Credit(stream=1, generation=0, samples=4800))
        daemon.audio_bytes(3200)
        daemon.take(messages.EndAudio)
        daemon.say_frames(0, 18)
        daemon.say(ended(18))

    answering = pool.submit(answer)
    batches = list(stream.animate([bytes(3200), bytes(3200), bytes(3200)]))
    answering.result(5)

    assert [len(batch) for batch in batches] == [18]


def test_an_interrupt_from_another_thread_ends_animate(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened(credit_samples=1600)
    animating = pool.submit(lambda: list(stream.animate(bytes(1600) for _ in range(1000))))
    daemon.audio_bytes(1600)

    stream.interrupt()

    assert animating.result(5) == []
    assert daemon.count(messages.EndAudio) == 0


def test_parameters_and_emotions_reach_the_daemon(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened(parameters={"blinkStrength": 0.0}, emotion={"joy": 0.5}, seed=7)
    joy = [0.0] * 6 + [1.0] + [0.0] * 3

    stream.set_parameters({"gazeStrength": 0.5})
    stream.set_emotion([(0, joy), (16_000, [0.0] * 10)])

    assert daemon.take(messages.SetParameters).parameters == {"gazeStrength": 0.5}
    assert daemon.take(messages.Emotion).keys == [(0, joy), (16_000, [0.0] * 10)]
    with pytest.raises(SettingsError, match="cannot follow"):
        stream.set_emotion([(16_000, joy)])
    with pytest.raises(ProtocolError):
        stream.set_emotion([(20_000, [2.0] * 10)])
    with pytest.raises(ProtocolError):
        stream.set_parameters({"gazeStrength": float("nan")})


def test_a_refused_parameter_is_told_once_and_the_stream_lives_on(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()
    stream.set_parameters({"noSuch": 1.0})
    daemon.take(messages.SetParameters)
    daemon.say(messages.Error(code="out_of_range", text="No noSuch.", stream=1, field="noSuch"))

    with pytest.raises(RemoteError, match="No noSuch") as refused:
        stream.read()

    assert refused.value.field == "noSuch"
    daemon.say_frames(0, 2)
    batch = stream.read()
    assert batch is not None
    assert len(batch) == 2


def test_a_failed_utterance_is_told_after_its_frames_and_an_interrupt_recovers(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon
) -> None:
    stream = opened()
    daemon.say_frames(0, 2)
    daemon.say(messages.Error(code="internal", text="Broken.", stream=1, retry=True))

    assert stream.read() is not None
    for _ in range(2):
        with pytest.raises(RemoteError, match="Broken"):
            stream.read()
    with pytest.raises(RemoteError, match="Broken"):
        stream.send(bytes(2))

    stream.interrupt()
    stream.send(bytes(2))
    daemon.audio_bytes(1, generation=1)


def test_a_refused_opening_raises_what_the_daemon_said(
    client: Client, daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    opening = pool.submit(client.open_stream, sample_rate_hz=16_000, model="nobody")
    wanted = daemon.take(messages.OpenStream)
    daemon.say(
        messages.Error(code="unknown_model", text="No nobody.", stream=wanted.stream, field="model")
    )

    with pytest.raises(RemoteError, match="No nobody") as refused:
        opening.result(5)

    assert (refused.value.code, refused.value.field) == ("unknown_model", "model")


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"sample_rate_hz": 1}, "sample_rate_hz"),
        ({"channels": 3}, "channels"),
        ({"encoding": "mp3"}, "encoding"),
        ({"fps": (1000, 1)}, "fps"),
        ({"emotion": {"joy": 2.0}}, "emotion"),
    ],
)
def test_a_setting_out_of_range_is_refused_before_it_is_sent(
    client: Client, daemon: ScriptedDaemon, settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(ProtocolError) as refused:
        client.open_stream(**{"sample_rate_hz": 16_000, **settings})

    assert refused.value.field.startswith(field)
    assert daemon.count(messages.OpenStream) == 0


def test_close_ends_the_iteration_of_another_thread(
    opened: Callable[..., ClientStream], daemon: ScriptedDaemon, pool: ThreadPoolExecutor
) -> None:
    stream = opened()
    iterating = pool.submit(lambda: list(stream))
    closing = pool.submit(stream.close)
    daemon.take(messages.CloseStream)
    daemon.say(messages.StreamClosed(stream=1))

    assert iterating.result(5) == []
    closing.result(5)
    with pytest.raises(ConnectionLost, match="stream is closed"):
        stream.send(bytes(2))


def test_closing_the_client_wakes_everyone(
    opened: Callable[..., ClientStream], client: Client, pool: ThreadPoolExecutor
) -> None:
    stream = opened(credit_samples=10)
    stream.send(bytes(40))
    sending, reading = pool.submit(stream.send, bytes(40)), pool.submit(lambda: list(stream))
    wait_until(lambda: sending.running() and reading.running(), "both threads")

    client.close()

    with pytest.raises(ConnectionLost, match="closed"):
        sending.result(5)
    with pytest.raises(ConnectionLost, match="closed"):
        reading.result(5)
