"""The convolutions that a speech encoder begins with, found in a network.

wav2vec 2.0 and HuBERT alike: a chain of convolutions over time with nothing but elementwise
functions between them, the first perhaps normalised over time, and a transposition at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.optimising.network import Network, attribute

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import NodeProto

_ELEMENTWISE: Final = frozenset({
    "Add", "Sub", "Mul", "Div", "Pow", "Erf", "Tanh", "Sigmoid", "Relu", "LeakyRelu", "Gelu",
    "Softplus", "Exp", "Sqrt", "Neg", "Elu", "Identity",
})  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One convolution over time."""

    node: NodeProto
    weight: NDArray[np.float32]
    """float32[out, in, kernel]."""
    bias: NDArray[np.float32] | None
    stride: int

    @property
    def kernel(self) -> int:
        """How many steps it reads."""
        return int(self.weight.shape[2])

    @property
    def value(self) -> str:
        """What it answers."""
        return str(self.node.output[0])


@dataclass(frozen=True)
class Norm:
    """A normalisation of each channel over time, with its scale and shift per channel."""

    nodes: tuple[NodeProto, ...]
    value: str
    """What it answers."""
    scale: NDArray[np.float64]
    """float64[channels]."""
    shift: NDArray[np.float64]
    epsilon: float


@dataclass(frozen=True)
class Extractor:
    """The chain."""

    layers: tuple[Layer, ...]
    norm: Norm | None
    """Of the first layer."""
    turned: NodeProto
    """The transposition to [batch, time, channels]."""

    @property
    def first(self) -> str:
        """What leaves the first layer, normalised."""
        return self.norm.value if self.norm else self.layers[0].value


def find_extractor(network: Network) -> Extractor | str:
    """Return the chain of convolutions, or why there is none that can be rewritten."""
    starts = [
        layer
        for node in network.nodes
        if (layer := _layer(network, node)) is not None and layer.weight.shape[1] == 1
    ]
    if len(starts) != 1:
        return f"{len(starts)} convolutions read one channel of sound; expected 1"
    layers, norm = [starts[0]], find_norm(network, starts[0])
    value = norm.value if norm else starts[0].value
    while True:
        node = _after_elementwise(network, value)
        if node is None:
            return "something else reads what is between two convolutions"
        if node.op_type == "Transpose" and attribute(node, "perm") == [0, 2, 1]:
            if len(layers) < 2:
                return "only one convolution"
            return Extractor(tuple(layers), norm, node)
        layer = _layer(network, node)
        if layer is None:
            return f"a {node.op_type} follows the convolution number {len(layers)}"
        layers.append(layer)
        value = layer.value


def find_norm(network: Network, layer: Layer) -> Norm | None:
    """Return the normalisation over time that follows a convolution, as exporters write it."""
    channels = layer.weight.shape[0]
    readers = network.consumers(layer.value)
    into = [node for node in readers if node.op_type in ("Reshape", "InstanceNormalization")]
    if len(into) != 1 or any(node.op_type != "Shape" for node in readers if node is not into[0]):
        return None
    grouped = into[0] if into[0].op_type == "Reshape" else None
    node = network.only_consumer(grouped.output[0]) if grouped else into[0]
    if node is None or node.op_type != "InstanceNormalization":
        return None
    own = [network.constant(name) for name in node.input[1:3]]
    # As many groups as channels: one channel each.
    if any(each is None or each.size != channels for each in own):
        return None
    scale, shift = (np.asarray(each, np.float64).ravel() for each in own if each is not None)
    back = network.only_consumer(node.output[0])
    nodes, value = [node], str(node.output[0])
    if grouped is not None:
        if back is None or back.op_type != "Reshape":
            return None
        nodes, value = [grouped, node, back], str(back.output[0])
    while (after := network.only_consumer(value)) is not None:
        given = _per_channel(network, after, channels)
        if given is None or after.op_type not in ("Mul", "Add"):
            break
        if after.op_type == "Mul":
            scale, shift = scale * given, shift * given
        else:
            shift = shift + given
        nodes.append(after)
        value = str(after.output[0])
    epsilon = float(attribute(node, "epsilon", 1e-5))
    return Norm(tuple(nodes), value, scale, shift, epsilon)


def _per_channel(network: Network, node: NodeProto, channels: int) -> NDArray[np.float64] | None:
    """Return the constant per channel that a node applies to [batch, channels, time]."""
    split = network.split(node)
    if split is None:
        return None
    array = split[1]
    shape = (1,) * (3 - array.ndim) + array.shape
    if shape != (1, channels, 1):
        return None
    return np.asarray(array, np.float64).ravel()


def _layer(network: Network, node: NodeProto) -> Layer | None:
    """Return a convolution over time without padding, groups or dilation."""
    if node.op_type != "Conv":
        return None
    weight = network.constant(node.input[1])
    plain = (
        attribute(node, "group", 1) == 1
        and not any(attribute(node, "pads", []))
        and all(each == 1 for each in attribute(node, "dilations", []))
        and attribute(node, "auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
    )
    if weight is None or weight.ndim != 3 or weight.dtype != np.float32 or not plain:
        return None
    bias = network.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    if len(node.input) > 2 and node.input[2] and bias is None:
        return None
    stride = int(attribute(node, "strides", [1])[0])
    return Layer(node, weight, bias, stride)


def _after_elementwise(network: Network, value: str) -> NodeProto | None:
    """Return the one node that reads what elementwise functions of a value come to."""
    inside: dict[int, NodeProto] = {}
    values, leaves = [value], []
    while values:
        name = values.pop()
        if name in network.outputs:
            return None
        for node in network.consumers(name):
            if not is_elementwise(network, node):
                leaves.append(node)
            elif id(node) not in inside:
                inside[id(node)] = node
                values.extend(node.output)
    made = {name for node in inside.values() for name in node.output} | {value}
    # An elementwise node may join two of them, but nothing from outside.
    for node in inside.values():
        for name in node.input:
            if name not in made and network.constant(name) is None:
                return None
    return leaves[0] if len(leaves) == 1 else None


def is_elementwise(network: Network, node: NodeProto) -> bool:
    """Return whether a node does the same to every number, whatever their order."""
    if node.op_type not in _ELEMENTWISE:
        return False
    arrays = [array for name in node.input if (array := network.constant(name)) is not None]
    return all(array.size == 1 for array in arrays)
