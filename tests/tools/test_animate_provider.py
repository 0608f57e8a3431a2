"""`facewire animate --provider`: what it refuses, and what it says while an engine is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime
import pytest
from click.testing import CliRunner

from facewire.inference import loading
from facewire.tools.animate import animate
from facewire.tools.load_words import LoadWords

if TYPE_CHECKING:
    from facewire.inference.model import Model

SPEECH = Path(__file__).parents[1] / "assets" / "speech_16k.flac"
STAGE = "building the engine"


@pytest.fixture
def slow_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that takes seconds to load, by what it says."""
    real = loading.load_model

    def load(*arguments: Any, on_progress: Any, **options: Any) -> Model:
        on_progress(STAGE, 0.0)
        on_progress(STAGE, 6.0)
        return real(*arguments, **options)

    monkeypatch.setattr(loading, "load_model", load)


@pytest.mark.usefixtures("slow_loading")
def test_who_waits_for_an_engine_reads_of_it_on_stderr_unless_quiet(tmp_path: Path) -> None:
    arguments = [str(SPEECH), "-o", str(tmp_path / "out.csv")]
    said = CliRunner().invoke(animate, arguments)
    quiet = CliRunner().invoke(animate, [*arguments, "--quiet"])

    assert said.stderr.splitlines()[:2] == [f"{STAGE} ...", f"{STAGE}: 6 s so far"]
    assert said.stdout == quiet.stderr == ""


def test_a_long_load_says_so_at_its_begin_and_every_five_seconds() -> None:
    lines: list[str] = []
    words = LoadWords(lines.append)
    for elapsed_s in (*range(12), *range(2)):  # a face, and what hears emotions for it
        words("x", float(elapsed_s))
    assert lines == ["x ...", "x: 5 s so far", "x: 10 s so far", "x ..."]


@pytest.mark.parametrize("asked", ["cuda", "cuda:1,memory=2GiB"])
def test_a_card_this_onnxruntime_cannot_use_is_said_clearly(tmp_path: Path, asked: str) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has cuda")
    out = tmp_path / "out.csv"
    done = CliRunner().invoke(animate, [str(SPEECH), "-o", str(out), "--provider", asked])

    assert "'cuda' is not in this onnxruntime" in str(done.exception)
    assert not out.exists()


@pytest.mark.parametrize("asked", ["gpu", "cuda,memory=2", "cpu:1"])
def test_a_provider_that_cannot_be_meant_names_those_that_can(tmp_path: Path, asked: str) -> None:
    arguments = [str(SPEECH), "-o", str(tmp_path / "out.csv"), "--provider", asked]
    done = CliRunner().invoke(animate, arguments)
    assert "cuda" in str(done.exception)


def test_auto_runs_everywhere(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = CliRunner().invoke(animate, [str(SPEECH), "-o", str(out), "--provider", "auto"])
    assert done.exit_code == 0
    assert out.stat().st_size > 0
