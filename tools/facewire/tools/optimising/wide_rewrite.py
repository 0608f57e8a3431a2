"""A network that answers vertices, rewritten to answer the coefficients they are made of.

Backwards from its outputs: what is narrow stays as it is; where a narrow value is made of wide
ones, their `Form` says what it is without them; what depends on the noise alone becomes a constant.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import helper

from facewire.tools.optimising.wide_algebra import WideAlgebra
from facewire.tools.optimising.wide_form import ONE
from facewire.tools.optimising.wide_network import WideNetwork
from facewire.tools.optimising.wide_parts import reads, refuse
from facewire.tools.optimising.wide_pieces import PIECES
from facewire.tools.optimising.wide_sums import SUMS
from facewire.tools.optimising.wide_writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

    from facewire.bundles.network_info import DiffusionInfo
    from facewire.tools.optimising.wide_form import Double, Form, Stretch

PREDICTION: Final = "prediction"
LATENTS: Final = "output_latents"
_BLOCK: Final = 8192


@dataclass(frozen=True)
class FoldedPart:
    """Of the skin or the tongue: what its coefficients are to be multiplied with."""

    shapes: NDArray[np.float32]
    """[K - 1, size]."""
    scale: NDArray[np.float32]
    """[identities, size]."""
    constant: NDArray[np.float32]
    """[identities, size]."""


@dataclass(frozen=True)
class Rewritten:
    """A network that touches no vertex, and the bases its coefficients belong to."""

    model: ModelProto
    skin: FoldedPart
    tongue: FoldedPart
    folded: int
    """Places where a value over vertices met a constant matrix or was cut to a narrow one."""


def rewrite(path: Path, info: DiffusionInfo) -> Rewritten:
    """Return the rewritten network of an ONNX file, with the constant noise worked in.

    Raises:
        OptimiseError: it cannot be rewritten without changing what it answers; the text names the
            node that stands in the way.
    """
    return _Rewrite(WideNetwork(path, info)).done()


class _Rewrite:
    def __init__(self, network: WideNetwork) -> None:
        self._network = network
        opset = next((each.version for each in network.model.opset_import if not each.domain), 0)
        if opset < 13:
            raise refuse(None, f"it is of opset {opset}, and 13 is the oldest understood.")
        self._writer = Writer(network.dynamic | network.noisy | set(network.producer))
        self._algebra = WideAlgebra(network, self._writer, {**SUMS, **PIECES})
        self._kept: dict[int, NodeProto] = {}
        self._arrays: set[str] = set()
        self._folded = 0
        self._answers = 0

    def done(self) -> Rewritten:
        network = self._network
        for name in (PREDICTION, LATENTS):
            if name not in network.producer:
                raise refuse(None, f"nothing computes {name}.")
        skin, tongue = self._write_prediction()
        self._gather([LATENTS, *self._algebra.leaves])
        model = self._model()
        return Rewritten(model, skin, tongue, self._folded)

    # --- the output ------------------------------------------------------------------------------

    def _write_prediction(self) -> tuple[FoldedPart, FoldedPart]:
        info, writer, algebra = self._network.info, self._writer, self._algebra
        form = algebra.form(PREDICTION)
        if form.width != info.prediction_size or form.frames != info.frames:
            raise refuse(self._network.producer[PREDICTION], "its output has another shape.")
        first = info.frames_before
        form = algebra.frames(form, first, first + info.frames_kept)
        shape = writer.joined([writer.batch(), writer.ints(info.frames_kept, 1)], 0)
        one = writer.node("Expand", writer.constant(np.ones((1, 1, 1), np.float32)), shape)
        columns: list[str] = []
        parts, start = [], 0
        for size in (info.skin_size, info.tongue_size):
            part, names = self._part(form.columns(slice(start, start + size)))
            columns += [*names, one]
            parts.append(part)
            start += size
        columns.append(algebra.written(form.columns(slice(start, form.width))))
        columns = [each if each == one else writer.node("Expand", each, shape) for each in columns]
        writer.node("Concat", *columns, output=PREDICTION, axis=2)
        self._answers = sum(len(part.shapes) + 1 for part in parts) + form.width - start
        return parts[0], parts[1]

    def _part(self, form: Form) -> tuple[FoldedPart, list[str]]:
        """Return a part's basis, and the coefficients that belong to all its rows but the last."""
        count, width = self._network.identities, form.width
        rows: list[tuple[slice, Any, Any]] = []
        names: list[str] = []
        scale = np.ones((count, width))
        constant = np.zeros((count, width))
        start = 0
        for stretch in form.stretches:
            at = slice(start, start + stretch.width)
            start += stretch.width
            gain = self._gain_of(stretch)
            scale[:, at] = gain[:, 0]
            constant[:, at] = stretch.constant[:, 0]
            for term in stretch.terms:
                own = ONE if len(gain) > 1 else term.gain
                rows.append((at, term.with_matrix().matrix, own))
                names.append(term.narrow)
        if not rows:
            raise refuse(self._network.producer[PREDICTION], "no sound moves the vertices.")
        shapes = np.zeros((sum(len(matrix) for _, matrix, _ in rows), width), np.float32)
        first = 0
        for at, matrix, gain in rows:
            _put(shapes[first : first + len(matrix), at], matrix, gain)
            first += len(matrix)
        part = FoldedPart(shapes, scale.astype(np.float32), constant.astype(np.float32))
        return part, names

    def _gain_of(self, stretch: Stretch) -> Double:
        """Return what each identity scales a stretch by: [identities, 1, width or 1]; else 1."""
        node = self._network.producer[PREDICTION]
        if stretch.constant.shape[1] > 1:
            raise refuse(node, "each frame has its own constant motion, which no basis holds.")
        if all(len(term.gain) == 1 for term in stretch.terms):
            return ONE
        if len({term.gain.tobytes() for term in stretch.terms}) > 1:
            raise refuse(node, "parts of the motion are scaled differently for each identity.")
        return stretch.terms[0].gain

    # --- everything else -------------------------------------------------------------------------

    def _gather(self, names: list[str]) -> None:
        """Keep what computes these values, and write what stands in for wide ones."""
        waiting, seen = deque(names), set(names)
        while waiting:
            for each in self._needs(waiting.popleft()):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)

    def _needs(self, name: str) -> list[str]:
        """Write one value into the new network; return which values of the original that takes."""
        network = self._network
        node = network.producer.get(name)
        if node is None:
            if network.tensor(name) is not None:
                self._arrays.add(name)
            elif name == "noise" or network.is_wide(name):
                raise refuse(None, f"{name} is read as it is.")
            return []
        if node.op_type == "Shape" and self._is_gone(node.input[0]):
            self._write_lengths(node)
            return []
        wide = network.meets_wide(node)
        if name in network.noisy - network.dynamic or (wide and name not in network.dynamic):
            self._write_known(name)
            return []
        if wide or network.is_wide(name):
            if network.is_wide(name):
                raise refuse(node, "its vertices are wanted as they are.")
            before = len(self._algebra.leaves)
            form = self._algebra.form(name)
            labelled = network.labelled(name)
            assert labelled is not None
            self._writer.laid_out(self._algebra.written(form), labelled, name)
            self._folded += 1
            return self._algebra.leaves[before:]
        self._kept[id(node)] = node
        return list(reads(node))

    def _is_gone(self, name: str) -> bool:
        return self._network.is_wide(name) or name in self._network.noisy

    def _write_lengths(self, node: NodeProto) -> None:
        """Write the lengths of a value that is no longer there."""
        network, writer = self._network, self._writer
        attributes = {each.name: each.i for each in node.attribute}
        picked = slice(attributes.get("start", 0), attributes.get("end"))
        name, parts = node.input[0], []
        for size, grows in list(zip(network.shape(name), network.per_track(name), strict=True))[
            picked
        ]:
            length = writer.ints(grows or size)
            parts.append(writer.node("Mul", writer.batch(), length) if grows else length)
        writer.node("Identity", writer.joined(parts, 0), output=node.output[0])

    def _write_known(self, name: str) -> None:
        """Write a narrow value that depends on noise and identity alone."""
        network, writer = self._network, self._writer
        values = network.known(name)
        grown = network.per_track(name)
        if not any(grown):
            writer.node("Identity", writer.constant(values), output=name)
            return
        if values.dtype != np.float32 or sum(map(bool, grown)) > 1:
            raise refuse(network.producer[name], "what the noise leads to is no list of numbers.")
        at = next(axis for axis, grows in enumerate(grown) if grows)
        split = [*values.shape[:at], network.identities, grown[at], *values.shape[at + 1 :]]
        table = np.moveaxis(values.reshape(split), at, 0)
        flat = table.reshape(network.identities, -1)
        rows = writer.node("MatMul", "identity", writer.constant(flat))
        value = writer.reshaped(rows, -1, *table.shape[1:])
        order = [*range(1, at + 1), 0, *range(at + 1, table.ndim)]
        if order != sorted(order):
            value = writer.node("Transpose", value, perm=order)
        sizes = [-1 if axis == at else size for axis, size in enumerate(values.shape)]
        writer.node("Reshape", value, writer.ints(*sizes), output=name)

    def _model(self) -> ModelProto:
        network, info, old = self._network, self._network.info, self._network.model
        nodes = _in_order([*self._kept.values(), *self._writer.nodes])
        read = {name for node in nodes for name in reads(node)}
        used = [network.tensor(name) for name in sorted(self._arrays) if name in read]
        tensors = [each for each in used if each is not None] + [
            each for each in self._writer.tensors if each.name in read
        ]
        sizes: dict[str, list[Any]] = {
            "window": ["batch", info.window_samples],
            "identity": ["batch", len(info.identities)],
            "emotion": ["batch", info.frames_kept, len(info.emotions)],
            "input_latents": [info.diffusion_steps, info.gru_layers, "batch", info.gru_dim],
        }
        outputs = {
            PREDICTION: ["batch", info.frames_kept, self._answers],
            LATENTS: sizes["input_latents"],
        }
        model = onnx.ModelProto(
            ir_version=old.ir_version,
            opset_import=old.opset_import,
            producer_name="facewire optimise",
        )
        graph = model.graph  # filled in place: helpers would copy every weight twice
        graph.name = "vertex_free"
        graph.node.extend(nodes)
        graph.input.extend(_port(name, axes) for name, axes in sizes.items())
        graph.output.extend(_port(name, axes) for name, axes in outputs.items())
        graph.initializer.extend(tensors)
        return model


def _put(target: NDArray[np.float32], matrix: NDArray[Any], gain: NDArray[np.float64]) -> None:
    for start in range(0, target.shape[1], _BLOCK):
        at = slice(start, start + _BLOCK)
        some = gain[0] if gain.shape[2] == 1 else gain[0][:, at]
        target[:, at] = matrix[:, at] * some


def _port(name: str, sizes: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, sizes)


def _in_order(nodes: list[NodeProto]) -> list[NodeProto]:
    """Return the nodes so that each comes after those it reads from."""
    maker = {name: node for node in nodes for name in node.output if name}
    wanted = {
        id(node): {id(maker[name]) for name in reads(node) if name in maker} for node in nodes
    }
    readers: dict[int, list[NodeProto]] = {}
    for node in nodes:
        for each in wanted[id(node)]:
            readers.setdefault(each, []).append(node)
    ready = deque(node for node in nodes if not wanted[id(node)])
    ordered = []
    while ready:
        node = ready.popleft()
        ordered.append(node)
        for reader in readers.get(id(node), ()):
            wanted[id(reader)].discard(id(node))
            if not wanted[id(reader)]:
                ready.append(reader)
    assert len(ordered) == len(nodes)
    return ordered
