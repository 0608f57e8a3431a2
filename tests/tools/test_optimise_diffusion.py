"""Diffusion networks without vertices: the same answers, or a refusal that names the node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import numpy_helper
from tests.tools.wide_kit import INFO, Style, compared, made, write_network

from facewire.tools.optimising.maker import OptimiseError
from facewire.tools.optimising.wide_rewrite import rewrite

if TYPE_CHECKING:
    from pathlib import Path

WAYS = {
    "as our exporter": Style(),
    "gemm": Style(linear="gemm"),
    "split": Style(cut="split"),
    "gather": Style(cut="gather"),
    "divided": Style(scale="div"),
    "each number its own scale": Style(scale="columns"),
    "louder with the sound": Style(loud="mul"),
    "smaller with the sound": Style(loud="div"),
    "mean picked by its place": Style(mean="gather"),
    "zeros joined on": Style(pad="concat"),
    "assigned into zeros": Style(pad="scatter"),
    "assigned number by number": Style(pad="scatter-each"),
    "frames first": Style(turned=True),
    "masked": Style(mask=True),
    "all at once": Style(
        linear="gemm", cut="split", scale="div", mean="gather", pad="scatter", turned=True
    ),
}
"""What the rewrite must understand, whoever exported it."""


@pytest.mark.parametrize("style", WAYS.values(), ids=WAYS)
def test_it_answers_as_the_original_however_that_is_written(tmp_path: Path, style: Style) -> None:
    rewritten, found = made(write_network(tmp_path / "network.onnx", style), tmp_path)

    assert found.over == ()
    assert found.difference.max_rel < 3e-6
    assert min(part["moves"] for part in found.parts.values()) > 0.1
    graph = rewritten.model.graph
    assert [port.name for port in graph.input] == [
        "window", "identity", "emotion", "input_latents",
    ]  # fmt: skip
    lengths = {size for tensor in graph.initializer for size in tensor.dims}
    assert not lengths & {60, 24, 84, 99, 103}, "something still runs over vertices"


@pytest.mark.parametrize(
    ("spoilt", "node"),
    [
        ("relu", "Relu"),
        ("square", "Mul"),
        ("mean", "ReduceMean"),
        ("reshape", "Reshape"),
        ("fade", "Identity"),
    ],
)
def test_what_no_matrix_says_is_refused_by_name(tmp_path: Path, spoilt: str, node: str) -> None:
    path = write_network(tmp_path / "network.onnx", Style(spoilt=spoilt))

    with pytest.raises(OptimiseError, match=f"cannot be made vertex-free: {node} 'n") as caught:
        rewrite(path, INFO)

    assert "original network is used" in caught.value.hint


@pytest.mark.parametrize("kind", ["shapes", "scale", "constant"])
def test_an_answer_that_is_a_little_off_breaks_the_limit(tmp_path: Path, kind: str) -> None:
    path = write_network(tmp_path / "network.onnx")
    rewritten = rewrite(path, INFO)
    off = replace(rewritten.tongue, **{kind: getattr(rewritten.tongue, kind) * 1.0001})

    found = compared(path, replace(rewritten, tongue=off), tmp_path)

    assert [sentence.split()[0] for sentence in found.over] == ["tongue"]


def test_weights_that_are_not_numbers_break_the_limit(tmp_path: Path) -> None:
    path = write_network(tmp_path / "network.onnx")
    rewritten = rewrite(path, INFO)
    for tensor in rewritten.model.graph.initializer:
        if sorted(tensor.dims) == [6, 15]:  # the last layer of the jaw
            values = np.full(tensor.dims, np.nan, np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))

    found = compared(path, rewritten, tmp_path)

    assert {sentence.split()[0] for sentence in found.over} >= {"skin", "jaw", "memory"}
    assert np.isfinite([part["max_rel"] for part in found.parts.values()]).all()
