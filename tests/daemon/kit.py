"""Parts of a daemon without sockets: a clock that is set, and a peer that keeps what it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from facewire.daemon.outbox import Outbox
from facewire.daemon.port import Sent
from facewire.daemon.services import Services
from facewire.daemon.settings import LimitSettings
from facewire.daemon.worker import WindowJob
from facewire.protocol import codec, messages

if TYPE_CHECKING:
    from collections.abc import Sequence

M = TypeVar("M", bound=messages.Message)


class Clock:
    """Monotonic nanoseconds that only the test moves."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000

    def __call__(self) -> int:
        return self.now_ns

    def advance(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)


@dataclass
class Listener:
    """The other end of an outbox: takes, refuses or is gone, as the test says."""

    verdict: Sent = Sent.DONE
    envelopes: list[codec.Envelope] = field(default_factory=list)
    payloads: list[codec.Buffer | None] = field(default_factory=list)

    def __call__(self, parts: Sequence[codec.Buffer]) -> Sent:
        if self.verdict is Sent.DONE:
            envelope, payload = codec.unpack(parts, to="client")
            self.envelopes.append(envelope)
            self.payloads.append(payload)
        return self.verdict

    def heard(self, kind: type[M]) -> list[M]:
        return [each.message for each in self.envelopes if isinstance(each.message, kind)]

    def frame_indices(self, generation: int = 0) -> list[int]:
        return [
            index
            for message in self.heard(messages.Frames)
            if message.generation == generation
            for index in range(message.first, message.first + message.count)
        ]


@dataclass
class Desk:
    """Services, a listener and an outbox, and a scheduler that is run by hand."""

    clock: Clock = field(default_factory=Clock)
    listener: Listener = field(default_factory=Listener)

    def __post_init__(self) -> None:
        self.services = Services(LimitSettings(), clock=self.clock)
        self.outbox = Outbox(self.listener, self.clock)

    def run_windows(self, most: int = 10_000) -> int:
        """Infer what is queued, one after the other; return how many windows ran."""
        for count in range(most):
            batch = self.services.scheduler.next_batch()
            if not batch:
                return count
            job = WindowJob(batch[0].backend, batch)
            job.run()
            job.land()
        return most


def tone(seconds: float, rate_hz: int = 16_000) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return float32 audio that moves a mouth: noise in bursts, always the same."""
    count = int(seconds * rate_hz)
    bursts = np.clip(np.sin(2 * np.pi * 3 * np.arange(count) / rate_hz), 0, 1)
    noise = np.random.default_rng(1).standard_normal(count) * 0.1 * bursts
    return np.asarray(noise, np.float32)
