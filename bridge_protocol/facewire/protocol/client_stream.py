"""One voice, as the user of the client holds it: put audio in, take frames out."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Self

from facewire.protocol import codec, messages
from facewire.protocol.client_audio import AudioCutter
from facewire.protocol.errors import ConnectionLost, RemoteError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from facewire.protocol.client_audio import Audio
    from facewire.protocol.client_frames import Counters, FrameBatch
    from facewire.protocol.connection import Connection
    from facewire.protocol.stream_state import StreamState

READ_FRAMES = "Take the frames while you send, in another thread or with `animate()`."
CLOSE_S = 1.0


class ClientStream:
    """A stream; a context manager and an iterator over `FrameBatch`. Made by `open_stream`.

    Every method may be called from any thread, but one thread should send and one should iterate.
    A lost connection shows only as a pause: the stream is resumed with the first frame that never
    arrived, and frames that did arrive stay.
    """

    def __init__(self, connection: Connection, state: StreamState, wait_s: float | None) -> None:
        self._connection = connection
        self._state = state
        self._changed = connection.add(state)
        self._cutter = AudioCutter(
            sample_rate_hz=state.template.sample_rate_hz,
            encoding=state.template.encoding,
            channels=state.template.channels,
        )
        self.wait_s = wait_s
        """Longest wait of `send` and of each step of the iteration, seconds; None: no limit."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- audio in ------------------------------------------------------------------------------

    def send(
        self, audio: Audio, *, utterance: int | None = None, timeout_s: float | None = None
    ) -> bool:
        """Send a chunk of any size; waits while the daemon is behind by the whole credit (10 s).

        Args:
            audio: Little-endian bytes, interleaved, cut anywhere; or an array [samples] (mono) or
                [samples, channels] of int16 for `int16`, of floats for `float32`.
            utterance: The chunk belongs to this utterance; if `interrupt()` has begun another, it
                is dropped. Default: the present one.
            timeout_s: Instead of `wait_s`.

        Returns:
            False when an interrupt came first, so that (the rest of) the chunk was dropped.

        Raises:
            SettingsError: the array does not fit the stream.
            DeadlineExceeded: there was no credit in time. A part of the chunk may have been taken,
                so go on with `interrupt()`, not with the same chunk again.
            RemoteError: the daemon refused something, `end()` was called, or the stream is over.
            FacewireError: the connection was given up.
        """
        with self._connection.lock:
            wanted = self._state.now.number if utterance is None else utterance
            if wanted != self._state.now.number:
                return False
            wait_s = self.wait_s if timeout_s is None else timeout_s
            return all(self._append(piece, wanted, wait_s) for piece in self._cutter.push(audio))

    def _append(self, piece: bytes, wanted: int, wait_s: float | None) -> bool:
        """Queue a piece once there is credit; False: utterance `wanted` is over."""
        state = self._state

        def may_go_on() -> bool:
            self._connection.check()  # credit alone does not mean that anybody will take it
            self._raise_failure()
            if state.phase in ("closing", "closed"):
                raise ConnectionLost("The stream is closed.")
            return wanted != state.now.number or state.may_append or state.now.end_requested

        self._connection.wait(
            self._changed, may_go_on, wait_s, "credit for more audio", READ_FRAMES
        )
        if wanted != state.now.number:
            return False
        if state.now.end_requested:
            raise RemoteError(
                "audio_ended",
                "Audio cannot follow `end()`.",
                hint="`interrupt()` begins a new utterance.",
            )
        state.now.retention.append(piece)
        self._connection.wake()
        return True

    def end(self, *, utterance: int | None = None) -> None:
        """Say that the utterance is complete; the remaining frames follow, then the iteration ends.

        Does not wait. An incomplete last sample is dropped, with an event.

        Args:
            utterance: End only this one; if `interrupt()` has begun another, nothing happens.
                Default: the present one.
        """
        with self._connection.lock:
            if utterance not in (None, self._state.now.number):
                return
            rest_bytes = self._cutter.drop_rest()
            if rest_bytes:
                text = f"{rest_bytes} bytes of an incomplete last sample were dropped."
                self._connection.events.add("warning", text, stream=self._state.id)
            self._state.now.end_requested = True
            self._connection.wake()

    def interrupt(self) -> int:
        """Drop everything of this utterance at once and begin a new one at time zero.

        Does not wait, whatever the state of the connection. No frame of the old utterance is
        handed out after this returns, and whoever iterates goes on with the new one.

        Returns:
            The number of the new utterance, for `send` and `end` of the thread that speaks it.
        """
        with self._connection.lock:
            self._cutter.drop_rest()
            number = self._state.interrupt()
            self._connection.wake()
            self._changed.notify_all()
            return number

    # --- settings ------------------------------------------------------------------------------

    def set_parameters(self, parameters: Mapping[str, float]) -> None:
        """Change parameters (REGISTRY §parameters) from the next window on.

        Raises:
            ProtocolError: a value is no finite number.
        """
        wanted = dict(parameters)
        codec.encode(messages.SetParameters(stream=self._state.id, parameters=wanted), sequence=1)
        with self._connection.lock:
            self._state.set_parameters(wanted)
            self._connection.wake()

    def set_emotion(self, keys: Iterable[tuple[int, Sequence[float]]]) -> None:
        """Add time-coded emotions, linearly interpolated.

        Args:
            keys: (time in 16 kHz samples of the utterance, ten weights in [0, 1] in the order of
                REGISTRY §emotions); times go up, also from call to call.

        Raises:
            SettingsError: the times do not go up.
            ProtocolError: a weight or time is out of range.
        """
        wanted = [(time_samples, [float(weight) for weight in ten]) for time_samples, ten in keys]
        for some in (wanted[at : at + 256] for at in range(0, len(wanted), 256)):
            emotion = messages.Emotion(stream=self._state.id, generation=0, keys=some)
            codec.encode(emotion, sequence=1)
        with self._connection.lock:
            last = self._state.now.last_key_sample
            for time_samples, _ in wanted:
                if time_samples <= last:
                    raise SettingsError(
                        f"An emotion at {time_samples} cannot follow one at {last}.", field="keys"
                    )
                last = time_samples
            self._state.now.keys.extend(wanted)
            self._connection.wake()

    # --- frames out ----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[FrameBatch]:
        """Yield batches as they come, until the utterance has ended or the stream is closed.

        Raises:
            DeadlineExceeded: none came for `wait_s`.
            RemoteError: the daemon refused something, or the stream is over.
            FacewireError: the connection was given up.
        """
        while (batch := self.read()) is not None:
            yield batch

    def read(self, timeout_s: float | None = None) -> FrameBatch | None:
        """Return the next batch, or None when the utterance has ended or the stream is closed.

        Args:
            timeout_s: Instead of `wait_s`.

        Raises:
            FacewireError: as the iteration.
        """
        return self._take(self.wait_s if timeout_s is None else timeout_s)

    def animate(self, chunks: Iterable[Audio]) -> Iterator[FrameBatch]:
        """Send chunks, then `end()`, and yield the frames meanwhile: both ways in one thread.

        An interrupt from another thread ends it: the remaining chunks are not sent.

        Raises:
            FacewireError: as `send` and the iteration.
        """
        wanted = self._state.now.number
        for piece in itertools.chain.from_iterable(map(self._cutter.push, chunks)):
            while (batch := self._take(self.wait_s, wanted, or_credit=True)) is not None:
                yield batch
            if not self._append(piece, wanted, self.wait_s):
                return
        self.end(utterance=wanted)
        while (batch := self._take(self.wait_s, wanted)) is not None:
            yield batch

    def _take(
        self, wait_s: float | None, wanted: int | None = None, *, or_credit: bool = False
    ) -> FrameBatch | None:
        """Return the next batch; None: the utterance has ended or is not `wanted` any more.

        With `or_credit` None also says that none is there but audio may be sent.
        """
        state = self._state

        def is_void() -> bool:
            return wanted not in (None, state.now.number)

        def is_there() -> bool:
            if not state.now.batches:
                self._raise_failure()
            may_send = or_credit and state.may_append
            return bool(state.now.batches) or may_send or state.finished or is_void()

        with self._connection.lock:
            self._connection.wait(
                self._changed,
                is_there,
                wait_s,
                "frames",
                "Frames need audio, or `end()`; `wait_s=None` waits without a limit.",
            )
            if is_void() or not state.now.batches:
                return None
            batch = state.now.take_batch()
            self._connection.wake()  # taken frames are credit for new ones
            return batch

    # --- about it ------------------------------------------------------------------------------

    @property
    def opened(self) -> messages.StreamOpened:
        """What the daemon said when it opened the stream: curves, look-ahead, burst, model."""
        assert self._state.opened is not None  # open_stream waited for it
        return self._state.opened

    @property
    def curves(self) -> list[str]:
        """Names of the curves, in the order of a batch's columns."""
        return self.opened.curves

    @property
    def fps(self) -> Fraction:
        """Frames per second."""
        return Fraction(*self.opened.fps)

    @property
    def ended(self) -> messages.StreamEnded | None:
        """What the daemon said at the end of the utterance; None before."""
        return self._state.now.ended

    @property
    def utterance(self) -> int:
        """Number of the present utterance: 0, then one more with each `interrupt()`."""
        return self._state.now.number

    @property
    def counters(self) -> Counters:
        """What has moved so far; a copy."""
        with self._connection.lock:
            return replace(self._state.counters)

    def close(self) -> None:
        """Forget the stream, here and in the daemon; harmless when repeated."""
        with self._connection.lock:
            self._state.request_close()
            self._connection.wake()
            self._changed.notify_all()
            give_up_at_s = time.monotonic() + CLOSE_S
            while self._state.phase == "closing" and self._connection.keeper.failure is None:
                left_s = give_up_at_s - time.monotonic()
                if left_s <= 0 or self._connection.closed:
                    break
                self._changed.wait(left_s)

    def wait_open(self, timeout_s: float) -> None:
        """Wait until the daemon has opened the stream; `Client.open_stream` does it."""

        def is_open() -> bool:
            self._raise_failure()
            return self._state.opened is not None

        with self._connection.lock:
            self._connection.wait(self._changed, is_open, timeout_s, "`stream_opened`")

    def _raise_failure(self) -> None:
        """Raise what is wrong with the stream; a refused request only once."""
        failure = self._state.failure or self._state.now.failure
        if failure is None:
            failure, self._state.refusal = self._state.refusal, None
        if failure is not None:
            raise failure
