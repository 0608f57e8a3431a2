"""An exact variant beyond its limit is judged by float64: who rounds more, it or the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.tools.optimise_kit import mark_in, optimised, quick_shop, second_in

from facewire.tools.optimising import encoders, rounding
from facewire.tools.optimising.rounding import Rounding, errors

if TYPE_CHECKING:
    from pathlib import Path


def doubling(path: Path, kind: str = "Mul") -> Path:
    """Write a network that doubles three numbers."""
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy"]
    two = numpy_helper.from_array(np.full(3, 2, np.float32), "two")
    node = helper.make_node(kind, ["x", "two"], ["y"], domain="" if kind == "Mul" else "own")
    graph = helper.make_graph([node], "g", ports[:1], ports[1:], [two])
    onnx.save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_errors_are_over_the_range_and_over_the_norm_of_all_answers(tmp_path: Path) -> None:
    asked = [{"x": np.array([row], np.float32)} for row in ([1, 2, 0], [-4, 0, 0])]
    right = [2 * each["x"] for each in asked]
    off = [right[0], right[1] + np.array([[0, 0.5, 0]], np.float32)]
    found = errors(doubling(tmp_path / "n.onnx"), asked, [right, off], "y")
    assert found is not None
    assert found[0] == Rounding(0, 0)
    assert found[1].worst == pytest.approx(0.5 / 8)
    assert found[1].usual == pytest.approx(0.5 / np.sqrt(4 + 16 + 64))


def test_a_network_that_float64_cannot_run_has_no_judge(tmp_path: Path) -> None:
    asked = [{"x": np.ones((1, 3), np.float32)}]
    network = doubling(tmp_path / "n.onnx", "Twice")
    assert errors(network, asked, [[asked[0]["x"]]], "y") is None


@pytest.mark.parametrize(
    ("own", "other", "kept"),
    [
        ((2e-6, 2e-6), (7e-6, 3e-6), True),
        ((2e-6, 2e-6), (3e-6, 5e-6), False),
        ((2e-6, 2e-6), (9e-6, 3e-6), False),
        ((2e-6, 2e-6), (float("nan"), float("nan")), False),
    ],
)
def test_a_variant_may_round_twice_as_much_as_the_original_and_four_times_at_worst(
    synthetic_bundles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: tuple[float, float],
    other: tuple[float, float],
    kept: bool,  # noqa: FBT001 - a case of a table
) -> None:
    shop, mark = quick_shop(tmp_path, monkeypatch), mark_in(tmp_path, synthetic_bundles)
    monkeypatch.setattr(rounding, "errors", lambda *_: (Rounding(*own), Rounding(*other)))
    monkeypatch.setattr(encoders, "EXACT_LIMIT", 1e-12)  # no rewrite is that near
    (made,) = optimised(shop, str(mark), "--audio", second_in(tmp_path), code=0 if kept else 1)
    assert made["kept"] is kept
