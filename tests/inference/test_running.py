"""How a model's networks are run, and who hears of it while an engine is built."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.inference.fake_onnxruntime import install

from facewire.inference import sessions
from facewire.inference.engine_cache import BUILDING
from facewire.inference.loading import load_emotion_model, load_model
from facewire.inference.running import Running

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tensorrt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sessions, "tensorrt_version", lambda: "10.16.1")
    monkeypatch.setattr(sessions, "gpu_names", lambda: ["NVIDIA H200"])
    install(monkeypatch, tmp_path, "tensorrt", "cuda", shape=("batch", "time"))


@pytest.mark.parametrize(
    ("offers", "asked", "proven_on"),
    [
        ((), "cpu", "cpu"),
        ((), "auto", "cpu"),
        (("cuda",), "auto", "cuda"),
        (("cuda",), "cuda:1,memory=2GiB", "cuda"),
    ],
)
def test_a_variant_must_be_proven_where_the_network_will_most_likely_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offers: tuple[str, ...], asked: str,
    proven_on: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "platform", "linux")
    install(monkeypatch, tmp_path, *offers)
    assert Running(asked).proven_on == proven_on


@pytest.mark.usefixtures("tensorrt")
def test_who_loads_a_face_hears_that_its_engine_is_built(regression_folder: Path) -> None:
    told: list[tuple[str, float]] = []
    load_model(regression_folder, "tensorrt", on_progress=lambda stage, s: told.append((stage, s)))
    assert told[0] == (BUILDING, 0.0)


@pytest.mark.usefixtures("tensorrt")
def test_an_engine_that_hears_emotions_is_planned_for_every_length_of_window(
    tmp_path: Path,
) -> None:
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_emotion

    told: list[str] = []
    model = load_emotion_model(
        synth_emotion(tmp_path / "emotion"),
        "tensorrt",
        on_progress=lambda stage, _s: told.append(stage),
    )
    assert told[0] == BUILDING
    assert model.backend.max_batch == 32
