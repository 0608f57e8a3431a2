"""One greeted client: its messages, its streams, its liveness."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Final

from facewire.daemon.logs import log
from facewire.daemon.voices import Voices, usable
from facewire.protocol import codec, limits, messages
from facewire.protocol.errors import FacewireError, ProtocolError
from facewire.protocol.registry import ERRORS
from facewire.protocol.ring import ALIGNMENT, RECORD_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from facewire.daemon.outbox import Outbox
    from facewire.daemon.rings import SessionRings
    from facewire.daemon.services import Services
    from facewire.daemon.shelf import Shelf
    from facewire.inference.model import Model

VIOLATIONS: Final = frozenset(
    {
        "malformed", "too_large", "version_refused", "already_greeted", "ring_mismatch",
    }
)  # fmt: skip
"""Codes of rules that a sound client never breaks; `MAX_VIOLATIONS` of them end the session."""
_NS_PER_MS: Final = 1_000_000
NAME_BYTES: Final = 64
"""UTF-8 bytes of a model's name on the wire."""
_MODELS_BYTES: Final = 32 * 1024
_IDENTITIES_TOLD: Final = 64
_RELEASE_SHARE: Final = 8
"""Ring records are released at the latest when they fill this part of the ring."""


class Session:
    """A client that has said hello. Owned by the I/O thread."""

    def __init__(
        self,
        name: str,
        hello: messages.Hello,
        sequence: int,
        outbox: Outbox,
        rings: SessionRings | None,
        services: Services,
        shelf: Shelf,
        stats: Callable[[], dict[str, object]],
    ) -> None:
        """Args: `sequence` is that of the hello; `stats` gives the answer to `stats`."""
        self.name = name
        self.client = hello.client
        self.pid = hello.pid
        self.rings = rings
        self.outbox = outbox
        self.ending: str | None = None
        """Why it ends (REGISTRY §reasons, or `left`); None while it goes on."""
        self.round_trip_ms: float | None = None
        self.begun_ns = services.clock()
        self._services = services
        self._shelf = shelf
        self._stats = stats
        self._heard_ns = self._pinged_ns = self.begun_ns
        self._pings = 0
        self._sequence = sequence
        self._unread = 0
        self._violations = 0
        self.voices = Voices(outbox, services, shelf, self._refuse)
        self._unreleased_bytes = 0

    # --- messages -----------------------------------------------------------------------------

    def receive(self, parts: Sequence[bytes]) -> None:
        """Handle one multipart; whatever it holds, nothing is raised."""
        self._heard_ns = self._services.clock()
        try:
            envelope, payload = codec.unpack(parts, to="daemon")
        except ProtocolError as error:
            self._lose(parts[0], error)
            return
        message = envelope.message
        stream = getattr(message, "stream", 0)
        try:
            self._check_sequence(envelope.sequence)
            self._handlers[type(message)](self, message, payload)
        except ProtocolError as error:
            self._refuse(error, stream)
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one stream, never the loop
            self._break(error, stream)

    def _lose(self, header: bytes, error: ProtocolError) -> None:
        """Refuse a message that breaks the wire's rules; lost audio ends its generation."""
        self._unread += 1
        stream = 0
        with contextlib.suppress(ProtocolError):
            message = codec.decode(header, to="daemon").message
            voice = self.voices.find(getattr(message, "stream", 0))
            if isinstance(message, messages.Audio) and voice is not None:
                stream = message.stream
                voice.utterance.refuse(error.code, error.text)
        self._refuse(error, stream)

    def _check_sequence(self, sequence: int) -> None:
        # Messages that could not be read have used up numbers that nobody saw.
        last = self._sequence + self._unread
        if not self._sequence < sequence <= last + 1:
            raise ProtocolError(
                "out_of_sequence",
                f"Message {sequence} cannot follow message {last}.",
                field="sequence",
            )
        self._sequence, self._unread = sequence, 0

    def _refuse(self, error: ProtocolError, stream: int) -> None:
        self._services.counters.errors[error.code] += 1
        extra = {"key": f"{self.name} {error.code}", "session": self.name, "code": error.code}
        log().info("refused: %s", error.text, extra=extra)
        self.outbox.refuse(error, stream)
        self._violations += error.code in VIOLATIONS
        if self._violations >= limits.MAX_VIOLATIONS or ERRORS[error.code].ends == "session":
            self.ending = "violations"

    def _break(self, error: Exception, stream: int) -> None:
        voice = self.voices.find(stream)
        if voice is not None:
            voice.utterance.fail(error)
            return
        log().error("a message failed", exc_info=error, extra={"key": "message-failed"})
        self._services.counters.errors["internal"] += 1
        text = "The daemon failed at this message; its log says why."
        self.outbox.refuse(ProtocolError("internal", text), stream)

    def _hello(self, _message: messages.Hello, _payload: object) -> None:
        raise ProtocolError("already_greeted", "This session has begun already.")

    def _ping(self, message: messages.Ping, _payload: object) -> None:
        self.outbox.post(
            messages.Pong(
                nonce=message.nonce, sent_ns=message.sent_ns, answered_ns=self._services.clock()
            )
        )

    def _pong(self, message: messages.Pong, _payload: object) -> None:
        if message.sent_ns == self._pinged_ns:
            elapsed_ns = self._services.clock() - message.sent_ns
            self.round_trip_ms = elapsed_ns / _NS_PER_MS

    def _bye(self, _message: messages.Bye, _payload: object) -> None:
        self.ending = "left"

    def _audio(self, message: messages.Audio, payload: bytes | None) -> None:
        if message.length_bytes is not None:
            self._unreleased_bytes += RECORD_HEADER.size + ALIGNMENT + message.length_bytes
        self.voices.get(message.stream).audio(
            message, lambda: self._from_ring(message) if payload is None else payload
        )
        self._release(at_least_bytes=self._ring_bytes // _RELEASE_SHARE)

    def _from_ring(self, message: messages.Audio) -> bytes:
        if self.rings is None or message.offset is None or message.length_bytes is None:
            raise ProtocolError("ring_mismatch", "This session has no ring.", field="offset")
        return self.rings.reader.read(
            message.offset,
            message.length_bytes,
            generation=message.generation,
            sequence=self._sequence,
        )

    def _end_audio(self, message: messages.EndAudio, _payload: object) -> None:
        self.voices.get(message.stream).end_audio(message)

    def _emotion(self, message: messages.Emotion, _payload: object) -> None:
        self.voices.get(message.stream).emotion(message)

    def _set_parameters(self, message: messages.SetParameters, _payload: object) -> None:
        self.voices.get(message.stream).set_parameters(message)

    def _interrupt(self, message: messages.Interrupt, _payload: object) -> None:
        self.voices.get(message.stream).interrupt(message)

    def _credit(self, message: messages.Credit, _payload: object) -> None:
        if message.released is not None and self.rings is not None:
            self.rings.writer.release(message.released)
        voice = self.voices.find(message.stream)
        if voice is not None:  # credit for a stream just closed is nobody's fault
            voice.credit(message)

    def _list_models(self, _message: messages.ListModels, _payload: object) -> None:
        self.outbox.post(messages.Models(models=described(self._shelf.models)))

    def _ask_stats(self, _message: messages.Stats, _payload: object) -> None:
        self.outbox.post(messages.Stats(stats=self._stats()))

    def _warm_up(self, message: messages.WarmUp, _payload: object) -> None:
        self._shelf.request(message.model, self._warmed_up, self._tell_of_loading)

    def _tell_of_loading(self, text: str) -> None:
        if self.ending is None:
            self.outbox.post(messages.Warning(code="loading", text=text))

    def _warmed_up(self, model: Model | FacewireError, load_ms: float) -> None:
        try:
            name = usable(model).name
        except ProtocolError as error:
            self._refuse(error, 0)
        else:
            self.outbox.post(messages.WarmedUp(model=name, load_ms=load_ms))

    def _open_stream(self, message: messages.OpenStream, _payload: object) -> None:
        self.voices.open(message)

    def _close_stream(self, message: messages.CloseStream, _payload: object) -> None:
        self.voices.close(message.stream)

    _handlers: Final[Mapping[type[messages.Message], Callable[[Session, Any, Any], None]]] = {
        messages.Hello: _hello,
        messages.Ping: _ping,
        messages.Pong: _pong,
        messages.Bye: _bye,
        messages.OpenStream: _open_stream,
        messages.Audio: _audio,
        messages.Emotion: _emotion,
        messages.SetParameters: _set_parameters,
        messages.EndAudio: _end_audio,
        messages.Interrupt: _interrupt,
        messages.Credit: _credit,
        messages.CloseStream: _close_stream,
        messages.ListModels: _list_models,
        messages.Stats: _ask_stats,
        messages.WarmUp: _warm_up,
    }

    # --- time ---------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """True while a stream of it has frames to come."""
        return any(voice.utterance.is_running for voice in self.voices)

    def tick(self) -> None:
        """Ping, flush, release, and notice a peer that is gone, silent or stuck."""
        now_ns = self._services.clock()
        if self.outbox.waiting:
            self.unblock()
        if now_ns - self._pinged_ns >= limits.PING_INTERVAL_MS * _NS_PER_MS:
            self._release(at_least_bytes=1)
            self.probe()
        self._advance_all()  # frames of `live` streams grow old while nothing arrives
        if self.outbox.gone:
            self.ending = self.ending or "gone"
        elif self.outbox.hopeless:
            self.ending = self.ending or "slow"
        elif now_ns - self._heard_ns > self._services.limits.idle_session_s * 1_000 * _NS_PER_MS:
            self.ending = self.ending or "idle"

    def unblock(self) -> None:
        """Send what waits; once all of it left, let the streams go on."""
        self.outbox.flush()
        if not self.outbox.blocked:
            self._advance_all()

    def _advance_all(self) -> None:
        for voice in self.voices:
            try:
                voice.utterance.advance()
            except Exception as error:  # noqa: BLE001 - a fault of ours costs one stream, never the loop
                voice.utterance.fail(error)

    def probe(self) -> None:
        """Ask whether the client is there: a ROUTER says who died only when it is sent to."""
        if not self.outbox.blocked:
            self._pings += 1
            self._pinged_ns = self._services.clock()
            self.outbox.post(messages.Ping(nonce=self._pings, sent_ns=self._pinged_ns))

    def close(self) -> None:
        """Forget all streams; nothing of them leaves any more."""
        self.voices.close_all()

    @property
    def _ring_bytes(self) -> int:
        return self.rings.to_daemon.size_bytes if self.rings is not None else 0

    def _release(self, *, at_least_bytes: int) -> None:
        if 0 < self._unreleased_bytes >= at_least_bytes:
            self._unreleased_bytes = 0
            self.outbox.post(messages.Credit(released=self._sequence))


def described(models: Sequence[Model]) -> list[dict[str, object]]:
    """Return models as `welcome` and `models` tell of them, as many as a header has room for."""
    told: list[dict[str, object]] = []
    room = _MODELS_BYTES
    for model in models:
        emotion = model.emotion.name if model.emotion is not None else ""
        texts = {
            "name": model.name,
            "family": model.family_name,
            "emotion": emotion,
            "provider": model.backend.name,
            "variant": model.variant,
        }
        entry = {
            **{key: shortened(text) for key, text in texts.items()},
            "identities": [shortened(each) for each in model.identities[:_IDENTITIES_TOLD]],
            "look_ahead_samples": model.look_ahead_samples,
        }
        room -= len(json.dumps(entry))
        if room < 0:
            break
        told.append(entry)
    return told


def shortened(text: str) -> str:
    """Return a name as the wire takes it: at most 64 bytes."""
    return text.encode()[:NAME_BYTES].decode(errors="ignore")
