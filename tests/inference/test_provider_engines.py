"""TensorRT's engines: kept apart by what they depend on, private, and never built in silence."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from tests.inference.fake_onnxruntime import FakeRuntime, install

from facewire.inference import engine_cache, sessions
from facewire.inference.backend import OrtBackend
from facewire.inference.engine_cache import BUILDING, REUSED, cache_folder, cache_size, heartbeat
from facewire.protocol.errors import ProviderError

if TYPE_CHECKING:
    from pathlib import Path


def _builds(name: str, options: dict[str, str]) -> None:
    if name == "tensorrt":
        from pathlib import Path

        folder = Path(options["trt_engine_cache_path"])
        (folder / "TensorrtExecutionProvider_1_0_sm90.engine").write_bytes(b"engine")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRuntime:
    monkeypatch.setattr(sessions, "tensorrt_version", lambda: "10.16.1")
    monkeypatch.setattr(sessions, "gpu_names", lambda: ["NVIDIA H200"])
    return install(monkeypatch, tmp_path, "tensorrt", "cuda", while_opening=_builds)


def _folders(runtime: FakeRuntime) -> list[str]:
    return [o["trt_engine_cache_path"] for name, o in runtime.opened if name == "tensorrt"]


def test_the_first_time_an_engine_is_built_and_then_it_is_reused(runtime: FakeRuntime) -> None:
    said: list[str] = []
    for _ in range(2):
        OrtBackend(b"n", "tensorrt", on_progress=lambda stage, _elapsed_s: said.append(stage))

    assert said == [BUILDING, REUSED]
    assert len(set(_folders(runtime))) == 1
    assert cache_size() == (1, 6)


@pytest.mark.parametrize(
    ("target", "value"),
    [("tensorrt_version", "10.17.0"), ("gpu_names", ["NVIDIA L4"])],
)
def test_an_engine_belongs_to_one_tensorrt_and_one_card(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, target: str, value: object
) -> None:
    OrtBackend(b"n", "tensorrt")
    monkeypatch.setattr(sessions, target, lambda: value)
    OrtBackend(b"n", "tensorrt")
    assert len(set(_folders(runtime))) == 2


def test_an_engine_belongs_to_one_network_precision_and_card_number(runtime: FakeRuntime) -> None:
    for network, asked in [
        (b"n", "tensorrt"), (b"m", "tensorrt"), (b"n", "tensorrt,precision=fp16"),
        (b"n", "tensorrt:1"),
    ]:  # fmt: skip
        OrtBackend(network, asked)
    assert len(set(_folders(runtime))) == 4


def test_a_file_and_its_bytes_share_an_engine(runtime: FakeRuntime, tmp_path: Path) -> None:
    (tmp_path / "network.onnx").write_bytes(b"n")
    OrtBackend(b"n", "tensorrt")
    OrtBackend(tmp_path / "network.onnx", "tensorrt")
    assert len(set(_folders(runtime))) == 1


def test_an_engine_of_unknown_lengths_takes_one_window_at_a_time(runtime: FakeRuntime) -> None:
    assert OrtBackend(b"n", "tensorrt").max_batch == 32
    runtime.shape = ("batch", "time")
    assert OrtBackend(b"n", "tensorrt").max_batch == 1
    assert OrtBackend(b"n", "tensorrt", free_axes={"time": (1, 2, 3)}).max_batch == 32


def test_fp32_switches_tf32_off_unless_the_user_has_said_otherwise(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    OrtBackend(b"n", "tensorrt")
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "1"
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE")
    OrtBackend(b"n", "tensorrt")
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "0"
    assert len(set(_folders(runtime))) == 2


def test_the_folder_of_engines_is_nobody_elses(runtime: FakeRuntime) -> None:
    OrtBackend(b"n", "tensorrt")
    assert cache_folder().stat().st_mode & 0o777 == 0o700

    cache_folder().chmod(0o770)
    with pytest.raises(ProviderError, match="Others may write"):
        OrtBackend(b"n", "tensorrt")
    assert len(_folders(runtime)) == 1


def test_a_cache_that_cannot_be_made_is_a_provider_error(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ProviderError, match="cannot be made"):
        OrtBackend(b"n", "tensorrt")
    assert _folders(runtime) == []


def test_a_long_wait_is_told_again_and_again_and_the_telling_ends() -> None:
    thrice, told = threading.Event(), list[tuple[str, float]]()

    def tell(stage: str, elapsed_s: float) -> None:
        told.append((stage, elapsed_s))
        if len(told) == 3:
            thrice.set()

    with heartbeat(tell, "waiting", beat_s=0.01):
        assert thrice.wait(10)
    count = len(told)
    assert "facewire-heartbeat" not in [thread.name for thread in threading.enumerate()]
    assert told[0] == ("waiting", 0.0)
    assert [elapsed_s for _, elapsed_s in told] == sorted(elapsed_s for _, elapsed_s in told)
    assert len(told) == count


def test_the_telling_ends_when_building_fails() -> None:
    with pytest.raises(ValueError, match="no"), heartbeat(lambda *_: None, "x", beat_s=0.01):
        raise ValueError("no")
    assert "facewire-heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_an_empty_cache_has_no_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_cache, "cache_folder", lambda: tmp_path / "none")
    assert cache_size() == (0, 0)
