"""The variant bf16: made where OpenVINO is, run in bfloat16 there alone, refused elsewhere."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from tests.tools.models_kit import Shop
from tests.tools.optimise_kit import mark_in, optimised, quick_shop, second_in

from facewire.bundles.detect import read_bundle
from facewire.bundles.variants import choose_network, find_variant
from facewire.inference import running, sessions
from facewire.inference.backend import OrtBackend
from facewire.inference.loading import load_model
from facewire.inference.sessions import offered_providers
from facewire.protocol.errors import BundleError
from facewire.tools.optimising import faces, report, trial
from facewire.tools.synth.listening import speech_16k

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return quick_shop(tmp_path, monkeypatch)


@pytest.fixture
def mark(synthetic_bundles: Path, tmp_path: Path) -> Path:
    return mark_in(tmp_path, synthetic_bundles)


@pytest.fixture
def second(tmp_path: Path) -> str:
    return second_in(tmp_path)


def test_bf16_is_refused_with_what_to_install_rather_than_made_up(
    shop: Shop, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "offered_providers", lambda: ["cpu"])
    (told,) = optimised(shop, str(mark), "--variant", "bf16", code=1)
    assert not told["kept"]
    assert "openvino" in told["refused"]
    assert "facewire[openvino]" in told["hint"]
    assert not (mark / "facewire").exists()


class OpenVino(OrtBackend):
    """Stands in for OpenVINO: the answers have as many bits as bfloat16 where that is asked for."""

    has_units = True
    opened: ClassVar[list[str]] = []

    def __init__(self, network: Any, providers: str = "cpu", **more: Any) -> None:
        self.opened.append(providers)
        self.bits = 16 if "bf16" in providers and self.has_units else 0
        super().__init__(network, "cpu", **more)

    def run(self, feeds: Any) -> Any:
        bits = super().run(feeds).view(np.uint32)
        return (bits >> self.bits << self.bits).view(np.float32)


@pytest.fixture
def openvino(monkeypatch: pytest.MonkeyPatch) -> type[OpenVino]:
    class Here(OpenVino):
        opened: ClassVar[list[str]] = []

    monkeypatch.setattr(sessions, "offered_providers", lambda: ["cpu", "openvino"])
    monkeypatch.setattr(trial, "failure", lambda *_: "")
    for module in (report, faces, running):
        monkeypatch.setattr(module, "OrtBackend", Here)
    return Here


def test_bf16_is_made_where_openvino_is_and_opened_in_bfloat16_there_alone(
    shop: Shop, mark: Path, second: str, openvino: type[OpenVino]
) -> None:
    (made,) = optimised(shop, str(mark), "--audio", second, "--variant", "bf16")
    assert (made["class"], made["kept"], made["over"]) == ("turbo", True, [])
    assert 1e-4 < made["difference"]["relative_l2"] < made["limits"]["relative_l2"] == 0.05
    assert 0 < made["face"]["curves"]["mean"] < made["face"]["curves"]["max"]
    kept = find_variant(mark / "network.onnx", "bf16")
    assert kept is not None
    assert kept.providers == ("openvino",)

    bundle = read_bundle(mark)
    assert choose_network(bundle, provider="openvino").network == bundle.network
    openvino.opened.clear()
    assert load_model(mark, "openvino", variant="bf16").variant == "bf16"
    assert load_model(mark, "openvino").variant == ""
    assert openvino.opened == ["openvino,precision=bf16", "openvino"]
    for provider in ("cpu", "auto"):
        with pytest.raises(BundleError, match="is for the provider openvino, not 'cpu'") as refused:
            load_model(mark, provider, variant="bf16")
        assert "facewire[openvino]" in refused.value.hint


def test_bf16_is_refused_where_the_processor_computes_in_float32_all_the_same(
    shop: Shop, mark: Path, second: str, openvino: type[OpenVino]
) -> None:
    openvino.has_units = False
    (told,) = optimised(shop, str(mark), "--audio", second, "--variant", "bf16", code=1)
    assert told["refused"].startswith("OpenVINO computes in float32 on this processor")
    assert find_variant(mark / "network.onnx", "bf16") is None


def test_a_network_that_takes_the_process_down_is_found_out_in_another_one(
    shop: Shop, mark: Path, second: str, openvino: type[OpenVino], monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = "it ended the process (signal 11)"
    monkeypatch.setattr(trial, "failure", lambda *_: dies)
    openvino.opened.clear()
    (told,) = optimised(shop, str(mark), "--audio", second, "--variant", "bf16", code=1)
    assert told["refused"] == f"OpenVINO cannot run this network: {dies}."
    assert not openvino.opened
    assert find_variant(mark / "network.onnx", "bf16") is None


def test_a_trial_says_how_a_network_fails(mark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = {
        "input": np.zeros((1, 1, 8_320), np.float32),
        "emotion": np.zeros((1, 1, 26), np.float32),
    }
    assert trial.failure(mark / "network.onnx", "cpu", [feeds]) == ""
    assert "facewire" in trial.failure(mark / "network.onnx", "nonsense", [feeds])
    done = subprocess.CompletedProcess([], -11, b"", b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert trial.failure(mark / "network.onnx", "cpu", []) == "it ended the process (signal 11)"


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.skipif("openvino" not in offered_providers(), reason="onnxruntime-openvino is absent")
def test_openvino_itself_answers_as_the_cpu_does_and_nearly_so_in_bfloat16(
    tmp_path: Path, second: str
) -> None:
    """At full size: OpenVINO 2025.4 ends the process on the small network."""
    shop = Shop(tmp_path / "real", {"FACEWIRE_VARIANTS": str(tmp_path / "cache")})
    mark = tmp_path / "full"
    assert shop.run("models", "synth", "regression", str(mark), "--full-size").returncode == 0
    fed = {
        "input": speech_16k()[None, None, 20_000:28_320],
        "emotion": np.zeros((1, 1, 26), np.float32),
    }
    before = load_model(mark).backend.run(fed)
    same = load_model(mark, "openvino").backend
    assert same.name == "openvino"
    assert report.difference([before], [same.run(fed)]).max_rel < 2e-5
    (made,) = optimised(shop, str(mark), "--audio", second, "--variant", "bf16")
    assert made["speed"]["ratio"] > 1.5
    near = load_model(mark, "openvino", variant="bf16").backend.run(fed)
    assert 1e-4 < report.difference([before], [near]).relative_l2 < 0.05
