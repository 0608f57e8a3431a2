"""Accumulator reads, gain and drops: the SDK's literal cases."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import literal, literals

from facewire.audio import AudioAccumulator
from facewire.inference.windows import WindowSpec, available_windows
from facewire.protocol.errors import AudioError

READS = literals("audio_accumulator_read_")


def _filled(inputs: dict[str, Any]) -> AudioAccumulator:
    accumulator = AudioAccumulator(block_samples=inputs["samples_per_buffer"])
    accumulator.accumulate(np.arange(1, inputs["nb_samples"] + 1, dtype=np.float32))
    return accumulator


def test_all_published_reads_are_here() -> None:
    assert len(READS) == 53


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("case", READS, ids=lambda case: case["name"])
def test_reads_are_the_sdks(case: dict[str, Any], *, closed: bool) -> None:
    inputs = case["inputs"]
    accumulator = _filled(inputs)
    if closed:
        accumulator.close()
    expected = case["expected"]["closed" if closed else "open"]

    if expected == "error":
        with pytest.raises(AudioError):
            accumulator.read(inputs["read_start"], inputs["read_size"])
    else:
        values = accumulator.read(inputs["read_start"], inputs["read_size"])
        assert values.tolist() == expected


def test_gain_multiplies_what_is_read() -> None:
    assert literal("audio_accumulator_strength")["expected"] == {"kth_read_all_equal": "k"}
    accumulator = AudioAccumulator()
    for _ in range(16):
        accumulator.accumulate(np.ones(1000, np.float32))

    for gain in range(16):
        values = accumulator.read(1000 * gain, 1000, float(gain))
        assert np.array_equal(values, np.full(1000, gain, np.float32))


def test_a_read_before_the_drop_is_an_error() -> None:
    expected = literal("audio_accumulator_drop")["expected"]
    accumulator = AudioAccumulator()
    accumulator.accumulate(np.zeros(16_000, np.float32))

    accumulator.drop_before(16_000)

    assert accumulator.dropped_samples == expected["nb_dropped"]
    with pytest.raises(AudioError):
        accumulator.read(15_999, 1)
    with pytest.raises(AudioError):
        accumulator.read(-1, 1)


def test_windows_of_a_long_recording_hold_the_right_samples() -> None:
    case = literal("accumulator_thread_chunk_count")
    inputs, total = case["inputs"], case["inputs"]["total_samples"]
    accumulator = AudioAccumulator()
    for start in range(0, total, 1234):
        accumulator.accumulate(np.arange(start, min(start + 1234, total), dtype=np.float32))
    accumulator.close()
    spec = WindowSpec(
        length=inputs["window_size"],
        start_offset=inputs["start_offset"],
        target_offset=inputs["target_offset"],
        stride=Fraction(inputs["stride_num"], inputs["stride_den"]),
    )

    windows = available_windows(spec, read=0, samples=total, closed=True)

    assert windows == case["expected"]["nb_windows_total"]
    for index in range(windows):
        want = 4000 * index + np.arange(spec.length, dtype=np.float32)
        want[want >= total] = 0
        assert np.array_equal(accumulator.read(spec.start(index), spec.length), want)
