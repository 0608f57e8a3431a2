"""One generation of a stream: audio in within credit, one window at a time, frames out.

The numbers come from `facewire.inference.stream.Stream`, which knows no clock and no socket; this
decides when it may go on. An interrupt makes a new `Utterance`: whatever the old one still has in
flight then has nowhere to arrive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from facewire.daemon.arrivals import Arrivals
from facewire.daemon.logs import log
from facewire.daemon.outflow import Delivery, Outflow
from facewire.daemon.preparation import ParameterChanges
from facewire.daemon.scheduler import Flight
from facewire.inference.stream import Stream
from facewire.protocol import limits, messages
from facewire.protocol.errors import ProtocolError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from facewire.daemon.outbox import Outbox
    from facewire.daemon.services import Services
    from facewire.inference.model import Model
    from facewire.inference.settings import StreamSettings
    from facewire.inference.stream import Window

BYTES_PER_SAMPLE: Final = {"int16": 2, "float32": 4}
CREDIT_STEP_S: Final = 0.25
"""Credit is said anew after this much audio was used up."""
LIVE_WAITING_S: Final = 2
"""Seconds of frames a `live` stream computes ahead of its frame credit."""
_NS: Final = 1_000_000_000
_RATE_HZ: Final = 16_000


class Utterance:
    """A stream's audio from time zero, or from where a resumed one begins. Of the I/O thread."""

    def __init__(
        self,
        model: Model,
        settings: StreamSettings,
        delivery: Delivery,
        credit_frames: int,
        outbox: Outbox,
        services: Services,
    ) -> None:
        self.model = model
        self.settings = settings
        self.generation = delivery.generation
        self.stream = Stream(model, settings)
        self.outflow = Outflow(delivery, credit_frames, outbox, services)
        self.queued = False
        self.compute_ns = 0
        self.is_ended = False
        """True once `stream_ended` was said."""
        self._number = delivery.stream
        self._is_live = delivery.is_live
        self._outbox = outbox
        self._services = services
        self._arrivals = Arrivals(settings.sample_rate_hz, settings.start_sample)
        self._flight: Flight | None = None
        self._is_void = False
        self._changes = ParameterChanges(self.stream, services)
        self._refusal: tuple[str, str] | None = None
        self._audio_ended_ns: int | None = None
        self._heard_complete_ns = 0
        """When the audio was there that the emotions known by now were heard in."""
        self._warned: set[str] = set()
        self.credit_samples = self._credit_now()
        """Source samples with an index below this may be sent."""

    @property
    def samples(self) -> int:
        """Source samples that have arrived, from the utterance's time zero."""
        return self._arrivals.samples

    @property
    def is_running(self) -> bool:
        """True while it has audio whose frames are not all sent."""
        begun = self._arrivals.begun_ns is not None or self._audio_ended_ns is not None
        return begun and not (self.is_ended or self._is_void or self._refusal == _FAILED)

    @property
    def state(self) -> str:
        """One word for `status`."""
        if self._refusal is not None:
            return "failed" if self._refusal == _FAILED else "refusing"
        if self.is_ended:
            return "ended"
        if self.outflow.waiting_frames and self._flight is None:
            return "paused"
        return "running" if self._arrivals.begun_ns is not None else "open"

    def push(self, audio: messages.Audio, read: Callable[[], bytes]) -> None:
        """Take one chunk; in a generation that was refused one, pass over it without a word.

        Args:
            audio: The message.
            read: Gets the samples; called only when they are wanted.

        Raises:
            ProtocolError: it does not fit its format, the credit, or the state, or cannot be read;
                it and whatever follows in this generation is then refused, since a hole would
                shift all that comes after.
        """
        if self._refusal is not None:
            return
        if self._audio_ended_ns is not None:
            raise ProtocolError("audio_ended", "Audio came after end_audio.")
        try:
            payload = read()
            self._check_chunk(audio, payload)
        except ProtocolError as error:
            self.refuse(error.code, error.text)
            raise
        now_ns = self._services.clock()
        self.stream.push(payload)
        self._arrivals.add(audio.samples, now_ns)
        if self.stream.sanitised:
            text = "The audio holds values that are no sound (NaN, Inf, denormals or too loud)."
            self._warn("audio_sanitised", text)
        self.advance()

    def _check_chunk(self, audio: messages.Audio, payload: bytes) -> None:
        settings = self.settings
        needed = audio.samples * settings.channels * BYTES_PER_SAMPLE[settings.encoding]
        longest = limits.MAX_AUDIO_S * settings.sample_rate_hz
        end = self.samples + audio.samples
        if len(payload) != needed:
            code = "malformed"
            text = f"{audio.samples} samples are {needed} bytes here, not {len(payload)}."
        elif audio.samples > longest:
            code, text = "too_large", f"A chunk may have {longest} samples, not {audio.samples}."
        elif end > self.credit_samples:
            code = "credit_exceeded"
            text = f"Samples up to {self.credit_samples} may be sent, not up to {end}."
        else:
            return
        raise ProtocolError(code, text, field="samples")

    def refuse(self, code: str, text: str) -> None:
        """Take no more audio in this generation: a chunk of it was lost."""
        self._refusal = self._refusal or (code, text)

    def end(self) -> None:
        """Take note that no audio follows.

        Raises:
            ProtocolError: it was said before.
        """
        if self._audio_ended_ns is not None:
            raise ProtocolError("audio_ended", "end_audio came twice.")
        self._audio_ended_ns = self._services.clock()
        self.stream.end()
        self.advance()

    def set_parameters(self, changes: Mapping[str, float]) -> None:
        """Change parameters from the next window on, or once those that take long are ready.

        Changes take effect in the order they came in.

        Raises:
            SettingsError: an unknown name or a value out of range; nothing is then changed.
        """
        self._changes.make(changes, has_begun=self._arrivals.begun_ns is not None)

    def grant(self, frames: int) -> None:
        """Take note of how far the client may be sent frames; a smaller number changes nothing."""
        self.outflow.credit_frames = max(self.outflow.credit_frames, frames)
        self.advance()

    def void(self) -> None:
        """Let nothing of this generation leave any more."""
        self._is_void = True
        self._changes.void()
        self._flight = None  # it knows us: a storm of interrupts must not wait for the collector

    def advance(self) -> None:
        """Do whatever can be done now: send, grant, queue the next window, say the end."""
        if self._is_void:
            return
        self.outflow.pump()
        self._queue_window()
        self._grant_samples()
        if self._audio_ended_ns is not None and not self.is_ended and self._refusal != _FAILED:
            self._end_if_done()

    def take(self) -> Flight | None:
        """See `scheduler.Ready`."""
        return None if self._is_void else self._flight

    def land(self, flight: Flight) -> None:
        """See `scheduler.Ready`."""
        counters = self._services.counters
        counters.windows += 1
        spent_ns = max(flight.ready_ns - flight.started_ns, 0)
        counters.compute_ns += spent_ns
        if self._is_void:
            counters.void_windows += 1
            return
        self._flight = None
        self.compute_ns += spent_ns
        if self._refusal == _FAILED:
            return
        if flight.failure is not None:
            self.fail(flight.failure)
            return
        try:
            self.stream.complete(flight.window)
            if flight.window.kind == "emotion":
                self._heard_complete_ns = max(self._heard_complete_ns, flight.complete_ns)
            if flight.frames is not None:
                if "network_repaired" in flight.frames.flags:
                    text = "A network answered with numbers that are none (NaN, Inf)."
                    self._warn("network_repaired", text)
                self.outflow.add(flight.frames, flight)
            self.advance()
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this stream, never the loop
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End this generation because of a fault of ours; the other streams go on."""
        self._refusal = _FAILED
        self._changes.void()
        self._flight = None
        extra = {"key": "stream-failed", "stream": self._number}
        log().error("a stream failed", exc_info=error, extra=extra)
        self._services.counters.errors["internal"] += 1
        told = _spoken(error) if isinstance(error, ProviderError) else _FAILED[1]
        self._outbox.refuse(ProtocolError(_FAILED[0], told), self._number)

    def _queue_window(self) -> None:
        if self._flight is not None or self._refusal == _FAILED or self._is_paused():
            return
        if not self.stream.ready():
            return
        window = self.stream.take_window()
        complete_ns = self._complete_ns(window)
        # A face is due when its sound could be heard at the earliest: audio that came ahead of
        # real time yields to voices that are speaking now. An emotion is due with the face that
        # waits for it, which is the next one.
        rate_hz = self.settings.sample_rate_hz
        begun_ns = self._arrivals.begun_ns or self._services.clock()
        start = self.settings.start_sample * _RATE_HZ // rate_hz
        instant = window.target_sample
        if window.kind == "emotion":
            instant = self.stream.consumed_samples * _RATE_HZ // rate_hz
        heard_ns = begun_ns + (instant - start) * _NS // _RATE_HZ
        due_ns = max(complete_ns, heard_ns)
        backend = self.model.backend_for(window)
        self._flight = Flight(self, self.stream, window, backend, due_ns, complete_ns)
        self._services.scheduler.submit(self, due_ns)

    def _complete_ns(self, window: Window) -> int:
        """Return when the last sample had arrived without which a window could not be run."""
        reach_s = self.stream.reach_samples(window) / _RATE_HZ + self.stream.resampler_lag_s
        needed = int((window.target_sample / _RATE_HZ + reach_s) * self.settings.sample_rate_hz)
        ended_ns = self._audio_ended_ns or self._services.clock()
        arrived_ns = self._arrivals.instant_of(needed, ended_ns)
        # A face that is told an emotion has waited for the audio it was heard in, too.
        return arrived_ns if window.kind == "emotion" else max(arrived_ns, self._heard_complete_ns)

    def _is_paused(self) -> bool:
        if not self._is_live:
            return self.outflow.waiting_frames > 0
        most = int(LIVE_WAITING_S * self.settings.fps)
        if "geometry" in self.settings.outputs:
            most = min(most, limits.CREDIT_GEOMETRY_FRAMES)
        return self.outflow.waiting_frames > most

    def _credit_now(self) -> int:
        # With less than a frame needs, and something for strides and chunks, none would ever come.
        needed_s = self.stream.look_ahead_samples // _RATE_HZ + 3
        ahead_s = max(self._services.limits.credit_s, needed_s)
        return self.stream.consumed_samples + ahead_s * self.settings.sample_rate_hz

    def _warn(self, code: str, text: str) -> None:
        """Say something to the client, once per generation."""
        if code not in self._warned:
            self._warned.add(code)
            self._outbox.post(messages.Warning(code=code, text=text, stream=self._number))

    def _grant_samples(self) -> None:
        if self._audio_ended_ns is not None or self._refusal is not None:
            return
        credit = self._credit_now()
        if credit - self.credit_samples >= CREDIT_STEP_S * self.settings.sample_rate_hz:
            self.credit_samples = credit
            self._outbox.post(
                messages.Credit(stream=self._number, generation=self.generation, samples=credit)
            )

    def _end_if_done(self) -> None:
        if self._flight is not None or self.outflow.waiting_frames or not self.stream.finished:
            return
        self.is_ended = True
        self._changes.void()
        audio_ns = self.samples * _NS // self.settings.sample_rate_hz
        self._services.counters.audio_samples_16k += audio_ns * _RATE_HZ // _NS
        self._outbox.post(
            messages.StreamEnded(
                stream=self._number,
                generation=self.generation,
                frames=self.stream.frames_total or 0,
                dropped=self.outflow.dropped,
                real_time_factor=self.compute_ns / audio_ns if audio_ns else 0.0,
                latency_ms=self.outflow.latencies_ms.percentiles(),
            )
        )


_PATH: Final = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\s\\/'\":,;)]+)+[\\/]?")
_TOLD_CHARACTERS: Final = 300


def _spoken(error: ProviderError) -> str:
    """Return what a client may read of an error: its sentence, and no folder of this machine."""
    first = error.text.partition("\n")[0]
    return f"{_PATH.sub('…', first)[:_TOLD_CHARACTERS]} {error.hint}".strip()


_FAILED: Final = ("internal", "The stream failed inside the daemon; interrupt or close it.")
