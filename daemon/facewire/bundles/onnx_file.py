"""What an ONNX file says about itself, read without loading it: ports and external data.

Weights are skipped, so this takes milliseconds and no memory for a network of a gigabyte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.place import Place, reading_hint
from facewire.bundles.protobuf import VARINT, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facewire.bundles.protobuf import Field, Message

_ELEMENTS: Final = {
    1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32", 7: "int64", 9: "bool",
    10: "float16", 11: "float64", 16: "bfloat16",
}  # fmt: skip
_SESSION_ELEMENTS: Final = {"float": "float32", "double": "float64"}
_MAX_DEPTH: Final = 8
_MAX_AXES: Final = 16
_EXTERNAL: Final = 1


@dataclass(frozen=True)
class Port:
    """An input or output of a network."""

    element: str
    """Such as `float32`."""
    shape: tuple[int | None, ...] | None
    """Lengths of the axes, None for a dynamic one; None altogether when the rank is not said."""


@dataclass(frozen=True)
class ExternalTensor:
    """A tensor whose values lie in another file."""

    name: str
    location: str
    """As the network has it: relative to the network."""
    offset: int
    length: int | None
    """Bytes; None: to the end of the file."""


@dataclass(frozen=True)
class Ports:
    """A network's inputs and outputs, without what it brings itself."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    external: tuple[ExternalTensor, ...] = ()


def ports_of_file(path: Path, file: str) -> Ports:
    """Return what an ONNX file says; `file` is what messages call it.

    Raises:
        BundleError: it is cut off or no ONNX file.
    """
    place = Place(file)
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            found = _Walk()
            _model(Reader(stream, size, place).whole(), found)
    except OSError as error:
        raise place.wrong(
            f"cannot be read ({error.strerror})", "a readable file", reading_hint(error)
        ) from None
    if not found.inputs or not found.outputs:
        raise place.wrong("names no inputs or no outputs", "a whole ONNX network")
    own = found.initializers
    inputs = {name: port for name, port in found.inputs.items() if name not in own}
    return Ports(inputs, found.outputs, tuple(found.external))


def ports_of_session(session: Any) -> Ports:
    """Return the ports of a loaded onnxruntime session."""
    return Ports(
        {each.name: _session_port(each) for each in session.get_inputs()},
        {each.name: _session_port(each) for each in session.get_outputs()},
    )


def _session_port(argument: Any) -> Port:
    element = str(argument.type).removeprefix("tensor(").removesuffix(")")
    shape = tuple(axis if isinstance(axis, int) else None for axis in argument.shape)
    return Port(_SESSION_ELEMENTS.get(element, element), shape)


@dataclass
class _Walk:
    inputs: dict[str, Port] = field(default_factory=dict)
    outputs: dict[str, Port] = field(default_factory=dict)
    initializers: set[str] = field(default_factory=set)
    external: list[ExternalTensor] = field(default_factory=list)


def _model(model: Message, found: _Walk) -> None:
    for each in model:
        if each.number == 7:  # graph
            _graph(model.inner(each), found, 0)
        elif each.number == 25:  # functions
            _nodes(model.inner(each), found, 0, node_number=7)


def _graph(graph: Message, found: _Walk, depth: int) -> None:
    for each in graph:
        if each.number == 1:  # node
            _node(graph.inner(each), found, depth)
        elif each.number == 5:  # initializer
            name = _tensor(graph.inner(each), found)
            if not depth:
                found.initializers.add(name)
        elif each.number == 15:  # sparse initializer
            _sparse(graph.inner(each), found)
        elif each.number in (11, 12) and not depth:  # input, output
            name, port = _port(graph.inner(each))
            (found.inputs if each.number == 11 else found.outputs)[name] = port


def _nodes(holder: Message, found: _Walk, depth: int, node_number: int) -> None:
    for each in holder:
        if each.number == node_number:
            _node(holder.inner(each), found, depth)


def _node(node: Message, found: _Walk, depth: int) -> None:
    for each in node:
        if each.number == 5:  # attribute
            _attribute(node.inner(each), found, depth)


def _attribute(attribute: Message, found: _Walk, depth: int) -> None:
    for each in attribute:
        if each.number in (5, 10):  # tensor, tensors
            _tensor(attribute.inner(each), found)
        elif each.number in (22, 23):  # sparse tensor, sparse tensors
            _sparse(attribute.inner(each), found)
        elif each.number in (6, 11):  # graph, graphs
            if depth == _MAX_DEPTH:
                raise attribute.wrong(f"has graphs nested over {_MAX_DEPTH} deep", "a network")
            _graph(attribute.inner(each), found, depth + 1)


def _sparse(tensor: Message, found: _Walk) -> None:
    for each in tensor:
        if each.number in (1, 2):  # values, indices
            _tensor(tensor.inner(each), found)


def _tensor(tensor: Message, found: _Walk) -> str:
    """Note a tensor whose values lie elsewhere; return its name."""
    name, entries, external = "", {}, False
    for each in tensor:
        if each.number == 8:
            name = tensor.text(each)
        elif each.number == 13:  # external_data
            key, value = _entry(tensor.inner(each))
            entries[key] = value
        elif each.number == 14 and each.kind == VARINT:  # data_location
            external = each.value == _EXTERNAL
    if external or entries:
        found.external.append(
            ExternalTensor(
                name,
                entries.get("location", ""),
                _whole(entries.get("offset", "0")) or 0,
                _whole(entries.get("length", "")),
            )
        )
    return name


def _entry(entry: Message) -> tuple[str, str]:
    texts = {each.number: entry.text(each) for each in entry if each.number in (1, 2)}
    return texts.get(1, ""), texts.get(2, "")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _port(value: Message) -> tuple[str, Port]:
    name, port = "", Port("unknown", None)
    for each in value:
        if each.number == 1:
            name = value.text(each)
        elif each.number == 2:  # type
            port = _type(value.inner(each))
    return name, port


def _type(kind: Message) -> Port:
    for each in kind:
        if each.number == 1:  # tensor
            tensor = kind.inner(each)
            element, shape = "unknown", None
            for part in tensor:
                if part.number == 1:
                    element = _ELEMENTS.get(part.value, f"element {part.value}")
                elif part.number == 2:
                    shape = _shape(tensor.inner(part))
            return Port(element, shape)
    return Port("no tensor", None)


def _shape(shape: Message) -> tuple[int | None, ...]:
    axes = [_axis(shape, each) for each in shape if each.number == 1]
    return tuple(axes[:_MAX_AXES])


def _axis(shape: Message, axis: Field) -> int | None:
    for each in shape.inner(axis):
        if each.number == 1 and each.kind == VARINT and 0 < each.value < 2**31:
            return each.value
    return None
