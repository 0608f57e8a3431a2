"""The threads that compute: inference and animation of windows, and loading of models.

A job is handed over through a queue and comes back through another; an inproc PAIR per worker wakes
the I/O thread. Nothing else is shared, and an exception in a job stays in that job.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import zmq

if TYPE_CHECKING:
    from facewire.daemon.scheduler import Flight
    from facewire.inference.backend import Backend

CLOSE_S: Final = 2.0
"""How long the end of the daemon waits for a running inference."""


class Job(Protocol):
    """Something to compute."""

    def run(self) -> None:
        """Compute, on a worker; keep what went wrong instead of raising it."""

    def land(self) -> None:
        """Take the result in, on the I/O thread."""


class WindowJob:
    """One inference over the windows of one model, and the animation of each."""

    def __init__(self, backend: Backend, flights: list[Flight]) -> None:
        self.backend = backend
        self.flights = flights
        self.handed_over_ns = time.monotonic_ns()

    def run(self) -> None:
        """Fill in `frames` or `failure` and the instants of each flight."""
        try:
            self._run(self.flights)
        except Exception as error:  # noqa: BLE001 - whatever inference raises ends one stream, not us
            if len(self.flights) == 1:
                self.flights[0].failure = error
                return
            for flight in self.flights:  # one bad window must not cost the others of its batch
                WindowJob(self.backend, [flight]).run()

    def land(self) -> None:
        """Give each voice its frames back."""
        for flight in self.flights:
            flight.voice.land(flight)

    def _run(self, flights: list[Flight]) -> None:
        started_ns = time.monotonic_ns()
        first = flights[0].window.feeds
        feeds = first if len(flights) == 1 else {
            name: np.concatenate([flight.window.feeds[name] for flight in flights])
            for name in first
        }  # fmt: skip
        result = self.backend.run(feeds)
        inferred_ns = time.monotonic_ns()
        for index, flight in enumerate(flights):
            flight.started_ns, flight.inferred_ns = started_ns, inferred_ns
            try:
                flight.frames = flight.stream.animate(flight.window, result[index : index + 1])
            except Exception as error:  # noqa: BLE001 - as above
                flight.failure = error
            flight.ready_ns = time.monotonic_ns()


class _Worker:
    """One thread, its doorbell, and the I/O thread's end of it."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        name: str,
        inbox: queue.SimpleQueue[Job | None],
        landed: deque[Job],
    ) -> None:
        address = f"inproc://{name}"
        self.wake = context.socket(zmq.PAIR)
        self.wake.bind(address)
        self._ring_with = context.socket(zmq.PAIR)
        self._ring_with.connect(address)
        self._inbox = inbox
        self._landed = landed
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        # The doorbell was made by the I/O thread and is used here only: handing a socket over
        # through the start of a thread is the migration that libzmq allows.
        while (job := self._inbox.get()) is not None:
            job.run()
            self._landed.append(job)
            with contextlib.suppress(zmq.Again):  # it rings already
                self._ring_with.send(b"", zmq.DONTWAIT)
        self._ring_with.close(0)


class Pool:
    """Workers that share one queue of jobs. Owned by the I/O thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], name: str, size: int) -> None:
        """Start `size` workers; `name` begins the names of their threads."""
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._landed: deque[Job] = deque()
        self._workers = [
            _Worker(context, f"{name}-{number}", self._inbox, self._landed)
            for number in range(size)
        ]
        self._running: dict[Job, int] = {}

    @property
    def doorbells(self) -> list[zmq.Socket[bytes]]:
        """Sockets to poll: one is readable when jobs have landed."""
        return [worker.wake for worker in self._workers]

    @property
    def idle(self) -> int:
        """Workers with nothing to do."""
        return max(len(self._workers) - len(self._running), 0)

    @property
    def has_room(self) -> bool:
        """True when a job may be handed over."""
        # One more than there are workers, so that none waits for us between two jobs.
        return len(self._running) <= len(self._workers)

    @property
    def oldest_ns(self) -> int | None:
        """Monotonic instant at which the longest running job was handed over, None when idle."""
        return min(self._running.values(), default=None)

    def start(self, job: Job) -> None:
        """Hand a job to the next free worker."""
        self._running[job] = time.monotonic_ns()
        self._inbox.put(job)

    def land(self) -> None:
        """Take in all jobs that are done."""
        for worker in self._workers:
            while int(worker.wake.get(zmq.EVENTS)) & zmq.POLLIN:
                worker.wake.recv(zmq.DONTWAIT)
        while self._landed:
            job = self._landed.popleft()
            self._running.pop(job, None)
            job.land()

    def close(self) -> None:
        """End the workers; one that hangs is left behind after `CLOSE_S`."""
        for _ in self._workers:
            self._inbox.put(None)
        deadline = time.monotonic() + CLOSE_S
        for worker in self._workers:
            worker.thread.join(max(deadline - time.monotonic(), 0))
            worker.wake.close(0)
