"""What runs ONNX: one interface, and onnxruntime behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from facewire.inference.ort import load_onnxruntime
from facewire.protocol.errors import BundleError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PROVIDERS: Final = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""Our name -> onnxruntime's."""
_AUTO_ORDER: Final = ("cuda", "directml", "coreml", "cpu")
_GPU_BATCH: Final = 32


class Backend(Protocol):
    """Runs one network. `run` may be called from any thread."""

    name: str
    """Provider it really runs on, such as `cpu`."""
    max_batch: int
    """Most windows worth gathering in one call; 1 on a CPU, where batching gains nothing."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the network's output; first axis of every feed and of the result is the batch."""


@dataclass(frozen=True)
class ProviderFallback:
    """`auto` found no accelerator that works and took the CPU; said once."""

    text: str


class OrtBackend:
    """A network under onnxruntime, one intra-op thread, no spinning: a game has the other cores."""

    def __init__(
        self,
        network: bytes | str | Path,
        providers: str = "cpu",
        *,
        threads: int = 1,
        output: str = "",
    ) -> None:
        """Load a network.

        Args:
            network: The ONNX file's bytes (what was verified is then what runs) or its path.
            providers: `cpu`, `auto`, or a name of PROVIDERS.
            threads: Intra-op threads per call.
            output: Which output `run` returns; "" for the first.

        Raises:
            ProviderError: the provider asked for by name is not what the session got.
            BundleError: onnxruntime refuses the file.
        """
        self.fallback: ProviderFallback | None = None
        """Set when `auto` had to leave an accelerator for the CPU."""
        source = network if isinstance(network, bytes) else str(network)
        self._session = self._open(source, providers, threads)
        self.name = _our_name(self._session.get_providers()[0])
        self.max_batch = 1 if self.name == "cpu" else _GPU_BATCH
        self._output = output or self._session.get_outputs()[0].name

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the one output for these feeds."""
        return self.outputs(feeds, [self._output])[0]

    def outputs(
        self, feeds: Mapping[str, NDArray[Any]], names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """Return the outputs of these names, in their order."""
        found = self._session.run(list(names), dict(feeds))
        return [np.asarray(each, np.float32) for each in found]

    @property
    def inputs(self) -> dict[str, tuple[int | str, ...]]:
        """Input names and shapes; a text stands for a dynamic axis."""
        return {each.name: tuple(each.shape) for each in self._session.get_inputs()}

    def _open(self, source: bytes | str, wanted: str, threads: int) -> Any:
        if wanted != "auto":
            return _named_session(source, wanted, threads)
        offered = _offered()
        failures = []
        for name in (name for name in _AUTO_ORDER if PROVIDERS[name] in offered):
            try:
                session = _named_session(source, name, threads)
            except ProviderError as error:
                failures.append(error.text)
                continue
            if failures:
                self.fallback = ProviderFallback(f"{failures[0]} Running on {name}.")
            return session
        raise ProviderError("onnxruntime offers no provider at all.", hint="Reinstall it.")


def _offered() -> list[str]:
    return list(load_onnxruntime().get_available_providers())


def _named_session(source: bytes | str, name: str, threads: int) -> Any:
    if name not in PROVIDERS:
        raise ProviderError(
            f"There is no provider called {name!r}.", hint=f"Known: auto, {', '.join(PROVIDERS)}."
        )
    asked = PROVIDERS[name]
    if asked not in _offered():
        raise ProviderError(
            f"The provider {name!r} is not in this onnxruntime.",
            hint="`pip install facewire[gpu]` brings cuda; `facewire doctor` says what is there.",
        )
    try:
        session = load_onnxruntime().InferenceSession(source, _options(threads), providers=[asked])
    except Exception as error:  # onnxruntime raises classes of a private module
        raise BundleError(f"onnxruntime refuses the network: {error}") from error
    got = session.get_providers()[0]
    if got != asked:  # it falls back silently: measured, with CUDA on a machine without one
        raise ProviderError(
            f"The provider {name!r} was asked for and {_our_name(got)!r} is what came.",
            hint="A driver or library is missing; `facewire doctor` says which.",
        )
    return session


def _options(threads: int) -> Any:
    options = load_onnxruntime().SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _our_name(provider: str) -> str:
    return next((ours for ours, theirs in PROVIDERS.items() if theirs == provider), provider)
