"""A diffusion network as algebra sees it: what depends on what, how long every axis is.

Nothing goes by the names of nodes. The lengths come from running the network at two batch sizes;
what does not depend on sound, emotion or memory is computed once, by onnxruntime as it would be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from facewire.inference.diffusion import CONSTANT_NOISE, noise_tensor
from facewire.tools.optimising.maker import OptimiseError
from facewire.tools.optimising.wide_parts import reads, refuse, run_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import NodeProto

    from facewire.bundles.network_info import DiffusionInfo

Axis = tuple[str, ...]
"""What an axis runs over: "B" batch, "F" frames, "W" numbers of a frame; two when merged."""

BATCHES: Final = (2, 3)
"""Batch sizes of the two runs: an axis that differs between them has the batch in it."""
_DRAWN: Final = frozenset(
    ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"]
)
_SHAPELESS: Final = ("Sequence", "Optional", "SplitToSequence", "ConcatFromSequence")
_MOST_BYTES: Final = (1 << 31) - 1


@dataclass(frozen=True)
class Labelled:
    """The axes of a value, with their lengths where the batch does not decide them."""

    axes: tuple[Axis, ...]
    frames: int
    """1 where there is no such axis."""
    width: int

    @property
    def order(self) -> str:
        """Labels one after the other, such as `BFW`."""
        return "".join(label for axis in self.axes for label in axis)


class WideNetwork:
    """The original's nodes and arrays, what is known ahead of time, and every length."""

    def __init__(self, path: Path, info: DiffusionInfo) -> None:
        """Read the file and run it twice.

        Raises:
            OptimiseError: it cannot be read, probed, or is too large to be rewritten.
        """
        self.info = info
        try:
            self.model = onnx.load(str(path))
        except Exception as error:  # noqa: BLE001 - protobuf and onnx raise classes of their own
            raise OptimiseError(f"{path.name} cannot be read: {error}") from None
        if self.model.ByteSize() > _MOST_BYTES:
            raise refuse(None, "it is larger than 2 GiB.")
        graph = self.model.graph
        self.nodes = list(graph.node)
        self.producer = {name: node for node in self.nodes for name in node.output if name}
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self.wide_sizes = _wide_sizes(info)
        self.dynamic: set[str] = {"window", "emotion", "input_latents"}
        """Values that depend on what is heard, felt or remembered."""
        self.noisy: set[str] = {"noise"}
        """Values that depend on the noise."""
        self._depend()
        self._sizes = [self._probe(batch) for batch in BATCHES]
        self._arrays: dict[str, NDArray[Any]] = {}
        self._noise: NDArray[np.float32] | None = None

    @property
    def identities(self) -> int:
        """How many faces the network has; what is known is computed for each, as a batch."""
        return len(self.info.identities)

    def tensor(self, name: str) -> onnx.TensorProto | None:
        """Return a stored array, or None."""
        return self._tensors.get(name)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the lengths of a value's axes for a batch of all identities."""
        few, more = self._lengths(name)
        step = BATCHES[1] - BATCHES[0]
        return tuple(
            a + (b - a) // step * (self.identities - BATCHES[0])
            for a, b in zip(few, more, strict=True)
        )

    def per_track(self, name: str) -> tuple[int, ...]:
        """Return how much each axis grows with each track: 0 where it is fixed."""
        few, more = self._lengths(name)
        return tuple((b - a) // (BATCHES[1] - BATCHES[0]) for a, b in zip(few, more, strict=True))

    def is_wide(self, name: str) -> bool:
        """Return whether an axis of a value runs over vertices."""
        if name not in self._sizes[0] and name not in self._tensors:
            return False
        grown = self.per_track(name)
        return any(
            not grows and size in self.wide_sizes
            for size, grows in zip(self.shape(name), grown, strict=True)
        )

    def meets_wide(self, node: NodeProto) -> bool:
        """Return whether a node reads a value over vertices."""
        return any(name and self.is_wide(name) for name in node.input)

    def labelled(self, name: str) -> Labelled | None:
        """Return what the axes of a value run over; None where that is not batch, frames, width."""
        sizes, grown = self.shape(name), self.per_track(name)
        wide = [
            at
            for at, (size, grows) in enumerate(zip(sizes, grown, strict=True))
            if not grows and size in self.wide_sizes
        ]
        if not sizes or len(wide) > 1:
            return None
        at_width = wide[0] if wide else len(sizes) - 1
        if grown[at_width]:
            return None
        axes: list[Axis] = []
        frames = 1
        for at, (size, grows) in enumerate(zip(sizes, grown, strict=True)):
            if at == at_width:
                axes.append(("W",))
            elif grows:
                axes.append(("B",) if grows == 1 else ("B", "F"))
                frames = max(frames, grows)
            elif size == 1:
                axes.append(())
            else:
                axes.append(("F",))
                frames = size
        order = "".join(label for axis in axes for label in axis)
        if len(set(order)) != len(order):
            return None
        return Labelled(tuple(axes), frames, sizes[at_width])

    def known(self, name: str) -> NDArray[Any]:
        """Return a value that does not depend on the sound, for a batch of all identities.

        Raises:
            OptimiseError: onnxruntime cannot compute it.
        """
        if name in self._arrays:
            return self._arrays[name]
        found: NDArray[Any]
        node = self.producer.get(name)
        if name in self._tensors:
            found = numpy_helper.to_array(self._tensors[name])
        elif node is not None and node.op_type == "Transpose":
            permutation = next((list(each.ints) for each in node.attribute), None)
            found = self.known(node.input[0]).transpose(permutation)
        elif node is not None and node.op_type == "Identity":
            found = self.known(node.input[0])
        else:
            found = self._computed(name)
        self._arrays[name] = found
        return found

    def _lengths(self, name: str) -> list[tuple[int, ...]]:
        if name in self._tensors:
            sizes = tuple(self._tensors[name].dims)
            return [sizes, sizes]
        return [sizes[name] for sizes in self._sizes]

    def _depend(self) -> None:
        for node in self.nodes:
            if node.op_type in ("Shape", "Size"):
                continue  # lengths depend on the batch alone
            read = set(reads(node))
            outputs = [name for name in node.output if name]
            if read & self.dynamic or node.op_type in _DRAWN:
                self.dynamic.update(outputs)
            elif read & self.noisy:
                self.noisy.update(outputs)

    def _probe(self, batch: int) -> dict[str, tuple[int, ...]]:
        """Return every value's lengths at a batch size."""
        values = [
            name
            for node in self.nodes
            if not node.op_type.startswith(_SHAPELESS)
            for name in node.output
            if name
        ]
        shapes = [
            helper.make_node("Shape", [name], [f"facewire_shape_{at}"])
            for at, name in enumerate(values)
        ]
        outputs = [
            helper.make_tensor_value_info(node.output[0], onnx.TensorProto.INT64, None)
            for node in shapes
        ]
        info = self.info
        rows = np.arange(batch) % self.identities
        latents = (info.diffusion_steps, info.gru_layers, batch, info.gru_dim)
        block = (batch, info.diffusion_steps + 1, info.frames, info.prediction_size)
        feeds = {
            "window": np.full((batch, info.window_samples), 0.01, np.float32),
            "identity": np.eye(self.identities, dtype=np.float32)[rows],
            "emotion": np.zeros((batch, info.frames_kept, len(info.emotions)), np.float32),
            "input_latents": np.zeros(latents, np.float32),
            "noise": np.zeros(block, np.float32),
        }
        found = run_part(
            self.model, self._tensors, [*self.nodes, *shapes], list(self._tensors), outputs, feeds
        )
        sizes = {name: feed.shape for name, feed in feeds.items()}
        for name, shape in zip(values, found, strict=True):
            sizes[name] = tuple(shape.tolist())
        return sizes

    def _computed(self, name: str) -> NDArray[Any]:
        feeds: dict[str, NDArray[Any]] = {}
        nodes: list[NodeProto] = []
        arrays: list[str] = []
        for each in self._ancestors(name):
            if isinstance(each, str):
                if each in self._tensors:
                    arrays.append(each)
                else:
                    feeds[each] = self._feed(each)
            elif each.op_type == "Shape" and each.input[0] in self.dynamic | self.noisy:
                attributes = {part.name: part.i for part in each.attribute}
                ends = slice(attributes.get("start", 0), attributes.get("end"))
                lengths = np.array(self.shape(each.input[0])[ends], np.int64)
                value = numpy_helper.from_array(lengths)
                nodes.append(helper.make_node("Constant", [], list(each.output), value=value))
            else:
                nodes.append(each)
        ordered = {id(node): at for at, node in enumerate(self.nodes)}
        nodes.sort(key=lambda node: ordered.get(id(node), -1))
        outputs = [helper.make_empty_tensor_value_info(name)]
        if name in feeds:
            return feeds[name]
        return run_part(self.model, self._tensors, nodes, arrays, outputs, feeds)[0]

    def _ancestors(self, name: str) -> Iterator[str | NodeProto]:
        """Yield what a known value is computed from: names without a node, and nodes."""
        waiting, seen = [name], {name}
        done: set[int] = set()
        while waiting:
            value = waiting.pop()
            node = self.producer.get(value)
            if node is None:
                yield value
                continue
            if id(node) in done:
                continue
            done.add(id(node))
            yield node
            if node.op_type == "Shape" and node.input[0] in self.dynamic | self.noisy:
                continue
            for each in reads(node):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)

    def _feed(self, name: str) -> NDArray[Any]:
        if name == "identity":
            return np.eye(self.identities, dtype=np.float32)
        if name == "noise":
            if self._noise is None:
                info = self.info
                shape = (info.diffusion_steps + 1, info.frames, info.prediction_size)
                one = noise_tensor(0, CONSTANT_NOISE, shape)
                self._noise = np.repeat(one[None], self.identities, axis=0)
            return self._noise
        return np.zeros(self.shape(name), np.float32)


def _wide_sizes(info: DiffusionInfo) -> frozenset[int]:
    """Return every length that runs of neighbouring parts with vertices among them have."""
    parts = (info.skin_size, info.tongue_size, info.jaw_size, info.eyes_size)
    return frozenset(
        sum(parts[first:last])
        for first in range(len(parts))
        for last in range(first + 1, len(parts) + 1)
        if first < 2
    )
