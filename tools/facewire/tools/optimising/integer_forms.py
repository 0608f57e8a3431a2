"""Eight-bit products: a turbo form, whose answers differ from the original's.

Weights are int8 with a scale per output; what they are multiplied with is made uint8 as it comes,
with one scale and zero point for the whole of it. `onnxruntime.quantization` does the same to an
exported network and makes it slower: it leaves convolutions to an operator that has no fast form.
Here convolutions are products already (see `extractor_forms`), and their input is taken apart after
it has been made bytes, a quarter of the copying.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from onnx import TensorProto, numpy_helper

from facewire.tools.optimising.extractor_forms import (
    carried_rows,
    first_layer,
    taken_apart,
    turned_off,
)
from facewire.tools.optimising.maker import Pattern
from facewire.tools.optimising.network import MICROSOFT, Network, attribute
from facewire.tools.optimising.regression_forms import place_convolutions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto

    from facewire.tools.optimising.extractor import Extractor, Layer
    from facewire.tools.optimising.shapes import Shape

_ZERO: Final = 128
_STEPS: Final = 127
_LEAST: Final = 1e-30
"""A row of zeros has a scale, too."""
LEAST_WEIGHTS: Final = 1 << 15
"""A smaller matrix gains less than making bytes of its input costs."""


class Bytes:
    """Rows made uint8, each with a scale of its own.

    One scale for all rows is cheaper and no use: a quiet moment beside a loud one would be a few
    steps of the scale, and the norm that follows makes as much of them as of the loud one.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._made: dict[str, tuple[str, str]] = {}
        self._one = network.put(np.asarray(1.0, np.float32))
        self._zero = network.put(np.asarray(_ZERO, np.uint8))
        self._steps = network.put(np.asarray(1 / _STEPS, np.float32))
        self._least = network.put(np.asarray(_LEAST, np.float32))

    def of(self, rows: str) -> tuple[str, str]:
        """Return [n, k] as (uint8 [n, k] with its zero at 128, scale of each row [n])."""
        if rows not in self._made:
            scale = self.scale(self.largest(rows, 1))
            self._made[rows] = (self.rounded(rows, scale), scale)
        return self._made[rows]

    def largest(self, value: str, axis: int) -> str:
        """Return the largest magnitude along an axis, which is gone then."""
        network = self.network
        high = network.add("ReduceMax", value, axes=[axis], keepdims=0)
        low = network.add("Neg", network.add("ReduceMin", value, axes=[axis], keepdims=0))
        return network.add("Max", high, low)

    def scale(self, largest: str) -> str:
        """Return what a step is worth for values up to these."""
        network = self.network
        return network.add("Max", network.add("Mul", largest, self._steps), self._least)

    def rounded(self, rows: str, scale: str) -> str:
        """Return [n, k] as uint8 with a scale for each row."""
        network = self.network
        zeros = network.add(
            "ConstantOfShape", network.add("Shape", scale),
            value=numpy_helper.from_array(np.asarray([_ZERO], np.uint8)),
        )  # fmt: skip
        return network.add("QuantizeLinear", rows, scale, zeros, axis=0)

    def product(
        self,
        read: tuple[str, str],
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None,
    ) -> str:
        """Return [n, out] for bytes [n, in] with their scales and a weight [in, out]."""
        network = self.network
        rounded, scales = _rounded(weight)
        found = network.add(
            "MatMulIntegerToFloat", read[0], network.put(rounded), self._one,
            network.put(scales[0]), self._zero, domain=MICROSOFT,
        )  # fmt: skip
        # Written as a division: onnxruntime takes a product here for a part of the GELU that
        # follows, and then leaves that in its five pieces.
        inverse = network.add("Unsqueeze", network.add("Reciprocal", read[1]), network.ints(1))
        found = network.add("Div", found, inverse)
        return found if bias is None else network.add("Add", found, network.put(bias))


def integer_form(network: Network, extractor: Extractor, steps: Sequence[int | None]) -> Pattern:
    """Rewrite the encoder's convolutions but the first as products of bytes."""
    rows = carried_rows(extractor, steps)
    network.replace(extractor.first, first_layer(network, extractor, steps, rows))
    made = Bytes(network)
    for at, layer in enumerate(extractor.layers[1:]):
        between = (rows[at], rows[at + 1]) if rows else None
        network.replace(layer.value, _convolution(made, layer, between))
    turned_off(network, extractor, steps, rows)
    return Pattern(name="int8-convolutions", found=len(extractor.layers) - 1)


def _convolution(made: Bytes, layer: Layer, rows: tuple[int, int] | None) -> str:
    network, value = made.network, str(layer.node.input[0])
    taps = layer.weight.transpose(2, 1, 0)  # [kernel, in, out]
    width = layer.kernel * taps.shape[1]
    weight = taps.reshape(width, -1)
    if rows is None:
        columns = taken_apart(network, value, layer)
        read = made.of(network.add("Reshape", columns, network.ints(-1, width)))
        flat = made.product(read, weight, layer.bias)
        return as_before(network, flat, columns, weight.shape[1])
    return made.product(_beside(made, layer, value, rows), weight, layer.bias)


