"""How fast a model animates, in this process, on one thread: no wire, no scheduler."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from facewire.inference.loading import load_model
from facewire.inference.stream import Stream, StreamSettings
from facewire.tools.benching.figures import Spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ModelFigures:
    """What one thread of this machine does with a model."""

    model: str
    provider: str
    fps: Fraction
    audio_s: float
    """Seconds of speech animated, all passes together."""
    frames: int
    compute_s: float
    """Seconds from audio in to frames out, resampling to writing of curves."""
    load_ms: float
    """Reading, checking and starting the model."""
    window_ms: Spread
    """One window from audio to frames: features, network, face."""
    network_ms: Spread
    """The network alone."""

    @property
    def frames_per_second(self) -> float:
        """Frames made per second of computing, one thread."""
        return self.frames / self.compute_s

    @property
    def real_time_factor(self) -> float:
        """Seconds of computing per second of speech; below 1 is faster than speech."""
        return self.compute_s / self.audio_s


def measure(
    speech: NDArray[np.float32],
    rate_hz: int,
    *,
    model: str = "embedded",
    provider: str = "cpu",
    fps: Fraction = Fraction(60),
    passes: int = 5,
) -> ModelFigures:
    """Animate a clip `passes` times, after one that warms up, and return the figures.

    Args:
        speech: float32[samples, channels].
        rate_hz: Of the speech.
        model: Name of the model.
        provider: Execution provider.
        fps: Frames per second.
        passes: How often.
    """
    began_s = time.perf_counter()
    loaded = load_model(model, provider)
    load_ms = (time.perf_counter() - began_s) * 1000
    settings = StreamSettings(
        sample_rate_hz=rate_hz, channels=speech.shape[1], encoding="float32", fps=fps
    )
    windows_ms: list[float] = []
    networks_ms: list[float] = []
    frames = 0
    compute_s = 0.0
    for number in range(-1, passes):
        if number == 0:
            windows_ms, networks_ms, frames, compute_s = [], [], 0, 0.0
        pass_began_s = time.perf_counter()
        stream = Stream(loaded, settings)
        for at in range(0, len(speech), rate_hz // 50):
            stream.push(speech[at : at + rate_hz // 50])
            if at + rate_hz // 50 >= len(speech):
                stream.end()
            while stream.ready():
                started_s = time.perf_counter()
                window = stream.take_window()
                fed_s = time.perf_counter()
                result = loaded.backend.run(window.feeds)
                networks_ms.append((time.perf_counter() - fed_s) * 1000)
                batch = stream.accept(window, result)
                windows_ms.append((time.perf_counter() - started_s) * 1000)
                frames += 0 if batch is None else len(batch)
        compute_s += time.perf_counter() - pass_began_s
    return ModelFigures(
        model=loaded.name,
        provider=loaded.backend.name,
        fps=fps,
        audio_s=passes * len(speech) / rate_hz,
        frames=frames,
        compute_s=compute_s,
        load_ms=load_ms,
        window_ms=Spread.of(windows_ms),
        network_ms=Spread.of(networks_ms),
    )
