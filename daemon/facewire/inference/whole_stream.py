"""All frames of an utterance by way of a stream, whose inference results may be known already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.inference.frames import FrameBatch
from facewire.inference.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.inference.model import Model
    from facewire.inference.settings import StreamSettings
    from facewire.inference.told_emotion import Key
    from facewire.inference.window_results import WindowResults


def all_of_stream(
    model: Model,
    settings: StreamSettings,
    keys: Sequence[Key],
    samples: NDArray[np.float32],
    results: WindowResults,
) -> FrameBatch:
    """Return every frame of a stream in one batch.

    Args:
        model: What animates it.
        settings: Of the stream.
        keys: Emotions over time.
        samples: float32[n], the whole audio.
        results: Of the same windows; those not held are run.
    """
    stream = Stream(model, settings)
    stream.set_emotion_keys(keys)
    stream.push(samples)
    stream.end()
    batches = []
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, results.result_for(window.index, window.feeds))
        if batch is not None:
            batches.append(batch)
    return _joined(batches)


def _joined(batches: Sequence[FrameBatch]) -> FrameBatch:
    """Return consecutive frames as one batch."""

    def all_of(name: str) -> Any:
        parts = [getattr(batch, name) for batch in batches]
        return None if parts[0] is None else np.concatenate(parts)

    joined: dict[str, Any] = {
        name: all_of(name)
        for name in ("timestamps", "curves", "eyes", "emotion", "jaw", "skin", "tongue")
    }
    flags = dict.fromkeys(flag for batch in batches for flag in batch.flags)
    return FrameBatch(first=batches[0].first, flags=tuple(flags), **joined)
