from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from facewire.audio import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATES = [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]
ODD_RATES = [22_051, 47_952]
"""They share no short block with 16 kHz and go through soxr's own stream."""


def _noise(samples: int, seed: int = 0) -> NDArray[np.float32]:
    draw = np.random.default_rng(seed)
    return (0.2 * draw.standard_normal(samples)).clip(-1, 1).astype(np.float32)


def _offline(rate: int, audio: NDArray[np.float32], start: int = 0) -> NDArray[np.float32]:
    resampler = Resampler(rate, start_sample=start)
    return np.concatenate([resampler.push(audio), resampler.flush()])


@pytest.mark.parametrize("rate", [16_000, *RATES, *ODD_RATES])
def test_any_chunking_gives_the_bits_of_one_push(rate: int) -> None:
    audio = _noise(rate // 2)
    whole = _offline(rate, audio)
    draw = np.random.default_rng(7)

    for longest in (3, 50, 5_000):
        resampler = Resampler(rate)
        parts = []
        position = 0
        while position < len(audio):
            step = int(draw.integers(0, longest))
            parts.append(resampler.push(audio[position : position + step]))
            position += step
        parts.append(resampler.flush())
        assert np.array_equal(np.concatenate(parts), whole)


@settings(max_examples=30, deadline=None)
@given(
    rate=st.sampled_from([8_000, 22_050, 24_000, 44_100, 48_000]),
    cuts=st.lists(st.integers(0, 3_000), max_size=30),
)
def test_random_chunkings_give_the_bits_of_one_push(rate: int, cuts: list[int]) -> None:
    audio = _noise(3_000)
    resampler = Resampler(rate)

    parts = [resampler.push(part) for part in np.split(audio, sorted(cuts))]
    parts.append(resampler.flush())

    assert np.array_equal(np.concatenate(parts), _offline(rate, audio))


@pytest.mark.parametrize("rate", [16_000, *RATES, *ODD_RATES])
@pytest.mark.parametrize("samples", [0, 1, 2, 440, 441, 1_000, 12_345])
def test_as_many_samples_come_out_as_the_audio_lasts(rate: int, samples: int) -> None:
    assert len(_offline(rate, _noise(samples))) == ceil(samples * 16_000 / rate)


def test_sixteen_kilohertz_passes_untouched() -> None:
    audio = _noise(1_000)
    resampler = Resampler(16_000)

    assert np.array_equal(resampler.push(audio), audio)
    assert len(resampler.flush()) == 0
    assert resampler.lag_s == 0.0


@pytest.mark.parametrize("rate", RATES + ODD_RATES)
@pytest.mark.parametrize("frequency_hz", [200.0, 1_000.0, 3_000.0])
def test_output_sample_j_stands_at_j_sixteen_thousandths(rate: int, frequency_hz: float) -> None:
    seconds = np.arange(rate) / rate
    tone = (0.5 * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32)

    out = _offline(rate, tone).astype(np.float64)[2_000:14_000]

    instants = np.arange(2_000, 14_000) / 16_000
    turned = np.sum(out * np.exp(-2j * np.pi * frequency_hz * instants))
    offset_s = -(np.angle(turned) + np.pi / 2) / (2 * np.pi * frequency_hz)
    assert abs(offset_s) < 1e-8
    assert np.abs(out - 0.5 * np.sin(2 * np.pi * frequency_hz * instants)).max() < 2e-6


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 48_000])
def test_a_click_arrives_at_its_instant(rate: int) -> None:
    centre_s, width_s = 0.2503, 0.0008
    seconds = np.arange(rate // 2) / rate
    click = np.exp(-0.5 * ((seconds - centre_s) / width_s) ** 2).astype(np.float32)

    out = _offline(rate, click).astype(np.float64)

    instants = np.arange(len(out)) / 16_000
    assert abs(np.sum(out * instants) / np.sum(out) - centre_s) < 1e-7


@pytest.mark.parametrize("rate", RATES)
def test_the_result_is_soxrs_over_the_whole_audio(rate: int) -> None:
    audio = _noise(rate)

    # soxr's first few samples differ by its own start-up; ours are those of sound after silence.
    reference = soxr.resample(audio, rate, 16_000, quality="HQ")

    assert np.abs(_offline(rate, audio)[64:] - reference[64:]).max() < 1e-6


@pytest.mark.parametrize("rate", [16_000, *RATES, *ODD_RATES])
def test_the_lag_is_what_it_says(rate: int) -> None:
    resampler = Resampler(rate)
    pushed = out = 0
    held_s = []
    for _ in range(2_000):
        step = max(1, rate // 4_000)
        out += len(resampler.push(np.zeros(step, np.float32)))
        pushed += step
        held_s.append(pushed / rate - out / 16_000)

    assert max(held_s) <= resampler.lag_s + 1e-9
    assert max(held_s[1_000:]) > 0.3 * resampler.lag_s or rate == 16_000


@pytest.mark.parametrize(
    ("rate", "lag_ms"), [(8_000, 26.0), (24_000, 18.0), (44_100, 18.005), (48_000, 18.0)]
)
def test_the_lag_of_common_rates_is_known(rate: int, lag_ms: float) -> None:
    assert Resampler(rate).lag_s * 1000 == pytest.approx(lag_ms, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("units", [1, 101, 1_000])
def test_a_resampler_started_in_the_middle_gives_the_same_bits(rate: int, units: int) -> None:
    unit = rate // np.gcd(rate, 16_000)
    start = int(units * unit) % rate // unit * unit
    audio = _noise(2 * rate)

    whole = _offline(rate, audio)
    resumed = _offline(rate, audio[start:], start)

    first = start * 16_000 // rate
    settled = 1_280  # 80 ms: from the first block on that reads nothing from before the start
    assert len(resumed) == len(whole) - first
    assert np.array_equal(resumed[settled:], whole[first + settled :])


def test_frequencies_that_would_fold_back_are_gone() -> None:
    seconds = np.arange(48_000) / 48_000
    tone = (0.5 * np.sin(2 * np.pi * 9_000 * seconds)).astype(np.float32)

    out = _offline(48_000, tone)[1_000:-1_000]

    assert np.abs(out).max() < 1e-4
