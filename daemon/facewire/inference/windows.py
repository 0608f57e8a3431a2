"""Which samples each inference reads, and when it may run (a2f_runtime §2.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class WindowSpec:
    """The windows of a model: window i starts floor(i * stride) + start_offset."""

    length: int
    """Samples one inference reads."""
    start_offset: int
    """Start of window 0; negative when it begins before the audio."""
    target_offset: int
    """From a window's start to the instant of its first frame or tick, samples."""
    stride: Fraction
    """Samples from one window to the next, exact."""
    ticks: int = 1
    """Instants one window answers for; the frames of an A2F or A2E inference."""

    @cached_property
    def per_tick(self) -> WindowSpec:
        """The same windows cut into their ticks: tick j of window i is number i * ticks + j.

        Its `target` is the instant of a tick. Floors are taken per tick, not per window, so the
        instants of a window with an uneven stride are those a single long count would give.
        """
        if self.ticks == 1:
            return self
        return replace(self, stride=self.stride / self.ticks, ticks=1)

    def instants(self, index: int) -> list[int]:
        """Return the instants of a window's ticks, in samples; the first is `target(index)`."""
        first = index * self.ticks
        return [self.per_tick.target(tick) for tick in range(first, first + self.ticks)]

    def start(self, index: int) -> int:
        """Return the absolute index of the first sample of a window; may be negative."""
        return index * self.stride.numerator // self.stride.denominator + self.start_offset

    def target(self, index: int) -> int:
        """Return the instant of a window's first tick, in samples."""
        return self.start(index) + self.target_offset

    def end(self, index: int) -> int:
        """Return one past the last sample of a window."""
        return self.start(index) + self.length

    @property
    def look_ahead_samples(self) -> int:
        """Samples after its first tick that a window needs."""
        return self.length - self.target_offset


def available_windows(spec: WindowSpec, *, read: int, samples: int, closed: bool) -> int:
    """Return how many windows after the first `read` can be read now.

    While the audio is open a window is ready when `end(i) <= samples`; once it is closed, when
    `target(i) < samples` (what lies past the end reads as silence). The arithmetic is NVIDIA's
    `WindowProgress`, divisions truncate towards zero as in C.
    """
    numerator, denominator = spec.stride.numerator, spec.stride.denominator
    offset = spec.start_offset + (spec.target_offset if closed else spec.length)
    limit = 0 if closed else -1
    last = _truncated((samples - offset) * denominator + numerator - 1, numerator)
    if offset + _truncated(last * numerator, denominator) + limit >= samples:
        last -= 1
    return max(0, last - read + 1)


def frame_timestamp(frame: int, fps: Fraction, rate_hz: int = 16_000) -> int:
    """Return the instant of a frame: floor(frame * rate / fps), in samples at `rate_hz`."""
    return frame * rate_hz * fps.denominator // fps.numerator


def frame_total(samples: int, rate_hz: int, fps: Fraction) -> int:
    """Return the frames of `samples` at `rate_hz`: ceil(samples * fps / rate)."""
    return -(-samples * fps.numerator // (rate_hz * fps.denominator))


def _truncated(numerator: int, denominator: int) -> int:
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient
