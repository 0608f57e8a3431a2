"""Opening a network under one provider, and saying truly why it did not open.

onnxruntime falls back to the CPU in silence, logs its reasons to the console only, and raises
classes of a private module. Here every way of failing becomes one of two errors: `BundleError` when
the network itself is at fault (no provider would take it) and `ProviderError` when the provider is.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from facewire.inference.engine_cache import BUILDING, REUSED, engine_for, heartbeat
from facewire.inference.installed_runtime import (
    gpu_names,
    provider_file,
    runtime_wheels,
    tensorrt_version,
)
from facewire.inference.ort import load_onnxruntime
from facewire.inference.providers import (
    PROVIDERS,
    ProviderChoice,
    candidates,
    most_windows,
    our_name,
    profile_shapes,
    provider_list,
)
from facewire.inference.shared_libraries import missing_libraries
from facewire.protocol.errors import BundleError, FacewireError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PACKAGES: Final = {
    "cuda": '`pip install "facewire[gpu]"` brings it',
    "tensorrt": '`pip install "facewire[gpu]"` and TensorRT bring it',
    "openvino": '`pip install "facewire[openvino]"` brings it, in place of the other onnxruntime',
    "directml": "the package onnxruntime-directml brings it, on Windows, in place of onnxruntime",
    "coreml": "onnxruntime for macOS brings it",
}
_NO_MEMORY: Final = ("out of memory", "failed to allocate", "bad allocation", "bad_alloc")
_SEVERITY_ERRORS: Final = 3
_SEVERITY_FATAL: Final = 4


@dataclass(frozen=True)
class Opened:
    """A session, and what it really runs on."""

    session: Any
    name: str
    """Our name of the provider."""
    max_batch: int
    """Most windows worth gathering in one call."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A network and how it shall be opened."""

    network: bytes | str
    """The ONNX file's bytes or path."""
    choice: ProviderChoice
    threads: int = 1
    free_axes: Mapping[str, tuple[int, int, int]]
    """Lengths of free axes other than the batch: see `providers.profile_shapes`."""
    on_progress: Callable[[str, float], None] | None = None


def offered_providers() -> list[str]:
    """Return our names of the providers that this onnxruntime was built with."""
    offered = load_onnxruntime().get_available_providers()
    return [ours for ours, theirs in PROVIDERS.items() if theirs in offered]


def tried_providers(choice: ProviderChoice) -> list[str]:
    """Return the providers to try, best first: of `candidates`, those that are built in."""
    offered = offered_providers()
    return [name for name in candidates(choice, sys.platform) if name in offered]


def passed_over(choice: ProviderChoice) -> list[str]:
    """Return why `auto` cannot even try CUDA, where a user would expect it to; else nothing.

    An onnxruntime for the CPU on a machine without a card is nothing to warn of.
    """
    if choice.name != "auto" or "cuda" in offered_providers():
        return []
    if len(runtime_wheels()) < 2 and not gpu_names():
        return []
    try:
        require_provider("cuda")
    except ProviderError as error:
        return [str(error)]
    return []


def open_session(request: Request, name: str) -> Opened:
    """Open the network under the provider `name`, and no other.

    Raises:
        BundleError: the network cannot be run by any provider.
        ProviderError: the provider is not there, or not able; the text says what is missing.
    """
    require_provider(name)
    engine: dict[str, str] = {}
    stage = ""
    if name == "tensorrt":
        engine, stage = _engine(request)
    providers = provider_list(name, request.choice, threads=request.threads, engine=engine)
    try:
        with heartbeat(request.on_progress if stage else None, stage):
            session = _create(request, name, providers)
    except Exception as error:  # onnxruntime raises classes of a private module
        raise _refusal(request, name, error) from error
    got = our_name(session.get_providers()[0])
    if got != name:  # it falls back silently: measured, with CUDA on a machine without one
        raise ProviderError(
            f"The provider {name!r} was asked for and {got!r} is what came: its libraries are "
            "there, and no card or driver that fits them answers.",
            hint="`nvidia-smi` shows the cards and the driver; `facewire doctor` the rest."
            if name in ("cuda", "tensorrt")
            else "`facewire doctor` says what is there.",
        )
    shapes = input_shapes(session)
    # Without ranges TensorRT builds anew, for minutes, whenever a batch is larger than any before.
    unplanned = name == "tensorrt" and "trt_profile_max_shapes" not in engine
    return Opened(session, name, 1 if unplanned else most_windows(name, shapes))


def require_provider(name: str) -> None:
    """Refuse a provider that cannot work on this machine, as far as can be told without a network.

    Raises:
        ProviderError: it is not in this onnxruntime, or libraries it needs are not found.
    """
    if name not in offered_providers():
        wheels = runtime_wheels()
        clash = ""
        if len(wheels) > 1:
            clash = f" {' and '.join(wheels)} are both installed and overwrite each other."
        raise ProviderError(
            f"The provider {name!r} is not in this onnxruntime.{clash}",
            hint=f"{_PACKAGES.get(name, 'Reinstall onnxruntime')}; `facewire doctor` says what is "
            "there.",
        )
    missing = missing_for(name)
    if missing:
        raise ProviderError(
            f"The provider {name!r} cannot be loaded: {', '.join(missing)} not found.",
            hint=_hint_for(missing),
        )


