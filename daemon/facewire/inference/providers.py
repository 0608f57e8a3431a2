"""What can run a network, how it is asked for, and with which options: data and decisions only.

A provider is asked for by a text::

    cpu | cuda | tensorrt | openvino | directml | coreml | auto
    cuda:1                      the second card
    cuda,memory=2GiB            no more than this of the card's memory, for a card that also renders
    tensorrt:1,precision=fp16   half precision, whose curves are no longer those of the CPU
    openvino,precision=bf16     likewise; `NAME@bf16` asks for it, with a report of its errors

`auto` takes the first that works: cuda, then directml (Windows) or coreml (macOS), then the CPU.
TensorRT is taken by its name alone, because it builds an engine for minutes; openvino too, because
it is another package. `auto` passes over a provider that cannot honour what is asked of it.

Facewire's developers have run `cpu`, and `openvino` on Linux with networks of full size (small ones
with random weights ended the process). The options of the others follow onnxruntime's documentation
and are tested for being passed on, against a stand-in: see `RUN_HERE`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDERS: Final = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""Our name -> onnxruntime's."""
RUN_HERE: Final = frozenset({"cpu", "openvino"})
"""Providers that Facewire's developers have run; the others are untested on real hardware."""
HELP: Final = (
    "cpu, auto, cuda, tensorrt, openvino, directml or coreml; `cuda:1` is the second card, "
    "`cuda,memory=2GiB` caps its memory, `tensorrt,precision=fp16` trades exactness for speed."
)
"""What --help and the configuration say of the setting."""

_BATCHES: Final = {"cuda": 32, "tensorrt": 32, "directml": 32}
"""Most windows of one call where gathering them pays; 1 on all others, which compute on a CPU or,
as coreml, plan for one shape."""
ENGINE_BATCHES: Final = (1, 8, 32)
"""Smallest, usual and largest batch that a TensorRT engine is built for."""
_TAKES: Final = {
    "cuda": {"device", "memory"},
    "tensorrt": {"device", "memory", "precision"},
    "directml": {"device"},
    "openvino": {"precision"},
}
_OPTIONS: Final = ("memory", "precision")
_PRECISIONS: Final = {"tensorrt": ("fp32", "fp16"), "openvino": ("fp32", "bf16")}
_UNITS: Final = {"MiB": 2**20, "GiB": 2**30}
_LEAST_MEMORY: Final = 256 * 2**20


@dataclass(frozen=True, kw_only=True)
class ProviderChoice:
    """A provider as it was asked for."""

    name: str
    """A key of `PROVIDERS`, or `auto`."""
    device: int = 0
    """Which card, from 0."""
    memory_bytes: int = 0
    """Most of the card's memory for the network's arena; 0: no cap."""
    precision: str = "fp32"
    """`fp32`, or less: `fp16` of tensorrt, `bf16` of openvino."""

    def wants(self) -> set[str]:
        """Return what is asked for beyond the name: of device, memory, precision."""
        asked = {
            "device": self.device != 0,
            "memory": self.memory_bytes != 0,
            "precision": self.precision != "fp32",
        }
        return {each for each, is_asked in asked.items() if is_asked}


def parse_provider(text: str) -> ProviderChoice:
    """Return the provider that a text such as `cuda:1,memory=2GiB` asks for.

    Raises:
        ProviderError: no such provider or option, or a value out of range.
    """
    head, *options = text.strip().split(",")
    name, _, device = head.partition(":")
    if name not in PROVIDERS and name != "auto":
        raise ProviderError(
            f"There is no provider called {name!r}.", hint=f"Known: auto, {', '.join(PROVIDERS)}."
        )
    if ":" in head and not re.fullmatch(r"\d{1,2}", device):
        raise _wrong(text, f"{device!r} is not the number of a card")
    values: dict[str, str] = {}
    for option in options:
        key, _, value = option.strip().partition("=")
        if key not in _OPTIONS or key in values:
            raise _wrong(text, f"{option.strip()!r} is not one of its options, each at most once")
        values[key] = value
    choice = ProviderChoice(
        name=name,
        device=int(device or 0),
        memory_bytes=_memory_bytes(values["memory"], text) if "memory" in values else 0,
        precision=_precision(name, values.get("precision", "fp32"), text),
    )
    takes = set().union(*_TAKES.values()) if name == "auto" else _TAKES.get(name, set())
    refused = choice.wants() - (takes - {"precision"} if name == "auto" else takes)
    if refused:
        raise _wrong(text, f"{name!r} takes no {' and no '.join(sorted(refused))}")
    return choice


def candidates(choice: ProviderChoice, platform: str) -> list[str]:
    """Return the providers to try, best first; the last one is the CPU where `auto` was said.

    Args:
        choice: What was asked for.
        platform: As `sys.platform`.
    """
    if choice.name != "auto":
        return [choice.name]
    of_system = {"win32": ["directml"], "darwin": ["coreml"]}.get(platform, [])
    able = [name for name in ("cuda", *of_system) if choice.wants() <= _TAKES.get(name, set())]
    return [*able, "cpu"]


