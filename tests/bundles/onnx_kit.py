"""Writes small ONNX files: real ones that onnxruntime loads, and ones that are wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FLOAT32, FLOAT16 = 1, 10
Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class External:
    """Where a tensor of [4] float32 that is not in the network lies."""

    location: str
    length: int = 16
    offset: int = 0


@dataclass(frozen=True)
class Node:
    op: str
    inputs: tuple[str, ...]
    output: str
    axes: tuple[int, ...] | None = None
    keep: int = 1


@dataclass(frozen=True)
class Network:
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    nodes: Sequence[Node]
    weights: Mapping[str, NDArray[np.float32] | External]
    element: int = FLOAT32
    more: bytes = b""
    """Further fields of the graph."""

    def write(self) -> bytes:
        """Return the ONNX file."""
        graph = self.more + b"".join(_bytes(1, _node(node)) for node in self.nodes)
        graph += _bytes(2, b"kit")
        graph += b"".join(_bytes(5, _tensor(*each)) for each in self.weights.items())
        graph += b"".join(_bytes(11, _value(*each, self.element)) for each in self.inputs.items())
        graph += b"".join(_bytes(12, _value(*each, self.element)) for each in self.outputs.items())
        opset = _bytes(1, b"") + _number(2, 14)
        return _number(1, 7) + _bytes(8, opset) + _bytes(7, graph)


def regression(window: int, emotion: int, result: int) -> Network:
    """Mean of the window plus mean of the emotion, times a row of weights."""
    return Network(
        {"input": ("batch", 1, window), "emotion": ("batch", 1, emotion)},
        {"result": ("batch", 1, result)},
        [
            Node("ReduceMean", ("input",), "loud", (2,)),
            Node("ReduceMean", ("emotion",), "felt", (2,)),
            Node("Add", ("loud", "felt"), "sum"),
            Node("Mul", ("sum", "row"), "result"),
        ],
        {"row": np.linspace(-1, 1, result, dtype=np.float32).reshape(1, 1, result)},
    )


def diffusion(
    window: int, faces: int, emotions: int, kept: int, frames: int, size: int, latents: Shape
) -> Network:
    """Mean of the noise; the state comes out as it went in."""
    steps = int(latents[0])
    return Network(
        {
            "window": ("batch", window),
            "identity": ("batch", faces),
            "emotion": ("batch", kept, emotions),
            "input_latents": latents,
            "noise": ("batch", steps + 1, frames, size),
        },
        {"prediction": ("batch", frames, size), "output_latents": latents},
        [
            Node("ReduceMean", ("noise",), "prediction", (1,), keep=0),
            Node("Identity", ("input_latents",), "output_latents"),
        ],
        {},
    )


def emotion(count: int, last_axis: int | str | None = None) -> Network:
    """Mean of the window, times a row of weights; the last axis may be exported as dynamic."""
    return Network(
        {"input_values": ("batch", "samples")},
        {"output": ("batch", count if last_axis is None else last_axis)},
        [
            Node("ReduceMean", ("input_values",), "loud", (1,)),
            Node("Mul", ("loud", "row"), "output"),
        ],
        {"row": np.arange(count, dtype=np.float32).reshape(1, count)},
    )


def hidden_tensor(tensor: External, depth: int) -> bytes:
    """Return a node with a tensor as attribute, `depth` graphs inside one another."""
    held = _bytes(5, _bytes(1, "value") + _bytes(5, _tensor("hidden", tensor)))
    node = _bytes(1, _bytes(4, "Constant") + held)
    for _ in range(depth):
        node = _bytes(1, _bytes(4, "If") + _bytes(5, _bytes(1, "then") + _bytes(6, node)))
    return node


def weight_of(size: int) -> tuple[bytes, bytes]:
    """Return what stands before and after `size` bytes of weights in a regression network."""
    mark = b"?" * 4096
    tensor = _number(2, FLOAT32) + _bytes(8, "large") + _varint(9 << 3 | 2)
    network = regression(64, 26, 24)
    held = _varint(5 << 3 | 2) + _varint(len(tensor) + len(_varint(size)) + size)
    after = Network(
        network.inputs, network.outputs, network.nodes, network.weights, more=mark
    ).write().partition(mark)[2]  # fmt: skip
    whole = len(held) + len(tensor) + len(_varint(size)) + size + len(after)
    start = _number(1, 7) + _bytes(8, _bytes(1, b"") + _number(2, 14))
    start += _varint(7 << 3 | 2) + _varint(whole)
    return start + held + tensor + _varint(size), after


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _node(node: Node) -> bytes:
    out = b"".join(_bytes(1, name) for name in node.inputs) + _bytes(2, node.output)
    out += _bytes(4, node.op)
    if node.axes is not None:
        axes = b"".join(_number(8, axis) for axis in node.axes)
        out += _bytes(5, _bytes(1, "axes") + axes + _number(20, 7))
        out += _bytes(5, _bytes(1, "keepdims") + _number(3, node.keep) + _number(20, 2))
    return out


def _tensor(name: str, values: NDArray[np.float32] | External) -> bytes:
    shape = (4,) if isinstance(values, External) else values.shape
    out = b"".join(_number(1, axis) for axis in shape) + _number(2, FLOAT32) + _bytes(8, name)
    if not isinstance(values, External):
        return out + _bytes(9, values.astype("<f4").tobytes())
    said = {"location": values.location, "offset": str(values.offset), "length": str(values.length)}
    for key, value in said.items():
        out += _bytes(13, _bytes(1, key) + _bytes(2, value))
    return out + _number(14, 1)


def _value(name: str, shape: Shape, element: int) -> bytes:
    axes = b"".join(
        _bytes(1, _bytes(2, axis) if isinstance(axis, str) else _number(1, axis)) for axis in shape
    )
    tensor = _number(1, element) + _bytes(2, axes)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))
