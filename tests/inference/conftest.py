"""Models and a driver for the tests of streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from facewire.animation.curves import CURVE_INDEX
from facewire.emotion.layer import pose_matrix
from facewire.inference.direct import DirectFamily
from facewire.inference.loading import load_model
from facewire.inference.model import Model
from facewire.inference.settings import StreamSettings
from facewire.inference.stream import FrameBatch, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

WINDOW, BEFORE, TICK, TICKS = 4_800, 1_600, 160, 4


class ListeningBackend:
    """A network that answers jawOpen = the audio's value at the tick, mouthClose = a tenth of it.

    So a curve shows which instant of the audio a frame was made of, to the sample.
    """

    name = "cpu"
    max_batch = 1

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        heard = feeds["audio"][:, BEFORE : BEFORE + TICK * TICKS : TICK]
        return np.stack([heard, heard * np.float32(0.1)], axis=2)


@dataclass
class Played:
    """All frames of a stream."""

    stream: Stream
    batches: list[FrameBatch] = field(default_factory=list)

    @property
    def timestamps(self) -> NDArray[np.int64]:
        return np.concatenate([np.zeros(0, np.int64), *(b.timestamps for b in self.batches)])

    @property
    def curves(self) -> NDArray[np.float32]:
        return np.concatenate([batch.curves for batch in self.batches])

    @property
    def eyes(self) -> NDArray[np.float32]:
        return np.concatenate([batch.eyes for batch in self.batches])

    @property
    def flagged(self) -> list[int]:
        """Frames that say their audio was repaired."""
        return [
            batch.first + offset
            for batch in self.batches
            if "audio_sanitised" in batch.flags
            for offset in range(len(batch))
        ]

    def curve(self, name: str) -> NDArray[np.float32]:
        column: NDArray[np.float32] = self.curves[:, CURVE_INDEX[name]]
        return column

    def same_as(self, other: Played) -> bool:
        """Return whether every number of both is the same, to the bit."""
        return (
            np.array_equal(self.timestamps, other.timestamps)
            and np.array_equal(self.curves, other.curves)
            and np.array_equal(self.eyes, other.eyes)
        )

    def run_ready(self) -> None:
        while self.stream.ready():
            window = self.stream.take_window()
            result = self.stream.model.backend_for(window).run(window.feeds)
            batch = self.stream.accept(window, result)
            if batch is not None:
                self.batches.append(batch)


class Player:
    """Plays audio through streams of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def begin(self, **settings: Any) -> Played:
        defaults: dict[str, Any] = {"sample_rate_hz": 16_000, "encoding": "float32"}
        return Played(Stream(self.model, StreamSettings(**(defaults | settings))))

    def play(self, chunks: Sequence[NDArray[Any] | bytes], **settings: Any) -> Played:
        played = self.begin(**settings)
        for chunk in chunks:
            played.stream.push(chunk)
            played.run_ready()
        played.stream.end()
        played.run_ready()
        assert played.stream.finished
        return played


@pytest.fixture(scope="session")
def embedded() -> Player:
    """The shipped model."""
    return Player(load_model("embedded"))


@pytest.fixture(scope="session")
def listening() -> Player:
    """A model whose jaw follows the audio's samples."""
    family = DirectFamily(
        network="",
        input_name="audio",
        window_samples=WINDOW,
        window_start_samples=-BEFORE,
        tick_samples=TICK,
        ticks_per_window=TICKS,
        columns=np.array([CURVE_INDEX["jawOpen"], CURVE_INDEX["mouthClose"]]),
        emotion_poses=pose_matrix({"joy": {"mouthSmileLeft": 0.5, "jawOpen": 0.4}}),
        mouth_close="arkit",
    )
    return Player(
        Model(
            name="listening",
            version="1",
            licence="",
            family_name="direct",
            family=family,
            backend=ListeningBackend(),
        )
    )


@pytest.fixture(scope="session")
def regression_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle in the layout of v2.3, with random weights."""
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_regression

    return synth_regression(tmp_path_factory.mktemp("bundles") / "regression")


@pytest.fixture(scope="session")
def diffusion_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle in the layout of v3.0, with random weights and three faces."""
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_diffusion

    return synth_diffusion(tmp_path_factory.mktemp("bundles") / "diffusion")


@pytest.fixture(scope="session")
def regression(regression_folder: Path) -> Player:
    """The small regression bundle, under onnxruntime."""
    return Player(load_model(regression_folder))


@pytest.fixture(scope="session")
def diffusion(diffusion_folder: Path) -> Player:
    """The small diffusion bundle, under onnxruntime."""
    return Player(load_model(diffusion_folder))


@pytest.fixture(scope="session")
def speech() -> NDArray[np.float32]:
    """Two seconds of a voice at 16 kHz."""
    samples, rate_hz = soundfile.read(
        Path(__file__).parents[1] / "assets" / "speech_16k.flac", dtype="float32"
    )
    assert rate_hz == 16_000
    voice: NDArray[np.float32] = samples[:32_000]
    return voice


@pytest.fixture(scope="session")
def babble() -> NDArray[np.float32]:
    """Three seconds of syllable-like noise at 48 kHz, with a pause; cut or resample as needed."""
    draw = np.random.default_rng(3)
    seconds = np.arange(3 * 48_000) / 48_000
    loud = np.clip(np.sin(2 * np.pi * 4 * seconds), 0, 1) * (np.abs(seconds - 1.5) > 0.3)
    sound: NDArray[np.float32] = (0.3 * loud * draw.standard_normal(len(seconds))).astype(
        np.float32
    )
    return sound
