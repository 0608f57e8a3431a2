"""The append-only sample store that windows are read from, with absolute indices.

Behaviour: NVIDIA SDK `AudioAccumulator` (see the conformance vectors), and a first sample of its
own for streams that resume.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from facewire.protocol.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class AudioAccumulator:
    """Samples by absolute index; what lies before the first or after the end reads as silence."""

    def __init__(self, *, block_samples: int = 16_000, first_sample: int = 0) -> None:
        self._block_samples = block_samples
        self.first_sample = first_sample
        """Index of the first sample ever stored; earlier ones read as 0."""
        self.reset()

    def reset(self) -> None:
        """Forget all samples, drops and the end."""
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._block_start = self.first_sample
        self.total_samples = self.first_sample
        """Index one past the last sample stored."""
        self.dropped_samples = 0
        """Reads that start before this index are errors; 0 until something was dropped."""
        self.closed = False

    def accumulate(self, samples: NDArray[np.float32]) -> None:
        """Append float32[n]; the values are copied."""
        if self.closed:
            raise AudioError("Audio came after its end.")
        taken = 0
        while taken < len(samples):
            filled = (self.total_samples - self.first_sample) % self._block_samples
            if filled == 0:
                self._blocks.append(np.empty(self._block_samples, np.float32))
            count = min(self._block_samples - filled, len(samples) - taken)
            self._blocks[-1][filled : filled + count] = samples[taken : taken + count]
            taken += count
            self.total_samples += count

    def close(self) -> None:
        """Say that no sample follows."""
        if self.closed:
            raise AudioError("The end of the audio was said twice.")
        self.closed = True

    def read(self, start: int, count: int, gain: float = 1.0) -> NDArray[np.float32]:
        """Return float32[count] from absolute index `start`, a fresh array, times `gain`.

        Raises:
            AudioError: `count` < 1; samples that were dropped, or that have not come yet.
        """
        if count < 1:
            raise AudioError(f"A read of {count} samples was asked for.")
        if self.dropped_samples and start < self.dropped_samples:
            raise AudioError(f"Sample {start} was dropped (up to {self.dropped_samples}).")
        if start + count > self.total_samples and not self.closed:
            raise AudioError(f"Sample {start + count - 1} has not come ({self.total_samples} did).")
        window = np.zeros(count, np.float32)
        position = max(start, self._block_start)
        stop = min(start + count, self.total_samples)
        while position < stop:
            block, offset = divmod(position - self._block_start, self._block_samples)
            part = self._blocks[block][offset : offset + stop - position]
            window[position - start : position - start + len(part)] = part
            position += len(part)
        if gain != 1.0:
            window *= np.float32(gain)
        return window

    def drop_before(self, sample: int) -> None:
        """Free whole blocks that end at or before `sample`."""
        limit = min(sample, self.total_samples)  # a block still being filled stays
        while self._blocks and self._block_start + self._block_samples <= limit:
            self._blocks.popleft()
            self._block_start += self._block_samples
            self.dropped_samples = self._block_start
