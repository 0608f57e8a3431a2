"""What a user sees of a turbo variant: curves, jaw and eyes over the reference audio."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.inference.backend import OrtBackend
from facewire.inference.loading import load_model
from facewire.inference.stream import Stream, StreamSettings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.inference.model import Model

_RATE_HZ: Final = 16_000
_LIPS: Final = ("mouth",)


def face_difference(
    root: Path, network: Path, audio: NDArray[np.float32], provider: str = "cpu"
) -> dict[str, Any]:
    """Return how far curves, jaw and eyes are from those of the original network.

    Both go through a whole stream of 30 frames per second: geometry, solver and all.

    Args:
        root: Folder of a regression bundle.
        network: The variant's file.
        audio: float32[n] at 16 kHz.
        provider: What runs the variant.
    """
    model = load_model(root, variant="original")
    other = replace(model, backend=OrtBackend(network, provider, output="result"))
    before, names = _animated(model, audio)
    after, _ = _animated(other, audio)
    curves = np.abs(after["curves"] - before["curves"])
    jaw = next((at for at, name in enumerate(names) if name.lower() == "jawopen"), None)
    lips = [at for at, name in enumerate(names) if name.lower().startswith(_LIPS)]
    told: dict[str, Any] = {"frames": len(curves), "curves": _spread(curves)}
    if jaw is not None:
        told["jaw_open"] = _spread(curves[:, jaw])
    if lips:
        told["lips"] = _spread(curves[:, lips])
    told["eyes_deg"] = _spread(np.abs(after["eyes"] - before["eyes"]))
    return told


def _animated(
    model: Model, audio: NDArray[np.float32]
) -> tuple[dict[str, NDArray[np.float32]], tuple[str, ...]]:
    settings = StreamSettings(sample_rate_hz=_RATE_HZ, encoding="float32", fps=Fraction(30))
    stream = Stream(model, settings)
    stream.push(audio)
    stream.end()
    batches = []
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, model.backend_for(window).run(window.feeds))
        if batch is not None:
            batches.append(batch)
    parts = {
        "curves": np.concatenate([each.curves for each in batches]),
        "eyes": np.concatenate([each.eyes for each in batches]),
    }
    return parts, tuple(settings.served_rig.names)


def _spread(values: NDArray[np.float32]) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "p99": float(np.percentile(values, 99)),
        "max": float(values.max()),
    }
