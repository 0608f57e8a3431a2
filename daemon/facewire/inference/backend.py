"""What runs ONNX: one interface, and onnxruntime behind it."""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from facewire.inference.providers import PROVIDERS, parse_provider
from facewire.inference.sessions import (
    Opened,
    Request,
    input_shapes,
    is_out_of_memory,
    open_session,
    out_of_memory,
    passed_over,
    tried_providers,
)
from facewire.protocol.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["PROVIDERS", "Backend", "OrtBackend", "ProviderFallback"]

_OUR_FAULT: Final = "InvalidArgument"
"""Class of onnxruntime's error for feeds that do not fit: no fault of the provider's."""


class Backend(Protocol):
    """Runs one network. `run` may be called from any thread."""

    @property
    def name(self) -> str:
        """Provider it really runs on, such as `cpu`."""

    @property
    def max_batch(self) -> int:
        """Most windows worth gathering in one call; 1 on a CPU, where batching gains nothing."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the network's output; first axis of every feed and of the result is the batch."""


@dataclass(frozen=True)
class ProviderFallback:
    """`auto` left an accelerator that does not work; said once."""

    text: str


class OrtBackend:
    """A network under onnxruntime, one intra-op thread, no spinning: a game has the other cores.

    A provider asked for by name is what it runs on, or an error; it is never left. Under `auto` a
    card that fails while running (a driver's reset, a card that fell off the bus) is left for the
    CPU, once and for good, with a warning in the log; `name`, `max_batch` and `fallback` then say
    so. A card whose memory is full stays: what was asked of it then fails, and the next may not.
    """

    def __init__(
        self,
        network: bytes | str | Path,
        providers: str = "cpu",
        *,
        threads: int = 1,
        output: str = "",
        free_axes: Mapping[str, tuple[int, int, int]] | None = None,
        on_progress: Callable[[str, float], None] | None = None,
    ) -> None:
        """Load a network.

        Args:
            network: The ONNX file's bytes (what was verified is then what runs) or its path.
            providers: `cpu`, `auto`, or a name of PROVIDERS, with options: see `providers`.
            threads: Intra-op threads per call.
            output: Which output `run` returns; "" for the first.
            free_axes: Name of a free axis other than the batch ("" for any) -> smallest, usual and
                largest length; TensorRT plans for them. Without, it builds anew for each new one.
            on_progress: Called with words and seconds while an engine is built or read, from a
                thread of its own.

        Raises:
            ProviderError: the provider asked for by name is not what the session got.
            BundleError: onnxruntime refuses the file.
        """
        self.fallback: ProviderFallback | None = None
        """Set when `auto` had to leave an accelerator for another provider."""
        self._request = Request(
            network=network if isinstance(network, bytes) else str(network),
            choice=parse_provider(providers),
            threads=threads,
            free_axes=free_axes or {},
            on_progress=on_progress,
        )
        self._leaving = threading.Lock()
        self._alone = threading.Lock()
        self._opened = self._open()
        if self._opened.name == "cpu":  # nothing to leave: the network's bytes are not kept
            self._request = replace(self._request, network=b"")
        self._output = output or self._opened.session.get_outputs()[0].name

    @property
    def name(self) -> str:
        """Provider it really runs on, such as `cpu`."""
        return self._opened.name

    @property
    def max_batch(self) -> int:
        """Most windows worth gathering in one call; 1 on a CPU, where batching gains nothing."""
        return self._opened.max_batch

    @property
    def inputs(self) -> dict[str, tuple[int | str | None, ...]]:
        """Input names and shapes; a text or None stands for a dynamic axis."""
        return input_shapes(self._opened.session)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the one output for these feeds.

        Raises:
            ProviderError: the provider failed, and is not one that `auto` may leave.
        """
        return self.outputs(feeds, [self._output])[0]

    def outputs(
        self, feeds: Mapping[str, NDArray[Any]], names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """Return the outputs of these names, in their order.

        Raises:
            ProviderError: as `run`.
        """
        opened = self._opened
        try:
            found = self._call(opened, feeds, names)
        except Exception as error:
            if opened.name == "cpu" or type(error).__name__ == _OUR_FAULT:
                raise
            failure = _failure(opened.name, error)
            if self._request.choice.name != "auto" or is_out_of_memory(error):
                raise failure from error
            found = self._call(self._leave(opened, failure), feeds, names)
        return [np.asarray(each, np.float32) for each in found]

    def _call(
        self, opened: Opened, feeds: Mapping[str, NDArray[Any]], names: Sequence[str]
    ) -> list[Any]:
        # DirectML forbids two calls at a time into one session; all others allow it.
        guard = self._alone if opened.name == "directml" else contextlib.nullcontext()
        with guard:
            return list(opened.session.run(list(names), dict(feeds)))

    def _open(self) -> Opened:
        choice = self._request.choice
        if choice.name != "auto":
            return open_session(self._request, choice.name)
        failures = passed_over(choice)
        for name in tried_providers(choice):
            try:
                opened = open_session(self._request, name)
            except ProviderError as error:
                failures.append(str(error))
                continue
            if failures:
                self.fallback = ProviderFallback(f"{failures[0]} Running on {name}.")
            return opened
        raise ProviderError(
            failures[-1] if failures else "onnxruntime offers no provider at all.",
            hint="Reinstall onnxruntime.",
        )

    def _leave(self, failed: Opened, failure: ProviderError) -> Opened:
        """Return the CPU's session in place of a failed one's, opened by the first who comes."""
        with self._leaving:
            if self._opened is failed:
                self._opened = open_session(self._request, "cpu")
                self.fallback = ProviderFallback(f"{failure.text} Running on cpu from here on.")
                self._request = replace(self._request, network=b"")
                logging.getLogger("facewire.inference").warning("%s", self.fallback.text)
            return self._opened


def _failure(name: str, error: Exception) -> ProviderError:
    """Return the error for a provider that failed while running."""
    if is_out_of_memory(error):
        return out_of_memory(name)
    return ProviderError(
        f"The provider {name!r} failed while running: {error}",
        hint="Look at the card and its driver, then restart; `auto` goes on with the CPU.",
    )
