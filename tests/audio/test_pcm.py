from __future__ import annotations

import numpy as np
import pytest

from facewire.audio import mix_down, pcm_from_bytes, sanitise
from facewire.audio.pcm import MAX_AMPLITUDE
from facewire.protocol.errors import AudioError


def test_int16_full_scale_is_one() -> None:
    samples = pcm_from_bytes(np.array([-32768, 0, 16384], "<i2").tobytes(), "int16", 1)

    assert samples.dtype == np.float32
    assert samples[:, 0].tolist() == [-1.0, 0.0, 0.5]


def test_stereo_is_interleaved_and_averaged() -> None:
    payload = np.array([0.5, 0.25, -1.0, 1.0], "<f4").tobytes()

    samples = pcm_from_bytes(payload, "float32", 2)

    assert samples.shape == (2, 2)
    assert mix_down(samples).tolist() == [0.375, 0.0]


def test_bytes_and_arrays_give_the_same_samples() -> None:
    values = np.random.default_rng(1).integers(-32768, 32767, (50, 2), dtype=np.int16)

    from_bytes = pcm_from_bytes(values.tobytes(), "int16", 2)

    assert np.array_equal(pcm_from_bytes(values, "int16", 2), from_bytes)
    assert np.array_equal(pcm_from_bytes(memoryview(values.tobytes()), "int16", 2), from_bytes)


@pytest.mark.parametrize(
    ("length", "encoding", "channels"),
    [(3, "int16", 1), (2, "int16", 2), (6, "float32", 1), (4, "float32", 2)],
)
def test_a_chunk_that_splits_a_sample_frame_is_refused(
    length: int, encoding: str, channels: int
) -> None:
    with pytest.raises(AudioError, match="whole"):
        pcm_from_bytes(bytes(length), encoding, channels)


@pytest.mark.parametrize(
    "array",
    [np.zeros(4, np.float64), np.zeros((4, 2), np.float32), np.zeros((1, 4), np.float32)],
    ids=["dtype", "channels", "shape"],
)
def test_an_array_that_is_not_as_announced_is_refused(array: np.ndarray) -> None:
    with pytest.raises(AudioError):
        pcm_from_bytes(array, "float32", 1)


def test_clean_audio_passes_without_a_copy() -> None:
    samples = np.array([[0.0], [-0.0], [1e-30], [-1.5]], np.float32)

    clean, repaired = sanitise(samples)

    assert clean is samples
    assert repaired is None


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        (np.nan, 0.0),
        (np.inf, 0.0),
        (-np.inf, 0.0),
        (1e-40, 0.0),
        (-1e-45, 0.0),
        (1e38, MAX_AMPLITUDE),
        (-1e38, -MAX_AMPLITUDE),
        (9.0, MAX_AMPLITUDE),
    ],
)
def test_what_is_no_audio_is_replaced_and_flagged(value: float, becomes: float) -> None:
    samples = np.array([[0.25, 0.5], [0.1, value], [0.2, -0.2]], np.float32)

    clean, repaired = sanitise(samples)

    assert clean[1].tolist() == [np.float32(0.1), becomes]
    assert np.array_equal(clean[[0, 2]], samples[[0, 2]])
    assert repaired is not None
    assert repaired.tolist() == [False, True, False]
