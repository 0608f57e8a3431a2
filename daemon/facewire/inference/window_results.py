"""Inference results of a whole utterance, window by window, asked for in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.inference.byte_cache import ByteCache
from facewire.inference.windows import available_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from facewire.inference.backend import Backend
    from facewire.inference.windows import WindowSpec

_MEMORY = "input_latents"
"""Port of a network whose windows depend on the ones before."""


class WindowResults:
    """Runs each window once while the cache has room for its result.

    A network with a memory is asked for the windows in order the first time. What it remembered
    before each of them (4 KB for v3.0) is kept for good, so that a result which the cache let go of
    costs one inference again and not a replay from the beginning.
    """

    def __init__(
        self,
        backend: Backend,
        spec: WindowSpec,
        samples: int,
        feeds_of: Callable[[int], Mapping[str, NDArray[Any]]],
        *,
        limit_bytes: int,
        on_inference: Callable[[int, int], None] | None = None,
    ) -> None:
        """Take what runs the windows.

        Args:
            backend: Of the face.
            spec: The windows.
            samples: 16 kHz samples of the utterance.
            feeds_of: Returns what a window reads; its memory, if any, is put in here.
            limit_bytes: Most that results may take; the newest is kept whatever its size.
            on_inference: Called after each inference with its window and how many windows there
                are.
        """
        self._backend = backend
        self._feeds_of = feeds_of
        self._on_inference = on_inference
        self._results = ByteCache[Any](limit_bytes)
        self._memories: list[NDArray[np.float32]] = []
        self.count = available_windows(spec, read=0, samples=samples, closed=True)
        """Windows of the utterance."""
        self.inferences = 0
        """Times that the network was run."""

    @property
    def nbytes(self) -> int:
        """Memory that the results held take."""
        return self._results.nbytes

    def result(self, index: int) -> NDArray[np.float32]:
        """Return the result of a window, with its batch axis of 1."""
        held = self._results.get("result", index)
        if held is not None:
            return held  # type: ignore[no-any-return]
        feeds = self._feeds_of(index)
        if _MEMORY in feeds:
            if not self._memories:
                self._memories.append(feeds[_MEMORY][0])  # before the first window: zero
            for earlier in range(len(self._memories) - 1, index):
                self._run(earlier, self._with_memory(earlier, self._feeds_of(earlier)))
            feeds = self._with_memory(index, feeds)
        return self._run(index, feeds)

    def result_for(self, index: int, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the result of a window whose feeds a stream has made, in the windows' order."""
        held = self._results.get("result", index)
        if held is not None:
            return held  # type: ignore[no-any-return]
        if _MEMORY in feeds and len(self._memories) == index:
            self._memories.append(feeds[_MEMORY][0])
        return self._run(index, feeds)

    def forget(self) -> None:
        """Drop everything: what the network hears has changed."""
        self._results.drop("result")
        self._memories = []

    def _with_memory(
        self, index: int, feeds: Mapping[str, NDArray[Any]]
    ) -> Mapping[str, NDArray[Any]]:
        return {**feeds, _MEMORY: self._memories[index][None]}

    def _run(self, index: int, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        result = self._backend.run(feeds)
        self.inferences += 1
        if _MEMORY in feeds and len(self._memories) == index + 1:
            before = self._memories[index]
            after = result[0, -before.size :].reshape(before.shape)
            # As `DiffusionTrack`: a memory that is broken would stay so for ever.
            self._memories.append(after.copy() if np.isfinite(after).all() else before)
        self._results.put("result", index, result, result.nbytes)
        if self._on_inference is not None:
            self._on_inference(index, self.count)
        return result
