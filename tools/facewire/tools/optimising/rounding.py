"""How far a network's own rounding takes it from what its weights say: float32 against float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx import load as load_model
from onnx.reference import ReferenceEvaluator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Rounding:
    """How far a network's answers are from float64."""

    worst: float
    """The largest difference, over the range of the answers. One number of thousands, so it differs
    by half from one order of sums to another that is no worse."""
    usual: float
    """Norm of the differences over norm of the answers."""


def errors(
    network: Path,
    asked: Sequence[Mapping[str, NDArray[Any]]],
    answered: Sequence[Sequence[NDArray[np.float32]]],
    output: str,
) -> tuple[Rounding, ...] | None:
    """Return how far answers are from those of a network in float64.

    Args:
        network: The original's file.
        asked: Feeds.
        answered: Of each network that is compared, its answers to them.
        output: Which output the answers are.

    Returns:
        Of each network; None where the original cannot be run in float64.
    """
    exact: list[NDArray[np.float64]] = []
    try:
        evaluator = _in_float64(network)
        for feeds in asked:
            wide = {name: array.astype(np.float64) for name, array in feeds.items()}
            with np.errstate(all="ignore"):  # silence is NaN to a network that divides by it
                exact.append(np.ravel(evaluator.run([output], wide)[0]))
    except Exception:  # noqa: BLE001 - an operator it does not know raises what it likes
        return None
    known = np.isfinite(whole := np.concatenate(exact))
    truth = whole[known]
    reach, norm = float(np.abs(truth).max(initial=0)) or 1.0, float(np.linalg.norm(truth)) or 1.0
    found = []
    for answers in answered:
        apart = np.concatenate([np.ravel(each) for each in answers])[known] - truth
        worst = float(np.abs(apart).max(initial=0))
        found.append(Rounding(worst / reach, float(np.linalg.norm(apart)) / norm))
    return tuple(found)


def _in_float64(network: Path) -> Any:
    model = load_model(str(network))
    for tensor in model.graph.initializer:
        _widen(tensor)
    for node in model.graph.node:
        for each in node.attribute:
            if each.name == "value" and each.HasField("t"):
                _widen(each.t)
            if (node.op_type, each.name, each.i) == ("Cast", "to", TensorProto.FLOAT):
                each.i = TensorProto.DOUBLE
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.elem_type = TensorProto.DOUBLE
    return ReferenceEvaluator(model)


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT:
        wide = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
