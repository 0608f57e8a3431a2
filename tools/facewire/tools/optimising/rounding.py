"""How far a network's own rounding takes it from what its weights say: float32 against float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx import load as load_model
from onnx.reference import ReferenceEvaluator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def errors(
    network: Path,
    asked: Sequence[Mapping[str, NDArray[Any]]],
    answered: Sequence[Sequence[NDArray[np.float32]]],
    output: str,
) -> tuple[float, ...] | None:
    """Return how far answers are from those of a network in float64, over the range of these.

    Args:
        network: The original's file.
        asked: Feeds.
        answered: Of each network that is compared, its answers to them.
        output: Which output the answers are.

    Returns:
        The largest error of each network; None where the original cannot be run in float64.
    """
    evaluator = _in_float64(network)
    worst, reach = [0.0] * len(answered), 0.0
    for at, feeds in enumerate(asked):
        wide = {name: array.astype(np.float64) for name, array in feeds.items()}
        try:
            with np.errstate(all="ignore"):  # silence is NaN to a network that divides by it
                found = np.asarray(evaluator.run([output], wide)[0])
        except Exception:  # noqa: BLE001 - an operator it does not know raises what it likes
            return None
        known = np.isfinite(found)
        reach = max(reach, float(np.abs(found[known]).max(initial=0)))
        for which, answers in enumerate(answered):
            apart = np.abs(answers[at] - found)[known].max(initial=0)
            worst[which] = max(worst[which], float(apart))
    return tuple(each / (reach or 1.0) for each in worst)


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
