"""The Python client: speech in, moving face out, through a running daemon.

::

    from facewire.protocol.client import Client

    with Client.connect() as client:                      # finds the daemon of this machine
        with client.open_stream(sample_rate_hz=24_000) as stream:
            jaw = stream.curves.index("jawOpen")
            for batch in stream.animate(chunks):          # chunks of int16 bytes, of any size
                for instant, weights in zip(batch.timestamps, batch.curves):
                    print(instant / 16_000, weights[jaw])

`stream.send()`, `stream.end()`, `stream.interrupt()` and `for batch in stream` do the same from
several threads. From another machine: `Client.connect(invite="studio.facewire.json")`, with the
file that `facewire keys invite` wrote.

Nothing here waits for ever, and a daemon that dies, hangs or is replaced costs a pause, not frames:
the client says hello to the next one and goes on with the first frame that never arrived.
"""

from __future__ import annotations

import itertools
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from facewire.protocol import codec, limits, messages
from facewire.protocol.client_frames import Event, EventLog, FrameBatch
from facewire.protocol.client_stream import ClientStream
from facewire.protocol.connection import Connection
from facewire.protocol.errors import ProtocolError
from facewire.protocol.invitations import load_invitation
from facewire.protocol.link_keeper import Manners
from facewire.protocol.stream_state import StreamState
from facewire.protocol.target import Target

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Client", "ClientStream", "Event", "FrameBatch"]

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
WARM_UP_S: Final = 120.0
"""Loading a large model from a cold disk."""
OPEN_S: Final = 30.0
"""Opening a stream may load its model first."""
WAIT_S: Final = 30.0


