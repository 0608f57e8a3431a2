"""Frames of one generation on their way to the client, within the credit it gave."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.daemon.counters import Meter, Reservoir
from facewire.protocol import limits, messages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.daemon.outbox import Outbox
    from facewire.daemon.scheduler import Flight
    from facewire.daemon.services import Services
    from facewire.inference.stream import FrameBatch

LATENCY_SAMPLES: Final = 256


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a stream's frames are wanted."""

    stream: int
    generation: int
    is_live: bool
    """Late frames may be dropped."""
    with_ledger: bool
    first_frame: int = 0
    """Index of the first frame wanted; above 0 the first frames sent are flagged `resumed`."""
    outputs: frozenset[str] = frozenset()
    """What the client asked for beside curves and eyes: some of `messages.OUTPUTS`."""


@dataclass(frozen=True)
class _Burst:
    frames: FrameBatch
    flight: Flight


class Outflow:
    """The queue of finished frames. Owned by the I/O thread."""

    def __init__(
        self, delivery: Delivery, credit_frames: int, outbox: Outbox, services: Services
    ) -> None:
        self.credit_frames = credit_frames
        """Frames with an index below this may be sent. What was dropped before the last frame sent
        is counted in: the client granted that without knowing of it."""
        self.sent = 0
        self.dropped = 0
        self.meter = Meter()
        self.latencies_ms = Reservoir(LATENCY_SAMPLES)
        self._delivery = delivery
        self._outbox = outbox
        self._services = services
        self._waiting: deque[_Burst] = deque()
        self._told = delivery.first_frame
        """Index behind the last frame sent: all that the client knows of."""
        self._flags = ("resumed",) if delivery.first_frame else ()

    @property
    def waiting_frames(self) -> int:
        """Frames that are computed and not sent."""
        return sum(len(burst.frames.timestamps) for burst in self._waiting)

    def add(self, frames: FrameBatch, flight: Flight) -> None:
        """Queue the frames that a window gave."""
        self._waiting.append(_Burst(_asked(frames, self._delivery.outputs), flight))

    def pump(self) -> None:
        """Send what credit and the peer's speed allow; in `live` drop what has become too old."""
        if self._delivery.is_live:
            self._drop_aged()
        while self._waiting and not self._outbox.blocked:
            burst = self._waiting[0]
            # A dropped frame uses no credit: a client that has not heard of it grants none for it,
            # and would wait for ever behind a stretch of them longer than its credit.
            room = self.credit_frames - self._told
            if room <= 0:
                return
            most = min(_fitting(burst.frames), limits.MAX_FRAMES_PER_MESSAGE)
            count = min(len(burst.frames.timestamps), room, most)
            self._send(_part(burst.frames, 0, count), burst.flight)
            if count == len(burst.frames.timestamps):
                self._waiting.popleft()
            else:
                self._waiting[0] = _Burst(_part(burst.frames, count, None), burst.flight)

    def _send(self, frames: FrameBatch, flight: Flight) -> None:
        sent_ns = self._services.clock()
        counters = self._services.counters
        count = len(frames.timestamps)
        self.credit_frames += frames.first - self._told
        self._told = frames.first + count
        self.sent += count
        counters.frames += count
        self.meter.add(count, sent_ns)
        self.latencies_ms.add(counters.add_latency(sent_ns - flight.complete_ns))
        self._outbox.post_frames(self._message(frames, flight, sent_ns), _payload(frames))
        self._flags = ()

    def _message(self, frames: FrameBatch, flight: Flight, sent_ns: int) -> messages.Frames:
        instants = (
            flight.complete_ns, flight.started_ns, flight.inferred_ns, flight.ready_ns, sent_ns
        )  # fmt: skip
        return messages.Frames(
            stream=self._delivery.stream,
            generation=self._delivery.generation,
            first=frames.first,
            count=len(frames.timestamps),
            curves=frames.curves.shape[1],
            timestamps=frames.timestamps.tolist(),
            eyes=True,
            emotion=frames.emotion is not None,
            jaw=frames.jaw is not None,
            geometry=(_width(frames.skin), _width(frames.tongue)),
            flags=[*frames.flags, *self._flags],
            ledger=list(instants) if self._delivery.with_ledger else None,
        )

    def _drop_aged(self) -> None:
        oldest_ns = self._services.clock() - self._services.limits.live_age_ms * 1_000_000
        count = 0
        while self._waiting and self._waiting[0].flight.due_ns < oldest_ns:
            count += len(self._waiting.popleft().frames.timestamps)
        if not count:
            return
        if not self.dropped:
            text = "Frames came too late or the client took them too late: the oldest are dropped."
            self._outbox.post(
                messages.Warning(code="degraded", text=text, stream=self._delivery.stream)
            )
        self.dropped += count
        self._services.counters.dropped += count
        self._flags = ("dropped",)


def _part(frames: FrameBatch, start: int, stop: int | None) -> FrameBatch:
    if start == 0 and stop == len(frames.timestamps):
        return frames
    cut = slice(start, stop)
    return replace(
        frames,
        first=frames.first + start,
        timestamps=frames.timestamps[cut],
        curves=frames.curves[cut],
        eyes=frames.eyes[cut],
        emotion=None if frames.emotion is None else frames.emotion[cut],
        jaw=None if frames.jaw is None else frames.jaw[cut],
        skin=None if frames.skin is None else frames.skin[cut],
        tongue=None if frames.tongue is None else frames.tongue[cut],
    )


def _asked(frames: FrameBatch, outputs: frozenset[str]) -> FrameBatch:
    """Return the frames without what the client did not ask for."""
    return replace(
        frames,
        emotion=frames.emotion if "emotion" in outputs else None,
        jaw=frames.jaw if "jaw" in outputs else None,
        skin=frames.skin if "geometry" in outputs else None,
        tongue=frames.tongue if "geometry" in outputs else None,
    )


def _blocks(frames: FrameBatch) -> list[NDArray[np.float32]]:
    """Return what a message carries, in the order of its payload."""
    known = (
        frames.curves, frames.eyes, frames.emotion, frames.jaw, frames.skin, frames.tongue
    )  # fmt: skip
    return [block for block in known if block is not None]


def _width(block: NDArray[np.float32] | None) -> int:
    return 0 if block is None else int(block.shape[1])


def _fitting(frames: FrameBatch) -> int:
    """Return how many of these frames one message can carry."""
    frame_bytes = sum(block[0].nbytes for block in _blocks(frames))
    return int(limits.MAX_PART_BYTES // frame_bytes)


def _payload(frames: FrameBatch) -> bytes:
    """Return float32[n, curves], float32[n, 4] eye degrees, and what else there is (SPEC §4)."""
    return b"".join(np.ascontiguousarray(block, "<f4").tobytes() for block in _blocks(frames))