def _beside(made: Bytes, layer: Layer, value: str, rows: tuple[int, int]) -> tuple[str, str]:
    """Return what a layer reads at each step as bytes, [batch * rows, kernel * in], and scales.

    Steps that lie side by side are a row already; only what is beyond them is copied.
    """
    network, stride, channels = made.network, layer.stride, layer.weight.shape[1]
    places = np.arange(rows[1])[:, None] * stride + np.arange(layer.kernel)
    places = np.minimum(places, rows[0] - 1)
    apart = network.add("Reshape", value, network.ints(-1, rows[0], channels))
    each = network.add("Gather", made.largest(apart, 2), network.put(places), axis=1)
    largest = network.add("ReduceMax", each, axes=[2], keepdims=0)
    scale = made.scale(network.add("Reshape", largest, network.ints(-1)))
    beside = network.add("Reshape", value, network.ints(-1, stride * channels))
    read = made.rounded(beside, scale)
    more = layer.kernel - stride
    if more:
        late = network.add("Gather", apart, network.put(places[:, stride:].ravel()), axis=1)
        late = network.add("Reshape", late, network.ints(-1, more * channels))
        read = network.add("Concat", read, made.rounded(late, scale), axis=1)
    return read, scale


def as_before(network: Network, flat: str, like: str, width: int) -> str:
    """Return [n, width] in the shape that a value has, but for its last axis."""
    shape = network.add("Shape", like)
    leading = network.add("Slice", shape, network.ints(0), network.ints(-1), network.ints(0))
    return network.add("Reshape", flat, network.add("Concat", leading, network.ints(width), axis=0))


def integer_products(network: Network) -> Pattern:
    """Rewrite the products with a large constant matrix, and the bias that follows each."""
    made, count = Bytes(network), 0
    flattened: dict[str, str] = {}
    for node in [each for each in network.nodes if each.op_type == "MatMul"]:
        weight = network.constant(node.input[1])
        if weight is None or weight.ndim != 2 or weight.size < LEAST_WEIGHTS:
            continue
        if weight.dtype != np.float32:
            continue
        bias, last = _bias(network, node, weight.shape[1])
        value = str(node.input[0])
        if value not in flattened:
            flattened[value] = network.add("Reshape", value, network.ints(-1, weight.shape[0]))
        flat = made.product(made.of(flattened[value]), weight, bias)
        network.replace(last, as_before(network, flat, value, weight.shape[1]))
        count += 1
    return Pattern(
        name="int8-products", found=count, text="" if count else "no product with a large matrix"
    )


def _bias(network: Network, node: NodeProto, width: int) -> tuple[NDArray[np.float32] | None, str]:
    """Return the bias added to a product, and the value that is the whole of both."""
    add = network.only_consumer(node.output[0])
    split = network.split(add) if add is not None and add.op_type == "Add" else None
    if add is None or split is None or split[1].shape != (width,):
        return None, str(node.output[0])
    return split[1], str(add.output[0])


def integer_places(network: Network, shapes: Mapping[str, Shape]) -> Pattern:
    """Rewrite convolutions over positions as products of bytes, one per group of channels."""
    count = 0
    for node in place_convolutions(network):
        weight, bias = (network.constant(name) for name in node.input[1:3])
        shape = shapes.get(node.input[0], ())
        if weight is None or bias is None or len(shape) != 3 or shape[2] is None:
            continue
        network.replace(node.output[0], _place(network, node, (weight, bias), shape[2]))
        count += 1
    text = "" if count else "no convolution over a fixed number of positions"
    return Pattern(name="int8-positions", found=count, text=text)


def _place(
    network: Network,
    node: NodeProto,
    arrays: tuple[NDArray[np.float32], NDArray[np.float32]],
    steps: int,
) -> str:
    """Return [batch, channels, time] of a convolution in groups."""
    weight, bias = arrays
    out, width, kernel = weight.shape
    groups = attribute(node, "group")
    before, after = attribute(node, "pads", [0, 0])
    count = steps + before + after - kernel + 1
    grouped = network.add("Reshape", node.input[0], network.ints(-1, groups, width, steps))
    turned = network.add("Transpose", grouped, perm=[0, 1, 3, 2])
    filled = network.add("Pad", turned, network.ints(0, 0, before, 0, 0, 0, after, 0))
    length = steps + before + after
    read, scale = Bytes(network).of(
        network.add("Reshape", filled, network.ints(-1, groups * length * width))
    )
    apart = network.add("Reshape", read, network.ints(-1, groups, length, width))
    places = (np.arange(count)[:, None] + np.arange(kernel)).ravel()
    taken = network.add("Gather", apart, network.put(places), axis=2)
    columns = network.add("Reshape", taken, network.ints(-1, groups, count, kernel * width))
    filters = weight.reshape(groups, out // groups, width, kernel).transpose(0, 3, 2, 1)
    rounded, scales = _rounded(filters.reshape(groups, kernel * width, out // groups))
    found = network.add(
        "MatMulInteger", columns, network.put(rounded), network.put(np.asarray(_ZERO, np.uint8))
    )
    found = network.add("Cast", found, to=TensorProto.FLOAT)
    apart = network.add("Reshape", scale, network.ints(-1, 1, 1, 1))
    found = network.add("Mul", network.add("Mul", found, network.put(scales)), apart)
    found = network.add("Add", found, network.put(bias.reshape(groups, 1, out // groups)))
    found = network.add("Transpose", found, perm=[0, 1, 3, 2])
    return network.add("Reshape", found, network.ints(-1, out, count))


def _rounded(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a weight [..., in, out] as int8, and what a step of each output is worth."""
    largest = np.abs(weight).max(axis=-2, keepdims=True)
    scales = np.where(largest > 0, largest / _STEPS, 1).astype(np.float32)
    return np.clip(np.round(weight / scales), -_STEPS, _STEPS).astype(np.int8), scales
