"""What was computed and may be computed again: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Values by kind and number, together no larger than a limit; the newest always stays."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: OrderedDict[tuple[str, int], tuple[Value, int]] = OrderedDict()
        self.nbytes = 0
        """Of all values held."""

    def __len__(self) -> int:
        """Return how many values are held."""
        return len(self._held)

    def get(self, kind: str, number: int) -> Value | None:
        """Return a value, which then counts as used; None where it is not held."""
        found = self._held.get((kind, number))
        if found is None:
            return None
        self._held.move_to_end((kind, number))
        return found[0]

    def put(self, kind: str, number: int, value: Value, nbytes: int) -> None:
        """Hold a value, and let go of the oldest while there is too much."""
        _, before = self._held.pop((kind, number), (None, 0))
        self._held[kind, number] = (value, nbytes)
        self.nbytes += nbytes - before
        while self.nbytes > self._limit and len(self._held) > 1:
            _, (_, gone) = self._held.popitem(last=False)
            self.nbytes -= gone

    def drop(self, *kinds: str) -> None:
        """Let go of every value of these kinds."""
        for key in [key for key in self._held if key[0] in kinds]:
            self.nbytes -= self._held.pop(key)[1]
