"""Typed messages of the bridge protocol, version 1: one frozen dataclass per message type.

This table *is* the wire: every field carries its rule (`facewire.protocol.fields`), and the codec,
SPEC's tables, the golden vectors and the fuzzers are all driven by it. A field with a default may
be absent on the wire. The header keys are the field names, beside the common keys `type`, `version`
and `sequence` (see `facewire.protocol.codec`).
"""

# ruff: noqa: RUF009 - the calls make dataclass fields, each its own

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from facewire.protocol import limits
from facewire.protocol.errors import ProtocolError
from facewire.protocol.fields import (
    boolean,
    finite,
    float_map,
    integer,
    integer_map,
    integers,
    keys,
    models,
    pair,
    rings,
    stats,
    string,
    strings,
    versions,
)
from facewire.protocol.rules import EMOTION_COUNT

U32 = 2**32 - 1
U53 = 2**53 - 1  # whole numbers every JSON reader and Blueprint int64 keeps exactly

ENCODINGS = ("int16", "float32")
MODES = ("burst", "live")
MOUTH_CLOSE = ("arkit", "raw")
TRANSPORTS = ("ring", "inline")
OUTPUTS = ("emotion", "jaw", "geometry")


class Message:
    """Base of all messages; `TYPE` is the wire name, `TO_DAEMON`/`TO_CLIENT` who may send it."""

    TYPE: ClassVar[str]
    TO_DAEMON: ClassVar[bool] = False
    TO_CLIENT: ClassVar[bool] = False
    HAS_PAYLOAD: ClassVar[bool] = False

    def check_together(self) -> None:
        """Raise `ProtocolError` when fields that are each right contradict one another."""

    def check_payload_bytes(self, size_bytes: int) -> None:
        """Raise `ProtocolError` when a payload of this size cannot be what the fields say."""


# --- session ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Hello(Message):
    """The first message of a client; anything before it is refused."""

    TYPE = "hello"
    TO_DAEMON = True
    versions: list[tuple[int, int]] = versions()
    """Protocol versions the client speaks, as (major, minor), best first."""
    client: str = string(max_bytes=128)
    """Name and version of the program, for logs and `status`."""
    token: str = string(max_bytes=128, default="")
    """Token of the daemon's handshake file; not needed under CURVE."""
    transports: list[str] = strings(known=TRANSPORTS, default=("inline",))
    """Ways the client can move payloads; `ring` only on the daemon's own machine."""
    pid: int = integer(0, U32, default=0)
    """Process id of the client, for `status`; 0 when unknown."""


@dataclass(frozen=True, kw_only=True)
class Welcome(Message):
    """The answer to `hello`."""

    TYPE = "welcome"
    TO_CLIENT = True
    protocol: tuple[int, int] = pair(0, U32)
    """Version spoken from here on: the highest common one."""
    session: str = string(max_bytes=64)
    """Random name of this session, for logs."""
    daemon: str = string(max_bytes=128)
    """Daemon name and version."""
    features: list[str] = strings(max_items=64, default=())
    """Optional abilities, REGISTRY §features."""
    limits: dict[str, int] = integer_map()
    """Limits the client must keep, REGISTRY §limits."""
    rings: dict[str, dict[str, str | int]] | None = rings()
    """`to_daemon` and `to_client`, each {path, size_bytes}; absent: payloads go inline."""
    models: list[dict[str, object]] = models()
    """Models ready to open."""
    rigs: list[str] = strings()
    """Curve sets the daemon can answer in."""
    capacity: dict[str, int] = integer_map()
    """`sessions` and `streams` this daemon admits."""


@dataclass(frozen=True, kw_only=True)
class Ping(Message):
    """Is the other side alive? Both ways; answered by `pong` at once."""

    TYPE = "ping"
    TO_DAEMON = True
    TO_CLIENT = True
    nonce: int = integer(0, U53)
    """Returned in `pong`."""
    sent_ns: int = integer(0, 2**63 - 1, default=0)
    """Sender's monotonic clock, nanoseconds; returned in `pong`."""