def missing_for(name: str) -> tuple[str, ...]:
    """Return the libraries that a provider needs and this machine lacks; () where none is known."""
    if name == "cpu":  # part of onnxruntime itself
        return ()
    runtime = load_onnxruntime()
    if name in ("cuda", "tensorrt") and hasattr(runtime, "preload_dlls"):
        # Finds the CUDA libraries that came as packages; it prints what it does not find.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError, OSError):
            runtime.preload_dlls()
    needed = ("cuda", "tensorrt") if name == "tensorrt" else (name,)
    found = (missing_libraries(provider_file(runtime, each)) for each in needed)
    return tuple(dict.fromkeys(library for each in found for library in each))


def input_shapes(session: Any) -> dict[str, tuple[int | str | None, ...]]:
    """Return input names and shapes; a text or None stands for a free axis."""
    return {each.name: tuple(each.shape) for each in session.get_inputs()}


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of onnxruntime means that memory ran out."""
    return any(words in str(error).lower() for words in _NO_MEMORY)


def out_of_memory(name: str) -> ProviderError:
    """Return the error for a card, or a machine, whose memory is full."""
    return ProviderError(
        f"The memory of {name!r} ran out.",
        hint="Free some, raise the cap `memory=` if one is set, or use the provider `cpu`."
        if name != "cpu"
        else "Free some, or use a smaller model.",
    )


def _create(request: Request, name: str, providers: list[tuple[str, dict[str, str]]]) -> Any:
    runtime = load_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = request.threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # What goes wrong off the CPU is told by our errors; the console need not tell it again.
    options.log_severity_level = _SEVERITY_ERRORS if name == "cpu" else _SEVERITY_FATAL
    if name == "directml":  # it works in no other way
        options.enable_mem_pattern = False
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    return runtime.InferenceSession(
        request.network,
        options,
        providers=providers,
        enable_fallback=0,  # else it prints, and goes on with another provider
    )


def _refusal(request: Request, name: str, error: Exception) -> FacewireError:
    """Return the error of ours for one of onnxruntime's at opening."""
    if isinstance(error, FacewireError):
        return error
    if is_out_of_memory(error):
        return out_of_memory(name)
    fault: Exception | None = error
    if name != "cpu":
        fault = _cpu_fault(request)
    if fault is not None:
        return BundleError(f"onnxruntime refuses the network: {fault}")
    return ProviderError(
        f"The provider {name!r} refuses a network that the CPU takes: {error}",
        hint="Use the provider `cpu`, or `auto`.",
    )


def _cpu_fault(request: Request) -> Exception | None:
    """Return why the CPU refuses the network too; None when it takes it."""
    try:
        _create(request, "cpu", provider_list("cpu", request.choice))
    except Exception as error:  # noqa: BLE001 - of a private module
        return error
    return None


def _engine(request: Request) -> tuple[dict[str, str], str]:
    """Return onnxruntime's options for the network's engine, and what opening it will do."""
    fp32 = request.choice.precision == "fp32"
    if fp32:
        # TensorRT rounds factors to TF32 by itself, and onnxruntime has no option against it: only
        # this variable, which is read when the first session is made. A user's own value stays.
        os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
    runtime = load_onnxruntime()
    probe = _probe(request)
    profile = profile_shapes(input_shapes(probe), request.free_axes)
    network = request.network
    engine = engine_for(
        network if isinstance(network, bytes) else Path(network),
        {
            "onnxruntime": str(runtime.__version__),
            "tensorrt": tensorrt_version(),
            "cards": "; ".join(gpu_names()),
            "device": str(request.choice.device),
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
            "precision": request.choice.precision,
            "tf32": os.environ.get("NVIDIA_TF32_OVERRIDE", ""),
            "system": sys.platform,
            **profile,
        },
    )
    return engine.options() | profile, REUSED if engine.is_built else BUILDING


def _probe(request: Request) -> Any:
    """Return a session of the CPU's: its inputs are needed before TensorRT's can be asked for."""
    try:
        return _create(request, "cpu", provider_list("cpu", request.choice))
    except Exception as error:
        raise _refusal(request, "cpu", error) from error


def _hint_for(missing: tuple[str, ...]) -> str:
    """Return what brings the missing libraries."""
    wanted = next((name for name in missing if name.startswith("libnvinfer.so.")), "")
    if wanted:
        major = wanted.rpartition(".")[2]
        have = tensorrt_version()
        if have and have.split(".")[0] != major:
            return f"TensorRT {have} is installed and this onnxruntime needs {major}: install that."
        return f"Install TensorRT {major} and put its libraries where the loader finds them."
    if missing == ("libcuda.so.1",):
        return "There is no NVIDIA driver here; install one, or use the provider `cpu`."
    return "Run `pip install 'onnxruntime-gpu[cuda,cudnn]'`, or install that CUDA and cuDNN."
