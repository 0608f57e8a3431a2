"""What comes of one comparison: a distance to the expected numbers, or a reason for none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from facewire.tools.conformance.vector_file import VectorFile


@dataclass(frozen=True)
class Compared:
    """Distances of one quantity, usually one; infinite where the shape differs or NaN came."""

    quantity: str
    errors: tuple[float, ...]
    limit: float | None = None
    """What they may be; None: as the table of tolerances has it."""

    @classmethod
    def one(cls, quantity: str, error: float, limit: float | None = None) -> Compared:
        """Return the outcome of a single comparison."""
        return cls(quantity, (error,), limit)


@dataclass(frozen=True)
class Skipped:
    """What was not compared, and why."""

    quantity: str
    reason: str
    count: int = 1


Outcome = Compared | Skipped
Comparison = Callable[[], Iterable[Outcome]]


class Topic(Protocol):
    """A topic: the cases of a file, by name, each compared only when it is called."""

    def __call__(self, file: VectorFile, /) -> Iterator[tuple[str, Comparison]]:
        """Yield every case of a file."""


def absolute(found: ArrayLike, expected: ArrayLike) -> float:
    """Return the largest absolute difference, computed in float64."""
    left, right = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if left.shape != right.shape:
        return inf
    with np.errstate(invalid="ignore", over="ignore"):
        largest = float(np.abs(left - right).max(initial=0.0))
    return largest if np.isfinite(largest) else inf


def relative(found: ArrayLike, expected: ArrayLike) -> float:
    """Return the largest difference as a share of the largest expected number."""
    largest = float(np.abs(np.asarray(expected, np.float64)).max(initial=0.0))
    difference = absolute(found, expected)
    if not largest:
        return difference
    return difference / largest if np.isfinite(largest) else inf


def differing(found: ArrayLike, expected: ArrayLike) -> float:
    """Return how many entries differ; of texts, lists and numbers alike."""
    left, right = _plain(found), _plain(expected)
    if left.shape != right.shape:
        return inf
    return float(np.count_nonzero(left != right))


def differs(found: Any, expected: Any) -> float:
    """Return 0 where two things are equal as a whole, else 1."""
    return 0.0 if found == expected else 1.0


def _plain(values: ArrayLike) -> np.ndarray[Any, Any]:
    return np.asarray(values)