@dataclass(frozen=True, kw_only=True)
class Pong(Message):
    """The answer to `ping`."""

    TYPE = "pong"
    TO_DAEMON = True
    TO_CLIENT = True
    nonce: int = integer(0, U53)
    sent_ns: int = integer(0, 2**63 - 1, default=0)
    """`sent_ns` of the ping."""
    answered_ns: int = integer(0, 2**63 - 1, default=0)
    """Answerer's monotonic clock, nanoseconds."""


@dataclass(frozen=True, kw_only=True)
class Bye(Message):
    """The sender leaves; nothing follows."""

    TYPE = "bye"
    TO_DAEMON = True
    TO_CLIENT = True
    reason: str = string(max_bytes=64, default="")
    """REGISTRY §reasons: `done`, `shutdown`, `idle`, `revoked`, `violations`."""


@dataclass(frozen=True, kw_only=True)
class Draining(Message):
    """The daemon ends soon: running streams may finish, new ones are refused."""

    TYPE = "draining"
    TO_CLIENT = True
    deadline_ms: int = integer(0, U32)
    """Milliseconds until the daemon cuts what is left."""


@dataclass(frozen=True, kw_only=True)
class Error(Message):
    """A request was refused or a rule was broken."""

    TYPE = "error"
    TO_CLIENT = True
    code: str = string(max_bytes=64)
    """REGISTRY §errors."""
    text: str = string()
    """One sentence for a person."""
    stream: int = integer(0, U32, default=0)
    """The stream it is about; 0: the session."""
    field: str = string(max_bytes=128, default="")
    """The header key it is about."""
    retry: bool = boolean(default=False)
    """True when the same request may succeed later."""


@dataclass(frozen=True, kw_only=True)
class Warning(Message):  # noqa: A001 - the wire word; used as messages.Warning
    """Something the user should know; the stream goes on."""

    TYPE = "warning"
    TO_CLIENT = True
    code: str = string(max_bytes=64)
    """REGISTRY §warnings."""
    text: str = string()
    stream: int = integer(0, U32, default=0)


# --- streams ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OpenStream(Message):
    """Open one voice. The client picks the id; generation starts at the number it gives."""

    TYPE = "open_stream"
    TO_DAEMON = True
    stream: int = integer(1, U32)
    """Id of the stream, free in this session."""
    generation: int = integer(0, U32, default=0)
    """First generation; a client that resumes gives one it has not used."""
    sample_rate_hz: int = integer(limits.MIN_SAMPLE_RATE_HZ, limits.MAX_SAMPLE_RATE_HZ)
    """Of the audio that will be sent."""
    channels: int = integer(1, limits.MAX_CHANNELS, default=1)
    """Two are averaged."""
    encoding: str = string(choices=ENCODINGS, default="int16")
    """Little-endian samples, channels interleaved."""
    model: str = string(max_bytes=64, default="")
    """Empty: the daemon's default."""
    identity: str = string(max_bytes=64, default="")
    """A face inside the bundle, in capitals or not; empty: its first."""
    rig: str = string(max_bytes=64, default="")
    """Curve set to answer in; empty: `a2f` (52 ARKit, 16 tongue, 3 head)."""
    fps: tuple[int, int] = pair(1, 1_000_000, default=(60, 1))
    """Frame rate as numerator, denominator; 1 to 240 frames per second."""
    mode: str = string(choices=MODES, default="burst")
    """`burst`: frames as fast as they can be made; `live`: late frames may be dropped, counted."""
    parameters: dict[str, float] = float_map(default={})
    """REGISTRY §parameters."""
    emotion: dict[str, float] = float_map(default={}, minimum=0.0, maximum=1.0)
    """Constant emotion by name, REGISTRY §emotions; `emotion` messages replace it over time."""
    seed: int = integer(0, U32, default=0)
    """Seed of blinks, gaze and brow accents: same seed, same motion."""
    start_sample: int = integer(0, U53, default=0)
    """Index, at the source rate, of the first sample that will be sent (resume)."""
    first_frame: int = integer(0, U53, default=0)
    """Index of the first frame wanted (resume); earlier frames are not sent."""
    credit_frames: int = integer(1, U53, default=limits.CREDIT_FRAMES)
    """Frames with an index below this may be sent before the client grants more."""
    mouth_close: str = string(choices=MOUTH_CLOSE, default="arkit")
    """`arkit`: mouthClose is relative to an open jaw; `raw`: as the model has it."""
    ledger: bool = boolean(default=False)
    """True: each `frames` carries its latency ledger."""
    automatic_emotion: bool = boolean(default=False)
    """True: hear the emotion in the voice; `emotion` and its keys are then preferred ones."""
    emotion_window_samples: int = integer(0, U32, default=0)
    """Audio one emotion inference hears, 16 kHz samples; 0: as fits the model and `mode`."""
    outputs: list[str] = strings(known=OUTPUTS, default=(), max_items=16)
    """What frames carry beside curves and eyes; none is sent unasked."""

    def check_together(self) -> None:
        """See `Message.check_together`."""
        numerator, denominator = self.fps
        if not denominator <= numerator <= limits.MAX_FPS * denominator:
            raise ProtocolError(
                "out_of_range",
                f"`fps` must be 1 to {limits.MAX_FPS} frames per second.",
                field="fps",
                limit=limits.MAX_FPS,
                got=numerator / denominator,
            )


