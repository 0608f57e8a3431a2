"""Regression networks with the right ports that cannot be loaded, run, or relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.bundles import a2f_kit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

SIZE = a2f_kit.SHAPES + a2f_kit.TONGUE_SHAPES + 19


def unknown_operator(domain: str = "") -> bytes:
    """An operator that onnxruntime does not know."""
    return _written([("Telepathy", ["loud", "row"], "result")], domain=domain)


def four_terabytes() -> bytes:
    """Zeros for which no machine has room, on the way to a small answer."""
    nodes: list[tuple[str, list[str], str]] = [
        ("ConstantOfShape", ["terabytes"], "giant"),
        ("ReduceMax", ["giant"], "most"),
        ("Add", ["loud", "row"], "sum"),
        ("Add", ["sum", "most"], "result"),
    ]
    return _written(nodes, terabytes=np.array([1 << 40], np.int64))


def nan_on_silence() -> bytes:
    """0 / 0 wherever nothing is said."""
    return _written([("Div", ["loud", "nothing"], "none"), ("Mul", ["none", "row"], "result")],
                    nothing=np.zeros(1, np.float32))  # fmt: skip


def nan_when_louder_than(level: float) -> bytes:
    """A fair answer as long as no sample of the window, its gain included, reaches a level."""
    nodes: list[tuple[str, list[str], str]] = [
        ("Abs", ["input"], "rectified"),
        ("ReduceMax", ["rectified"], "peak"),
        ("Sub", ["level", "peak"], "margin"),
        ("Relu", ["margin"], "left"),
        ("Div", ["left", "left"], "one"),  # and none where nothing is left
        ("Add", ["loud", "one"], "heard"),
        ("Mul", ["heard", "row"], "result"),
    ]
    return _written(nodes, level=np.full(1, level, np.float32))


def _written(
    nodes: Sequence[tuple[str, list[str], str]], *, domain: str = "", **weights: NDArray[np.generic]
) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    ports: dict[str, list[int | str | None]] = {
        "input": ["batch", 1, a2f_kit.WINDOW], "emotion": ["batch", 1, 26],
    }  # fmt: skip
    weights["row"] = np.linspace(-1, 1, SIZE, dtype=np.float32).reshape(1, 1, SIZE)
    made = [helper.make_node("ReduceMean", ["input"], ["loud"], axes=[2])]
    for op, inputs, output in nodes:
        more: dict[str, Any] = {"axes": [2]} if op == "ReduceMax" and "rectified" in inputs else {}
        made.append(helper.make_node(op, inputs, [output], domain=domain, **more))
    graph = helper.make_graph(
        made,
        "spoilt",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ports[name]) for name in ports],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["batch", 1, SIZE])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    opsets = [helper.make_opsetid("", 14), helper.make_opsetid("acme", 1)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=7)
    content: bytes = model.SerializeToString()
    return content