class Client:
    """A session with a daemon; a context manager. Use `connect`, never the constructor.

    All methods may be called from any thread.
    """

    def __init__(self, connection: Connection, events: EventLog) -> None:
        self._connection = connection
        self._events = events
        self._stream_ids = itertools.count(1)

    @classmethod
    def connect(
        cls,
        *,
        instance: str = "default",
        endpoint: str = "",
        token: str = "",
        invite: str | os.PathLike[str] | None = None,
        transports: Sequence[str] = messages.TRANSPORTS,
        name: str = "facewire-python",
        connect_s: float | None = None,
        reconnect_s: float = 10.0,
        wait_for_daemon: bool = False,
        on_event: Callable[[Event], None] | None = None,
    ) -> Self:
        """Find the daemon, say hello and return the client.

        Args:
            instance: Name of the daemon on this machine, as in `facewire serve --instance`.
            endpoint: Connect here instead of where the handshake file or invitation says.
            token: Instead of the handshake file's.
            invite: Invitation file of a daemon on another machine; the connection is encrypted.
            transports: Ways to move payloads; rings are used only on the daemon's own machine.
            name: Of your program, for the daemon's log and `facewire status`.
            connect_s: Longest wait for the first welcome; default 5 s or `reconnect_s`, if less.
            reconnect_s: Longest time to look for a lost daemon before every call raises.
            wait_for_daemon: Wait `connect_s` for a daemon to come up instead of failing at once.
            on_event: Called with each `Event`, in the client's own thread: it must not wait, and
                not call methods that wait.

        Raises:
            NoDaemon: none is running.
            RemoteError: it refused us; `code` says why (`version_refused`, `unauthorized`, …).
            KeyFileError: the invitation is unusable, or the daemon does not know its key.
            ConnectionLost: it does not answer.
            ConfigError: the instance or endpoint is none.
            ProtocolError: a name or token is too long.
        """
        invitation = None if invite is None else load_invitation(Path(invite))
        manners = Manners(
            name=name,
            transports=("inline",) if invitation is not None else tuple(transports),
            connect_s=min(CONNECT_S, reconnect_s) if connect_s is None else connect_s,
            reconnect_s=reconnect_s,
            wait_for_daemon=wait_for_daemon,
        )
        codec.encode(manners.hello(token), sequence=1)  # what is too long is told here
        events = EventLog(on_event)
        target = Target(instance, endpoint, token, invitation)
        connection = Connection(target, manners, events)
        try:
            connection.wait_ready()
        except BaseException:
            connection.close()
            raise
        return cls(connection, events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_stream(
        self,
        *,
        sample_rate_hz: int,
        encoding: Literal["int16", "float32"] = "int16",
        channels: int = 1,
        fps: tuple[int, int] | Fraction | int = (60, 1),
        rig: str = "",
        model: str = "",
        identity: str = "",
        mode: Literal["burst", "live"] = "burst",
        parameters: Mapping[str, float] | None = None,
        emotion: Mapping[str, float] | None = None,
        seed: int = 0,
        credit_frames: int | None = None,
        mouth_close: Literal["arkit", "raw"] = "arkit",
        ledger: bool = False,
        automatic_emotion: bool = False,
        emotion_window_samples: int = 0,
        outputs: Sequence[str] = (),
        wait_s: float | None = WAIT_S,
    ) -> ClientStream:
        """Open one voice and return it.

        Args:
            sample_rate_hz: Of the audio you will send, in [8000, 192000].
            encoding: Of its samples.
            channels: 1, or 2 interleaved.
            fps: Frames per second, in [1, 240]; (numerator, denominator) for rates like 30000/1001.
            rig: Curve set to answer in, REGISTRY §rigs; "": `a2f`.
            model: "": the daemon's default.
            identity: A face inside the model; "": its first.
            mode: `live` may drop frames that became too old.
            parameters: REGISTRY §parameters.
            emotion: Constant emotion, weight in [0, 1] by name, REGISTRY §emotions.
            seed: Of blinks, gaze and brow accents.
            credit_frames: Frames the daemon may be ahead of what you took. None: 1200, or 60 with
                geometry, whose frames are large.
            mouth_close: Convention of `mouthClose`: `arkit` relative to an open jaw, or `raw`.
            ledger: Have each batch tell when the daemon did what.
            automatic_emotion: Hear the emotion in the voice; what you set is then preferred.
            emotion_window_samples: Audio one emotion inference hears, 16 kHz samples; 0: as fits
                the model and `mode`.
            outputs: What batches have beside curves and eyes: `emotion`, `jaw`, `geometry`.
            wait_s: Longest wait of `send` and of each step of the iteration; None: no limit.

        Raises:
            ProtocolError: a value is out of range; `field` names it.
                `unsupported`: it is too old for what is asked.
            RemoteError: the daemon refused; `code` says why (`unknown_model`, …).
            FacewireError: the connection was given up.
        """
        if credit_frames is None:
            wide = "geometry" in outputs
            credit_frames = limits.CREDIT_GEOMETRY_FRAMES if wide else limits.CREDIT_FRAMES
        rate = Fraction(*fps) if isinstance(fps, tuple) else Fraction(fps)
        template = messages.OpenStream(
            stream=next(self._stream_ids),
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            encoding=encoding,
            model=model,
            identity=identity,
            rig=rig,
            fps=(rate.numerator, rate.denominator),
            mode=mode,
            parameters=dict(parameters or {}),
            emotion=dict(emotion or {}),
            seed=seed,
            credit_frames=credit_frames,
            mouth_close=mouth_close,
            ledger=ledger,
            automatic_emotion=automatic_emotion,
            emotion_window_samples=emotion_window_samples,
            outputs=list(outputs),
        )
        codec.encode(template, sequence=1)  # a wrong value is told here, not in the I/O thread
        _require_spoken(template, self.welcome.protocol)
        stream = ClientStream(self._connection, StreamState(template), wait_s)
        try:
            stream.wait_open(OPEN_S)
        except BaseException:
            stream.close()
            raise
        return stream

    def models(self) -> list[dict[str, Any]]:
        """Return the models that can be opened, each as SPEC §4 `models` describes it."""
        return self._connection.ask(messages.ListModels(), messages.Models, ANSWER_S).models

    def stats(self) -> dict[str, Any]:
        """Return the daemon's figures, as `facewire status --json` shows them."""
        return self._connection.ask(messages.Stats(), messages.Stats, ANSWER_S).stats

    def warm_up(self, model: str = "") -> float:
        """Load a model and run it once; return the milliseconds it took, 0 when it was warm.

        Raises:
            RemoteError: there is no such model.
        """
        question = messages.WarmUp(model=model)
        return self._connection.ask(question, messages.WarmedUp, WARM_UP_S).load_ms

    def ping(self) -> float:
        """Return the time a ping and its pong took, milliseconds."""
        sent_ns = time.monotonic_ns()
        self._connection.ask(messages.Ping(nonce=1), messages.Pong, ANSWER_S)
        return (time.monotonic_ns() - sent_ns) / 1e6

    def events(self) -> list[Event]:
        """Return what happened to the connection since the last call, oldest first."""
        return self._events.take()

    @property
    def welcome(self) -> messages.Welcome:
        """What the daemon said when it welcomed us last."""
        return self._connection.wait_ready()

    @property
    def transport(self) -> Literal["ring", "inline"]:
        """How payloads travel now; a full ring lets single ones go inline."""
        with self._connection.lock:
            link = self._connection.keeper.link
            return "inline" if link is None else link.transport

    @property
    def endpoint(self) -> str:
        """Address of the daemon; "" while there is none."""
        with self._connection.lock:
            link = self._connection.keeper.link
            return "" if link is None else link.address.endpoint

    def close(self) -> None:
        """Say goodbye and release everything; harmless when repeated."""
        self._connection.close()


def _require_spoken(template: messages.OpenStream, spoken: tuple[int, int]) -> None:
    """Refuse what a daemon of an older minor would leave out without a word (SPEC §3).

    Raises:
        ProtocolError: `unsupported`, with the key that asks for it.
    """
    if spoken >= (1, 1):
        return
    for field in ("automatic_emotion", "emotion_window_samples", "outputs"):
        if getattr(template, field):
            ours = ".".join(map(str, limits.PROTOCOL_VERSION))
            raise ProtocolError(
                "unsupported",
                f"The daemon speaks protocol {spoken[0]}.{spoken[1]}, which has no `{field}`; "
                f"this client speaks {ours}.",
                hint="Update the daemon, or open the stream without it.",
                field=field,
            )