def most_windows(name: str, shapes: Mapping[str, tuple[int | str | None, ...]]) -> int:
    """Return the most windows to gather in one call.

    Args:
        name: The provider that runs the network.
        shapes: Input name -> shape. An input whose first axis is a number was exported for that
            batch, unless a later one is called batch: more would be refused at run time.
    """
    fixed = [
        shape[0]
        for shape in shapes.values()
        if shape
        and isinstance(shape[0], int)
        and not any(isinstance(axis, str) and "batch" in axis for axis in shape)
    ]
    return min([_BATCHES.get(name, 1), *fixed])


def profile_shapes(
    shapes: Mapping[str, tuple[int | str | None, ...]],
    free_axes: Mapping[str, tuple[int, int, int]],
) -> dict[str, str]:
    """Return TensorRT's ranges of shapes as onnxruntime's three options; {} where one is unknown.

    Args:
        shapes: Input name -> shape; a text or None stands for a free axis.
        free_axes: Name of a free axis, or "" for any -> smallest, usual and largest length. A first
            axis, and one whose name holds "batch", need no entry.
    """
    texts: list[list[str]] = [[], [], []]
    for name, shape in shapes.items():
        ranges = [_axis_range(axis, index, free_axes) for index, axis in enumerate(shape)]
        if None in ranges:
            return {}
        for which, text in enumerate(texts):
            text.append(f"{name}:" + "x".join(str(each[which]) for each in ranges if each))
    keys = ("trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_profile_max_shapes")
    return dict(zip(keys, (",".join(text) for text in texts), strict=True))


def provider_list(
    name: str, choice: ProviderChoice, *, threads: int = 1, engine: Mapping[str, str] | None = None
) -> list[tuple[str, dict[str, str]]]:
    """Return what `InferenceSession` takes as `providers`.

    Args:
        name: The provider to open.
        choice: What was asked for: the card and its limits.
        threads: Threads of a provider that computes on the CPU.
        engine: For tensorrt: folder and shapes of its engine, as onnxruntime's options.
    """
    match name:
        case "cuda":
            options = _cuda(choice)
        case "tensorrt":
            options = _tensorrt(choice, engine or {})
        case "openvino":
            options = _openvino(choice, threads)
        case "directml":
            options = {"device_id": str(choice.device)}
        case "coreml":
            options = _coreml()
        case _:
            options = {}
    found = [(PROVIDERS[name], options)]
    if name == "tensorrt":  # runs what TensorRT leaves over; else those nodes go to the CPU
        found.append((PROVIDERS["cuda"], _cuda(choice)))
    return found


def our_name(provider: str) -> str:
    """Return our name of one of onnxruntime's providers; its own where we have none."""
    return next((ours for ours, theirs in PROVIDERS.items() if theirs == provider), provider)


def _cuda(choice: ProviderChoice) -> dict[str, str]:
    options = {
        "device_id": str(choice.device),
        # Doubling takes up to half of the arena for nothing on a card that also renders.
        "arena_extend_strategy": "kSameAsRequested",
        # The exhaustive search times every kernel again for each new batch size: a hitch.
        "cudnn_conv_algo_search": "HEURISTIC",
        # TF32 keeps 10 bits of a factor: other curves than the CPU's.
        "use_tf32": "0",
    }
    if choice.memory_bytes:
        # A cap without this is one for the arena alone: cuDNN would take what it likes beside it.
        options |= {"gpu_mem_limit": str(choice.memory_bytes), "cudnn_conv_use_max_workspace": "0"}
    return options


def _tensorrt(choice: ProviderChoice, engine: Mapping[str, str]) -> dict[str, str]:
    options = {
        "device_id": str(choice.device),
        "trt_fp16_enable": str(int(choice.precision == "fp16")),
        **engine,
    }
    if choice.memory_bytes:
        options["trt_max_workspace_size"] = str(choice.memory_bytes)
    return options


def _openvino(choice: ProviderChoice, threads: int) -> dict[str, str]:
    options = {
        "device_type": "CPU",
        # By name: on a processor with bf16 units OpenVINO itself would take those by itself.
        "precision": "FP32",
        "num_of_threads": str(threads),
        "num_streams": "1",
    }
    if choice.precision == "bf16":
        # `precision` knows no bf16. Without the units for it this is passed over in silence.
        options["load_config"] = json.dumps({"CPU": {"INFERENCE_PRECISION_HINT": "bf16"}})
    return options


def _coreml() -> dict[str, str]:
    # The neural engine computes in half precision; CPU and GPU keep fp32 in an ML program.
    return {"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU"}


def _axis_range(
    axis: int | str | None, index: int, free_axes: Mapping[str, tuple[int, int, int]]
) -> tuple[int, int, int] | None:
    if isinstance(axis, int):
        return (axis, axis, axis)
    if axis is not None and axis in free_axes:
        return free_axes[axis]
    if index == 0 or "batch" in (axis or ""):
        return ENGINE_BATCHES
    return free_axes.get("")


def _memory_bytes(text: str, whole: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(MiB|GiB)", text)
    size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size < _LEAST_MEMORY:
        raise _wrong(whole, f"memory={text!r} is not a size of 256MiB or more")
    return size


def _precision(name: str, text: str, whole: str) -> str:
    known = _PRECISIONS.get(name, ("fp32", "fp16", "bf16"))
    if text not in known:
        raise _wrong(whole, f"precision={text!r} is not one of {', '.join(known)}")
    return text


def _wrong(text: str, why: str) -> ProviderError:
    return ProviderError(f"The provider {text!r} cannot be used: {why}.", hint=f"Use {HELP}")
