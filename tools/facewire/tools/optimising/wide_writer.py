"""The nodes and arrays that a rewrite adds to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, TensorProto

    from facewire.tools.optimising.wide_form import Double
    from facewire.tools.optimising.wide_network import Axis, Labelled

_PREFIX: Final = "vertex_free_"
CANONICAL: Final = "BFW"


class Writer:
    """Collects nodes; they are put in order when all are there."""

    def __init__(self, taken: Container[str]) -> None:
        """Start empty; `taken` are the names of the network's own values."""
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []
        self._taken = taken
        self._count = 0
        self._kept: dict[object, str] = {}

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append a node and return its output."""
        name = output or self._fresh()
        self.nodes.append(
            helper.make_node(kind, inputs, [name], name=f"{_PREFIX}to_{name}", **attributes)
        )
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Return the name of an array; small ones that are equal are stored once."""
        array = np.ascontiguousarray(values)
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size < 4096 else self._count
        if key not in self._kept:
            name = self._fresh()
            self.tensors.append(numpy_helper.from_array(array, name))
            self._kept[key] = name
        return self._kept[key]

    def ints(self, *values: int) -> str:
        """Return the name of an int64 vector."""
        return self.constant(np.array(values, np.int64))

    def reshaped(self, value: str, *sizes: int) -> str:
        """Return the value in another shape."""
        return self.node("Reshape", value, self.ints(*sizes))

    def joined(self, values: Sequence[str], axis: int) -> str:
        """Return the values one after the other along an axis."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=axis)

    def sliced(self, value: str, start: int, stop: int, axis: int) -> str:
        """Return `value[start:stop]` along an axis."""
        return self.node("Slice", value, self.ints(start), self.ints(stop), self.ints(axis))

    def padded(self, value: str, before: int, after: int) -> str:
        """Return [batch, frames, width] with frames of zeros around."""
        pads = self.ints(0, before, 0, 0, after, 0)
        return self.node("Pad", value, pads, mode="constant")

    def of_identity(self, table: Double) -> str:
        """Return the rows of an array [identities or 1, ...] of the identity that speaks."""
        values = table.astype(np.float32)
        if len(values) == 1:
            return self.constant(values)
        flat = self.node("MatMul", "identity", self.constant(values.reshape(len(values), -1)))
        return self.reshaped(flat, -1, *values.shape[1:])

    def batch(self) -> str:
        """Return int64[1]: how many tracks there are."""
        lengths = self.node("Shape", "identity")
        return self.sliced(lengths, 0, 1, 0)

    def canonical(self, value: str, labelled: Labelled) -> str:
        """Return a value as [batch, frames, width]."""
        order = labelled.order
        if [axis for axis in labelled.axes if axis] != [(each,) for each in order] or len(
            labelled.axes
        ) != len(order):
            value = self.reshaped(value, *self._lengths(order, labelled))
        permutation = [order.index(label) for label in CANONICAL if label in order]
        if permutation != sorted(permutation):
            value = self.node("Transpose", value, perm=permutation)
        if len(order) < 3:
            full = {"B": -1, "F": labelled.frames, "W": labelled.width}
            value = self.reshaped(
                value, *(full[label] if label in order else 1 for label in CANONICAL)
            )
        return value

    def laid_out(self, value: str, labelled: Labelled, output: str) -> None:
        """Write [batch, frames, width] in the layout of a value, under its name."""
        order = labelled.order
        if len(order) < 3:
            kept = "".join(label for label in CANONICAL if label in order)
            value = self.reshaped(value, *self._lengths(kept, labelled))
        permutation = [[x for x in CANONICAL if x in order].index(label) for label in order]
        if permutation != sorted(permutation):
            value = self.node("Transpose", value, perm=permutation)
        if len(labelled.axes) != len(order):
            value = self.reshaped(value, *(_length(axis, labelled) for axis in labelled.axes))
        self.node("Identity", value, output=output)

    def _lengths(self, order: str, labelled: Labelled) -> list[int]:
        return [_length((label,), labelled) for label in order]

    def _fresh(self) -> str:
        self._count += 1
        name = f"{_PREFIX}{self._count}"
        return name if name not in self._taken else self._fresh()


def _length(axis: Axis, labelled: Labelled) -> int:
    if "B" in axis:
        return -1
    return {(): 1, ("F",): labelled.frames, ("W",): labelled.width}[axis]
