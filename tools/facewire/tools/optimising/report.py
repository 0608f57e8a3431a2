"""How far a variant's answers are from the original's, and how fast both are."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.inference.backend import OrtBackend
from facewire.tools.benching.figures import one_core
from facewire.tools.optimising.maker import Difference, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Feeds = Mapping[str, NDArray[Any]]

LOUD: Final = 4.0
TINY: Final = 1e-4
OFFSET: Final = 0.02
"""A constant voltage, of full scale, that a poor microphone adds to the sound."""
NOISE: Final = 0.1
_WARM_UP: Final = 3


def probes(audio: NDArray[np.float32], samples: int, speech: int) -> list[NDArray[np.float32]]:
    """Return windows float32[samples] to compare on: speech all over the audio, and what is none.

    The others are silence, noise, and a moment of the speech loud, all but inaudible, and offset.

    Args:
        audio: float32[n] at 16 kHz; repeated where it is shorter than a window.
        samples: Of a window.
        speech: How many windows of plain speech.
    """
    whole = np.resize(audio, max(len(audio), samples))
    starts = np.linspace(0, len(whole) - samples, speech).astype(int)
    found = [whole[start : start + samples] for start in starts]
    spoken = max(found, key=lambda window: float(np.square(window).mean()))
    random = np.random.default_rng(0)
    found += [
        np.zeros(samples, np.float32),
        (NOISE * random.standard_normal(samples)).astype(np.float32),
        np.clip(spoken * np.float32(LOUD), -1, 1),
        spoken * np.float32(TINY),
        spoken + np.float32(OFFSET),
    ]
    return found


def difference(
    original: Sequence[NDArray[np.float32]], other: Sequence[NDArray[np.float32]]
) -> Difference:
    """Return how far answers are apart; where both are NaN they are equal.

    Args:
        original: An answer for each window.
        other: Likewise, of the same shapes.
    """
    before, after = (
        np.concatenate([np.ravel(each) for each in rows]) for rows in (original, other)
    )
    before, after = before.astype(np.float64), after.astype(np.float64)
    both = np.isnan(before) & np.isnan(after)
    apart = np.abs(np.where(both, 0.0, after - before))
    apart = np.where(np.isfinite(apart), apart, np.finfo(np.float32).max)  # one alone is NaN
    known = np.where(np.isfinite(before), before, 0.0)
    reach = float(np.abs(known).max()) or 1.0
    return Difference(
        max_abs=float(apart.max()),
        max_rel=float(apart.max() / reach),
        p99_abs=float(np.percentile(apart, 99)),
        relative_l2=float(np.linalg.norm(apart) / (np.linalg.norm(known) or 1.0)),
        windows=len(original),
    )


def answers(
    network: Path, feeds: Sequence[Feeds], output: str, provider: str = "cpu"
) -> list[NDArray[np.float32]]:
    """Return a network's answers, one thread."""
    backend = OrtBackend(network, provider, output=output)
    return [backend.run(each) for each in feeds]


def speed(
    original: Path, variant: Path, feeds: Feeds, windows: int, provider: str = "cpu"
) -> Speed:
    """Return how fast both run on one core: the least process CPU time, taking turns.

    The least, because whatever else the machine does only ever adds.

    Args:
        original: The network as it was, which runs on the CPU of onnxruntime itself.
        variant: The other.
        feeds: What both are asked.
        windows: Calls of each that count.
        provider: What runs the variant.
    """
    both = [OrtBackend(original), OrtBackend(variant, provider)]
    least = [float("inf")] * 2
    with one_core():
        for number in range(windows + _WARM_UP):
            for at in (0, 1) if number % 2 else (1, 0):
                began_s = time.process_time()
                both[at].run(feeds)
                spent_s = time.process_time() - began_s
                if number >= _WARM_UP:
                    least[at] = min(least[at], spent_s)
    return Speed(original_ms=least[0] * 1000, variant_ms=least[1] * 1000, windows=windows)


def versions() -> dict[str, str]:
    """Return what the measurements depend on."""
    names = ("facewire", "onnx", "numpy")
    import onnxruntime

    return {
        **{name: importlib.metadata.version(name) for name in names},
        "onnxruntime": onnxruntime.__version__,
        "processor": platform.machine(),
    }
