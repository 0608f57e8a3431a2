"""Real speech in the formats that clients send, and what the same code makes of it in process."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr

from facewire.inference.loading import load_model
from facewire.inference.stream import Stream, StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from facewire.inference.stream import FrameBatch
    from facewire.protocol.client import FrameBatch as Received

SPEECH = Path(__file__).parents[1] / "assets" / "speech_16k.flac"


@dataclass(frozen=True)
class Sound:
    """A clip in one format."""

    samples: NDArray[Any]
    """int16 or float32 [samples, channels]."""
    rate_hz: int

    @property
    def encoding(self) -> Any:
        return str(self.samples.dtype)

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])

    @property
    def format(self) -> dict[str, Any]:
        return {
            "sample_rate_hz": self.rate_hz,
            "encoding": self.encoding,
            "channels": self.channels,
        }

    def frames(self, fps: Fraction = Fraction(60)) -> int:
        return -(-len(self.samples) * fps.numerator // (self.rate_hz * fps.denominator))

    def chunks(self, size_samples: int) -> Iterator[NDArray[Any]]:
        for at in range(0, len(self.samples), size_samples):
            yield self.samples[at : at + size_samples]

    def cut(self, first_s: float, last_s: float) -> Sound:
        first, last = int(first_s * self.rate_hz), int(last_s * self.rate_hz)
        return Sound(self.samples[first:last], self.rate_hz)


@functools.cache
def speech(rate_hz: int = 16_000, channels: int = 1, dtype: str = "int16") -> Sound:
    """Return the clip; a second channel is quieter and late, as in a room."""
    mono, file_rate_hz = soundfile.read(SPEECH, dtype="float32")
    mono = soxr.resample(mono, file_rate_hz, rate_hz).astype(np.float32)
    stack = np.stack([mono, 0.5 * np.roll(mono, 40)][:channels], axis=1)
    if dtype == "int16":
        stack = np.clip(np.round(stack * 32_767), -32_768, 32_767).astype("<i2")
    return Sound(stack, rate_hz)


@dataclass(frozen=True)
class Frames:
    """All frames of an utterance, in one piece."""

    first: list[int]
    """Index of each batch's first frame."""
    timestamps: NDArray[np.int64]
    curves: NDArray[np.float32]
    eyes: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.timestamps)


def gather(batches: Iterable[Received] | Iterable[FrameBatch]) -> Frames:
    """Join batches; they must follow one another from frame 0 on."""
    kept: list[Received | FrameBatch] = list(batches)
    due = 0
    for batch in kept:
        assert batch.first == due, f"frame {due} was due, {batch.first} came"
        due += len(batch)
    eyes = [batch.eyes for batch in kept if batch.eyes is not None]
    return Frames(
        first=[batch.first for batch in kept],
        timestamps=np.concatenate([batch.timestamps for batch in kept]),
        curves=np.concatenate([batch.curves for batch in kept]),
        eyes=np.concatenate(eyes),
    )


def in_process(sound: Sound, *, fps: Fraction = Fraction(60), **settings: Any) -> Frames:
    """Return the frames of the inference core itself, given the whole clip at once."""
    model = load_model("embedded")
    stream = Stream(model, StreamSettings(fps=fps, **sound.format, **settings))
    stream.push(sound.samples)
    stream.end()
    batches = []
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, model.backend.run(window.feeds))
        if batch is not None:
            batches.append(batch)
    return gather(batches)


def assert_same_bits(ours: Frames, theirs: Frames) -> None:
    """Compare two utterances frame by frame, in every bit."""
    assert np.array_equal(ours.timestamps, theirs.timestamps)
    assert np.array_equal(ours.curves, theirs.curves)
    assert np.array_equal(ours.eyes, theirs.eyes)
