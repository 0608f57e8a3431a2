"""The client's stream against a small model of a daemon, under any order of events.

Whatever is lost, granted, interrupted or taken in between: the daemon hears the very audio of the
utterance within its credit, and the user sees its very frames, each once and in order.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from facewire.protocol import messages
from facewire.protocol.errors import ProtocolError, RemoteError
from facewire.protocol.retention import MERGE_BYTES
from facewire.protocol.stream_state import StreamState

RATE = 8000
FPS = Fraction(50)
FRAME_SAMPLES = RATE // 50
WINDOW = 4000
"""Credit, small so that it is often spent."""
CREDIT_FRAMES = 20
CURVES = ["jawOpen"]


def template() -> messages.OpenStream:
    return messages.OpenStream(
        stream=1, sample_rate_hz=RATE, encoding="int16", fps=(50, 1), credit_frames=CREDIT_FRAMES
    )


def sound(utterance: int, first: int, count: int) -> bytes:
    """Audio in which every sample tells its utterance and index."""
    return (
        ((np.arange(first, first + count) * 7 + utterance * 1000) % 30_000).astype("<i2").tobytes()
    )


class DaemonModel:
    """What one session of a daemon knows of the stream."""

    def __init__(self) -> None:
        self.is_open = False
        self.generation = -1
        self.heard_from = self.heard_to = self.made = 0
        self.heard = b""
        self.frame_credit = 0
        self.ended = self.told_end = False

    def begin(self, generation: int, start: int, first_frame: int, credit_frames: int) -> None:
        assert generation > self.generation
        self.is_open = True
        self.generation = generation
        self.heard_from = self.heard_to = start
        self.heard = b""
        self.made = first_frame
        self.frame_credit = credit_frames
        self.ended = self.told_end = False

    @property
    def credit(self) -> int:
        return max(self.made * FRAME_SAMPLES, self.heard_from) + WINDOW

    @property
    def total_frames(self) -> int:
        return -(-self.heard_to // FRAME_SAMPLES)

    @property
    def ready_frames(self) -> int:
        audio = self.total_frames if self.ended else self.heard_to // FRAME_SAMPLES
        return min(audio, self.frame_credit)


class Voice(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state = StreamState(template())
        self.daemon = DaemonModel()
        self.linked = False
        self.to_client: list[tuple[messages.Message, bytes | None]] = []
        self.spoken = 0
        self.seen = 0
        self.generations: set[int] = set()

    # --- the network ---------------------------------------------------------------------------

    @precondition(lambda self: not self.linked)
    @rule()
    def link_up(self) -> None:
        self.linked = True
        self.daemon = DaemonModel()

    @precondition(lambda self: self.linked)
    @rule()
    def link_lost(self) -> None:
        self.linked = False
        self.to_client.clear()
        self.state.on_link_lost()

    @precondition(lambda self: self.linked)
    @rule(most=st.integers(1, 8))
    def client_sends(self, most: int) -> None:
        for _ in range(most):
            outgoing = self.state.next_message()
            if outgoing is None:
                return
            self.daemon_hears(*outgoing)

    @precondition(lambda self: self.to_client)
    @rule(most=st.integers(1, 8))
    def client_receives(self, most: int) -> None:
        for _ in range(min(most, len(self.to_client))):
            self.state.on_message(*self.to_client.pop(0))

    # --- the daemon ----------------------------------------------------------------------------

    def daemon_hears(self, message: messages.Message, payload: memoryview | None) -> None:
        daemon = self.daemon
        match message:
            case messages.OpenStream():
                assert message.generation not in self.generations
                self.generations.add(message.generation)
                assert message.start_sample * 16_000 % RATE == 0
                daemon.begin(
                    message.generation,
                    message.start_sample,
                    message.first_frame,
                    message.credit_frames,
                )
                self.to_client.append((self.opened(message), None))
            case messages.Interrupt():
                daemon.begin(message.generation, 0, 0, message.credit_frames)
                self.generations.add(message.generation)
                answer = messages.Interrupted(
                    stream=1, generation=message.generation, credit_samples=daemon.credit
                )
                self.to_client.append((answer, None))
            case messages.Audio() if payload is not None:
                assert daemon.is_open
                assert message.generation == daemon.generation
                assert not daemon.ended
                daemon.heard += payload
                daemon.heard_to += message.samples
                assert daemon.heard_to <= daemon.credit
            case messages.EndAudio():
                assert message.generation == daemon.generation
                assert not daemon.ended
                daemon.ended = True
            case messages.Credit() if message.frames is not None:
                if message.generation == daemon.generation:
                    daemon.frame_credit = max(daemon.frame_credit, message.frames)

    @staticmethod
    def opened(wanted: messages.OpenStream) -> messages.StreamOpened:
        return messages.StreamOpened(
            stream=1,
            generation=wanted.generation,
            curves=CURVES,
            fps=wanted.fps,
            look_ahead_samples=0,
            burst_frames=1,
            mouth_close="arkit",
            credit_samples=max(wanted.first_frame * FRAME_SAMPLES, wanted.start_sample) + WINDOW,
            model="model",
            rig="a2f",
        )

    @precondition(lambda self: self.linked and self.daemon.is_open)
    @rule(most=st.integers(1, 30))
    def daemon_makes_frames(self, most: int) -> None:
        daemon = self.daemon
        count = min(most, daemon.ready_frames - daemon.made)
        if count <= 0:
            return
        values = np.arange(daemon.made, daemon.made + count, dtype="<f4")
        message = messages.Frames(
            stream=1,
            generation=daemon.generation,
            first=daemon.made,
            count=count,
            curves=1,
            timestamps=[index * 320 for index in range(daemon.made, daemon.made + count)],
        )
        daemon.made += count
        credit = messages.Credit(stream=1, generation=daemon.generation, samples=daemon.credit)
        self.to_client += [(message, values.tobytes()), (credit, None)]

    @precondition(lambda self: self.linked and self.daemon.ended and not self.daemon.told_end)
    @rule()
    def daemon_ends(self) -> None:
        daemon = self.daemon
        if daemon.made >= daemon.total_frames:
            daemon.told_end = True
            message = messages.StreamEnded(
                stream=1,
                generation=daemon.generation,
                frames=daemon.total_frames,
                real_time_factor=0.1,
            )
            self.to_client.append((message, None))

    # --- the user ------------------------------------------------------------------------------

    @precondition(lambda self: self.state.may_append and not self.state.now.end_requested)
    @rule(count=st.sampled_from([1, 159, 3000, 6000]))
    def user_speaks(self, count: int) -> None:
        self.state.now.retention.append(sound(self.state.now.number, self.spoken, count))
        self.spoken += count

    @rule()
    def user_ends(self) -> None:
        self.state.now.end_requested = True

    @precondition(lambda self: self.state.opened is not None)
    @rule()
    def user_interrupts(self) -> None:
        self.state.interrupt()
        self.spoken = self.seen = 0

    @precondition(lambda self: self.state.now.batches)
    @rule()
    def user_takes(self) -> None:
        batch = self.state.now.take_batch()
        assert batch.utterance == self.state.now.number
        assert batch.first == self.seen
        assert batch.curves[:, 0].tolist() == list(range(self.seen, self.seen + len(batch)))
        self.seen += len(batch)

    @precondition(lambda self: self.linked and self.state.opened is not None)
    @rule(receives=st.booleans(), takes=st.booleans())
    def much_happens(self, receives: bool, takes: bool) -> None:  # noqa: FBT001 - hypothesis
        """What takes many single steps, so that the rest of them meets a stream in full swing."""
        if self.state.may_append and not self.state.now.end_requested:
            self.user_speaks(3000)
        self.client_sends(100)
        if self.daemon.is_open:
            self.daemon_makes_frames(20)
        if receives:
            while self.to_client:
                self.client_receives(100)
        while takes and self.state.now.batches:
            self.user_takes()

    @precondition(lambda self: self.linked)
    @rule()
    def link_flaps(self) -> None:
        """Lost and found, with the stream open again."""
        self.link_lost()
        self.link_up()
        self.client_sends(100)
        while self.to_client:
            self.client_receives(100)

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def the_daemon_heard_the_utterance_itself(self) -> None:
        daemon = self.daemon
        if self.linked and daemon.is_open and daemon.generation == self.state.generation:
            expected = sound(
                self.state.now.number, daemon.heard_from, daemon.heard_to - daemon.heard_from
            )
            assert daemon.heard == expected

    @invariant()
    def an_end_is_believed_only_when_all_frames_came(self) -> None:
        now = self.state.now
        if now.ended is not None:
            assert now.received_frames == -(-self.spoken // FRAME_SAMPLES)

    @invariant()
    def little_is_kept(self) -> None:
        retention = self.state.now.retention
        # 2 s of history, the credit, one chunk past it, and a frame's worth of rounding
        kept_samples = retention.total_samples - retention.first_sample
        assert kept_samples <= 2 * RATE + WINDOW + 6000 + MERGE_BYTES
        assert self.state.now.received_frames - self.state.now.handed_frames <= CREDIT_FRAMES

    def teardown(self) -> None:
        """Let everything settle: the utterance must come to its end."""
        if not self.linked:
            self.link_up()
        self.user_ends()
        for _ in range(3 + self.spoken // 1000):
            self.client_sends(1000)
            if self.daemon.is_open:
                self.daemon_makes_frames(1000)
            if self.daemon.ended and not self.daemon.told_end:
                self.daemon_ends()
            while self.to_client:
                self.client_receives(100)
            while self.state.now.batches:
                self.user_takes()
        assert self.state.finished
        assert self.seen == -(-self.spoken // FRAME_SAMPLES)


TestVoice = Voice.TestCase
TestVoice.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)


def open_state() -> StreamState:
    state = StreamState(template())
    wanted = state.next_message()
    assert wanted is not None
    assert isinstance(wanted[0], messages.OpenStream)
    state.on_message(Voice.opened(wanted[0]), None)
    return state


def test_an_error_about_the_utterance_given_up_does_not_fail_the_new_one() -> None:
    state = open_state()
    state.interrupt()

    state.on_message(messages.Error(code="internal", text="Broken.", stream=1, retry=True), None)
    assert state.now.failure is None
    state.on_message(messages.Interrupted(stream=1, generation=1, credit_samples=WINDOW), None)
    state.on_message(messages.Error(code="internal", text="Broken.", stream=1, retry=True), None)

    assert isinstance(state.now.failure, RemoteError)


def test_an_error_that_ends_the_session_asks_for_a_new_link() -> None:
    state = open_state()

    with pytest.raises(ProtocolError):
        state.on_message(messages.Error(code="out_of_sequence", text="Lost.", stream=1), None)


def test_a_stream_that_comes_back_in_other_curves_is_over() -> None:
    state = open_state()
    state.on_link_lost()
    wanted = state.next_message()
    assert wanted is not None
    assert isinstance(wanted[0], messages.OpenStream)
    other = messages.StreamOpened(**{**vars(Voice.opened(wanted[0])), "curves": ["mouthClose"]})

    state.on_message(other, None)

    assert state.failure is not None
    assert "other curves" in state.failure.text


@pytest.mark.parametrize(
    ("carried", "field"),
    [({"emotion": True}, "emotion"), ({"jaw": True}, "jaw"), ({"geometry": (3, 0)}, "geometry")],
)
def test_frames_that_carry_what_was_never_announced_are_not_taken(
    carried: dict[str, Any], field: str
) -> None:
    state = open_state()
    frames = messages.Frames(
        stream=1, generation=0, first=0, count=1, curves=len(CURVES), timestamps=[0], **carried
    )

    with pytest.raises(ProtocolError) as refused:
        state.on_message(frames, bytes(frames.payload_bytes))

    assert refused.value.field == field
    assert not state.now.batches


def test_parameters_set_while_away_are_in_the_opening_and_not_sent_twice() -> None:
    state = open_state()
    state.on_link_lost()
    state.set_parameters({"gazeStrength": 0.0})
    wanted = state.next_message()
    assert wanted is not None
    assert isinstance(wanted[0], messages.OpenStream)
    assert wanted[0].parameters == {"gazeStrength": 0.0}
    state.on_message(Voice.opened(wanted[0]), None)

    assert state.next_message() is None


def test_frames_of_audio_that_was_never_sent_make_nothing_unsent_forgotten() -> None:
    """A daemon that claims more than it can know must not stop the client."""
    state = open_state()
    state.now.retention.append(sound(0, 0, 3 * RATE))
    values = np.zeros(500, "<f4").tobytes()
    frames = messages.Frames(
        stream=1, generation=0, first=0, count=500, curves=1, timestamps=[0] * 500
    )

    state.on_message(frames, values)

    audio = state.next_message()
    assert audio is not None
    assert bytes(audio[1] or b"") == sound(0, 0, WINDOW)
    state.on_link_lost()
    opening = state.next_message()
    assert opening is not None
    assert isinstance(opening[0], messages.OpenStream)
    assert opening[0].first_frame == 500
    assert opening[0].start_sample <= 3 * RATE
