"""What a client gets to see: frames, counters and events."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.protocol.messages import Frames

LOG: Final = logging.getLogger("facewire.client")
EVENTS_KEPT: Final = 256


@dataclass(frozen=True)
class FrameBatch:
    """Frames that arrived together, `n` of them, `first` the index of the first."""

    first: int
    timestamps: NDArray[np.int64]
    """int64[n], audio instant of each frame in 16 kHz samples since the utterance began."""
    curves: NDArray[np.float32]
    """float32[n, curves], in the order of `ClientStream.curves`."""
    eyes: NDArray[np.float32] | None
    """float32[n, 4], right x, right y, left x, left y in degrees; None when not sent."""
    emotion: NDArray[np.float32] | None
    """float32[n, 10], what the face was told to feel, REGISTRY §emotions; None unless asked for."""
    jaw: NDArray[np.float32] | None
    """float32[n, 4, 4]: takes the lower teeth at rest to where they are (p' = M p, cm); None unless
    asked for."""
    skin: NDArray[np.float32] | None
    """float32[n, 3 * vertices], absolute, cm; None unless asked for."""
    tongue: NDArray[np.float32] | None
    """float32[n, 3 * tongue vertices], absolute, cm; None unless asked for."""
    flags: tuple[str, ...]
    """REGISTRY §flags, such as `audio_sanitised`."""
    ledger: tuple[int, ...]
    """Monotonic nanoseconds of the daemon's steps; empty unless asked for."""
    utterance: int
    """0, then one more with each `interrupt()`."""
    received_at_ns: int
    """This machine's monotonic clock when the batch arrived."""

    def __len__(self) -> int:
        return len(self.timestamps)


@dataclass
class Counters:
    """What one stream has moved so far."""

    frames_received: int = 0
    batches_received: int = 0
    ring_sent: int = 0
    """Audio payloads that went through the ring."""
    inline_sent: int = 0
    ring_received: int = 0
    inline_received: int = 0
    stale_batches: int = 0
    """Batches of an older generation, which nobody got to see."""
    resumes: int = 0
    """Times the stream was opened again after the connection was lost."""


@dataclass(frozen=True)
class Event:
    """Something that happened to the connection."""

    kind: str
    """`connected`, `disconnected`, `reconnected`, `resumed` (one stream), `lost` (given up),
    `draining`, `warning` or `error`."""
    text: str
    """One sentence for a person."""
    stream: int = 0
    """The stream it is about; 0: the session."""
    at_ns: int = 0
    """Monotonic clock."""


class EventLog:
    """Keeps the newest events and tells a callback of each."""

    def __init__(self, callback: Callable[[Event], None] | None) -> None:
        self._callback = callback
        self._kept: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._untold: deque[Event] = deque(maxlen=EVENTS_KEPT)

    def add(self, kind: str, text: str, *, stream: int = 0) -> None:
        """Record an event; `tell` passes it on."""
        event = Event(kind, text, stream, time.monotonic_ns())
        self._kept.append(event)
        self._untold.append(event)

    def tell(self) -> None:
        """Log new events and call the callback, outside any lock; its mistakes go no further."""
        while self._untold:
            event = self._untold.popleft()
            LOG.info("%s: %s", event.kind, event.text)
            if self._callback is not None:
                try:
                    self._callback(event)
                except Exception:  # the I/O thread must outlive a mistake of its user
                    LOG.exception("on_event failed for %s", event.kind)

    def take(self) -> list[Event]:
        """Return the events since the last call, oldest first; safe in any thread."""
        taken = []
        with contextlib.suppress(IndexError):  # empty
            while True:
                taken.append(self._kept.popleft())
        return taken


def batch_from_message(message: Frames, payload: bytes, utterance: int) -> FrameBatch:
    """Return the frames of a checked message; the arrays are read-only views of `payload`."""
    values = np.frombuffer(payload, "<f4").astype(np.float32, copy=False)
    ends = np.cumsum(message.columns) * message.count
    parts = (
        part.reshape(message.count, -1) if part.size else None
        for part in np.split(values, ends[:-1])
    )
    curves, eyes, emotion, jaw, skin, tongue = parts
    assert curves is not None  # a frame has at least one
    return FrameBatch(
        first=message.first,
        timestamps=np.array(message.timestamps, np.int64),
        curves=curves,
        eyes=eyes,
        emotion=emotion,
        jaw=None if jaw is None else jaw.reshape(-1, 4, 4),
        skin=skin,
        tongue=tongue,
        flags=tuple(message.flags),
        ledger=tuple(message.ledger or ()),
        utterance=utterance,
        received_at_ns=time.monotonic_ns(),
    )
