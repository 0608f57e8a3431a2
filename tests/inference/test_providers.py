"""How a provider is asked for, and with which options it is opened."""

from __future__ import annotations

import json

import pytest

from facewire.inference.providers import (
    PROVIDERS,
    candidates,
    most_windows,
    parse_provider,
    profile_shapes,
    provider_list,
)
from facewire.protocol.errors import ProviderError


def test_a_card_its_memory_and_a_precision_can_be_asked_for() -> None:
    choice = parse_provider("tensorrt:1,memory=1.5GiB,precision=fp16")

    assert (choice.name, choice.device) == ("tensorrt", 1)
    assert choice.memory_bytes == 3 * 2**29
    assert choice.precision == "fp16"
    assert parse_provider("cuda,memory=512MiB").memory_bytes == 2**29


@pytest.mark.parametrize("name", ["auto", *PROVIDERS])
def test_a_bare_name_asks_for_nothing_else(name: str) -> None:
    assert parse_provider(name).wants() == set()


@pytest.mark.parametrize(
    "text",
    ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:100", "cuda,memory=", "cuda,memory=2",
     "cuda,memory=2GB", "cuda,memory=255MiB", "cuda,memory=1GiB,memory=2GiB", "cuda,fast=1",
     "cuda,precision=fp16", "auto,precision=fp16", "tensorrt,precision=int8", "cpu:1",
     "tensorrt,precision=bf16", "openvino,precision=fp16", "cpu,precision=bf16",
     "cpu,memory=1GiB", "openvino:1", "coreml:1", "directml,memory=1GiB"],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(ProviderError) as caught:
        parse_provider(text)
    assert "cuda" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "platform", "order"),
    [
        ("auto", "linux", ["cuda", "cpu"]),
        ("auto", "win32", ["cuda", "directml", "cpu"]),
        ("auto", "darwin", ["cuda", "coreml", "cpu"]),
        ("auto:1", "win32", ["cuda", "directml", "cpu"]),
        ("auto,memory=1GiB", "win32", ["cuda", "cpu"]),
        ("auto:1", "darwin", ["cuda", "cpu"]),
        ("tensorrt", "linux", ["tensorrt"]),
    ],
)
def test_auto_never_builds_engines_and_passes_over_what_cannot_do_as_asked(
    text: str, platform: str, order: list[str]
) -> None:
    assert candidates(parse_provider(text), platform) == order


def test_cuda_is_exact_and_takes_memory_sparingly() -> None:
    [(name, options)] = provider_list("cuda", parse_provider("cuda:2,memory=2GiB"))

    assert name == "CUDAExecutionProvider"
    assert options == {
        "device_id": "2",
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "0",
        "gpu_mem_limit": str(2 * 2**30),
        "cudnn_conv_use_max_workspace": "0",
    }
    assert "gpu_mem_limit" not in provider_list("cuda", parse_provider("cuda"))[0][1]


def test_tensorrt_is_exact_unless_told_and_leaves_the_rest_to_cuda_on_the_same_card() -> None:
    exact = provider_list("tensorrt", parse_provider("tensorrt:1,memory=1GiB"), engine={"k": "v"})
    fast = provider_list("tensorrt", parse_provider("tensorrt,precision=fp16"))

    assert [name for name, _ in exact] == ["TensorrtExecutionProvider", "CUDAExecutionProvider"]
    assert exact[0][1]["trt_fp16_enable"] == "0"
    assert exact[0][1]["trt_max_workspace_size"] == str(2**30)
    assert exact[0][1]["k"] == "v"
    assert [options["device_id"] for _, options in exact] == ["1", "1"]
    assert fast[0][1]["trt_fp16_enable"] == "1"


def test_openvino_computes_in_fp32_on_the_threads_it_is_given() -> None:
    [(_, options)] = provider_list("openvino", parse_provider("openvino"), threads=1)

    assert options["device_type"] == "CPU"
    assert options["precision"] == "FP32"
    assert options["num_of_threads"] == "1"


def test_openvino_computes_in_bfloat16_where_that_is_asked_for() -> None:
    [(_, options)] = provider_list("openvino", parse_provider("openvino,precision=bf16"))

    # The text of the file, not its path; `precision` itself refuses BF16. Both measured, 1.24.1.
    assert json.loads(options["load_config"]) == {"CPU": {"INFERENCE_PRECISION_HINT": "bf16"}}
    assert options["precision"] == "FP32"
    [(_, whole)] = provider_list("openvino", parse_provider("openvino,precision=fp32"))
    assert "load_config" not in whole


def test_coreml_keeps_away_from_the_half_precision_of_the_neural_engine() -> None:
    [(_, options)] = provider_list("coreml", parse_provider("coreml"))
    assert options["MLComputeUnits"] == "CPUAndGPU"


def test_windows_are_gathered_on_a_card_only_and_never_beyond_a_fixed_batch() -> None:
    free, one = {"x": ("batch", 4)}, {"x": (1, 4)}

    assert {name: most_windows(name, free) for name in PROVIDERS} == {
        "cpu": 1, "cuda": 32, "tensorrt": 32, "openvino": 1, "directml": 32, "coreml": 1,
    }  # fmt: skip
    assert most_windows("cuda", one) == 1
    assert most_windows("cuda", {"latents": (2, 4, "batch_size", 256)}) == 32


def test_an_engine_is_planned_for_every_batch_and_every_length() -> None:
    shapes = {"audio": ("batch", 8320), "latents": (2, 4, "batch_size", 256), "x": (None, "time")}

    profile = profile_shapes(shapes, {"time": (5000, 30_000, 60_000)})

    assert profile == {
        "trt_profile_min_shapes": "audio:1x8320,latents:2x4x1x256,x:1x5000",
        "trt_profile_opt_shapes": "audio:8x8320,latents:2x4x8x256,x:8x30000",
        "trt_profile_max_shapes": "audio:32x8320,latents:2x4x32x256,x:32x60000",
    }
    assert profile_shapes(shapes, {}) == {}
    assert profile_shapes(shapes, {"": (5000, 30_000, 60_000)}) == profile
