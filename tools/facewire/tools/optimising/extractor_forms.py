"""Exact rewrites of a speech encoder's convolutions.

* The normalisation over time of the first layer is folded into its weights. For a linear layer
  mean and variance of its answer follow from mean and covariance of what it reads: here windows of
  ten samples, so a 10 x 10 matrix instead of a pass over 512 x 1663 numbers. The statistics are
  float64: speech is smooth, and the variance of a filter for high frequencies is a small
  difference of large numbers. A constant voltage goes first, which float32 would make noise of.
* The other layers become matrix products over features side by side, [time, channels]: onnxruntime
  need not gather columns first, and the transposition at the end is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from onnx import TensorProto

from facewire.tools.optimising.maker import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.tools.optimising.extractor import Extractor, Layer, Norm
    from facewire.tools.optimising.network import Network

_ONE: Final = np.ones(1)
_END: Final = np.iinfo(np.int64).max


def fold_norm(network: Network, extractor: Extractor, spare: int) -> str:
    """Return the first layer's answer, normalised, as [batch, time + spare, channels].

    Args:
        network: Being rewritten.
        extractor: Its chain; it has a norm.
        spare: Rows to append that no one will read.
    """
    layer, norm = extractor.layers[0], extractor.norm
    assert norm is not None
    picked = _picked(network, layer)
    even = _even(network, network.add("Transpose", picked, perm=[0, 2, 1]), 1)
    # Made anew, not transposed: onnxruntime 1.24 makes one operator of a transposition and the
    # product after it, and then has none for float64.
    turned = _even(network, picked, 2)
    weight, shift = _scaled_weight(network, (even, turned), layer, norm)
    read = network.add("Cast", even, to=TensorProto.FLOAT)
    if spare:
        read = padded(network, read, spare)
    return network.add("Add", network.add("MatMul", read, weight), shift)


def _even(network: Network, value: str, time: int) -> str:
    """Return a value in float64 without its mean over time."""
    wide = network.add("Cast", value, to=TensorProto.DOUBLE)
    return network.add("Sub", wide, network.add("ReduceMean", wide, axes=[time], keepdims=1))


def _scaled_weight(
    network: Network, read: tuple[str, str], layer: Layer, norm: Norm
) -> tuple[str, str]:
    """Return weights [batch, kernel, channels] with the norm in them, and the shift.

    Args:
        network: Being rewritten.
        read: What the layer reads without its mean, [batch, time, kernel] and the other way round.
        layer: Whose weights.
        norm: What follows it.
    """
    even, turned = read
    filters = np.asarray(layer.weight[:, 0].T, np.float64)
    given = network.put(filters)
    count = network.add("Cast", _length(network, even), to=TensorProto.DOUBLE)
    covariance = network.add("Div", network.add("MatMul", turned, even), count)
    spread = network.add("Mul", network.add("MatMul", covariance, given), given)
    variance = network.add("ReduceSum", spread, network.ints(1), keepdims=1)
    # Rounding may leave less than nothing where all filters see silence.
    variance = network.add("Max", variance, network.put(np.zeros(1)))
    deviation = network.add("Sqrt", network.add("Add", variance, network.put(norm.epsilon * _ONE)))
    scale = network.add("Div", network.put(norm.scale), deviation)
    weight = network.add("Cast", network.add("Mul", given, scale), to=TensorProto.FLOAT)
    return weight, network.put(norm.shift.astype(np.float32))


def frames(network: Network, layer: Layer) -> str:
    """Return what the first layer reads at each step, [batch, time, kernel]."""
    return network.add("Transpose", _picked(network, layer), perm=[0, 2, 1])


def _picked(network: Network, layer: Layer) -> str:
    """Return what the first layer reads at each step, [batch, kernel, time].

    A convolution with one filter per tap takes them out, whatever kernel and stride are.
    """
    taps = np.eye(layer.kernel, dtype=np.float32)[:, None]
    return network.add(
        "Conv", layer.node.input[0], network.put(taps), strides=[layer.stride],
        kernel_shape=[layer.kernel],
    )  # fmt: skip


def _length(network: Network, value: str) -> str:
    """Return the second size of a value."""
    shape = network.add("Shape", value)
    return network.add("Gather", shape, network.ints(1), axis=0)


def padded(network: Network, value: str, rows: int) -> str:
    """Return [batch, time + rows, channels], the last of them zeros."""
    return network.add("Pad", value, network.ints(0, 0, 0, 0, rows, 0))


def carried_rows(extractor: Extractor, steps: Sequence[int | None]) -> list[int] | None:
    """Return rows to carry behind each layer, each `stride` times those of the next.

    Then a layer reads its input as it lies. They are as few as hold all steps; no step that counts
    reads a row past the steps of the layer before.

    Args:
        extractor: The chain.
        steps: How many steps each layer gives; None where it depends on the length of the sound.

    Returns:
        None: the length is free, or a layer does not read each step once or twice.
    """
    later = extractor.layers[1:]
    known = [step for step in steps if step is not None]
    fits = all(layer.stride <= layer.kernel <= 2 * layer.stride for layer in later)
    if len(known) != len(steps) or not fits:
        return None
    rows, product = known[-1], 1
    for step, layer in zip(known[-2::-1], later[::-1], strict=True):
        product *= layer.stride
        rows = max(rows, -(-step // product))
    found = [rows]
    for layer in later[::-1]:
        found.append(found[-1] * layer.stride)
    return found[::-1]


def matrix_form(network: Network, extractor: Extractor, steps: Sequence[int | None]) -> Pattern:
    """Rewrite the whole chain; return what was done."""
    rows = carried_rows(extractor, steps)
    network.replace(extractor.first, first_layer(network, extractor, steps, rows))
    for at, layer in enumerate(extractor.layers[1:]):
        value = (
            _by_rows(network, layer, (rows[at], rows[at + 1])) if rows else _by_taps(network, layer)
        )
        network.replace(layer.value, value)
    turned_off(network, extractor, steps, rows)
    text = "products of features side by side" + ("" if rows else ", for sound of any length")
    return Pattern(name="matrix-form", found=len(extractor.layers) - 1, text=text)


def turned_off(
    network: Network,
    extractor: Extractor,
    steps: Sequence[int | None],
    rows: Sequence[int] | None,
) -> None:
    """Put the chain's end, its features side by side already, in the place of its transposition."""
    found, last = str(extractor.turned.input[0]), steps[-1]
    if rows and last is not None:
        width = int(extractor.layers[-1].weight.shape[0])
        found = network.add("Reshape", found, network.ints(-1, rows[-1], width))
        if rows[-1] > last:
            found = first_rows(network, found, last)
    network.replace(extractor.turned.output[0], found)


