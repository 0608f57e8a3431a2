"""Last layers that make a network of random weights move a face as far as speech does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.tools.synth.weights import Weights


TWIN_SHARE: Final = 0.3
"""How much of its own a twin does."""


class Linear(NamedTuple):
    """float32[out, in] and float32[out]: weight @ value + bias."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def into(self, matrix: NDArray[np.float32]) -> Linear:
        """Return this layer followed by float32[more, out]."""
        return Linear(matrix @ self.weight, matrix @ self.bias)


def hollow_linear(out: int, size: int) -> Linear:
    """Return a layer of zeros that takes no memory."""
    zero = np.float32(0)
    return Linear(np.broadcast_to(zero, (out, size)), np.broadcast_to(zero, (out,)))


@dataclass(frozen=True)
class Range:
    """Where a quantity rests and how far it swings about that: mean and standard deviation."""

    rest: float
    swing: float


def fitted(
    weights: Weights,
    name: str,
    features: NDArray[np.float32],
    ranges: Sequence[Range],
    twins: Sequence[int] = (),
) -> Linear:
    """Return a random layer whose outputs have these ranges over the features it was shown.

    Args:
        weights: Where random directions come from.
        name: Of the layer.
        features: float32[frames, size], what the layer will see, in speech and in silence.
        ranges: One per output.
        twins: For each output the one that it mostly follows, itself or an earlier one: left
            and right halves of a face move together. Each is its own by default.
    """
    count, size = len(ranges), features.shape[1]
    directions = weights.normal(name, (count, size), size**-0.5)
    if twins:
        follows = np.array(twins) != np.arange(count)
        own = np.float32(TWIN_SHARE) * directions[follows]
        directions[follows] = own + directions[np.array(twins)[follows]]
    values = features.astype(np.float64) @ directions.astype(np.float64).T
    mean, deviation = _rounded(values.mean(0)), _rounded(values.std(0))
    swing = np.array([each.swing for each in ranges]) / np.maximum(deviation, 1e-9)
    rest = np.array([each.rest for each in ranges])
    bias = rest - swing * mean
    return Linear((swing[:, None] * directions).astype(np.float32), bias.astype(np.float32))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values to ten bits: what differs in the last digits between machines is gone."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 1024) / 1024, exponent)


def stacked(*layers: Linear) -> Linear:
    """Return layers that see the same as one, outputs in order."""
    return Linear(
        np.concatenate([layer.weight for layer in layers]),
        np.concatenate([layer.bias for layer in layers]),
    )


def summed(first: Linear, second: Linear) -> Linear:
    """Return two layers of the same sizes as the one that gives their sum."""
    return Linear(first.weight + second.weight, first.bias + second.bias)
