"""The speech encoder that all three networks begin with: convolutions, then a transformer.

Its shape is that of wav2vec 2.0 and HuBERT: seven convolutions that leave a feature every 320
samples, the first normalised over time; a projection; a convolution that tells the place; layers of
self-attention with their norms behind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.tools.synth.layers import BIAS_STD, convolution, gelu, group_norm, layer_norm, linear

if TYPE_CHECKING:
    from facewire.tools.synth.graph import Graph

KERNELS_STRIDES: Final = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
PLACE_KERNEL: Final = 128
PLACE_GROUPS: Final = 16
GAIN: Final = 0.5
"""Of what a layer adds to its tokens: with more, many random layers make all tokens alike."""


@dataclass(frozen=True)
class EncoderWidths:
    """How wide and how deep."""

    channels: int
    """Of the convolutions."""
    hidden: int
    """Of the transformer; a multiple of `heads` and of 16."""
    heads: int
    feed_forward: int
    layers: int


def feature_count(samples: int) -> int:
    """Return how many features the encoder gives for a window."""
    for kernel, stride in KERNELS_STRIDES:
        samples = (samples - kernel) // stride + 1
    return samples


def encode(graph: Graph, samples: str, widths: EncoderWidths) -> str:
    """Return [batch, features, hidden] for [batch, 1, samples]."""
    value = samples
    for index, (kernel, stride) in enumerate(KERNELS_STRIDES):
        name = f"extractor.{index}"
        shape = (widths.channels, widths.channels if index else 1, kernel)
        gain = math.sqrt(2.0)
        value = convolution(
            graph, value, f"{name}.conv", shape, strides=[stride], gain=gain, bias=False
        )
        if index == 0:
            value = group_norm(graph, value, f"{name}.norm", widths.channels)
        value = gelu(graph, value)
    value = graph.transpose(value, 0, 2, 1)
    value = layer_norm(graph, value, "projection.norm", widths.channels)
    value = linear(graph, value, "projection", (widths.channels, widths.hidden))
    value = graph.node("Add", value, _place(graph, value, widths.hidden))
    value = layer_norm(graph, value, "encoder.norm", widths.hidden)
    for index in range(widths.layers):
        value = _layer(graph, value, f"encoder.{index}", widths)
    return value


def _place(graph: Graph, value: str, hidden: int) -> str:
    """Return the convolution over time that stands in for positions, as [batch, time, hidden]."""
    convolved = graph.node(
        "Conv",
        graph.transpose(value, 0, 2, 1),
        _place_filters(graph, hidden),
        graph.weight("place.bias", (hidden,), BIAS_STD),
        kernel_shape=[PLACE_KERNEL],
        strides=[1],
        pads=[PLACE_KERNEL // 2] * 2,
        dilations=[1],
        group=PLACE_GROUPS,
    )
    # An even kernel with half of it on each side gives one step too many.
    cut = graph.slice(convolved, 0, -1, 2)
    return graph.transpose(gelu(graph, cut), 0, 2, 1)


def _place_filters(graph: Graph, hidden: int) -> str:
    """Return the filters; unfolded they are a direction and a length per tap."""
    shape = (hidden, hidden // PLACE_GROUPS, PLACE_KERNEL)
    std = 1.0 / math.sqrt(math.prod(shape[1:]))
    if graph.folded:
        return graph.weight("place.weight", shape, std)
    direction = graph.weight("place.direction", shape, std)
    length = graph.weight("place.length", (1, 1, PLACE_KERNEL), BIAS_STD, mean=std * hidden**0.5)
    norm = graph.node("ReduceL2", direction, axes=[0, 1], keepdims=1)
    return graph.node("Mul", graph.node("Div", direction, norm), length)


def _layer(graph: Graph, value: str, name: str, widths: EncoderWidths) -> str:
    """Return one layer of self-attention and feed-forward, each added and then normalised."""
    hidden, wide = widths.hidden, widths.feed_forward
    heard = _attention(graph, value, f"{name}.attention", widths)
    value = layer_norm(graph, graph.node("Add", value, heard), f"{name}.attention.norm", hidden)
    grown = gelu(graph, linear(graph, value, f"{name}.grow", (hidden, wide), gain=GAIN))
    shrunk = linear(graph, grown, f"{name}.shrink", (wide, hidden), gain=GAIN)
    return layer_norm(graph, graph.node("Add", value, shrunk), f"{name}.norm", hidden)


def _attention(graph: Graph, value: str, name: str, widths: EncoderWidths) -> str:
    """Return what the tokens take from each other."""
    hidden, heads = widths.hidden, widths.heads
    width = hidden // heads

    def by_head(part: str, *order: int) -> str:
        projected = linear(graph, value, f"{name}.{part}", (hidden, hidden))
        return graph.transpose(graph.reshape(projected, 0, -1, heads, width), *order)

    query = graph.node("Mul", by_head("query", 0, 2, 1, 3), graph.constant(width**-0.5))
    likeness = graph.node("MatMul", query, by_head("key", 0, 2, 3, 1))
    mixed = graph.node(
        "MatMul", graph.node("Softmax", likeness, axis=-1), by_head("value", 0, 2, 1, 3)
    )
    joined = graph.reshape(graph.transpose(mixed, 0, 2, 1, 3), 0, -1, hidden)
    return linear(graph, joined, f"{name}.out", (hidden, hidden), gain=GAIN)
