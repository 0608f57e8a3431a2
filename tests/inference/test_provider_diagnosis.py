"""What `facewire doctor` says of each provider; with a stand-in runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.inference.fake_onnxruntime import install

from facewire.inference import engine_cache, sessions
from facewire.inference.providers import PROVIDERS
from facewire.tools.diagnosis import providers

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.tools.diagnosis.report import Finding


def _findings() -> dict[str, Finding]:
    return {check.name: check.run() for check in providers.provider_checks()}


def test_the_real_runtime_runs_the_cpu_and_every_provider_has_its_line() -> None:
    found = _findings()
    assert set(found) == {*PROVIDERS, "engine-cache"}
    assert found["cpu"].text == "runs"


def test_a_card_that_answers_is_said_to_be_untested_by_us(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path, "cuda")
    found = _findings()
    assert found["cuda"].text == "runs (never run by Facewire's developers)"
    assert found["coreml"].status == "skipped"


@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_what_a_provider_lacks_is_a_warning_with_a_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    install(monkeypatch, tmp_path, "tensorrt", "cuda")
    monkeypatch.setattr(sessions, "missing_libraries", lambda _file: ("libcublasLt.so.13",))
    finding = _findings()[name]
    assert finding.status == "warning"
    assert "libcublasLt.so.13" in finding.text
    assert finding.fix


def test_no_engine_is_built_to_look_at_tensorrt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = install(monkeypatch, tmp_path, "tensorrt", "cuda")
    assert "not tried" in _findings()["tensorrt"].text
    assert "tensorrt" not in [name for name, _ in runtime.opened]


def test_the_engines_are_counted_where_they_lie(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine_cache, "cache_folder", lambda: tmp_path)
    assert providers.engine_cache().status == "skipped"
    (tmp_path / "a.engine").write_bytes(bytes(3 * 2**20))
    assert providers.engine_cache().text == f"1 TensorRT engines, 3 MiB in {tmp_path}"
