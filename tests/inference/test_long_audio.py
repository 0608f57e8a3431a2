"""Two minutes and an hour of audio: every frame, and no more memory than at the start."""

from __future__ import annotations

import gc
import sys
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.inference.loading import load_model
from facewire.inference.settings import StreamSettings
from facewire.inference.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.inference.model import Model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

RATE_HZ = 16_000
WARM_S = 20
"""Until then pools and caches may grow."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small bundles: what is asked here is not how long a network takes."""
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_diffusion, synth_emotion, synth_regression

    folder = tmp_path_factory.mktemp("long")
    return {
        "regression": synth_regression(folder / "regression"),
        "diffusion": synth_diffusion(folder / "diffusion"),
        "emotion": synth_emotion(folder / "emotion"),
    }


def loaded(folders: dict[str, Path], family: str) -> Model:
    """Return a model; of the family `emotion` a face whose emotion is heard in the voice."""
    if family == "emotion":
        return load_model(folders["regression"], emotion=folders["emotion"])
    return load_model(folders[family])


def resident_kb() -> int:
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])


def seconds_of_voice(count: int) -> Iterator[NDArray[np.float32]]:
    """Yield syllable-like noise, a second at a time, never the same."""
    draw = np.random.default_rng(7)
    swell = np.clip(np.sin(2 * np.pi * 3 * np.arange(RATE_HZ) / RATE_HZ), 0, 1)
    for _ in range(count):
        yield (0.2 * swell * draw.standard_normal(RATE_HZ)).astype(np.float32)


def growth_kb(model: Model, duration_s: int, fps: Fraction) -> int:
    """Animate so much; return by how much the process grew after it had warmed up."""
    automatic = model.emotion is not None
    stream = Stream(
        model,
        StreamSettings(
            sample_rate_hz=RATE_HZ, encoding="float32", fps=fps, automatic_emotion=automatic
        ),
    )
    made, warm_kb = 0, 0

    def run_ready() -> None:
        nonlocal made
        while stream.ready():
            window = stream.take_window()
            batch = stream.accept(window, model.backend_for(window).run(window.feeds))
            if batch is not None:
                assert batch.first == made
                assert np.isfinite(batch.curves).all()
                made += len(batch)

    for second, chunk in enumerate(seconds_of_voice(duration_s)):
        stream.push(chunk)
        run_ready()
        if second % 10 == 0:  # keys are kept as long as a window may still read them
            mood = np.eye(10)[second // 10 % 10].tolist()
            stream.set_emotion_keys([((second + 1) * RATE_HZ, mood)])
        if second == WARM_S:
            gc.collect()
            warm_kb = resident_kb()
    stream.end()
    run_ready()
    assert stream.finished
    assert made == stream.frames_total == ceil(duration_s * fps)
    gc.collect()
    return resident_kb() - warm_kb


@pytest.mark.parametrize("family", ["regression", "diffusion", "emotion"])
def test_two_minutes_take_no_more_memory_than_their_first_seconds(
    folders: dict[str, Path], family: str
) -> None:
    # Keeping the audio alone would take 6 MB, the frames 2 MB.
    assert growth_kb(loaded(folders, family), 120, Fraction(10)) < 2_000


@pytest.mark.soak
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("family", ["regression", "diffusion", "emotion"])
def test_an_hour_takes_no_more_memory_than_its_first_seconds(
    folders: dict[str, Path], family: str
) -> None:
    # Keeping the audio alone would take 230 MB.
    assert growth_kb(loaded(folders, family), 3_600, Fraction(30)) < 8_000
