"""The exact form of a regression or emotion network: every rewrite whose shape is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.optimising.extractor import Extractor, find_extractor
from facewire.tools.optimising.extractor_forms import matrix_form
from facewire.tools.optimising.integer_forms import (
    integer_form,
    integer_places,
    integer_products,
)
from facewire.tools.optimising.maker import Pattern
from facewire.tools.optimising.network import Network
from facewire.tools.optimising.regression_forms import block_lags, crop_places, join_linears
from facewire.tools.optimising.shapes import seen_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from facewire.tools.optimising.shapes import Shape

    Form = Callable[[Network, Extractor, Sequence[int | None]], Pattern]

_LOOKED_AT = ("Conv", "Slice", "Transpose")


def rewritten(
    path: Path, runs: Sequence[Mapping[str, NDArray[Any]]]
) -> tuple[Network, tuple[Pattern, ...]]:
    """Return the network of a file rewritten exactly, and what was found in it.

    Args:
        path: The original.
        runs: Feeds that differ in batch, and in length where that is free.
    """
    network, _, patterns = _rewritten(path, runs, matrix_form)
    return network, patterns


def in_bytes(
    path: Path, runs: Sequence[Mapping[str, NDArray[Any]]]
) -> tuple[Network, tuple[Pattern, ...]]:
    """Return the network of a file with eight-bit products; arguments as of `rewritten`."""
    network, shapes, patterns = _rewritten(path, runs, integer_form)
    return network, (*patterns, integer_places(network, shapes), integer_products(network))


def _rewritten(
    path: Path, runs: Sequence[Mapping[str, NDArray[Any]]], form: Form
) -> tuple[Network, dict[str, Shape], tuple[Pattern, ...]]:
    network = Network.read(path)
    looked = [node for node in network.nodes if node.op_type in _LOOKED_AT]
    values = [name for node in looked for name in (node.input[0], node.output[0])]
    free = [name for name in values if name not in network.constants]
    shapes = seen_shapes(network.model, free, runs)
    cropped = crop_places(network, shapes)
    return (
        network,
        shapes,
        (
            cropped,
            block_lags(network, shapes),
            *_convolutions(network, shapes, form),
            join_linears(network),
        ),
    )


def _convolutions(network: Network, shapes: Mapping[str, Shape], form: Form) -> tuple[Pattern, ...]:
    extractor = find_extractor(network)
    if isinstance(extractor, str):
        return (
            Pattern(name="fold-norm", found=0, text=extractor),
            Pattern(name="matrix-form", found=0, text=extractor),
        )
    steps = [shapes[layer.value][2] for layer in extractor.layers]
    norm = Pattern(
        name="fold-norm", found=int(extractor.norm is not None),
        text="" if extractor.norm else "the first convolution is not normalised over time",
    )  # fmt: skip
    return norm, form(network, extractor, steps)


def feeds_of_batch(feeds: Mapping[str, NDArray[Any]], batch: int) -> dict[str, NDArray[Any]]:
    """Return feeds of one window as a batch of equal ones."""
    return {name: np.repeat(array, batch, axis=0) for name, array in feeds.items()}
