"""A card that fails while it runs: left once under `auto`, never when it was asked for by name."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.inference.fake_onnxruntime import InvalidArgument, install

from facewire.inference.backend import OrtBackend
from facewire.protocol.errors import ProviderError

if TYPE_CHECKING:
    from pathlib import Path

LOST = RuntimeError("CUDA failure 719: unspecified launch failure")
FEEDS = {"x": np.ones((3, 4), np.float32)}


def test_a_card_asked_for_by_name_is_never_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = install(monkeypatch, tmp_path, "cuda", running={"cuda": LOST})
    backend = OrtBackend(b"n", "cuda")
    for _ in range(2):
        with pytest.raises(ProviderError, match="'cuda' failed while running"):
            backend.run(FEEDS)
    assert [name for name, _ in runtime.opened] == ["cuda"]
    assert backend.fallback is None


def test_auto_leaves_a_lost_card_once_with_one_warning_and_no_lost_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = install(monkeypatch, tmp_path, "cuda")
    backend = OrtBackend(b"n", "auto")
    backend.run(FEEDS)
    runtime.running["cuda"] = LOST

    gate = threading.Barrier(8)

    def run(_number: int) -> bool:
        gate.wait(10)
        return bool(np.array_equal(backend.run(FEEDS), FEEDS["x"] * 2))

    with caplog.at_level(logging.WARNING, "facewire"), ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(8)))

    assert [name for name, _ in runtime.opened] == ["cuda", "cpu"]
    assert (backend.name, backend.max_batch) == ("cpu", 1)
    assert backend.fallback is not None
    assert "719" in backend.fallback.text
    assert [record.getMessage() for record in caplog.records] == [backend.fallback.text]


def test_what_fails_on_the_cpu_after_that_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = {"cuda": LOST, "cpu": ValueError("cpu too")}
    install(monkeypatch, tmp_path, "cuda", running=broken)
    with pytest.raises(ValueError, match="cpu too"):
        OrtBackend(b"n", "auto").run(FEEDS)


@pytest.mark.parametrize("asked", ["cuda", "auto"])
def test_a_full_memory_ends_what_was_asked_and_the_card_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    full = RuntimeError("BFCArena: Failed to allocate memory for requested buffer of size 8")
    runtime = install(monkeypatch, tmp_path, "cuda", running={"cuda": full})
    backend = OrtBackend(b"n", asked)
    with pytest.raises(ProviderError, match="ran out"):
        backend.run(FEEDS)

    runtime.running.clear()
    assert np.array_equal(backend.run(FEEDS), FEEDS["x"] * 2)
    assert backend.name == "cuda"


@pytest.mark.parametrize("asked", ["cuda", "auto"])
def test_feeds_that_do_not_fit_are_no_fault_of_the_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    install(monkeypatch, tmp_path, "cuda", running={"cuda": InvalidArgument("rank")})
    backend = OrtBackend(b"n", asked)
    with pytest.raises(InvalidArgument):
        backend.run(FEEDS)
    assert backend.name == "cuda"


def test_directml_is_called_by_one_thread_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = install(monkeypatch, tmp_path, "directml")
    backend = OrtBackend(b"n", "directml")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: backend.run(FEEDS), range(200)))
    assert runtime.busiest == 1
