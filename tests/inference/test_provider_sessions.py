"""What comes of asking for a provider that is there, half there or not; with a stand-in runtime."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.inference.fake_onnxruntime import install

from facewire.bundles import load_bundle
from facewire.inference import installed_runtime, sessions
from facewire.inference.backend import OrtBackend
from facewire.inference.shared_libraries import missing_libraries, needed_libraries
from facewire.protocol.errors import BundleError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK = b"network"


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make libraries of the providers missing."""

    def lack(*libraries: str) -> None:
        monkeypatch.setattr(sessions, "missing_libraries", lambda _file: libraries)

    return lack


def test_a_provider_by_name_is_opened_alone_and_without_onnxruntimes_own_fallback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = install(monkeypatch, tmp_path, "cuda")
    backend = OrtBackend(NETWORK, "cuda:1")

    assert (backend.name, backend.max_batch, backend.fallback) == ("cuda", 32, None)
    assert runtime.opened[0][1]["device_id"] == "1"
    assert runtime.keywords == [{"enable_fallback": 0}]


def test_the_cpu_keeps_to_one_thread_and_does_not_spin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = install(monkeypatch, tmp_path)
    OrtBackend(NETWORK, "cpu")

    assert runtime.options[0].intra_op_num_threads == 1
    assert runtime.options[0].entries == {"session.intra_op.allow_spinning": "0"}


@pytest.mark.parametrize("name", ["cuda", "openvino", "directml", "coreml"])
def test_a_provider_that_silently_became_the_cpu_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    install(monkeypatch, tmp_path, name, silent={name})
    with pytest.raises(ProviderError, match=f"'{name}' was asked for and 'cpu'"):
        OrtBackend(NETWORK, name)


def test_missing_libraries_are_all_named_before_onnxruntime_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: Callable[..., None]
) -> None:
    runtime = install(monkeypatch, tmp_path, "cuda")
    lacking("libcublasLt.so.13", "libcudnn.so.9")

    with pytest.raises(ProviderError, match=r"libcublasLt\.so\.13, libcudnn\.so\.9 not") as caught:
        OrtBackend(NETWORK, "cuda")
    assert "[cuda,cudnn]" in caught.value.hint
    assert runtime.opened == []


def test_a_missing_driver_is_told_from_missing_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: Callable[..., None]
) -> None:
    install(monkeypatch, tmp_path, "cuda")
    lacking("libcuda.so.1")
    with pytest.raises(ProviderError) as caught:
        OrtBackend(NETWORK, "cuda")
    assert "driver" in caught.value.hint


@pytest.mark.parametrize(
    ("installed", "hint"),
    [("11.4.0", "TensorRT 11.4.0 is installed and this onnxruntime needs 10"),
     ("", "Install TensorRT 10")],
)  # fmt: skip
def test_another_tensorrt_is_told_from_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: Callable[..., None],
    installed: str, hint: str,
) -> None:  # fmt: skip
    install(monkeypatch, tmp_path, "tensorrt", "cuda")
    lacking("libnvinfer.so.10")
    monkeypatch.setattr(sessions, "tensorrt_version", lambda: installed)
    with pytest.raises(ProviderError) as caught:
        OrtBackend(NETWORK, "tensorrt")
    assert hint in caught.value.hint


def test_two_wheels_are_named_when_one_has_overwritten_the_provider(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path)
    both = {"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}
    monkeypatch.setattr(sessions, "runtime_wheels", lambda: both)
    with pytest.raises(ProviderError, match="onnxruntime and onnxruntime-gpu are both installed"):
        OrtBackend(NETWORK, "cuda")


def test_a_network_that_the_cpu_refuses_too_is_the_bundles_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = {"cuda": RuntimeError("bad graph"), "cpu": RuntimeError("bad graph")}
    install(monkeypatch, tmp_path, "cuda", opening=broken)
    for asked in ("cuda", "cpu", "auto"):
        with pytest.raises(BundleError, match="refuses the network: bad graph"):
            OrtBackend(NETWORK, asked)


def test_a_network_that_the_cpu_takes_is_the_providers_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path, "cuda", opening={"cuda": RuntimeError("no kernel")})
    with pytest.raises(ProviderError, match="no kernel"):
        OrtBackend(NETWORK, "cuda")


@pytest.mark.parametrize(
    "words", ["CUDA failure 2: out of memory ; GPU=0", "Failed to allocate memory for requested"]
)
def test_memory_that_ran_out_at_loading_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    install(monkeypatch, tmp_path, "cuda", opening={"cuda": RuntimeError(words)})
    with pytest.raises(ProviderError, match="memory of 'cuda' ran out") as caught:
        OrtBackend(NETWORK, "cuda,memory=1GiB")
    assert "memory=" in caught.value.hint


