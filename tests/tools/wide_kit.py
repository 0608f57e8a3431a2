"""Tiny diffusion networks, the same function written in the ways exporters have."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model

from facewire.bundles.network_info import DiffusionInfo
from facewire.bundles.vertex_free import PARTS, array_name, read_bases
from facewire.tools.optimising.vertex_free_check import Comparison, compare
from facewire.tools.optimising.wide_rewrite import Rewritten, rewrite
from facewire.tools.synth.folder import write_npz

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

INFO = DiffusionInfo(
    actor="", version="", identities=("One", "Two", "Three"), emotions=("joy", "anger"),
    default_emotion=(0.0, 0.0), skin_size=60, tongue_size=24, jaw_size=15, eyes_size=4,
    diffusion_steps=2, gru_layers=1, gru_dim=6, frames_before=2, frames_kept=4, frames_after=3,
    window_samples=64, padding_before_samples=16, padding_after_samples=16,
)  # fmt: skip
SIZES = (INFO.skin_size, INFO.tongue_size, INFO.jaw_size, INFO.eyes_size)
FRAMES, KEPT, WIDE = INFO.frames, INFO.frames_kept, INFO.prediction_size
HEARD, SEEN, HIDDEN = 7, 9, 6


@dataclass(frozen=True)
class Style:
    """How a network is written; what is spoilt."""

    linear: str = "matmul"
    """Or gemm: on [batch * frames, width]."""
    cut: str = "slice"
    """Or split, gather."""
    scale: str = "mul"
    """Or div; columns: its own factor for each number and identity."""
    mean: str = "one-hot"
    """Or gather: by the place of the 1."""
    pad: str = "pad"
    """Or concat, scatter, scatter-each."""
    turned: bool = False
    """Frames come before the batch on the way."""
    mask: bool = False
    """The face passes a `Where`, and on its way into the second step a factor for each frame."""
    loud: str = ""
    """mul, div: the motion is scaled by what is heard."""
    spoilt: str = ""
    """relu, square, mean, reshape: no sum of products; fade: each frame has its own constant."""


class _Net:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []
        self.draw = np.random.default_rng(7)

    def node(self, kind: str, *inputs: str, output: str = "", **said: Any) -> str:
        return self.several(1, kind, *inputs, output=output, **said)[0]

    def several(
        self, count: int, kind: str, *inputs: str, output: str = "", **said: Any
    ) -> list[str]:
        at = len(self.nodes)
        names = [output or f"v{at}_{number}" for number in range(count)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"n{at}", **said))
        return names

    def array(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"a{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.array(values, np.int64)

    def weight(self, *shape: int) -> NDArray[Any]:
        drawn: NDArray[Any] = self.draw.standard_normal(shape)
        drawn /= np.sqrt(shape[0])
        return drawn

    def linear(self, value: str, matrix: NDArray[Any], bias: NDArray[Any], frames: int) -> str:
        if self.style.linear == "gemm":
            flat = self.node("Reshape", value, self.ints(-1, len(matrix)))
            found = self.node(
                "Gemm", flat, self.array(matrix.T / 2), self.array(bias), transB=1, alpha=2.0
            )
            return self.node("Reshape", found, self.ints(-1, frames, matrix.shape[1]))
        turned = self.node("Transpose", self.array(matrix.T), perm=[1, 0])
        return self.node("Add", self.array(bias), self.node("MatMul", value, turned))

    def parts(self, value: str) -> list[str]:
        ends = np.cumsum(SIZES).tolist()
        starts = [0, *ends[:-1]]
        if self.style.cut == "split":
            return self.several(4, "Split", value, self.ints(*SIZES), axis=-1)
        if self.style.cut == "gather":
            picks = [self.ints(*range(a, b)) for a, b in zip(starts, ends, strict=True)]
            return [self.node("Gather", value, pick, axis=2) for pick in picks]
        return [
            self.node("Slice", value, self.ints(a), self.ints(b), self.ints(-1))
            for a, b in zip(starts, ends, strict=True)
        ]


def write_network(path: Path, style: Style = Style()) -> Path:  # noqa: B008 - frozen
    """Write a network whose function depends on the style only where it is spoilt or masked."""
    net = _Net(style)
    heard = net.node("MatMul", "window", net.array(net.weight(64, KEPT * HEARD)))
    heard = net.node("Reshape", heard, net.ints(-1, KEPT, HEARD))
    embeds = [(net.weight(size, 5), net.weight(5)) for size in SIZES]
    heads = [(net.weight(HIDDEN, size), net.weight(size)) for size in SIZES]
    joint = net.weight(20, SEEN)
    tokens = net.weight(HEARD + SEEN + 2, HIDDEN)
    mean, scale = net.weight(3, WIDE) * 2, 1.0 + net.draw.random((3, 4))
    columns = np.repeat(scale, SIZES, axis=1)
    if style.scale == "columns":
        columns = columns + 0.1 * net.draw.random(columns.shape)
    means = net.node("Unsqueeze", _of_identity(net, mean), net.ints(1))
    noise = [net.node("Gather", "noise", net.array(at, np.int64), axis=1) for at in (2, 1)]
    face, states = noise[0], []
    for step in (1, 0):
        seen = [
            net.linear(part, *embed, FRAMES)
            for part, embed in zip(net.parts(face), embeds, strict=True)
        ]
        look = net.node("Relu", net.node("Concat", *seen, axis=2))
        look = net.node("MatMul", look, net.array(joint))
        look = net.node("Slice", look, net.ints(2), net.ints(2 + KEPT), net.ints(1))
        token = net.node("Concat", heard, look, "emotion", axis=2)
        state = net.node("Gather", "input_latents", net.array(step, np.int64), axis=0)
        past = net.node("Transpose", state, perm=[1, 0, 2])
        hidden = net.node("Add", net.node("MatMul", token, net.array(tokens)), past)
        hidden = net.node("Tanh", hidden)
        states.append(net.node("Slice", hidden, net.ints(3), net.ints(4), net.ints(1)))
        parts = [net.linear(hidden, *head, KEPT) for head in heads]
        clean = _loud(net, net.node("Concat", *parts, axis=-1))
        clean = net.node("Add", clean, means)
        clean = _spoilt(net, _masked(net, clean), style.spoilt)
        clean = _padded(net, clean)
        if step:
            fade = np.linspace(0.5, 1.0, FRAMES)[:, None] if style.mask else 0.9
            kept = net.node("Mul", clean, net.array(fade))
            noisy = net.node("Mul", net.array([[[0.2]]]), face)
            fresh = net.node("Mul", noise[1], net.array(0.1))
            face = net.node("Sum", kept, noisy, fresh)
        else:
            face = clean
    moved = net.node("Sub", face, means)
    net.node("Identity", _scaled(net, moved, scale, columns), output="prediction")
    joined = [net.node("Transpose", state, perm=[1, 0, 2]) for state in reversed(states)]
    stacked = [net.node("Unsqueeze", state, net.ints(0)) for state in joined]
    net.node("Concat", *stacked, output="output_latents", axis=0)
    _save(net, path)
    return path


def made(path: Path, folder: Path) -> tuple[Rewritten, Comparison]:
    """Rewrite a network and compare it with the original."""
    rewritten = rewrite(path, INFO)
    checker.check_model(rewritten.model, full_check=True)
    return rewritten, compared(path, rewritten, folder)


def compared(path: Path, rewritten: Rewritten, folder: Path) -> Comparison:
    """Compare what a rewrite gave with the original."""
    network, bases = folder / "rewritten.onnx", folder / "rewritten.npz"
    save_model(rewritten.model, network)
    arrays = {
        array_name(part, kind): getattr(getattr(rewritten, part), kind)
        for part in PARTS
        for kind in ("shapes", "scale", "constant")
    }
    write_npz(bases, arrays)
    bundle: Any = SimpleNamespace(info=INFO, network=path)
    audio = np.random.default_rng(3).standard_normal(400).astype(np.float32)
    return compare(bundle, network, read_bases(bases, INFO), audio, 4)


def _of_identity(net: _Net, table: NDArray[Any]) -> str:
    if net.style.mean == "gather":
        place = net.node("ArgMax", "identity", axis=1, keepdims=0)
        return net.node("Gather", net.array(table), place, axis=0)
    return net.node("MatMul", "identity", net.array(table))


def _loud(net: _Net, value: str) -> str:
    if not net.style.loud:
        return value
    loud = net.node("ReduceL2", "window", axes=[1], keepdims=1)
    factor = net.node("Unsqueeze", net.node("Add", loud, net.array(1.0)), net.ints(1))
    return net.node("Div" if net.style.loud == "div" else "Mul", value, factor)


def _masked(net: _Net, value: str) -> str:
    if not net.style.mask:
        return value
    some = (np.arange(WIDE) % 3 > 0)[None, None]
    return net.node("Where", net.array(some, np.bool_), value, net.array(0.25))


def _spoilt(net: _Net, value: str, how: str) -> str:
    if how == "relu":
        return net.node("Relu", value)
    if how == "square":
        return net.node("Mul", value, value)
    if how == "mean":
        return net.node("Sub", value, net.node("ReduceMean", value, axes=[2]))
    if how == "fade":
        return net.node("Mul", value, net.array(np.linspace(0.5, 1.0, KEPT)[:, None]))
    if how == "reshape":
        flat = net.node("Reshape", value, net.ints(-1, KEPT * WIDE))
        return net.node("Reshape", flat, net.ints(-1, KEPT, WIDE))
    return value


def _padded(net: _Net, value: str) -> str:
    if net.style.turned:
        value = net.node("Transpose", value, perm=[1, 0, 2])
        value = net.node("Mul", value, net.array([[[1.0]]]))
        value = net.node("Transpose", value, perm=[1, 0, 2])
    before, after = INFO.frames_before, INFO.frames_after
    if net.style.pad == "pad":
        return net.node("Pad", value, net.ints(0, before, 0, 0, after, 0))
    batch = net.node("Slice", net.node("Shape", value), net.ints(0), net.ints(1), net.ints(0))
    if net.style.pad == "concat":
        zeros = []
        for frames in (before, after):
            shape = net.node("Concat", batch, net.ints(frames, WIDE), axis=0)
            zeros.append(net.node("ConstantOfShape", shape))
        return net.node("Concat", zeros[0], value, zeros[1], axis=1)
    whole = net.node("Concat", batch, net.ints(FRAMES, WIDE), axis=0)
    each_number = net.style.pad == "scatter-each"  # else whole frames are assigned
    lengths = (KEPT, WIDE, 1) if each_number else (KEPT, 1)
    count = net.node("Squeeze", batch, net.ints(0))
    zero, one = net.array(0, np.int64), net.array(1, np.int64)
    runs = [
        net.node("Range", zero, count, one),
        net.array(np.arange(before, before + KEPT), np.int64),
        net.array(np.arange(WIDE), np.int64),
    ]
    grid = net.node("Concat", batch, net.ints(*lengths), axis=0)
    places = []
    for axis, run in enumerate(runs[: len(lengths)]):
        lined_up = [-1 if axis == other else 1 for other in range(len(lengths) + 1)]
        lined = net.node("Reshape", run, net.ints(*lined_up))
        places.append(net.node("Expand", lined, grid))
    at = net.node("Concat", *places, axis=-1)
    return net.node("ScatterND", net.node("ConstantOfShape", whole), at, value)


def _scaled(net: _Net, value: str, scale: NDArray[Any], columns: NDArray[Any]) -> str:
    style = net.style.scale
    if style == "columns":
        factors = net.node("Unsqueeze", _of_identity(net, columns), net.ints(1))
        return net.node("Mul", value, factors)
    rows = []
    for at, part in enumerate(net.parts(value)):
        column = scale[:, at : at + 1]
        given = _of_identity(net, 1.0 / column if style == "div" else column)
        factor = net.node("Unsqueeze", given, net.ints(1))
        rows.append(net.node("Div" if style == "div" else "Mul", part, factor))
    return net.node("Concat", *rows, axis=2)


def _save(net: _Net, path: Path) -> None:
    info, batch = INFO, "batch"
    latents = [info.diffusion_steps, info.gru_layers, batch, info.gru_dim]
    sizes: dict[str, list[Any]] = {
        "window": [batch, info.window_samples],
        "identity": [batch, len(info.identities)],
        "emotion": [batch, KEPT, len(info.emotions)],
        "input_latents": latents,
        "noise": [batch, info.diffusion_steps + 1, FRAMES, WIDE],
    }
    ends: dict[str, list[Any]] = {"prediction": [batch, FRAMES, WIDE], "output_latents": latents}
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, axes) for name, axes in of.items()]
        for of in (sizes, ends)
    )
    graph = helper.make_graph(net.nodes, "tiny", inputs, outputs, net.tensors)
    opset = [helper.make_opsetid("", 14)]
    save_model(helper.make_model(graph, opset_imports=opset, ir_version=7), path)
