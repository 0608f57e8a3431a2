"""The thread that owns a client's sockets, and the lock through which callers reach it."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import zmq

from facewire.protocol import messages
from facewire.protocol.errors import (
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    RemoteError,
)
from facewire.protocol.link_keeper import LinkKeeper
from facewire.protocol.questions import Question, Questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.protocol.client_frames import EventLog
    from facewire.protocol.link import Link, Way
    from facewire.protocol.link_keeper import Manners
    from facewire.protocol.messages import Message
    from facewire.protocol.stream_state import StreamState
    from facewire.protocol.target import Target

Answer = TypeVar("Answer", bound=messages.Message)

MESSAGES_PER_TURN: Final = 256
"""Messages taken before we answer: credit must flow while a backlog is read."""
SESSION_IS_OVER: Final = frozenset({"hello_required", "out_of_sequence", "unauthorized"})
"""Errors that say that the daemon knows no session of ours: begin another."""
OPEN_AGAIN_S: Final = 0.2
"""Pause before a stream whose opening was refused for now is asked for again."""
GOODBYE_MS: Final = 200
"""Time our `bye` gets to leave."""
JOIN_S: Final = 3.0


@dataclass
class Voice:
    """A stream and what wakes the threads that wait for it."""

    state: StreamState
    changed: threading.Condition = field(repr=False)


class Connection:
    """One background thread speaks to the daemon; any number of threads call it.

    All state is guarded by one lock. Callers change it and wake the thread through an inproc
    PAIR; the thread changes it and notifies them.
    """

    def __init__(self, target: Target, manners: Manners, events: EventLog) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.voices: dict[int, Voice] = {}
        self.events = events
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._ears: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._ears.bind("inproc://wake")
        self._bell: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._bell.connect("inproc://wake")
        self._rung = False
        self._closing = False
        self._questions = Questions()
        self._open_again_at_s = 0.0
        self._polled_link: Link | None = None
        self._poller = zmq.Poller()
        self._poller.register(self._ears, zmq.POLLIN)
        self.keeper = LinkKeeper(self._context, target, manners, events, self._on_lost)
        self._thread = threading.Thread(target=self._run, name="facewire-client", daemon=True)
        self._thread.start()

    # --- callers' side -------------------------------------------------------------------------

    def wake(self) -> None:
        """Have the thread look at the state; call it under the lock."""
        if not self._rung and not self._bell.closed:
            self._rung = True
            with contextlib.suppress(zmq.Again):
                self._bell.send(b"", zmq.NOBLOCK)

    def check(self) -> None:
        """Raise why there is no connection any more, if so."""
        if self.keeper.failure is not None:
            raise self.keeper.failure
        if self._closing:
            raise ConnectionLost("The client is closed.")

    def wait(
        self,
        changed: threading.Condition,
        until: Callable[[], bool],
        timeout_s: float | None,
        what: str,
        hint: str = "",
    ) -> None:
        """Wait under the lock until a condition holds; `what` was waited for, in the error.

        Raises:
            DeadlineExceeded: it did not hold in time.
            FacewireError: the connection was given up.
        """
        give_up_at_s = None if timeout_s is None else time.monotonic() + timeout_s
        while not until():
            self.check()
            left_s = None if give_up_at_s is None else give_up_at_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                raise DeadlineExceeded(f"Waited {timeout_s:g} s for {what}.", hint=hint)
            changed.wait(left_s)

    def wait_ready(self) -> messages.Welcome:
        """Return the welcome once there is a session.

        Raises:
            FacewireError: there will be none.
        """
        with self.lock:
            self.wait(self.changed, lambda: self.keeper.welcome is not None, None, "the daemon")
            assert self.keeper.welcome is not None
            return self.keeper.welcome

    def add(self, state: StreamState) -> threading.Condition:
        """Take a stream in; it is opened as soon as there is a session."""
        with self.lock:
            self.check()
            voice = self.voices[state.id] = Voice(state, threading.Condition(self.lock))
            self.wake()
            return voice.changed

    def ask(self, message: Message, answer_type: type[Answer], timeout_s: float) -> Answer:
        """Send a question and return its answer; it is asked again after a reconnect.

        Raises:
            RemoteError: the daemon refused.
            DeadlineExceeded: no answer came in time.
            FacewireError: the connection was given up.
        """
        question = Question(message, answer_type)
        with self.lock:
            self.check()
            self._questions.add(question)
            self.wake()
            try:
                self.wait(
                    self.changed,
                    lambda: question.is_settled,
                    timeout_s,
                    f"the answer to `{message.TYPE}`",
                )
            finally:
                self._questions.forget(question)
        if question.error is not None:
            raise question.error
        assert isinstance(question.answer, answer_type)
        return question.answer

    @property
    def closed(self) -> bool:
        """Is it over, or about to be?"""
        return self._closing

    def close(self) -> None:
        """Say goodbye and end the thread; harmless when repeated."""
        with self.lock:
            self._closing = True
            self.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(JOIN_S)

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._turn():
                self.events.tell()
        except BaseException as error:
            with self.lock:
                self.keeper.fail(ConnectionLost(f"The client's thread died: {error!r}."))
            raise
        finally:
            self._end()
            self.events.tell()

    def _turn(self) -> bool:
        """Wait for work and do it; False: it is over."""
        self._poll()
        with self.lock:
            with contextlib.suppress(zmq.Again):
                while True:
                    self._ears.recv(zmq.NOBLOCK)
            self._rung = False
            if self._closing:
                return False
            try:
                self._receive()
                self.keeper.keep(time.monotonic())
                self._send()
            except ProtocolError as error:
                self.keeper.distrust(error)
            if self.keeper.failure is not None:
                self._notify_all()
                return False
        return True

    def _poll(self) -> None:
        link = self.keeper.link
        if link is not self._polled_link:
            self._polled_link = link
            self._poller = zmq.Poller()
            self._poller.register(self._ears, zmq.POLLIN)
            if link is not None:
                self._poller.register(link.dealer, zmq.POLLIN)
                self._poller.register(link.monitor, zmq.POLLIN)
        self._poller.poll(max(0, math.ceil((self.keeper.due_s - time.monotonic()) * 1000)))

    def _receive(self) -> None:
        for _ in range(MESSAGES_PER_TURN):
            link = self.keeper.link
            received = None if link is None else link.receive()
            if received is None:
                return
            message, payload, way = received
            if self.keeper.accept(message):
                if isinstance(message, messages.Welcome):
                    self._notify_all()
            elif self.keeper.ready:
                self._dispatch(message, payload, way)

    def _dispatch(self, message: Message, payload: bytes | None, way: Way) -> None:
        if isinstance(message, messages.Warning):
            self.events.add("warning", f"{message.text} ({message.code})", stream=message.stream)
            return
        stream: int = getattr(message, "stream", 0)
        voice = self.voices.get(stream)
        if voice is not None:
            self._to_voice(voice, message, payload, way)
        elif stream == 0 and not isinstance(message, messages.Credit):
            self._to_asker(message)

    def _to_voice(self, voice: Voice, message: Message, payload: bytes | None, way: Way) -> None:
        state = voice.state
        resumes = state.counters.resumes
        state.on_message(message, payload)
        if isinstance(message, messages.Frames):
            if way == "ring":
                state.counters.ring_received += 1
            else:
                state.counters.inline_received += 1
            self.keeper.trust()
        if state.counters.resumes > resumes:
            text = f"Stream {state.id} goes on with frame {state.now.received_frames}."
            self.events.add("resumed", text, stream=state.id)
        if state.held_back is not None:
            self._open_again_at_s = time.monotonic() + OPEN_AGAIN_S
        if state.phase == "closed":
            del self.voices[state.id]
        voice.changed.notify_all()

    def _to_asker(self, message: Message) -> None:
        refusal = message if isinstance(message, messages.Error) else None
        if refusal is not None and refusal.code in SESSION_IS_OVER:
            raise RemoteError(refusal.code, refusal.text, field=refusal.field)
        if self._questions.settle(message):
            self.changed.notify_all()
        elif refusal is not None:
            self.events.add("error", f"{refusal.text} ({refusal.code})")

    def _send(self) -> None:
        link = self.keeper.link
        if link is None or not self.keeper.ready:
            return
        link.release()
        for question in self._questions.take_unsent():
            link.send(question)
        now_s = time.monotonic()
        for voice in list(self.voices.values()):
            if voice.state.held_back is not None and now_s >= self._open_again_at_s:
                self._open_again(voice, now_s)
            self._send_voice(link, voice)

    def _open_again(self, voice: Voice, now_s: float) -> None:
        if now_s - self.keeper.ready_since_s > self.keeper.manners.reconnect_s:
            voice.state.give_up()
            voice.changed.notify_all()
        voice.state.held_back = None

    def _send_voice(self, link: Link, voice: Voice) -> None:
        counters = voice.state.counters
        while (outgoing := voice.state.next_message()) is not None:
            message, payload = outgoing
            way = link.send(message, payload)
            if payload is not None and way == "ring":
                counters.ring_sent += 1
            elif payload is not None:
                counters.inline_sent += 1
        if voice.state.phase == "closed":
            self.voices.pop(voice.state.id, None)

    def _on_lost(self) -> None:
        self._questions.ask_again()
        for voice in list(self.voices.values()):
            voice.state.on_link_lost()
            if voice.state.phase == "closed":
                del self.voices[voice.state.id]
        self._notify_all()

    def _notify_all(self) -> None:
        self.changed.notify_all()
        for voice in self.voices.values():
            voice.changed.notify_all()

    def _end(self) -> None:
        with self.lock:
            link = self.keeper.link
            if link is not None:
                if self.keeper.ready:
                    link.send(messages.Bye(reason="done"))
                link.close(linger_ms=GOODBYE_MS)
            self._closing = True
            self._bell.close(linger=0)
            self._ears.close(linger=0)
            self._notify_all()
        self._context.destroy(linger=GOODBYE_MS)
