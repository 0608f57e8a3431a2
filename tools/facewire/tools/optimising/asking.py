"""What a network that begins with a speech encoder is asked when a variant is compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.bundles.a2f import RegressionBundle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle

_EMOTION_SAMPLES: Final = (30_000, 5_000)
_SPEECH: Final = {"regression": 24, "emotion": 4}


@dataclass(frozen=True)
class Asked:
    """What a network is asked."""

    feeds: list[dict[str, NDArray[np.float32]]]
    runs: list[dict[str, NDArray[Any]]]
    """Two that differ in every free axis."""
    output: str


def asked_of(bundle: NvidiaBundle, audio: NDArray[np.float32]) -> Asked:
    """Return what a network is asked when a variant is compared with it."""
    from facewire.tools.optimising.report import probes

    if isinstance(bundle, RegressionBundle):
        windows = probes(audio, bundle.info.window_samples, _SPEECH["regression"])
        moods = _moods(bundle)
        feeds = [
            {"input": window[None, None], "emotion": moods[at % len(moods)]}
            for at, window in enumerate(windows)
        ]
        runs = [feeds[0], {name: np.repeat(each, 2, axis=0) for name, each in feeds[0].items()}]
        return Asked(feeds, runs, "result")
    feeds = [
        {"input_values": window[None]}
        for samples in _EMOTION_SAMPLES
        for window in probes(audio, samples, _SPEECH["emotion"])
    ]
    short = feeds[-1]["input_values"]
    return Asked(feeds, [feeds[0], {"input_values": np.repeat(short, 2, axis=0)}], "output")


def _moods(bundle: RegressionBundle) -> list[NDArray[np.float32]]:
    """Return emotion inputs [1, 1, n]: none, and each of the explicit ones alone."""
    implicit = bundle.implicit_emotion
    count = len(bundle.info.emotions)
    explicit = np.concatenate([np.zeros((1, count)), np.eye(count)]).astype(np.float32)
    return [np.concatenate([implicit, each])[None, None] for each in explicit]