def first_rows(network: Network, value: str, count: int) -> str:
    """Return the first rows of [batch, rows, channels]."""
    return network.add("Slice", value, network.ints(0), network.ints(count), network.ints(1))


def first_layer(
    network: Network,
    extractor: Extractor,
    steps: Sequence[int | None],
    rows: Sequence[int] | None,
) -> str:
    """Return [batch, rows, channels] of the first layer, normalised if it was."""
    spare = rows[0] - (steps[0] or 0) if rows else 0
    if extractor.norm:
        return fold_norm(network, extractor, spare)
    layer = extractor.layers[0]
    read = frames(network, layer)
    product = network.add("MatMul", read, network.put(layer.weight[:, 0].T))
    if layer.bias is not None:
        product = network.add("Add", product, network.put(layer.bias))
    return padded(network, product, spare) if spare else product


def _by_rows(network: Network, layer: Layer, rows: tuple[int, int]) -> str:
    """Return [batch * rows, channels]: steps that lie side by side are one row of a product."""
    width, stride = int(layer.weight.shape[1]), layer.stride
    taps = layer.weight.transpose(2, 1, 0)  # [kernel, in, out]
    value = str(layer.node.input[0])
    beside = network.add("Reshape", value, network.ints(-1, stride * width))
    own = network.put(taps[:stride].reshape(stride * width, -1))
    inputs = [beside, own] if layer.bias is None else [beside, own, network.put(layer.bias)]
    product = network.add("Gemm", *inputs)
    more = layer.kernel - stride
    if not more:
        return product
    places = np.arange(rows[1])[:, None] * stride + stride + np.arange(more)
    places = np.minimum(places.ravel(), rows[0] - 1)
    apart = network.add("Reshape", value, network.ints(-1, rows[0], width))
    late = network.add("Gather", apart, network.put(places), axis=1)
    late = network.add("Reshape", late, network.ints(-1, more * width))
    return network.add("Gemm", late, network.put(taps[stride:].reshape(more * width, -1)), product)


def _by_taps(network: Network, layer: Layer) -> str:
    """Return [batch, time, channels] for a length that is not known before."""
    taps = layer.weight.transpose(2, 1, 0)  # [kernel, in, out]
    columns = taken_apart(network, str(layer.node.input[0]), layer)
    product = network.add("MatMul", columns, network.put(taps.reshape(-1, taps.shape[2])))
    return product if layer.bias is None else network.add("Add", product, network.put(layer.bias))


def taken_apart(network: Network, value: str, layer: Layer) -> str:
    """Return [batch, steps, kernel * channels] of what a layer reads at each step."""
    parts = []
    for tap in range(layer.kernel):
        left = layer.kernel - 1 - tap
        ends = network.ints(-left if left else _END)
        parts.append(
            network.add(
                "Slice", value, network.ints(tap), ends, network.ints(1), network.ints(layer.stride)
            )
        )
    return network.add("Concat", *parts, axis=2) if len(parts) > 1 else parts[0]