@dataclass(frozen=True, kw_only=True)
class StreamOpened(Message):
    """The stream is ready for audio."""

    TYPE = "stream_opened"
    TO_CLIENT = True
    stream: int = integer(1, U32)
    generation: int = integer(0, U32)
    curves: list[str] = strings(max_items=limits.MAX_CURVES)
    """Curve names in payload order, said once."""
    fps: tuple[int, int] = pair(1, 1_000_000)
    """As asked."""
    look_ahead_samples: int = integer(0, U32)
    """Future audio a frame needs, in 16 kHz samples; with what hearing emotions needs."""
    burst_frames: int = integer(1, U32)
    """Most frames one window gives at once."""
    mouth_close: str = string(choices=MOUTH_CLOSE)
    """The convention of `mouthClose` in the frames."""
    credit_samples: int = integer(0, U53)
    """Samples (source rate) with an index below this may be sent."""
    model: str = string(max_bytes=64)
    """The model that answers."""
    identity: str = string(max_bytes=64, default="")
    """The face of it; empty when it has one without a name."""
    rig: str = string(max_bytes=64)
    """The curve set of the frames."""
    emotion_model: str = string(max_bytes=64, default="")
    """What hears the emotion; empty without `automatic_emotion`."""
    emotion_window_samples: int = integer(0, U32, default=0)
    """Audio one emotion inference hears, 16 kHz samples; 0 without `automatic_emotion`."""
    outputs: list[str] = strings(known=OUTPUTS, default=(), max_items=16)
    """What frames carry beside curves and eyes, as asked."""
    geometry: tuple[int, int] = pair(0, limits.MAX_GEOMETRY_FLOATS, default=(0, 0))
    """Numbers per frame of the skin and of the tongue, three a vertex; [0, 0] without."""


@dataclass(frozen=True, kw_only=True)
class Audio(Message):
    """A chunk of audio: inline as the payload part, or in the ring (`offset`, `length_bytes`)."""

    TYPE = "audio"
    TO_DAEMON = True
    HAS_PAYLOAD = True
    stream: int = integer(1, U32)
    generation: int = integer(0, U32)
    samples: int = integer(1, U32)
    """Sample frames in the chunk (a stereo pair counts once)."""
    offset: int | None = integer(0, U53, optional=True)
    """Byte offset of the record in the ring; absent: inline."""
    length_bytes: int | None = integer(1, limits.MAX_AUDIO_BYTES, optional=True)
    """Payload bytes of the ring record."""

    def check_together(self) -> None:
        """See `Message.check_together`."""
        _check_place(self, self.offset, self.length_bytes)

    def check_payload_bytes(self, size_bytes: int) -> None:
        """Two or four bytes a sample, one or two channels: the stream knows which."""
        if size_bytes not in (self.samples * 2, self.samples * 4, self.samples * 8):
            raise _wrong_payload(self, self.samples * 2, size_bytes)


@dataclass(frozen=True, kw_only=True)
class Emotion(Message):
    """Time-coded emotion keys, linearly interpolated; times strictly increase over the stream."""

    TYPE = "emotion"
    TO_DAEMON = True
    stream: int = integer(1, U32)
    generation: int = integer(0, U32)
    keys: list[tuple[int, list[float]]] = keys()
    """[time in 16 kHz samples, the ten A2F emotions in order] per key."""


