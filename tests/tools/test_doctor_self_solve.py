"""Two seconds of speech against the committed golden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.tools.demo_assets import golden_curves
from facewire.tools.diagnosis.solve import (
    FPS,
    SECONDS,
    Solved,
    correlation_of,
    difference,
    read_golden,
    solve,
    write_golden,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def solved() -> Solved:
    return solve()


@pytest.fixture(scope="module")
def golden() -> Solved:
    return read_golden(golden_curves())


def test_the_golden_was_made_by_the_shipped_model(solved: Solved, golden: Solved) -> None:
    assert solved.network_sha256 == golden.network_sha256, (
        "run `python -m facewire.tools.diagnosis.solve` after a new model"
    )


def test_the_shipped_model_agrees_with_the_golden(solved: Solved, golden: Solved) -> None:
    assert len(solved.curves) == SECONDS * FPS
    assert difference(solved, golden) == ""
    assert np.abs(solved.curves - golden.curves).max() < 0.02


def test_a_golden_comes_back_from_its_file_as_it_was(tmp_path: Path, solved: Solved) -> None:
    path = tmp_path / "golden.npz"
    write_golden(solved, str(path))
    again = read_golden(path)
    assert again.names == solved.names
    assert again.network_sha256 == solved.network_sha256
    assert np.abs(again.curves - solved.curves).max() < 1e-3


def test_small_differences_of_another_processor_pass(golden: Solved) -> None:
    noise = np.random.default_rng(1).normal(0, 0.005, golden.curves.shape)
    other = np.clip(golden.curves + noise, 0, 1).astype(np.float32)
    assert difference(replace(golden, curves=other), golden) == ""


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda curves: curves[:-1], "were expected"),
        (lambda curves: np.where(curves > 0.2, np.nan, curves), "not finite"),
        (lambda curves: curves * 3, "leave 0 to 1"),
        (lambda curves: np.roll(curves, 12, axis=0), "correlation"),
        (lambda curves: np.zeros_like(curves), "correlation"),
    ],
)
def test_a_broken_runtime_is_seen(golden: Solved, spoil: object, said: str) -> None:
    broken = replace(golden, curves=spoil(golden.curves))  # type: ignore[operator]
    assert said in difference(broken, golden)


def test_correlation_is_pearsons() -> None:
    left = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    assert correlation_of(left, 5 * left + 2) == pytest.approx(1)
    assert correlation_of(left, -left) == pytest.approx(-1)
    assert correlation_of(left, np.ones_like(left)) == 0
