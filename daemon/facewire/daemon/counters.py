"""What the daemon counts, and percentiles in bounded memory."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PERCENTILES: Final = {"p50": 0.50, "p90": 0.90, "p99": 0.99}
RESERVOIR_SIZE: Final = 1024
_NS_PER_MS: Final = 1e6


class Reservoir:
    """A fair sample of all values seen, of fixed size (Vitter's algorithm R, seeded)."""

    def __init__(self, size: int = RESERVOIR_SIZE) -> None:
        self._size = size
        self._values: list[float] = []
        self._seen = 0
        self._random = random.Random(0)  # noqa: S311 - a sample, no secret

    def add(self, value: float) -> None:
        """Take one value into account."""
        self._seen += 1
        if len(self._values) < self._size:
            self._values.append(value)
            return
        place = self._random.randrange(self._seen)
        if place < self._size:
            self._values[place] = value

    def percentiles(self) -> dict[str, float]:
        """Return p50, p90 and p99 of the values; empty before the first."""
        return percentiles(self._values)


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Return p50, p90 and p99 (nearest rank) of some values; empty for none."""
    ranked = sorted(values)
    return {
        name: round(ranked[min(int(share * len(ranked)), len(ranked) - 1)], 3)
        for name, share in PERCENTILES.items()
        if ranked
    }


@dataclass
class Counters:
    """Figures of the whole daemon since its start."""

    sessions: int = 0
    streams: int = 0
    windows: int = 0
    frames: int = 0
    dropped: int = 0
    """Frames of `live` streams dropped by age."""
    audio_samples_16k: int = 0
    """Audio animated, in 16 kHz samples."""
    compute_ns: int = 0
    """Inference and animation."""
    ring_payloads: int = 0
    inline_payloads: int = 0
    ring_failures: int = 0
    void_windows: int = 0
    """Windows whose stream was interrupted or closed while they were inferred."""
    errors: Counter[str] = field(default_factory=Counter)
    """Refusals by code."""
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=RESERVOIR_SIZE))
    """From window complete to sent, the most recent ones."""

    def add_latency(self, elapsed_ns: int) -> float:
        """Take one latency into account and return it in milliseconds."""
        elapsed_ms = elapsed_ns / _NS_PER_MS
        self.latencies_ms.append(elapsed_ms)
        return elapsed_ms


class Meter:
    """How much came in the last full second."""

    def __init__(self) -> None:
        self._second = 0
        self._now = 0
        self._before = 0

    def add(self, count: int, now_ns: int) -> None:
        """Count something that came now."""
        self._roll(now_ns)
        self._now += count

    def per_s(self, now_ns: int) -> int:
        """Return the count of the last full second."""
        self._roll(now_ns)
        return self._before

    def _roll(self, now_ns: int) -> None:
        second = now_ns // 1_000_000_000
        if second != self._second:
            self._before = self._now if second == self._second + 1 else 0
            self._second, self._now = second, 0
