"""A network being rewritten: its nodes found by what feeds what, never by their names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, helper, numpy_helper, save_model
from onnx import load as load_model

from facewire.tools.optimising.maker import OptimiseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import NodeProto

MICROSOFT = "com.microsoft"
"""The domain of operators that only onnxruntime has."""


class Network:
    """An ONNX graph that nodes can be taken out of and put into.

    New nodes are appended; `saved` brings everything into an order that runs and leaves out what
    no output needs any more.
    """

    def __init__(self, model: ModelProto) -> None:
        """Take a model over: it is spent after this."""
        self.model = model
        self.nodes: list[NodeProto] = list(model.graph.node)
        self.inputs = [port.name for port in model.graph.input]
        self.outputs = [port.name for port in model.graph.output]
        self.constants: dict[str, NDArray[Any]] = {}
        for tensor in model.graph.initializer:
            self.constants[tensor.name] = numpy_helper.to_array(tensor)
        self.inputs = [name for name in self.inputs if name not in self.constants]
        self._take_constant_nodes()
        self._count = 0
        self._index()

    @classmethod
    def read(cls, path: Path) -> Network:
        """Return the network of a file.

        Raises:
            OptimiseError: it keeps its weights in other files, which a proof would not cover.
        """
        model = load_model(str(path), load_external_data=False)
        if any(tensor.external_data for tensor in model.graph.initializer):
            raise OptimiseError(
                f"{path.name} keeps its weights in other files, so it is not rewritten.",
                hint="Save it as one file first, with onnx.save_model.",
            )
        return cls(model)

    def producer(self, value: str) -> NodeProto | None:
        """Return the node that makes a value; None for inputs and constants."""
        return self._producers.get(value)

    def consumers(self, value: str) -> list[NodeProto]:
        """Return the nodes that read a value, each once."""
        return list(self._consumers.get(value, ()))

    def only_consumer(self, value: str) -> NodeProto | None:
        """Return the one node that reads a value; None if there are more or it leaves the graph."""
        found = self.consumers(value)
        return found[0] if len(found) == 1 and value not in self.outputs else None

    def made_by(self, value: str, kind: str) -> NodeProto | None:
        """Return the node that makes a value if it is of this kind."""
        node = self.producer(value)
        return node if node is not None and node.op_type == kind else None

    def constant(self, value: str) -> NDArray[Any] | None:
        """Return a constant's value, or None."""
        return self.constants.get(value)

    def split(self, node: NodeProto) -> tuple[str, NDArray[Any]] | None:
        """Return (computed input, constant input) of a node with one of each, in any order."""
        if len(node.input) != 2:
            return None
        for computed, given in ((0, 1), (1, 0)):
            array = self.constant(node.input[given])
            if array is not None and node.input[computed] not in self.constants:
                return node.input[computed], array
        return None

    def put(self, array: NDArray[Any]) -> str:
        """Take a constant in and return its name."""
        name = self._fresh("constant")
        self.constants[name] = np.ascontiguousarray(array)
        return name

    def ints(self, *values: int) -> str:
        """Return the name of an int64 vector."""
        return self.put(np.asarray(values, np.int64))

    def add(self, kind: str, *inputs: str, domain: str = "", count: int = 1, **what: Any) -> str:
        """Append a node and return its first output."""
        return self.add_all(kind, inputs, count, domain=domain, **what)[0]

    def add_all(
        self, kind: str, inputs: Sequence[str], count: int, *, domain: str = "", **what: Any
    ) -> list[str]:
        """Append a node and return its outputs."""
        name = self._fresh(kind)
        outputs = [f"{name}:{at}" for at in range(count)]
        node = helper.make_node(kind, list(inputs), outputs, name=name, domain=domain, **what)
        self.nodes.append(node)
        self._producers.update(dict.fromkeys(outputs, node))
        for each in dict.fromkeys(inputs):
            self._consumers[each].append(node)
        return outputs

    def replace(self, value: str, other: str) -> None:
        """Let whoever reads a value read another; an output of the graph keeps its name."""
        made = self.producer(other)
        for node in self.consumers(value):
            if node is made:
                continue
            for at, name in enumerate(node.input):
                if name == value:
                    node.input[at] = other
        if value in self.outputs:
            old = self.producer(value)
            assert old is not None
            self.nodes.remove(old)
            self.nodes.append(helper.make_node("Identity", [other], [value], name=f"to_{value}"))
        self._index()

    def remove(self, nodes: Iterable[NodeProto]) -> None:
        """Take nodes out."""
        gone = {id(node) for node in nodes}
        self.nodes = [node for node in self.nodes if id(node) not in gone]
        self._index()

    def tidy(self) -> None:
        """Leave out nodes that no output needs any more."""
        self.nodes = self._ordered()
        self._index()

    def file(self) -> ModelProto:
        """Return the model: what the outputs need, in an order that runs."""
        ordered = self._ordered()
        used = {name for node in ordered for name in node.input} | set(self.outputs)
        graph = self.model.graph
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(ordered)
        graph.initializer.extend(
            numpy_helper.from_array(array, name)
            for name, array in self.constants.items()
            if name in used
        )
        domains = {each.domain for each in self.model.opset_import}
        if MICROSOFT not in domains and any(node.domain == MICROSOFT for node in ordered):
            self.model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
        return self.model

    def save(self, path: Path) -> None:
        """Write the file."""
        save_model(self.file(), str(path))

    def _take_constant_nodes(self) -> None:
        kept = []
        for node in self.nodes:
            tensor = next((each.t for each in node.attribute if each.name == "value"), None)
            if node.op_type == "Constant" and tensor is not None:
                self.constants[node.output[0]] = numpy_helper.to_array(tensor)
            else:
                kept.append(node)
        self.nodes = kept

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"facewire/{kind}_{self._count}"

    def _index(self) -> None:
        self._producers = {name: node for node in self.nodes for name in node.output if name}
        self._consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in dict.fromkeys(node.input):
                self._consumers[name].append(node)

    def _ordered(self) -> list[NodeProto]:
        done: dict[int, NodeProto] = {}
        stack = [node for name in self.outputs if (node := self.producer(name)) is not None]
        opened: set[int] = set()
        while stack:
            node = stack[-1]
            if id(node) in done:
                stack.pop()
                continue
            waits = [
                made
                for name in node.input
                if (made := self.producer(name)) is not None and id(made) not in done
            ]
            if waits and id(node) not in opened:
                opened.add(id(node))
                stack.extend(waits)
                continue
            done[id(node)] = stack.pop()
        return list(done.values())


def attribute(node: NodeProto, name: str, default: Any = None) -> Any:
    """Return an attribute's value."""
    for each in node.attribute:
        if each.name == name:
            return helper.get_attribute_value(each)
    return default


def axes_of(network: Network, node: NodeProto, at: int = 1) -> list[int] | None:
    """Return the axes of a reduction or unsqueeze: an attribute, or from opset 13 an input."""
    said = attribute(node, "axes")
    if said is not None:
        return [int(axis) for axis in said]
    given = network.constant(node.input[at]) if len(node.input) > at else None
    return None if given is None else [int(axis) for axis in np.ravel(given)]