def test_auto_takes_the_card_without_a_word_and_the_cpu_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: Callable[..., None]
) -> None:
    install(monkeypatch, tmp_path, "tensorrt", "cuda")
    assert (OrtBackend(NETWORK, "auto").name, OrtBackend(NETWORK, "auto").fallback) == (
        "cuda", None,
    )  # fmt: skip

    lacking("libcublasLt.so.13")
    fallen = OrtBackend(NETWORK, "auto")
    assert (fallen.name, fallen.max_batch) == ("cpu", 1)
    assert fallen.fallback is not None
    assert "libcublasLt.so.13" in fallen.fallback.text
    assert fallen.fallback.text.endswith("Running on cpu.")


def test_auto_on_a_machine_that_offers_no_card_has_nothing_to_warn_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path)
    monkeypatch.setattr(sessions, "gpu_names", list)
    assert OrtBackend(NETWORK, "auto").fallback is None


def test_auto_says_once_that_a_card_is_there_and_this_onnxruntime_cannot_use_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path)
    monkeypatch.setattr(sessions, "gpu_names", lambda: ["NVIDIA H200"])
    fallback = OrtBackend(NETWORK, "auto").fallback

    assert fallback is not None
    assert "'cuda' is not in this onnxruntime" in fallback.text
    assert fallback.text.endswith("Running on cpu.")


def test_auto_says_that_two_wheels_have_cost_it_the_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path)
    both = {"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}
    monkeypatch.setattr(sessions, "runtime_wheels", lambda: both)
    fallback = OrtBackend(NETWORK, "auto").fallback

    assert fallback is not None
    assert "are both installed" in fallback.text


def test_directml_gets_the_settings_without_which_it_does_not_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = install(monkeypatch, tmp_path, "directml")
    OrtBackend(NETWORK, "directml")
    assert runtime.options[0].enable_mem_pattern is False
    assert runtime.options[0].execution_mode == "sequential"


# --- the real onnxruntime, and real files ----------------------------------------------------


@pytest.mark.parametrize("name", ["cuda", "tensorrt", "openvino", "directml", "coreml"])
def test_the_real_runtime_lacks_a_provider_clearly(name: str) -> None:
    import onnxruntime

    from facewire.inference.providers import PROVIDERS

    if PROVIDERS[name] in onnxruntime.get_available_providers():
        pytest.skip(f"this onnxruntime has {name}")
    with pytest.raises(ProviderError, match="is not in this onnxruntime") as caught:
        OrtBackend(load_bundle("embedded").file("network.onnx"), name)
    assert "facewire doctor" in caught.value.hint


def test_what_a_library_needs_is_read_from_its_file() -> None:
    import onnxruntime

    files = list((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"))
    if not files:
        pytest.skip("no ELF files here")
    assert "libc.so.6" in needed_libraries(files[0])
    assert missing_libraries(files[0]) == ()


def test_a_library_that_nothing_has_is_missing(tmp_path: Path) -> None:
    import onnxruntime

    files = list((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"))
    if not files:
        pytest.skip("no ELF files here")
    altered = tmp_path / "provider.so"
    altered.write_bytes(files[0].read_bytes().replace(b"\0libm.so.6\0", b"\0libm.so.7\0"))
    assert missing_libraries(altered) == ("libm.so.7",)


@pytest.mark.parametrize("content", [b"", b"MZ", b"\x7fELF\x02\x01" + b"\xff" * 58])
def test_a_file_that_is_no_library_says_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.so"
    file.write_bytes(content)
    assert needed_libraries(file) == ()
    assert needed_libraries(tmp_path / "none.so") == ()


def test_cards_are_read_from_the_driver(tmp_path: Path) -> None:
    (tmp_path / "0000:01:00.0").mkdir()
    text = "Model: \t\t NVIDIA H200\nIRQ: 1\n"
    (tmp_path / "0000:01:00.0" / "information").write_text(text, "utf-8")
    assert installed_runtime.gpu_names(tmp_path) == ["NVIDIA H200"]
    assert installed_runtime.gpu_names(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("number", "version"), [(101_303, "10.13.3"), (110_000, "11.0.0"), (8_601, "8.6.1")]
)
def test_the_version_of_a_tensorrt_that_is_no_package_is_read_from_its_library(
    monkeypatch: pytest.MonkeyPatch, number: int, version: str
) -> None:
    def library(name: str) -> SimpleNamespace:
        if name != "libnvinfer.so.11":
            raise OSError(name)
        return SimpleNamespace(getInferLibVersion=lambda: number)

    monkeypatch.setattr(installed_runtime, "_version", lambda _package: "")
    monkeypatch.setattr("ctypes.CDLL", library)
    assert installed_runtime.tensorrt_version() == version


def test_an_input_without_a_first_axis_does_not_stop_loading(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path, "cuda", shape=())
    backend = OrtBackend(NETWORK, "cuda")
    assert backend.max_batch == 32
    assert np.array_equal(backend.run({"x": np.ones(1)}), [2.0])
