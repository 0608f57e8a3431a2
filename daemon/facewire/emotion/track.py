"""Emotion over time: keys at instants, linear in between (a2f_runtime §2.5)."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class EmotionTrack:
    """Time-coded keys; times are 16 kHz sample indices and strictly increase."""

    def __init__(self, *, size: int = 10, keys_per_block: int = 300) -> None:
        if size < 1 or keys_per_block < 1:
            raise SettingsError("A track needs keys of at least one value.", field="keys")
        self._size = size
        self._keys_per_block = keys_per_block
        self.reset()

    def reset(self) -> None:
        """Forget all keys, drops and the end."""
        self._times: list[int] = []
        self._values: list[NDArray[np.float32]] = []
        self._dropped_before: int | None = None
        self.dropped_keys = 0
        self.closed = False

    def __len__(self) -> int:
        """Return how many keys are held."""
        return len(self._times)

    @property
    def first_time(self) -> int | None:
        """Instant of the earliest key held; None without keys."""
        return self._times[0] if self._times else None

    @property
    def last_time(self) -> int | None:
        """Instant of the latest key; None without keys. Until it, an open track can be read."""
        return self._times[-1] if self._times else None

    def add(self, time: int, values: NDArray[np.float32]) -> None:
        """Append a key of float32[size] at `time`.

        Raises:
            SettingsError: `time` is not after the last key, or the size is another.
        """
        if self._times and time <= self._times[-1]:
            raise SettingsError(
                f"An emotion key at {time} came after one at {self._times[-1]}.",
                field="keys",
                hint="Times must strictly increase.",
            )
        if np.shape(values) != (self._size,):
            raise SettingsError(f"An emotion key needs {self._size} values.", field="keys")
        self._times.append(time)
        self._values.append(np.array(values, np.float32))

    def close(self) -> None:
        """Say that no key follows: after the last one its values hold.

        Raises:
            SettingsError: there is no key, or the end was said before.
        """
        if self.closed or not self._times:
            raise SettingsError("An emotion track ends once, and not without a key.", field="keys")
        self.closed = True

    def surrounding(self, time: int) -> tuple[int, int]:
        """Return the indices of the held keys around `time`: the same twice on a key or outside."""
        after = bisect_left(self._times, time)
        if after == len(self._times):
            return after - 1, after - 1
        if after == 0 or self._times[after] == time:
            return after, after
        return after - 1, after

    def read(self, time: int) -> NDArray[np.float32]:
        """Return float32[size] at `time`.

        Raises:
            SettingsError: no key yet, `time` lies before what was dropped, or after the last key
                of a track still open.
        """
        if not self._times or (not self.closed and time > self._times[-1]):
            raise SettingsError(f"No emotion is known at {time} yet.", field="keys")
        if self._dropped_before is not None and time < self._dropped_before:
            raise SettingsError(f"The emotion at {time} was dropped.", field="keys")
        return self.held(time)

    def held(self, time: int) -> NDArray[np.float32]:
        """Return the values at `time` as if the track were closed: the last key holds."""
        before, after = self.surrounding(time)
        start, stop = self._times[before], self._times[after]
        if before == after:
            return self._values[before]
        factor = np.float32(time - start) / np.float32(stop - start)
        low, high = self._values[before], self._values[after]
        return low + (high - low) * factor

    def drop_before(self, time: int) -> None:
        """Free whole blocks of keys that no read from `time` on can need; the last block stays.

        Raises:
            SettingsError: `time` lies after the last key of a track still open.
        """
        if not self.closed and (not self._times or time > self._times[-1]):
            raise SettingsError(f"No emotion is known at {time} yet.", field="keys")
        self._dropped_before = time
        self.forget_before(time)

    def forget_before(self, time: int) -> None:
        """As `drop_before`, for reads by `held`: earlier reads stay legal and less exact."""
        size = self._keys_per_block
        while len(self._times) > size and self._times[size] <= time:
            del self._times[:size], self._values[:size]
            self.dropped_keys += size