@dataclass(frozen=True, kw_only=True)
class SetParameters(Message):
    """Change parameters of a running stream, from the next window on."""

    TYPE = "set_parameters"
    TO_DAEMON = True
    stream: int = integer(1, U32)
    parameters: dict[str, float] = float_map()
    """New values; those not named stay."""


@dataclass(frozen=True, kw_only=True)
class EndAudio(Message):
    """No more audio in this generation: the tail is flushed, `stream_ended` follows."""

    TYPE = "end_audio"
    TO_DAEMON = True
    stream: int = integer(1, U32)
    generation: int = integer(0, U32)


@dataclass(frozen=True, kw_only=True)
class Interrupt(Message):
    """Drop everything of the older generations and start a new utterance at time zero."""

    TYPE = "interrupt"
    TO_DAEMON = True
    stream: int = integer(1, U32)
    generation: int = integer(1, U32)
    """The new generation, greater than the last."""
    credit_frames: int = integer(1, U53, default=limits.CREDIT_FRAMES)
    """Frame credit of the new generation."""


@dataclass(frozen=True, kw_only=True)
class Interrupted(Message):
    """The new generation is in force; no frame of an older one follows."""

    TYPE = "interrupted"
    TO_CLIENT = True
    stream: int = integer(1, U32)
    generation: int = integer(1, U32)
    credit_samples: int = integer(0, U53)
    """Samples of the new generation with an index below this may be sent."""


@dataclass(frozen=True, kw_only=True)
class Credit(Message):
    """What the other side may still send; absolute, so that a repeated one is harmless."""

    TYPE = "credit"
    TO_DAEMON = True
    TO_CLIENT = True
    stream: int = integer(0, U32, default=0)
    """0 when only ring records are released."""
    generation: int = integer(0, U32, default=0)
    samples: int | None = integer(0, U53, optional=True)
    """Daemon to client: samples with an index below this may be sent."""
    frames: int | None = integer(0, U53, optional=True)
    """Client to daemon: frames with an index below this may be sent."""
    released: int | None = integer(0, U53, optional=True)
    """All ring records up to this sequence number may be overwritten."""


@dataclass(frozen=True, kw_only=True)
class Frames(Message):
    """A burst of frames: float32[count, curves], and behind them whatever else is said below."""

    TYPE = "frames"
    TO_CLIENT = True
    HAS_PAYLOAD = True
    stream: int = integer(1, U32)
    generation: int = integer(0, U32)
    first: int = integer(0, U53)
    """Index of the first frame; the others follow without a gap unless `flags` has `dropped`."""
    count: int = integer(1, limits.MAX_FRAMES_PER_MESSAGE)
    """Frames in this message."""
    curves: int = integer(1, limits.MAX_CURVES)
    """Curves per frame, as announced."""
    timestamps: list[int] = integers(0, U53, max_items=limits.MAX_FRAMES_PER_MESSAGE)
    """Audio instant of each frame, in 16 kHz samples since the start of the utterance."""
    eyes: bool = boolean(default=False)
    """True: eye rotations follow the curves, right x, right y, left x, left y in degrees."""
    emotion: bool = boolean(default=False)
    """True: then the ten emotions that the face was told to feel, REGISTRY §emotions."""
    jaw: bool = boolean(default=False)
    """True: then the jaw's 4 x 4 matrix, row by row."""
    geometry: tuple[int, int] = pair(0, limits.MAX_GEOMETRY_FLOATS, default=(0, 0))
    """Numbers per frame of the skin, which follows then, and of the tongue, which is last."""
    offset: int | None = integer(0, U53, optional=True)
    """Byte offset of the record in the ring; absent: inline."""
    length_bytes: int | None = integer(1, limits.MAX_PART_BYTES, optional=True)
    """Payload bytes of the ring record."""
    flags: list[str] = strings(default=(), max_items=16)
    """REGISTRY §flags, such as `audio_sanitised` or `dropped`."""
    ledger: list[int] | None = integers(0, 2**63 - 1, max_items=8, optional=True)
    """Monotonic ns: window complete, inference start, inference end, frames ready, sent."""

    @property
    def payload_bytes(self) -> int:
        """Bytes the payload must have."""
        return self.count * 4 * sum(self.columns)

    @property
    def columns(self) -> tuple[int, int, int, int, int, int]:
        """Numbers per frame of curves, eyes, emotion, jaw, skin and tongue, in payload order."""
        sides = (4 * self.eyes, EMOTION_COUNT * self.emotion, 16 * self.jaw)
        return (self.curves, *sides, *self.geometry)

    def check_together(self) -> None:
        """See `Message.check_together`."""
        if len(self.timestamps) != self.count:
            raise ProtocolError(
                "malformed",
                f"`timestamps` must have `count` entries, {self.count}.",
                field="timestamps",
                limit=self.count,
                got=len(self.timestamps),
            )
        _check_place(self, self.offset, self.length_bytes)

    def check_payload_bytes(self, size_bytes: int) -> None:
        """float32[count, n] for each of `columns` that is not 0."""
        if size_bytes != self.payload_bytes:
            raise _wrong_payload(self, self.payload_bytes, size_bytes)


