"""Credit, generations, pauses and ends of one stream, with a clock that only the test moves."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.daemon.kit import Desk, tone

from facewire.daemon.voice import Voice
from facewire.daemon.worker import WindowJob
from facewire.protocol import messages
from facewire.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from facewire.inference.model import Model

RATE_HZ = 16_000


@pytest.fixture
def desk() -> Desk:
    return Desk()


def request(**fields: Any) -> messages.OpenStream:
    wanted: dict[str, Any] = {"stream": 1, "sample_rate_hz": RATE_HZ, "encoding": "float32"}
    return messages.OpenStream(**(wanted | fields))


def open_voice(desk: Desk, model: Model, **fields: Any) -> Voice:
    return Voice(request(**fields), model, desk.outbox, desk.services)


def push(voice: Voice, samples: np.ndarray[Any, Any], generation: int = 0) -> None:
    message = messages.Audio(stream=1, generation=generation, samples=len(samples))
    voice.audio(message, samples.tobytes)


def end(voice: Voice, generation: int = 0) -> None:
    voice.end_audio(messages.EndAudio(stream=1, generation=generation))


def whole(desk: Desk, voice: Voice, seconds: float) -> None:
    """Speak for some seconds and let all of it be animated."""
    for chunk in np.split(tone(seconds), int(seconds * 10)):
        push(voice, chunk)
        desk.run_windows()
    end(voice)
    desk.run_windows()


def test_an_utterance_gives_every_frame_once_and_then_its_end(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)

    whole(desk, voice, 2.0)

    opened = desk.listener.heard(messages.StreamOpened)[0]
    assert len(opened.curves) == 71
    assert opened.credit_samples == 10 * RATE_HZ
    assert desk.listener.frame_indices() == list(range(120))
    (ended,) = desk.listener.heard(messages.StreamEnded)
    assert (ended.frames, ended.dropped) == (120, 0)
    assert ended.real_time_factor > 0
    assert isinstance(desk.listener.envelopes[-1].message, messages.StreamEnded)
    assert not voice.utterance.is_running


def test_an_utterance_without_audio_ends_with_no_frame(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    end(voice)

    (ended,) = desk.listener.heard(messages.StreamEnded)
    assert ended.frames == 0


def test_audio_up_to_the_credit_is_taken_and_one_sample_more_is_refused(
    desk: Desk, model: Model
) -> None:
    voice = open_voice(desk, model)
    push(voice, np.zeros(10 * RATE_HZ, np.float32))

    with pytest.raises(ProtocolError) as refused:
        push(voice, np.zeros(1, np.float32))
    assert refused.value.code == "credit_exceeded"

    desk.run_windows()  # what was taken before is animated all the same
    sent = len(desk.listener.frame_indices())
    assert sent > 580
    push(voice, tone(0.5))  # there is a hole now: later audio is passed over
    end(voice)
    desk.run_windows()
    assert desk.listener.heard(messages.StreamEnded)[0].frames == 600


def test_credit_grows_as_audio_is_used_up_and_never_shrinks(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, credit_frames=10_000)
    pushed = 0
    credits_seen = [voice.utterance.credit_samples]
    for _ in range(120):
        room = credits_seen[-1] - pushed
        chunk = tone(0.5)[: min(room, RATE_HZ // 2)]
        push(voice, chunk)
        pushed += len(chunk)
        desk.run_windows()
        credits_seen += [
            credit.samples
            for credit in desk.listener.heard(messages.Credit)[len(credits_seen) - 1 :]
            if credit.samples is not None
        ]

    assert pushed == 60 * RATE_HZ
    assert credits_seen == sorted(set(credits_seen))
    assert credits_seen[-1] > 69 * RATE_HZ


def test_a_stream_pauses_when_frame_credit_is_spent_and_goes_on_when_there_is_more(
    desk: Desk, model: Model
) -> None:
    voice = open_voice(desk, model, credit_frames=25)
    push(voice, tone(5.0))
    windows = desk.run_windows()

    assert desk.listener.frame_indices() == list(range(25))
    assert voice.utterance.state == "paused"
    assert windows < 30  # it does not compute what it may not send

    voice.credit(messages.Credit(stream=1, generation=0, frames=100))
    desk.run_windows()
    assert desk.listener.frame_indices() == list(range(100))

    voice.credit(messages.Credit(stream=1, generation=0, frames=50))  # less changes nothing
    voice.credit(messages.Credit(stream=1, generation=0, frames=1_000))
    end(voice)
    desk.run_windows()
    assert desk.listener.frame_indices() == list(range(300))


def test_credit_for_another_generation_is_not_taken(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, credit_frames=5)
    push(voice, tone(1.0))
    voice.credit(messages.Credit(stream=1, generation=7, frames=1_000))
    desk.run_windows()

    assert desk.listener.frame_indices() == list(range(5))


def test_after_an_interrupt_no_frame_of_the_old_generation_leaves(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, credit_frames=12)
    push(voice, tone(2.0))
    desk.run_windows()  # frames wait for credit now
    batch = desk.services.scheduler.next_batch()
    voice.interrupt(messages.Interrupt(stream=1, generation=3))
    before = len(desk.listener.envelopes)
    for flight in batch:
        flight.voice.land(flight)
    voice.credit(messages.Credit(stream=1, generation=0, frames=1_000))
    desk.run_windows()

    interrupted = desk.listener.envelopes[before - 1].message
    assert isinstance(interrupted, messages.Interrupted)
    assert interrupted.generation == 3
    assert interrupted.credit_samples == 10 * RATE_HZ
    assert len(desk.listener.envelopes) == before
    with pytest.raises(ProtocolError, match="Generation 3"):
        push(voice, tone(0.1))


def test_a_window_in_flight_at_the_interrupt_arrives_nowhere(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    push(voice, tone(2.0))
    (flight,) = desk.services.scheduler.next_batch()
    voice.interrupt(messages.Interrupt(stream=1, generation=1))
    whole_of_new(desk, voice)
    flight.voice.land(flight)
    desk.run_windows()

    assert desk.listener.frame_indices(generation=0) == []
    assert desk.listener.frame_indices(generation=1) == list(range(60))
    assert desk.services.counters.void_windows == 1


def whole_of_new(desk: Desk, voice: Voice) -> None:
    push(voice, tone(1.0), generation=1)
    end(voice, generation=1)
    desk.run_windows()


def test_the_generation_after_an_interrupt_equals_a_fresh_stream(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, seed=5)
    push(voice, tone(1.3))
    desk.run_windows()
    voice.interrupt(messages.Interrupt(stream=1, generation=1))
    whole_of_new(desk, voice)

    other = Desk()
    fresh = open_voice(other, model, seed=5, generation=1)
    whole_of_new(other, fresh)

    def payloads(of: Desk) -> list[object]:
        return [
            payload
            for envelope, payload in zip(of.listener.envelopes, of.listener.payloads, strict=True)
            if isinstance(envelope.message, messages.Frames) and envelope.message.generation == 1
        ]

    assert payloads(desk) == payloads(other)
    assert len(payloads(desk)) > 10


def test_an_interrupt_must_go_up(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, generation=4)

    with pytest.raises(ProtocolError) as refused:
        voice.interrupt(messages.Interrupt(stream=1, generation=4))

    assert refused.value.code == "wrong_generation"


def test_audio_after_its_end_is_refused_until_an_interrupt(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    whole(desk, voice, 0.5)

    with pytest.raises(ProtocolError) as refused:
        push(voice, tone(0.1))
    assert refused.value.code == "audio_ended"
    with pytest.raises(ProtocolError) as refused:
        end(voice)
    assert refused.value.code == "audio_ended"

    voice.interrupt(messages.Interrupt(stream=1, generation=1))
    whole_of_new(desk, voice)
    assert desk.listener.frame_indices(generation=1) == list(range(60))


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"rig": "nobody"}, "unknown_rig", "rig"),
        ({"identity": "claire"}, "unknown_identity", "identity"),
        ({"parameters": {"lowerFaceStrenght": 1.0}}, "out_of_range", "parameters"),
        ({"parameters": {"lowerFaceStrength": 9.0}}, "out_of_range", "parameters"),
        ({"emotion": {"joi": 1.0}}, "out_of_range", "emotion"),
        ({"sample_rate_hz": 44_100, "start_sample": 1}, "out_of_range", "start_sample"),
    ],
)
def test_what_cannot_be_served_is_refused_by_field(
    fields: dict[str, Any], code: str, field: str, desk: Desk, model: Model
) -> None:
    with pytest.raises(ProtocolError) as refused:
        open_voice(desk, model, **fields)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert desk.listener.envelopes == []


def test_a_chunk_that_does_not_fit_its_format_is_refused(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, channels=2)

    with pytest.raises(ProtocolError) as refused:
        push(voice, tone(0.1))

    assert refused.value.code == "malformed"


def test_a_chunk_longer_than_ten_seconds_is_refused(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, sample_rate_hz=8_000)

    with pytest.raises(ProtocolError) as refused:
        push(voice, np.zeros(80_001, np.float32))

    assert refused.value.code == "too_large"


def test_a_resumed_stream_continues_the_numbers_of_the_uninterrupted_one(
    desk: Desk, model: Model
) -> None:
    audio = tone(4.0)
    voice = open_voice(desk, model)
    push(voice, audio)
    end(voice)
    desk.run_windows()
    reference = frames_of(desk)

    other = Desk()
    resumed = open_voice(other, model, generation=1, start_sample=16_000, first_frame=150)
    push(resumed, audio[16_000:], generation=1)
    end(resumed, generation=1)
    other.run_windows()

    assert other.listener.frame_indices(generation=1) == list(range(150, 240))
    assert np.array_equal(frames_of(other), reference[150:])
    heard = other.listener.heard(messages.Frames)
    assert [message.flags for message in heard[:2]] == [["resumed"], []]


def frames_of(desk: Desk) -> np.ndarray[Any, Any]:
    rows = [
        np.frombuffer(payload, "<f4")[: envelope.message.count * 71].reshape(-1, 71)
        for envelope, payload in zip(desk.listener.envelopes, desk.listener.payloads, strict=True)
        if isinstance(envelope.message, messages.Frames) and payload is not None
    ]
    return np.concatenate(rows)


def test_repaired_audio_is_warned_about_once(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    bad = tone(0.2)
    bad[5] = np.nan
    for _ in range(3):
        push(voice, bad)
        desk.run_windows()

    warnings = desk.listener.heard(messages.Warning)
    assert [warning.code for warning in warnings] == ["audio_sanitised"]


def test_a_failure_in_inference_ends_this_generation_only(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    push(voice, tone(1.0))
    (flight,) = desk.services.scheduler.next_batch()
    flight.failure = RuntimeError("the network broke")
    flight.voice.land(flight)

    (error,) = desk.listener.heard(messages.Error)
    assert (error.code, error.stream, error.retry) == ("internal", 1, True)
    assert voice.utterance.state == "failed"
    assert not voice.utterance.is_running
    push(voice, tone(0.1))
    assert desk.run_windows() == 0
    assert len(desk.listener.heard(messages.Error)) == 1

    voice.interrupt(messages.Interrupt(stream=1, generation=1))
    whole_of_new(desk, voice)
    assert desk.listener.frame_indices(generation=1) == list(range(60))


def test_live_frames_that_got_too_old_are_dropped_and_counted(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, mode="live", credit_frames=10)
    for chunk in np.split(tone(2.0), 20):
        desk.clock.advance(0.1)
        push(voice, chunk)
        desk.run_windows()
        voice.utterance.outflow.pump()
    voice.credit(messages.Credit(stream=1, generation=0, frames=10_000))
    end(voice)
    desk.run_windows()

    indices = desk.listener.frame_indices()
    (ended,) = desk.listener.heard(messages.StreamEnded)
    assert ended.frames == 120
    assert ended.dropped == 120 - len(indices) > 50
    assert indices == sorted(set(indices))
    flagged = [m.first for m in desk.listener.heard(messages.Frames) if "dropped" in m.flags]
    assert flagged == [indices[10]]
    assert [warning.code for warning in desk.listener.heard(messages.Warning)] == ["degraded"]
    assert desk.services.counters.dropped == ended.dropped


@pytest.mark.parametrize("stall_s", [0.4, 1.0, 3.0])
def test_a_live_stream_outlasts_a_late_stretch_longer_than_its_credit(
    desk: Desk, model: Model, stall_s: float
) -> None:
    credit = 30
    voice = open_voice(desk, model, mode="live", credit_frames=credit)
    granted = held_most = 0

    def turn(step_s: float, *, with_workers: bool) -> None:
        nonlocal granted, held_most
        desk.clock.advance(step_s)
        voice.utterance.advance()
        taken = len(desk.listener.frame_indices())
        if with_workers:
            desk.run_windows()
        indices = desk.listener.frame_indices()
        held_most = max(held_most, len(indices) - taken)
        if indices and indices[-1] + 1 + credit > granted:  # as the client grants
            granted = indices[-1] + 1 + credit
            voice.credit(messages.Credit(stream=1, generation=0, frames=granted))

    for at, chunk in enumerate(np.split(tone(8.0), 160)):
        push(voice, chunk)
        turn(0.05, with_workers=not 2.0 <= at * 0.05 < 2.0 + stall_s)
    end(voice)
    for _ in range(20):
        turn(0.1, with_workers=True)

    (ended,) = desk.listener.heard(messages.StreamEnded)
    assert desk.listener.frame_indices()[-1] == 479
    assert ended.dropped == 480 - len(desk.listener.frame_indices())
    assert (ended.dropped > credit) == (stall_s >= 1.0)
    assert held_most <= credit


def test_live_frames_made_ahead_of_time_are_not_old(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, mode="live", credit_frames=10)
    push(voice, tone(3.0))
    desk.run_windows()
    desk.clock.advance(1.0)
    voice.credit(messages.Credit(stream=1, generation=0, frames=10_000))
    desk.run_windows()

    indices = desk.listener.frame_indices()
    assert indices[:10] == list(range(10))
    assert 30 <= indices[10] <= 48  # what is due later than 0.25 s ago was kept


def test_a_burst_stream_never_drops_however_late(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model, credit_frames=10)
    push(voice, tone(3.0))
    desk.run_windows()
    desk.clock.advance(60.0)
    voice.credit(messages.Credit(stream=1, generation=0, frames=10_000))
    end(voice)
    desk.run_windows()

    assert desk.listener.frame_indices() == list(range(180))


def test_a_voice_that_speaks_now_goes_before_one_that_came_ahead_of_time(
    desk: Desk, model: Model
) -> None:
    early = Voice(request(stream=1), model, desk.outbox, desk.services)
    push(early, tone(5.0))
    for _ in range(3):  # it is a second ahead of its sound now
        desk.run_windows(most=10)
    late = Voice(request(stream=2), model, desk.outbox, desk.services)
    late.audio(messages.Audio(stream=2, generation=0, samples=16_000), tone(1.0).tobytes)

    (flight,) = desk.services.scheduler.next_batch()
    assert flight.voice is late.utterance


def test_the_ledger_goes_up_and_latency_counts_from_the_last_sample(
    desk: Desk, model: Model
) -> None:
    voice = open_voice(desk, model, ledger=True)
    push(voice, tone(0.5))
    complete_ns = desk.clock.now_ns
    desk.clock.advance(0.030)
    desk.run_windows()

    ledger = desk.listener.heard(messages.Frames)[0].ledger
    assert ledger is not None
    assert ledger[0] == complete_ns
    assert ledger[1] <= ledger[2] <= ledger[3]
    assert ledger[4] - ledger[0] == 30_000_000
    assert voice.utterance.outflow.latencies_ms.percentiles()["p50"] == 30.0


def test_parameters_act_from_the_next_window_on_and_outlive_an_interrupt(
    desk: Desk, model: Model
) -> None:
    voice = open_voice(desk, model)
    silent = dict.fromkeys(("lowerFaceStrength", "tongueStrength"), 0.0)
    voice.set_parameters(messages.SetParameters(stream=1, parameters=silent))
    with pytest.raises(ProtocolError) as refused:
        voice.set_parameters(messages.SetParameters(stream=1, parameters={"tongueStrength": 7.0}))
    assert refused.value.code == "out_of_range"
    voice.interrupt(messages.Interrupt(stream=1, generation=1))
    whole_of_new(desk, voice)

    jaw_open = desk.listener.heard(messages.StreamOpened)[0].curves.index("jawOpen")
    assert np.all(frames_of(desk)[:, jaw_open] == 0.0)


def test_emotion_keys_must_go_up_and_belong_to_the_generation(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    joy = [0.0] * 6 + [1.0] + [0.0] * 3
    voice.emotion(messages.Emotion(stream=1, generation=0, keys=[(0, joy), (8_000, joy)]))

    for generation, code in ((0, "out_of_range"), (2, "wrong_generation")):
        with pytest.raises(ProtocolError) as refused:
            voice.emotion(messages.Emotion(stream=1, generation=generation, keys=[(10, joy)]))
        assert refused.value.code == code


def test_a_window_in_flight_when_its_stream_fails_arrives_nowhere(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    push(voice, tone(1.0))
    job = WindowJob(model.backend, desk.services.scheduler.next_batch())
    job.run()

    voice.utterance.fail(RuntimeError("a fault of ours"))
    job.land()

    assert [error.code for error in desk.listener.heard(messages.Error)] == ["internal"]
    assert desk.listener.frame_indices() == []
    assert desk.run_windows() == 0


def test_an_interrupted_generation_is_freed_at_once(desk: Desk, model: Model) -> None:
    voice = open_voice(desk, model)
    push(voice, tone(1.0))
    old = weakref.ref(voice.utterance)

    gc.disable()
    try:
        voice.interrupt(messages.Interrupt(stream=1, generation=1, credit_frames=100))
        desk.run_windows()
        assert old() is None
    finally:
        gc.enable()
