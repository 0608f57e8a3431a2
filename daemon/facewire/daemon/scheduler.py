"""Which window is inferred next: the one whose face is due first.

Every voice has at most one window on its way and one entry here, so the queue is bounded by the
number of streams. On a GPU the windows of all voices that one network runs go as one batch, up to
what its backend takes: those of faces with a model in common, and those of emotions, which models
may share. On a CPU a batch gains nothing, so a backend there takes one at a time and several
workers run side by side.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from facewire.inference.backend import Backend
    from facewire.inference.stream import FrameBatch, Stream, Window


class Ready(Protocol):
    """A voice, as the scheduler sees it."""

    queued: bool
    """True while it has an entry in the queue; only the scheduler sets it."""

    def take(self) -> Flight | None:
        """Return its next window, or None when it has none any more (closed, interrupted)."""

    def land(self, flight: Flight) -> None:
        """Take back a window that was inferred, or failed."""


@dataclass(eq=False, slots=True)
class Flight:
    """One window on its way through inference, with the instants of its ledger (monotonic ns)."""

    voice: Ready
    stream: Stream
    window: Window
    backend: Backend
    """What runs the window."""
    due_ns: int
    complete_ns: int
    """When its last sample had arrived."""
    started_ns: int = 0
    inferred_ns: int = 0
    ready_ns: int = 0
    frames: FrameBatch | None = None
    failure: Exception | None = None

    def fits(self, other: Flight) -> bool:
        """Return whether the two windows can go through their network together."""
        return self.backend is other.backend and _shapes(self) == _shapes(other)


class Scheduler:
    """Voices with a window to infer, earliest deadline first. Owned by the I/O thread."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Ready]] = []
        self._order = count()  # equal deadlines: first come, first served

    def __len__(self) -> int:
        return len(self._queue)

    def submit(self, voice: Ready, due_ns: int) -> None:
        """Queue a voice that has a window, unless it is queued already."""
        if not voice.queued:
            voice.queued = True
            heapq.heappush(self._queue, (due_ns, next(self._order), voice))

    def next_batch(self) -> list[Flight]:
        """Return the windows to infer next, all of one network; empty when there are none."""
        first = self._pop()
        if first is None:
            return []
        batch = [first]
        others = []
        while len(batch) < first.backend.max_batch and self._queue:
            entry = heapq.heappop(self._queue)
            voice = entry[2]
            flight = voice.take()
            if flight is not None and not flight.fits(first):
                others.append(entry)
                continue
            voice.queued = False
            if flight is not None:
                batch.append(flight)
        for entry in others:
            heapq.heappush(self._queue, entry)
        return batch

    def _pop(self) -> Flight | None:
        while self._queue:
            voice = heapq.heappop(self._queue)[2]
            voice.queued = False
            flight = voice.take()
            if flight is not None:
                return flight
        return None


def _shapes(flight: Flight) -> dict[str, tuple[int, ...]]:
    """Return the shape of each feed without its batch axis: emotion windows differ in length."""
    return {name: values.shape[1:] for name, values in flight.window.feeds.items()}
