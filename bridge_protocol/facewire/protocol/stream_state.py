"""One stream as the client knows it: a state machine without sockets, threads or clocks.

The user's side appends audio, interrupts, takes frames; the connection's side asks
`next_message()` until there is none, hands in what arrives, and says when the link is gone. The
caller holds one lock around every call.

Phases: `waiting` (to be opened on the next link) → `opening` → `open` → `closing` → `closed`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from facewire.protocol import messages
from facewire.protocol.client_frames import Counters
from facewire.protocol.errors import FacewireError, ProtocolError, RemoteError
from facewire.protocol.registry import ERRORS
from facewire.protocol.utterance import Utterance

if TYPE_CHECKING:
    from facewire.protocol.messages import Message

KEYS_PER_MESSAGE: Final = 256
"""Emotion keys of one message: 26 KB of its 64 KB header."""

Outgoing = tuple["Message", "memoryview | None"]


class StreamState:
    """The stream that `template` asks for."""

    def __init__(self, template: messages.OpenStream) -> None:
        self.template = template
        self.phase: Literal["waiting", "opening", "open", "closing", "closed"] = "waiting"
        self.opened: messages.StreamOpened | None = None
        self.generation = template.generation
        self.now = Utterance(template, 0)
        self.counters = Counters()
        self.failure: FacewireError | None = None
        """Why the stream is over; raised at every call from then on."""
        self.refusal: RemoteError | None = None
        """Why the last request was refused; raised once."""
        self.held_back: RemoteError | None = None
        """Why the stream could not be opened again just now; it will be tried anew."""
        self._first_window_samples = 0
        self._send_limit_samples = 0
        self._unsent_parameters: dict[str, float] = {}
        self._close_sent = False
        self._awaits_interrupted = False
        self._begin_sending(0)

    def _begin_sending(self, sample: int) -> None:
        """The daemon knows nothing of this generation yet."""
        self._sent_samples = sample
        self._sent_keys = self.now.keys_dropped
        self._end_sent = False
        self._credit_samples = 0
        self._granted_frames = self.now.handed_frames + self.template.credit_frames
        self._must_interrupt = False

    # --- the user's side -----------------------------------------------------------------------

    @property
    def id(self) -> int:
        """Number of the stream on the wire."""
        return self.template.stream

    @property
    def may_append(self) -> bool:
        """Is there credit for more audio?"""
        appended = self.now.retention.total_samples
        return self.opened is not None and appended < self._send_limit_samples

    @property
    def finished(self) -> bool:
        """Was every frame of the utterance taken, or the stream closed?"""
        over = self.now.ended is not None or self.phase in ("closing", "closed")
        return over and not self.now.batches

    def interrupt(self) -> int:
        """Forget the utterance and begin a new one; return its number."""
        self.generation += 1
        self.now = Utterance(self.template, self.now.number + 1)
        self._begin_sending(0)
        # Not opened yet, the opening itself will carry the new generation.
        self._must_interrupt = self._awaits_interrupted = self.phase in ("open", "opening")
        # SPEC §6: audio may follow at once, within the window the stream was opened with.
        self._credit_samples = self._send_limit_samples = self._first_window_samples
        return self.now.number

    def set_parameters(self, parameters: dict[str, float]) -> None:
        """Change parameters from now on, also after a resume."""
        merged = {**self.template.parameters, **parameters}
        self.template = replace(self.template, parameters=merged)
        if self.phase in ("open", "opening"):
            self._unsent_parameters.update(parameters)

    def request_close(self) -> None:
        """Close as soon as possible; frames that were not taken are forgotten."""
        self.now.batches.clear()
        if self.phase in ("open", "opening"):
            self.phase = "closing"
        elif self.phase == "waiting":
            self.phase = "closed"

    # --- what goes out -------------------------------------------------------------------------

    def next_message(self) -> Outgoing | None:
        """Return what must be sent now, with its payload; None when there is nothing."""
        if self.phase == "waiting" and self.failure is None and self.held_back is None:
            self.phase = "opening"
            return self._opening(), None
        if self.phase == "closing" and not self._close_sent:
            self._close_sent = True
            return messages.CloseStream(stream=self.id), None
        if self.phase != "open":
            return None
        control = self._next_control()
        return (control, None) if control is not None else self._next_audio()

    def _opening(self) -> messages.OpenStream:
        resuming = self.now.ended is None  # else it only waits for an interrupt or its end
        self._begin_sending(self.now.resume_sample if resuming else 0)
        self._unsent_parameters = {}
        return replace(
            self.template,
            generation=self.generation,
            start_sample=self._sent_samples,
            first_frame=self.now.received_frames if resuming else 0,
            credit_frames=self._granted_frames,
        )

    def _next_control(self) -> Message | None:
        now, window = self.now, self.template.credit_frames
        if self._must_interrupt:
            self._must_interrupt = False
            return messages.Interrupt(
                stream=self.id, generation=self.generation, credit_frames=window
            )
        if self._unsent_parameters:
            parameters, self._unsent_parameters = self._unsent_parameters, {}
            return messages.SetParameters(stream=self.id, parameters=parameters)
        first_key = max(0, self._sent_keys - now.keys_dropped)
        keys = now.keys[first_key : first_key + KEYS_PER_MESSAGE]
        if keys and now.ended is None:
            self._sent_keys = now.keys_dropped + first_key + len(keys)
            return messages.Emotion(stream=self.id, generation=self.generation, keys=keys)
        due = now.handed_frames + window
        if due - self._granted_frames >= max(1, window // 4):
            self._granted_frames = due
            return messages.Credit(stream=self.id, generation=self.generation, frames=due)
        return None

    def _next_audio(self) -> Outgoing | None:
        now = self.now
        if now.ended is not None or not self._credit_samples:
            return None
        piece = now.retention.read(self._sent_samples, self._credit_samples)
        if piece:
            samples = len(piece) // now.frame_bytes
            self._sent_samples += samples
            audio = messages.Audio(stream=self.id, generation=self.generation, samples=samples)
            return audio, piece
        all_sent = self._sent_samples == now.retention.total_samples
        if now.end_requested and all_sent and not self._end_sent:
            self._end_sent = True
            return messages.EndAudio(stream=self.id, generation=self.generation), None
        return None

    # --- what comes in -------------------------------------------------------------------------

    def on_link_lost(self) -> None:
        """The session is gone: open again on the next link, in a generation never used."""
        if self.phase == "closing":
            self.phase = "closed"
        if self.phase in ("open", "opening"):
            self.phase = "waiting"
            self.generation += 1
            self._must_interrupt = self._awaits_interrupted = False

    def on_message(self, message: Message, payload: bytes | None) -> None:
        """Take in one message about this stream.

        Raises:
            ProtocolError: the daemon broke a rule; the link cannot be trusted any more.
        """
        match message:
            case messages.Frames() if payload is not None:
                self._on_frames(message, payload)
            case messages.Credit() | messages.Interrupted():
                self._on_credit(message)
            case messages.StreamOpened() if self.phase == "opening":
                self._on_opened(message)
            case messages.StreamEnded():
                if not self._is_void(message.generation):
                    self.now.accept_end(message)
            case messages.StreamClosed():
                self._on_closed()
            case messages.Error():
                self._on_error(message)

    def _is_void(self, generation: int) -> bool:
        """Is a message of this generation too old to matter?

        Raises:
            ProtocolError: the generation is one that nobody asked for.
        """
        if generation > self.generation:
            raise ProtocolError(
                "wrong_generation",
                f"Generation {generation} of stream {self.id} came, which nobody asked for.",
                limit=self.generation,
                got=generation,
            )
        return generation < self.generation or self.phase != "open"

    def _on_frames(self, message: messages.Frames, payload: bytes) -> None:
        if self._is_void(message.generation):
            self.counters.stale_batches += 1
            return
        self.now.accept_frames(
            message, payload, opened=self.opened, sent_samples=self._sent_samples
        )
        self.counters.frames_received += message.count
        self.counters.batches_received += 1

    def _on_credit(self, message: messages.Credit | messages.Interrupted) -> None:
        if self._is_void(message.generation):
            return
        if isinstance(message, messages.Interrupted):
            self._awaits_interrupted = False
            self._grant(message.credit_samples)
        elif message.samples is not None:
            self._grant(message.samples)

    def _on_opened(self, message: messages.StreamOpened) -> None:
        if self.opened is None:
            self._first_window_samples = message.credit_samples
        else:
            self.counters.resumes += 1
            if _form(message) != _form(self.opened):
                text = "The stream came back in other curves or outputs, or hears no emotion now."
                self._end(ProtocolError("unsupported", text))
                return
        self.opened = message
        self.phase = "open"
        if message.generation == self.generation:
            self._grant(message.credit_samples)

    def _on_closed(self) -> None:
        if self.phase == "closing":
            self.phase = "closed"
        else:
            self._end(RemoteError("unknown_stream", "The daemon closed the stream."))

    def _on_error(self, message: messages.Error) -> None:
        error = RemoteError(message.code, message.text, field=message.field)
        known = ERRORS.get(message.code)
        ends = known.ends if known is not None else ("" if message.retry else "generation")
        if self.phase == "closing":
            self.phase = "closed"
        elif ends == "session" or message.code == "ring_mismatch":
            raise error  # a new link makes all of it good
        elif self.phase == "opening" and self.opened is not None and message.retry:
            self.phase = "waiting"  # the old session may still hold our place for a moment
            self.held_back = error
        elif self.phase == "opening" or message.code == "unknown_stream":
            self._end(error)
        elif ends == "generation":
            if not self._awaits_interrupted:  # else it is about the utterance just given up
                self.now.failure = error
        else:
            self.refusal = error

    def _grant(self, samples: int) -> None:
        self._credit_samples = max(self._credit_samples, samples)
        self._send_limit_samples = max(self._send_limit_samples, samples)

    def give_up(self) -> None:
        """The daemon held the stream back for too long."""
        if self.held_back is not None:
            self._end(self.held_back)

    def _end(self, error: FacewireError) -> None:
        self.phase = "closed"
        self.failure = error


def _form(opened: messages.StreamOpened) -> tuple[object, ...]:
    """Return what must not change over a resume; a daemon of 1.0 leaves out what is new in 1.1."""
    return opened.curves, opened.geometry, opened.outputs, bool(opened.emotion_model)
