"""Streaming resampling to 16 kHz whose result depends on no chunk boundary, at a known lag.

soxr's own stream gathers 20 to 118 ms of input before it answers (measured: 48 kHz HQ 37 ms, 8 kHz
HQ 116 ms). Here its HQ filter runs over short blocks at fixed places of the absolute time line,
each with the filter's reach of real signal on both sides, so that

* the lag is one block plus the reach: 18 ms at 16 kHz and above, 26 ms at 8 kHz;
* an output sample is a function of its own neighbourhood only: any chunking gives the same bits,
  and a stream resumed in the middle gives the bits of the uninterrupted one from 80 ms after its
  start on (28 ms at 24 and 48 kHz);
* the result equals soxr over the whole file to 3e-7 (float rounding).

It needs a whole number of output samples per block. Rates whose common block with 16 kHz is longer
than 40 ms (none in common use) go through soxr's stream, at its longer lag.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Final

import numpy as np
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET_RATE_HZ: Final = 16_000
QUALITY: Final = "HQ"
"""-0.01 dB at 7 kHz from 24, 44.1 and 48 kHz; LQ would lose 13 dB there to save 4 ms."""

_LEAST_BLOCK_MS: Final = 10
_LONGEST_BLOCK_MS: Final = 40
_REACH_PERIODS: Final = 128
"""Half the filter, in periods of the lower of both rates (soxr HQ: 98 measured)."""
_STREAM_LAG_S: Final = 0.120
"""Most input soxr's own stream was seen to hold back, at any rate from 8 kHz on."""


class Resampler:
    """Mono float32 at `source_rate_hz` in, 16 kHz out; output j stands at the time j / 16000."""

    def __init__(self, source_rate_hz: int, *, start_sample: int = 0) -> None:
        """Start at absolute source sample `start_sample`, where 16000 * start / rate is whole."""
        self._rate = source_rate_hz
        self._filter = _filter(source_rate_hz, start_sample)
        self.pushed_samples = start_sample
        """Source samples so far, those before the start included."""

    @property
    def lag_s(self) -> float:
        """Most seconds of audio that `push` may hold back."""
        return self._filter.lag_s

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take float32[n] at the source rate; return the 16 kHz samples now certain."""
        self.pushed_samples += len(samples)
        return self._filter.push(samples)

    def flush(self) -> NDArray[np.float32]:
        """Return what is left: in all, ceil(source samples * 16000 / rate) have then come out."""
        total = -(-self.pushed_samples * TARGET_RATE_HZ // self._rate)
        return self._filter.flush(total)


class _PassThrough:
    """16 kHz needs no filter: not a bit changes."""

    lag_s = 0.0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return samples

    def flush(self, total: int) -> NDArray[np.float32]:  # noqa: ARG002 - the others need it
        return np.zeros(0, np.float32)


class _Blocks:
    """soxr over fixed blocks, with the filter's reach on both sides."""

    def __init__(self, rate: int, start_sample: int) -> None:
        self._rate = rate
        divisor = gcd(rate, TARGET_RATE_HZ)
        unit_in, self._unit_out = rate // divisor, TARGET_RATE_HZ // divisor
        reach = -(-_REACH_PERIODS * rate // min(rate, TARGET_RATE_HZ))
        self._units = -(-_LEAST_BLOCK_MS * rate // (1000 * unit_in))
        self._history_units = -(-reach // unit_in)
        self._block = self._units * unit_in
        self._history = self._history_units * unit_in
        self._reach = reach
        self.lag_s = (self._block + reach) / rate
        # Blocks lie on the absolute time line; the part before the start is silence, cut off again.
        lead = start_sample % self._block
        self._held = np.zeros(self._history + lead, np.float32)
        self._cut = lead * TARGET_RATE_HZ // rate
        self._given = start_sample * TARGET_RATE_HZ // rate

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        self._held = np.concatenate([self._held, samples])
        span = self._history + self._block + self._reach
        blocks = []
        position = 0
        while position + span <= len(self._held):
            blocks.append(self._resampled(self._held[position : position + span]))
            position += self._block
        self._held = self._held[position:]
        if not blocks:
            return np.zeros(0, np.float32)
        return self._given_on(np.concatenate(blocks))

    def flush(self, total: int) -> NDArray[np.float32]:
        missing = total - self._given
        silence = -(-(missing + self._cut) * self._rate // TARGET_RATE_HZ)
        return self.push(np.zeros(silence + self._block + self._reach, np.float32))[:missing]

    def _resampled(self, span: NDArray[np.float32]) -> NDArray[np.float32]:
        wide = soxr.resample(span, self._rate, TARGET_RATE_HZ, quality=QUALITY)
        first = self._history_units * self._unit_out
        return np.asarray(wide[first : first + self._units * self._unit_out], np.float32)

    def _given_on(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        samples = samples[self._cut :]
        self._cut = 0
        self._given += len(samples)
        return samples


class _Stream:
    """soxr's own stream, for rates that share no short block with 16 kHz."""

    lag_s = _STREAM_LAG_S

    def __init__(self, rate: int, start_sample: int) -> None:
        self._stream = soxr.ResampleStream(
            rate, TARGET_RATE_HZ, 1, dtype="float32", quality=QUALITY
        )
        self._given = start_sample * TARGET_RATE_HZ // rate

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._counted(self._stream.resample_chunk(samples))

    def flush(self, total: int) -> NDArray[np.float32]:
        given = self._given
        tail = self._counted(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
        wanted = total - given
        return np.concatenate([tail, np.zeros(max(0, wanted - len(tail)), np.float32)])[:wanted]

    def _counted(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        self._given += len(samples)
        return samples


def _filter(rate: int, start_sample: int) -> _PassThrough | _Blocks | _Stream:
    if rate == TARGET_RATE_HZ:
        return _PassThrough()
    if 1000 * (rate // gcd(rate, TARGET_RATE_HZ)) <= _LONGEST_BLOCK_MS * rate:
        return _Blocks(rate, start_sample)
    return _Stream(rate, start_sample)
