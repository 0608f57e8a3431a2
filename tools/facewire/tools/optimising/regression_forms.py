"""Exact rewrites of what follows and stands beside the encoder's convolutions.

Each finds its own shape in the network, and leaves it as it is where that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.optimising.maker import Pattern
from facewire.tools.optimising.network import attribute, axes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import NodeProto

    from facewire.tools.optimising.network import Network
    from facewire.tools.optimising.shapes import Shape

_FAR: Final = 1 << 31
_LEAST_LAGS: Final = 4


def place_convolutions(network: Network) -> list[NodeProto]:
    """Return the convolutions in groups over time: what stands in for positions."""
    return [
        node
        for node in network.nodes
        if node.op_type == "Conv"
        and network.consumers(node.output[0])
        and attribute(node, "group", 1) > 1
        and (weight := network.constant(node.input[1])) is not None
        and weight.ndim == 3
        and attribute(node, "strides", [1]) == [1]
        and attribute(node, "dilations", [1]) == [1]
        and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    ]


def crop_places(network: Network, shapes: Mapping[str, Shape]) -> Pattern:
    """Drop the taps of a convolution over positions that only ever meet its padding.

    Of 128 taps, 79 do for 25 tokens.
    """
    cropped = [_cropped(network, node, shapes) for node in place_convolutions(network)]
    network.tidy()
    done = [text for text in cropped if text]
    return Pattern(
        name="crop-positions", found=len(done), text="; ".join(done) or _no_crop(cropped)
    )


def _no_crop(cropped: list[str]) -> str:
    return "every tap meets a token" if cropped else "no convolution over positions"


def _cropped(network: Network, node: NodeProto, shapes: Mapping[str, Shape]) -> str:
    steps = shapes.get(node.input[0], (None, None, None))[2]
    weight = network.constant(node.input[1])
    if steps is None or weight is None:
        return ""
    kernel, (before, after) = weight.shape[2], attribute(node, "pads", [0, 0])
    answers = steps + before + after - kernel + 1
    cut = _cut_of_last(network, node)
    wanted = answers - cut[1] if cut else answers
    first = max(0, before - (wanted - 1))
    last = min(kernel - 1, before + steps - 1)
    if last - first + 1 >= kernel:
        return ""
    left = before - first
    right = wanted - 1 - steps - left + (last - first + 1)
    inputs = [node.input[0], network.put(weight[:, :, first : last + 1]), *node.input[2:]]
    value = network.add(
        "Conv", *inputs, kernel_shape=[last - first + 1], strides=[1], dilations=[1],
        pads=[left, right], group=attribute(node, "group"),
    )  # fmt: skip
    network.replace(cut[0].output[0] if cut else node.output[0], value)
    return f"{last - first + 1} of {kernel} taps left"


def _cut_of_last(network: Network, node: NodeProto) -> tuple[NodeProto, int] | None:
    """Return the slice that drops the last steps of a convolution, and how many it drops."""
    cut = network.only_consumer(node.output[0])
    if cut is None or cut.op_type != "Slice" or len(cut.input) < 4:
        return None
    given = [network.constant(name) for name in cut.input[1:]]
    if any(each is None or each.size != 1 for each in given):
        return None
    start, end, axis, *step = (int(each.ravel()[0]) for each in given if each is not None)
    plain = start == 0 and -_FAR < end < 0 and axis in (2, -1) and step in ([], [1])
    return (cut, -end) if plain else None


def join_linears(network: Network) -> Pattern:
    """Join two linear layers with nothing between them into one, where that is less work."""
    count = 0
    for node in [each for each in network.nodes if each.op_type == "Add"]:
        first = _linear(network, node)
        if first is None:
            continue
        following = network.only_consumer(node.output[0])
        if (
            following is None
            or following.op_type != "MatMul"
            or following.input[0] != node.output[0]
        ):
            continue
        weight = network.constant(following.input[1])
        after = network.only_consumer(following.output[0])
        if weight is None or weight.ndim != 2 or after is None or after.op_type != "Add":
            continue
        second = _linear(network, after)
        if second is None or first[1].shape[0] > weight.shape[0] + weight.shape[1]:
            continue
        value, before, shift = first
        joined = np.asarray(before, np.float64) @ weight
        moved = np.asarray(shift, np.float64) @ weight + second[2]
        product = network.add("MatMul", value, network.put(joined.astype(np.float32)))
        network.replace(
            after.output[0], network.add("Add", product, network.put(moved.astype(np.float32)))
        )
        count += 1
    return Pattern(
        name="join-linears", found=count,
        text="" if count else "no two linear layers follow each other",
    )  # fmt: skip


def _linear(
    network: Network, add: NodeProto
) -> tuple[str, NDArray[np.float32], NDArray[np.float32]] | None:
    """Return (input, weight, bias) of MatMul and Add."""
    split = network.split(add)
    product = network.made_by(split[0], "MatMul") if split else None
    if split is None or product is None or network.only_consumer(product.output[0]) is not add:
        return None
    weight, bias = network.constant(product.input[1]), split[1]
    if weight is None or weight.ndim != 2 or bias.shape != weight.shape[1:]:
        return None
    return str(product.input[0]), weight, bias


def block_lags(network: Network, shapes: Mapping[str, Shape]) -> Pattern:
    """Make the lags of autocorrelations by one product instead of one pass for each."""
    done = []
    for node in [each for each in network.nodes if each.op_type == "Concat"]:
        lags = [_lag(network, name, shapes) for name in node.input]
        found = [lag for lag in lags if lag]
        in_order = [lag for _, lag in found] == list(range(len(lags)))
        if len(lags) < _LEAST_LAGS or not in_order or len({value for value, _ in found}) != 1:
            continue
        value = found[0][0]
        shape = shapes[value]
        if shape[1:].count(None) or attribute(node, "axis") not in (-1, len(shape) - 1):
            continue
        network.replace(node.output[0], _by_blocks(network, value, shape, len(lags)))
        done.append(f"{len(lags)} lags of {shape[-1]} samples")
    return Pattern(
        name="block-lags", found=len(done), text="; ".join(done) or "no autocorrelations"
    )


def _by_blocks(network: Network, value: str, shape: Shape, lags: int) -> str:
    """Return [..., lags] of [..., samples].

    The samples in blocks of `lags`, each beside the block and the one that follows it: one product
    of these has every sum that is wanted on its diagonals. Sums are over the very products that
    the original adds; by way of the power spectrum loud sound loses a digit.
    """
    size = shape[-1]
    assert size is not None
    blocks = -(-size // lags)
    filled = network.add("Pad", value, _ends(network, len(shape), (blocks + 1) * lags - size))
    flat = network.add("Reshape", filled, network.ints(-1, blocks + 1, lags))
    own = network.add("Slice", flat, network.ints(0), network.ints(blocks), network.ints(1))
    following = network.add(
        "Slice", flat, network.ints(1), network.ints(blocks + 1), network.ints(1)
    )
    beside = network.add("Concat", own, following, axis=2)
    products = network.add("MatMul", network.add("Transpose", own, perm=[0, 2, 1]), beside)
    diagonals = np.zeros((lags, 2 * lags, lags), np.float32)
    for lag in range(lags):
        for row in range(lags):
            diagonals[row, row + lag, lag] = 1.0
    listed = network.add("Reshape", products, network.ints(-1, 2 * lags * lags))
    sums = network.add("MatMul", listed, network.put(diagonals.reshape(-1, lags)))
    sizes = [-1 if each is None else each for each in shape[:-1]]
    return network.add("Reshape", sums, network.ints(*sizes, lags))


def _ends(network: Network, rank: int, more: int) -> str:
    return network.ints(*[0] * rank, *[0] * (rank - 1), more)


def _lag(network: Network, name: str, shapes: Mapping[str, Shape]) -> tuple[str, int] | None:
    """Return (value, lag) of sum(value[: n - lag] * value[lag :]) over the last axis."""
    total = network.made_by(name, "ReduceSum")
    product = network.made_by(total.input[0], "Mul") if total is not None else None
    if total is None or product is None or attribute(total, "keepdims", 1) != 1:
        return None
    parts = [_part(network, each, shapes) for each in product.input]
    early, late = sorted(parts, key=lambda part: part[1])
    shape = shapes.get(early[0], ())
    size = shape[-1] if shape else None
    if (
        early[0] != late[0]
        or size is None
        or axes_of(network, total) not in ([-1], [len(shape) - 1])
    ):
        return None
    lag = late[1]
    whole = early[1:] == (0, size - lag) and late[2] == size
    return (early[0], lag) if whole else None


def _part(network: Network, name: str, shapes: Mapping[str, Shape]) -> tuple[str, int, int]:
    """Return (value, start, end) of a slice along the last axis; the value itself is all of it."""
    itself = (name, 0, (shapes.get(name) or (None,))[-1] or -1)
    node = network.made_by(name, "Slice")
    if node is None:
        return itself
    shape = shapes.get(node.input[0], ())
    size = shape[-1] if shape else None
    given = [network.constant(each) for each in node.input[1:]]
    if size is None or len(given) < 3 or any(each is None or each.size != 1 for each in given):
        return itself
    start, end, axis, *step = (int(each.ravel()[0]) for each in given if each is not None)
    if axis not in (-1, len(shape) - 1) or step not in ([], [1]):
        return itself
    low, high = (min(at + size if at < 0 else at, size) for at in (start, end))
    return str(node.input[0]), low, high
