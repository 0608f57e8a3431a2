"""Everything the daemon says to one peer: in order, numbered, never waiting.

What the socket does not take now waits here, in a short queue. A peer that lets it overflow, or
that takes nothing for `STALL_S`, is no longer worth keeping: the session ends it. Frames are not
even offered while something waits, so a slow reader pauses its own streams and nobody else's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from facewire.daemon.logs import log
from facewire.daemon.port import Sent
from facewire.protocol import codec, limits, messages
from facewire.protocol.errors import FacewireError, ProtocolError
from facewire.protocol.registry import ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facewire.protocol.codec import Buffer
    from facewire.protocol.ring import RingWriter

MAX_WAITING: Final = 256
"""Messages that may wait for a slow peer."""
STALL_S: Final = 10
"""A peer that has taken nothing for this long is cut."""


@dataclass
class Traffic:
    """What left through an outbox."""

    ring_payloads: int = 0
    inline_payloads: int = 0
    ring_failures: int = 0
    """Payloads that went inline because the ring was full or could not be written."""


class Outbox:
    """The way to one peer."""

    def __init__(self, send: Callable[[Sequence[Buffer]], Sent], clock: Callable[[], int]) -> None:
        """Args: `send` tries to send one multipart; `clock` gives monotonic nanoseconds."""
        self._send = send
        self._clock = clock
        self._waiting: deque[list[Buffer]] = deque()
        self._sequence = 0
        self._stalled_since_ns: int | None = None
        self._overflowed = False
        self.reached = False
        """True once the peer took anything at all."""
        self.version = limits.PROTOCOL_VERSION
        """What is written; set once a hello has said what the peer speaks."""
        self.ring: RingWriter | None = None
        self.gone = False
        """True once the peer is known to be away."""
        self.traffic = Traffic()

    @property
    def blocked(self) -> bool:
        """True while messages wait: offer no frames."""
        return bool(self._waiting) or self.gone

    @property
    def waiting(self) -> bool:
        """True when `flush` has something to do."""
        return bool(self._waiting) and not self.gone

    @property
    def hopeless(self) -> bool:
        """True when the peer takes nothing any more and should be cut."""
        if self._overflowed:  # numbers are missing now: taking the rest would not make it good
            return True
        since = self._stalled_since_ns
        return since is not None and self._clock() - since > STALL_S * 1_000_000_000

    def post(self, message: messages.Message, payload: Buffer | None = None) -> None:
        """Send a message, now or as soon as the peer takes it."""
        if self.gone or self._overflowed:
            return
        try:
            parts = codec.pack(message, payload, sequence=self._sequence + 1, version=self.version)
        except ProtocolError as error:
            # A message of ours that breaks our own rules is a bug; it must not end the loop.
            log().error("cannot send %s: %s", message.TYPE, error.text, extra={"key": "unsendable"})
            return
        self._sequence += 1
        if self._waiting:
            self._overflowed = len(self._waiting) > MAX_WAITING
            if not self._overflowed:
                self._waiting.append(parts)
        else:
            self._try(parts)

    def refuse(self, error: ProtocolError, stream: int = 0) -> None:
        """Answer with the error that a request ran into; `stream` 0: it is about the session."""
        self.post(
            messages.Error(
                code=error.code,
                text=str(error),
                stream=stream,
                field=error.field,
                retry=ERRORS[error.code].retry,
            )
        )

    def post_frames(self, message: messages.Frames, payload: bytes) -> None:
        """Send frames with their payload in the ring, or inline where it does not fit."""
        if self.gone:
            return
        if self.ring is not None:
            try:
                place = self.ring.write(
                    payload, generation=message.generation, sequence=self._sequence + 1
                )
            except (OSError, FacewireError):
                place = None
            if place is not None:
                self.traffic.ring_payloads += 1
                self.post(replace(message, offset=place.offset, length_bytes=place.length_bytes))
                return
            self.traffic.ring_failures += 1
        self.traffic.inline_payloads += 1
        self.post(message, payload)

    def close(self) -> None:
        """Say nothing more: whoever gets this route next has heard nothing of it."""
        self.gone = True
        self._waiting.clear()

    def flush(self) -> None:
        """Send what waits, as far as the peer takes it."""
        while self._waiting and not self.gone:
            parts = self._waiting.popleft()
            if not self._try(parts, at_front=True):
                return

    def _try(self, parts: list[Buffer], *, at_front: bool = False) -> bool:
        sent = self._send(parts)
        if sent is Sent.DONE:
            self._stalled_since_ns = None
            self.reached = True
            return True
        if sent is Sent.GONE:
            self.gone = True
            self._waiting.clear()
            return False
        if self._stalled_since_ns is None:
            self._stalled_since_ns = self._clock()
        if at_front:
            self._waiting.appendleft(parts)
        else:
            self._waiting.append(parts)
        return False
