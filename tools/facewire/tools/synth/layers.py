"""Layers as PyTorch's exporter writes them at opset 14, where norms and GELU are several nodes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

BIAS_STD: Final = 0.05
"""Small, but not 0: a rewrite of the network that forgets a bias is then seen to be wrong."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.tools.synth.graph import Graph
    from facewire.tools.synth.heads import Linear


def linear(
    graph: Graph,
    value: str,
    name: str,
    sizes: tuple[int, int],
    *,
    gain: float = 1.0,
    bias: bool = True,
) -> str:
    """Return value @ W + b for a random W of unit gain.

    Args:
        graph: Being written.
        value: [..., in].
        name: Of the layer: the same name again is the same layer.
        sizes: (in, out).
        gain: Output over input in standard deviation, for inputs of mean 0.
        bias: Whether there is one.
    """
    wide, out = sizes
    std = gain / math.sqrt(wide)
    shape = (wide, out) if graph.folded else (out, wide)
    matrix = graph.weight(f"{name}.weight", shape, std)
    product = graph.node("MatMul", value, matrix if graph.folded else _turned(graph, matrix))
    return (
        graph.node("Add", product, graph.weight(f"{name}.bias", (out,), BIAS_STD))
        if bias
        else product
    )


def given_linear(graph: Graph, value: str, name: str, layer: Linear) -> str:
    """Return the layer's weight @ value + bias."""
    if f"{name}.weight" not in graph.written:
        weight = np.ascontiguousarray(layer.weight.T) if graph.folded else layer.weight
        graph.put(f"{name}.weight", weight)
        graph.put(f"{name}.bias", layer.bias)
    matrix = f"{name}.weight" if graph.folded else _turned(graph, f"{name}.weight")
    return graph.node("Add", graph.node("MatMul", value, matrix), f"{name}.bias")


def _turned(graph: Graph, matrix: str) -> str:
    # Once per matrix: the exporter merges equal nodes.
    return graph.once(f"{matrix}:turned", lambda: graph.transpose(matrix, 1, 0))


def convolution(
    graph: Graph,
    value: str,
    name: str,
    shape: Sequence[int],
    *,
    strides: Sequence[int],
    pads: Sequence[int] = (),
    group: int = 1,
    gain: float = 1.0,
    bias: bool = True,
) -> str:
    """Return the convolution with random centred filters.

    Args:
        graph: Being written.
        value: [batch, channels, ...].
        name: Of the layer.
        shape: Of the filters: (out, in of a group, kernel ...).
        strides: Per axis.
        pads: Before and after, as ONNX orders them; none by default.
        group: Of channels that are convolved apart.
        gain: As for `linear`.
        bias: Whether there is one.
    """
    std = gain / math.sqrt(math.prod(shape[1:]))
    # One tap alone, or one channel alone, has nothing to be centred against but its own signal.
    centred = shape[1] > 1
    inputs = [value, graph.weight(f"{name}.weight", tuple(shape), std, centred=centred)]
    if bias:
        inputs.append(graph.weight(f"{name}.bias", (shape[0],), BIAS_STD))
    return graph.node(
        "Conv",
        *inputs,
        kernel_shape=shape[2:],
        strides=strides,
        pads=pads or [0] * (2 * len(strides)),
        dilations=[1] * len(strides),
        group=group,
    )


def gelu(graph: Graph, value: str) -> str:
    """Return x / 2 * (1 + erf(x / sqrt 2))."""
    inner = graph.node("Erf", graph.node("Div", value, graph.constant(math.sqrt(2.0))))
    risen = graph.node("Add", inner, graph.constant(1.0))
    return graph.node("Mul", graph.node("Mul", value, risen), graph.constant(0.5))


def norm_relu(graph: Graph, value: str) -> str:
    """Return sqrt 2 * max(0, x), which keeps the mean square of an even distribution."""
    return graph.node("Mul", graph.node("Relu", value), graph.constant(math.sqrt(2.0)))


def mish(graph: Graph, value: str) -> str:
    """Return x * tanh(ln(1 + e^x))."""
    return graph.node("Mul", value, graph.node("Tanh", graph.node("Softplus", value)))


def layer_norm(graph: Graph, value: str, name: str, size: int) -> str:
    """Return the value normalised over its last axis."""
    centred = graph.node("Sub", value, graph.node("ReduceMean", value, axes=[-1]))
    squares = graph.node("Pow", centred, graph.constant(2.0))
    variance = graph.node("ReduceMean", squares, axes=[-1])
    spread = graph.node("Sqrt", graph.node("Add", variance, graph.constant(1e-5)))
    scale = graph.weight(f"{name}.weight", (size,), BIAS_STD, mean=1.0)
    scaled = graph.node("Mul", graph.node("Div", centred, spread), scale)
    return graph.node("Add", scaled, graph.weight(f"{name}.bias", (size,), BIAS_STD))


def group_norm(graph: Graph, value: str, name: str, channels: int) -> str:
    """Return [batch, channels, time] normalised over time, one group per channel."""
    grouped = graph.reshape(value, 0, channels, -1)
    even = graph.node(
        "InstanceNormalization",
        grouped,
        graph.constant(np.ones(channels)),
        graph.constant(np.zeros(channels)),
        epsilon=1e-5,
    )
    back = graph.node("Reshape", even, graph.node("Shape", value))
    scale = graph.weight(f"{name}.weight", (channels, 1), BIAS_STD, mean=1.0)
    scaled = graph.node("Mul", back, scale)
    return graph.node("Add", scaled, graph.weight(f"{name}.bias", (channels, 1), BIAS_STD))
