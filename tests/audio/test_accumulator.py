from __future__ import annotations

import numpy as np
import pytest

from facewire.audio import AudioAccumulator
from facewire.protocol.errors import AudioError


def test_it_holds_no_more_than_what_is_still_needed() -> None:
    accumulator = AudioAccumulator(block_samples=1_000)
    for second in range(200):
        accumulator.accumulate(np.full(1_000, second, np.float32))
        accumulator.drop_before((second - 2) * 1_000)
        assert accumulator.total_samples - accumulator.dropped_samples <= 4_000


def test_a_resumed_recording_reads_silence_before_its_first_sample() -> None:
    accumulator = AudioAccumulator(first_sample=500)
    accumulator.accumulate(np.ones(100, np.float32))

    assert accumulator.read(490, 20).tolist() == [0.0] * 10 + [1.0] * 10
    assert accumulator.total_samples == 600


def test_reading_never_returns_the_store_itself() -> None:
    accumulator = AudioAccumulator()
    accumulator.accumulate(np.ones(10, np.float32))

    accumulator.read(0, 10)[:] = 5.0

    assert accumulator.read(0, 10).tolist() == [1.0] * 10


def test_closing_twice_and_adding_after_it_are_errors() -> None:
    accumulator = AudioAccumulator()
    accumulator.close()

    with pytest.raises(AudioError):
        accumulator.close()
    with pytest.raises(AudioError):
        accumulator.accumulate(np.zeros(1, np.float32))


def test_a_read_of_nothing_is_an_error() -> None:
    with pytest.raises(AudioError):
        AudioAccumulator().read(0, 0)


def test_reset_starts_anew() -> None:
    accumulator = AudioAccumulator(block_samples=10)
    accumulator.accumulate(np.ones(25, np.float32))
    accumulator.drop_before(20)
    accumulator.close()

    accumulator.reset()

    assert (accumulator.total_samples, accumulator.dropped_samples) == (0, 0)
    assert accumulator.read(-5, 5).tolist() == [0.0] * 5
