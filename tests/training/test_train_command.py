"""`facewire train embedded`, on seconds of made-up data."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from facewire.protocol.errors import FacewireError
from facewire.tools.train import train

if TYPE_CHECKING:
    from pathlib import Path


def test_missing_torch_is_one_sentence_and_its_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.startswith("facewire.tools.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = CliRunner().invoke(train, ["embedded", "--data", str(tmp_path)])
    assert isinstance(result.exception, FacewireError)
    assert "torch" in result.exception.text
    assert "facewire[train]" in result.exception.hint


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.timeout(240)
def test_training_writes_a_bundle_that_runs_and_the_seed_decides_it(
    data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    results = []
    for name in ("one", "two"):
        out = tmp_path / name / "embedded"
        arguments = ["--data", str(data), "--out", str(out), "--epochs", "1", "--width", "16"]
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text('{"published": []}', encoding="utf-8")
        result = CliRunner().invoke(train, ["embedded", *arguments, "--json"])
        assert result.exit_code == 0, result.output
        described = json.loads((out / "bundle.json").read_text(encoding="utf-8"))
        session = onnxruntime.InferenceSession(
            out / "network.onnx", providers=["CPUExecutionProvider"]
        )
        window = np.random.default_rng(1).normal(0, 0.1, (2, described["window_samples"]))
        (curves,) = session.run(None, {"audio": window.astype(np.float32)})
        results.append(np.asarray(curves))
        manifest = json.loads((tmp_path / name / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["bundles"][0]["name"] == "embedded"
        assert manifest["published"] == []
    assert results[0].shape == (2, described["ticks_per_window"], len(described["curves"]))
    assert results[0] == pytest.approx(results[1], abs=0.01)


def test_a_data_folder_without_the_sets_is_refused_before_training(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    result = CliRunner().invoke(train, ["embedded", "--data", str(tmp_path)])
    assert isinstance(result.exception, FacewireError)
    assert "grid_s1_arkit" in result.exception.text