@dataclass(frozen=True, kw_only=True)
class StreamEnded(Message):
    """All frames of this generation were sent."""

    TYPE = "stream_ended"
    TO_CLIENT = True
    stream: int = integer(1, U32)
    generation: int = integer(0, U32)
    frames: int = integer(0, U53)
    """Frames the utterance has: ceil(samples * fps / rate)."""
    dropped: int = integer(0, U53, default=0)
    """Frames of it that were dropped by age (`mode: live`)."""
    real_time_factor: float = finite(0.0, 1e9)
    """Compute time divided by audio time."""
    latency_ms: dict[str, float] = float_map(default={})
    """`p50`, `p90`, `p99` from window complete to sent, milliseconds."""


@dataclass(frozen=True, kw_only=True)
class CloseStream(Message):
    """Forget the stream at once; its id is free after `stream_closed`."""

    TYPE = "close_stream"
    TO_DAEMON = True
    stream: int = integer(1, U32)


@dataclass(frozen=True, kw_only=True)
class StreamClosed(Message):
    """The stream is gone."""

    TYPE = "stream_closed"
    TO_CLIENT = True
    stream: int = integer(1, U32)


# --- questions -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ListModels(Message):
    """Which models can be opened?"""

    TYPE = "list_models"
    TO_DAEMON = True


@dataclass(frozen=True, kw_only=True)
class Models(Message):
    """The answer to `list_models`."""

    TYPE = "models"
    TO_CLIENT = True
    models: list[dict[str, object]] = models()
    """Those that are loaded; `emotion` names what hears emotions for it."""


@dataclass(frozen=True, kw_only=True)
class Stats(Message):
    """Ask for the daemon's figures (client), or answer with them (daemon)."""

    TYPE = "stats"
    TO_DAEMON = True
    TO_CLIENT = True
    stats: dict[str, object] = stats()
    """Empty in the question; see `facewire status --json` for the keys of the answer."""


@dataclass(frozen=True, kw_only=True)
class WarmUp(Message):
    """Load a model and run it once, so that the first utterance has no hitch."""

    TYPE = "warm_up"
    TO_DAEMON = True
    model: str = string(max_bytes=64, default="")
    """Empty: the default model."""


@dataclass(frozen=True, kw_only=True)
class WarmedUp(Message):
    """The answer to `warm_up`."""

    TYPE = "warmed_up"
    TO_CLIENT = True
    model: str = string(max_bytes=64)
    """The model that is ready now."""
    load_ms: float = finite(0.0, 1e9)
    """Milliseconds it took; 0 when it was warm."""


def _check_place(message: Message, offset: int | None, length_bytes: int | None) -> None:
    if (offset is None) != (length_bytes is None):
        raise ProtocolError(
            "malformed", "`offset` and `length_bytes` come together.", field="offset"
        )
    if length_bytes is not None:
        message.check_payload_bytes(length_bytes)


def _wrong_payload(message: Message, limit: int, got: int) -> ProtocolError:
    return ProtocolError(
        "malformed",
        f"A payload of {got} bytes does not fit the fields of `{message.TYPE}`.",
        field="length_bytes",
        limit=limit,
        got=got,
    )


MESSAGES: dict[str, type[Message]] = {cls.TYPE: cls for cls in Message.__subclasses__()}
"""Wire name → class, all of version 1."""
