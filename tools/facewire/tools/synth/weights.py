"""Where random weights come from: each name has a stream of its own."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int, ...]


class Weights:
    """Random numbers by seed and name: the order of asking decides nothing.

    A network is built twice, once to measure it and once to write it; both get the same numbers.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, name: str) -> np.random.Generator:
        """Return the stream of a name, at its beginning."""
        return np.random.Generator(np.random.SFC64([self._seed, zlib.crc32(name.encode())]))

    def normal(
        self, name: str, shape: Shape, std: float, *, mean: float = 0.0, centred: bool = False
    ) -> NDArray[np.float32]:
        """Return float32[shape], normally distributed.

        Args:
            name: Of the weight.
            shape: The first axis counts outputs.
            std: Standard deviation.
            mean: Their mean.
            centred: Let the weights of each output sum to 0. What all inputs share, as the mean
                of rectified features is, then does not drown what differs between them.
        """
        values = self.stream(name).standard_normal(shape, np.float32)
        values *= np.float32(std)
        values += np.float32(mean)
        if centred:
            values -= values.mean(axis=tuple(range(1, len(shape))), keepdims=True)
        return values


class Hollow(Weights):
    """Zeros that take no memory: for counting the weights of a network."""

    def __init__(self) -> None:
        super().__init__(0)

    def normal(
        self,
        name: str,  # noqa: ARG002 - the signature of what it stands for
        shape: Shape,
        std: float,  # noqa: ARG002
        *,
        mean: float = 0.0,  # noqa: ARG002
        centred: bool = False,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        """Return float32[shape] of zeros that share one number."""
        return np.broadcast_to(np.float32(0), shape)
