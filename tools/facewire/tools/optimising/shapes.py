"""The shapes that values of a network really have, seen by running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx import ValueInfoProto

from facewire.inference.ort import load_onnxruntime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto

Shape = tuple[int | None, ...]


def seen_shapes(
    model: ModelProto, values: Iterable[str], runs: Sequence[Mapping[str, NDArray[Any]]]
) -> dict[str, Shape]:
    """Return the shape of values; an axis that differs between the runs is None.

    What the file says of its own shapes may be missing: exporters do not write it.

    Args:
        model: The network; as before when this returns.
        values: Which values.
        runs: Feeds that differ in every axis which is free: batch, and length where it is.
    """
    if not (wanted := list(dict.fromkeys(values))):
        return {}
    own = len(model.graph.output)
    outputs = {port.name for port in model.graph.output}
    model.graph.output.extend(ValueInfoProto(name=name) for name in wanted if name not in outputs)
    try:
        session = _session(model.SerializeToString())
    finally:
        del model.graph.output[own:]
    found: dict[str, Shape] = {}
    for feeds in runs:
        for name, array in zip(wanted, session.run(wanted, dict(feeds)), strict=True):
            shape = tuple(array.shape)
            found[name] = shape if name not in found else _common(found[name], shape)
    return found


def _common(one: Shape, other: Shape) -> Shape:
    assert len(one) == len(other)
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))


def _session(content: bytes) -> Any:
    runtime = load_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
