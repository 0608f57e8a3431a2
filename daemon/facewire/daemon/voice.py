"""One stream of a session, over all its generations."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from facewire.daemon.outflow import Delivery
from facewire.daemon.utterance import Utterance
from facewire.emotion import emotion_vector
from facewire.inference.settings import StreamSettings
from facewire.protocol import limits, messages
from facewire.protocol.errors import MappingError, ProtocolError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.daemon.outbox import Outbox
    from facewire.daemon.services import Services
    from facewire.inference.model import Model
    from facewire.mapping.rig import Rig

DEFAULT_RIG = "a2f"


class Voice:
    """A stream: what it was opened with, and the utterance it is in. Of the I/O thread."""

    def __init__(
        self, request: messages.OpenStream, model: Model, outbox: Outbox, services: Services
    ) -> None:
        """Open a stream and say so.

        Raises:
            ProtocolError: the rig, the identity or a setting is none we can serve.
        """
        self.request = request
        self.model = model
        self.rig = _rig(request, services)
        self._outbox = outbox
        self._services = services
        _check_identity(request, model)
        with _as_protocol_error():
            self._settings = stream_settings(request, self.rig, model)
            self._geometry = _geometry(self._settings, model)
            self.utterance = self._begin(request.generation, request.credit_frames)
        services.counters.streams += 1
        outbox.post(self._opened())
        for text in _fallbacks(model, hears=request.automatic_emotion):
            outbox.post(messages.Warning(code="provider_fallback", text=text, stream=self.number))

    @property
    def number(self) -> int:
        """The client's id of the stream."""
        return self.request.stream

    def audio(self, message: messages.Audio, read: Callable[[], bytes]) -> None:
        """Take a chunk, whose samples `read` gets. Raises as `Utterance.push`."""
        self._check_generation(message.generation)
        self.utterance.push(message, read)

    def end_audio(self, message: messages.EndAudio) -> None:
        """End the audio of the generation. Raises as `Utterance.end`."""
        self._check_generation(message.generation)
        self.utterance.end()

    def emotion(self, message: messages.Emotion) -> None:
        """Add emotion keys.

        Raises:
            ProtocolError: another generation, or times that do not increase.
        """
        self._check_generation(message.generation)
        with _as_protocol_error():
            self.utterance.stream.set_emotion_keys(message.keys)

    def set_parameters(self, message: messages.SetParameters) -> None:
        """Change parameters, of this generation and of those to come.

        Raises:
            ProtocolError: an unknown name or a value out of range; nothing is then changed.
        """
        with _as_protocol_error():
            self.utterance.set_parameters(message.parameters)
        parameters = {**self._settings.parameters, **message.parameters}
        self._settings = replace(self._settings, parameters=parameters)

    def interrupt(self, message: messages.Interrupt) -> None:
        """Void everything so far and begin a new generation at time zero.

        Raises:
            ProtocolError: the generation is not newer.
        """
        if message.generation <= self.utterance.generation:
            raise ProtocolError(
                "wrong_generation",
                f"A new generation must be above {self.utterance.generation}.",
                field="generation",
            )
        self.utterance.void()
        self._settings = replace(self._settings, start_sample=0, first_frame=0)
        self.utterance = self._begin(message.generation, message.credit_frames)
        self._outbox.post(
            messages.Interrupted(
                stream=self.number,
                generation=message.generation,
                credit_samples=self.utterance.credit_samples,
            )
        )

    def credit(self, message: messages.Credit) -> None:
        """Take frame credit; that of an older generation means nothing any more."""
        if message.generation == self.utterance.generation and message.frames is not None:
            self.utterance.grant(message.frames)

    def close(self) -> None:
        """Let nothing more leave."""
        self.utterance.void()

    def _begin(self, generation: int, credit_frames: int) -> Utterance:
        delivery = Delivery(
            stream=self.number,
            generation=generation,
            is_live=self.request.mode == "live",
            with_ledger=self.request.ledger,
            first_frame=self._settings.first_frame,
            outputs=self._settings.outputs,
        )
        return Utterance(
            self.model, self._settings, delivery, credit_frames, self._outbox, self._services
        )

    def _opened(self) -> messages.StreamOpened:
        return messages.StreamOpened(
            stream=self.number,
            generation=self.utterance.generation,
            curves=list(self.rig.names),
            fps=self.request.fps,
            look_ahead_samples=self.utterance.stream.look_ahead_samples,
            burst_frames=self.model.burst_frames(self._settings.fps),
            mouth_close=self._settings.frames_mouth_close,
            credit_samples=self.utterance.credit_samples,
            model=self.model.name,
            identity=self._settings.identity,
            rig=self.rig.name,
            outputs=[name for name in messages.OUTPUTS if name in self._settings.outputs],
            geometry=self._geometry,
            **self._heard(),
        )

    def _heard(self) -> dict[str, Any]:
        """Return what `stream_opened` says of automatic emotion."""
        if not self._settings.automatic_emotion:
            return {}
        emotion = self.model.emotion_model()
        window = self._settings.emotion_window_samples or emotion.window_limits_samples[1]
        return {"emotion_model": emotion.name[:64], "emotion_window_samples": window}

    def _check_generation(self, generation: int) -> None:
        if generation != self.utterance.generation:
            raise ProtocolError(
                "wrong_generation",
                f"Generation {self.utterance.generation} is in force, not {generation}.",
                field="generation",
            )


