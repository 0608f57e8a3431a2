"""A network being written: ONNX nodes and weights, with no framework but `onnx` itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, ValueInfoProto

    from facewire.tools.synth.weights import Shape, Weights

OPSET: Final = 14
IR_VERSION: Final = 7
"""The one that files of opset 14 carry."""
PRODUCER: Final = "facewire synth"


@dataclass(frozen=True)
class Port:
    """An input or output of the network; a string among the sizes names a dynamic axis."""

    name: str
    sizes: tuple[int | str, ...]

    def info(self) -> ValueInfoProto:
        """Return what ONNX calls it."""
        return helper.make_tensor_value_info(self.name, TensorProto.FLOAT, self.sizes)


class Graph:
    """Nodes in the order they run, and the arrays they need."""

    def __init__(self, weights: Weights, *, folded: bool) -> None:
        """Start an empty network.

        Args:
            weights: Where random weights come from.
            folded: Write weights as constant folding leaves them (matrices transposed for their
                product, norms multiplied in), or as the training code holds them, with the nodes
                that bring them into shape. NVIDIA folds regression and leaves diffusion unfolded.
        """
        self.weights = weights
        self.folded = folded
        self.weight_count = 0
        self._nodes: list[NodeProto] = []
        self._arrays: dict[str, NDArray[Any]] = {}
        self._names: dict[object, str] = {}
        self._values: dict[str, str] = {}

    @property
    def written(self) -> Container[str]:
        """The names of the weights so far."""
        return self._arrays

    def once(self, key: str, write: Callable[[], str]) -> str:
        """Return the value that `write` gave the first time it was asked for under this key."""
        if key not in self._values:
            self._values[key] = write()
        return self._values[key]

    def nodes(self, kind: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Append a node and return the names of its outputs."""
        name = f"{kind}_{len(self._nodes)}"
        outputs = [f"{name}_out{index}" for index in range(count)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, name=name, **attributes))
        return outputs

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Append a node of one output and return its name."""
        return self.nodes(kind, inputs, 1, **attributes)[0]

    def rename(self, value: str, name: str) -> None:
        """Give a value the name of an output."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"to_{name}"))

    def constant(self, values: Any, dtype: type[np.generic] = np.float32) -> str:
        """Return the name of a constant; equal ones are stored once."""
        array = np.asarray(values, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._names:
            self._names[key] = f"constant_{len(self._names)}"
            self._arrays[self._names[key]] = array
        return self._names[key]

    def ints(self, *values: int) -> str:
        """Return the name of an int64 vector: shapes, axes and bounds."""
        return self.constant(values, np.int64)

    def weight(
        self, name: str, shape: Shape, std: float, *, mean: float = 0.0, centred: bool = False
    ) -> str:
        """Return a random weight's name; the same name again is the same weight."""
        if name not in self._arrays:
            self.put(name, self.weights.normal(name, shape, std, mean=mean, centred=centred))
        return name

    def put(self, name: str, array: NDArray[np.float32]) -> str:
        """Take an array in as a weight and return its name."""
        self._arrays[name] = array
        self.weight_count += array.size
        return name

    def slice(self, value: str, start: int, stop: int, axis: int) -> str:
        """Return `value[start:stop]` along an axis."""
        bounds = self.ints(start), self.ints(stop), self.ints(axis)
        return self.node("Slice", value, *bounds)

    def reshape(self, value: str, *sizes: int) -> str:
        """Return the value in another shape: 0 keeps a size, -1 is what is left."""
        return self.node("Reshape", value, self.ints(*sizes))

    def transpose(self, value: str, *order: int) -> str:
        """Return the value with its axes in another order."""
        return self.node("Transpose", value, perm=order)

    def file(
        self, inputs: Sequence[Port], outputs: Sequence[Port], *, name: str, note: str
    ) -> bytes:
        """Return the finished network as a file; the graph is spent after this.

        Args:
            inputs: Of the network.
            outputs: Names of values, see `rename`.
            name: Of the graph.
            note: What the file says of itself.
        """
        tensors = []
        while self._arrays:
            key = next(iter(self._arrays))
            # Each array goes as soon as it is copied: large networks would not fit twice.
            tensors.append(numpy_helper.from_array(self._arrays.pop(key), key))
        graph = helper.make_graph(
            self._nodes,
            name,
            [port.info() for port in inputs],
            [port.info() for port in outputs],
            tensors,
        )
        del tensors
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name=PRODUCER,
            doc_string=note,
        )
        del graph
        content: bytes = model.SerializeToString(deterministic=True)
        return content