def _fallbacks(model: Model, *, hears: bool) -> list[str]:
    """Return why `auto` left an accelerator, by now: a card may fail long after it was chosen."""
    backends = [model.backend]
    if hears:
        backends.append(model.emotion_model().backend)
    live = [getattr(backend, "fallback", None) for backend in backends]
    return [each.text for each in (live[0] or model.fallback, *live[1:]) if each is not None]


def _rig(request: messages.OpenStream, services: Services) -> Rig:
    try:
        return services.rigs.get(request.rig or DEFAULT_RIG)
    except MappingError as error:
        raise ProtocolError("unknown_rig", str(error), field="rig") from None


def _check_identity(request: messages.OpenStream, model: Model) -> None:
    try:
        model.check_identity(request.identity)
    except SettingsError as error:
        raise ProtocolError("unknown_identity", str(error), field="identity") from None


def stream_settings(request: messages.OpenStream, rig: Rig, model: Model) -> StreamSettings:
    """Return what the model is to do for a request, with what `live` chooses by itself.

    Raises:
        SettingsError: there is no such emotion, or none is heard by this model.
    """
    return StreamSettings(
        sample_rate_hz=request.sample_rate_hz,
        channels=request.channels,
        encoding=request.encoding,
        fps=Fraction(*request.fps),
        rig=rig,
        parameters=_parameters(request, model),
        emotion=emotion_vector(request.emotion),
        seed=request.seed,
        start_sample=request.start_sample,
        first_frame=request.first_frame,
        identity=model.identity_named(request.identity),
        mouth_close=request.mouth_close,
        automatic_emotion=request.automatic_emotion,
        emotion_window_samples=_emotion_window(request, model),
        outputs=frozenset(request.outputs),
    )


def _parameters(request: messages.OpenStream, model: Model) -> dict[str, float]:
    """Return what the client set; a live face that is told nothing else blinks and looks about."""
    chosen = dict(request.parameters)
    if request.mode == "live" and "idleStrength" in model.parameters(request.identity):
        chosen.setdefault("idleStrength", 1.0)
    return chosen


def _emotion_window(request: messages.OpenStream, model: Model) -> int:
    if not request.automatic_emotion or request.emotion_window_samples or request.mode != "live":
        return request.emotion_window_samples
    return model.live_emotion_window_samples(Fraction(*request.fps))


def _geometry(settings: StreamSettings, model: Model) -> tuple[int, int]:
    """Return the numbers per frame of skin and tongue.

    Raises:
        SettingsError: the model has no vertices, or more than a message can carry.
    """
    if "geometry" not in settings.outputs:
        return (0, 0)
    from facewire.inference.solved_family import SolvedFamily  # no other family has any

    if not isinstance(model.family, SolvedFamily):
        return (0, 0)  # refused when the stream begins
    chosen = model.identities.index(settings.identity) if settings.identity else 0
    rest = model.family.faces[chosen].rest
    skin, tongue = rest.neutral_skin.size, rest.neutral_tongue.size
    beside = limits.MAX_CURVES + 4 + 10 + 16
    if (skin + tongue + beside) * 4 > limits.MAX_PART_BYTES:
        raise SettingsError(
            f"A frame of {model.name} has {skin + tongue} numbers: more than a message takes.",
            field="outputs",
            hint="Leave `geometry` out.",
        )
    return (skin, tongue)


class _as_protocol_error:  # noqa: N801 - reads as a verb where it is used
    """Turn a `SettingsError` of the core into the error the client is sent."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SettingsError):
            raise ProtocolError("out_of_range", str(error), field=error.field) from error
