"""Correlation over lag, on curves whose answers are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from facewire.tools.judging import correlation

FRAMES = 75


def _sine(times_s: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * 1.5 * times_s)


def test_grid_leaves_a_tenth_of_a_second_out_at_both_ends() -> None:
    grid = correlation.common_grid(FRAMES)
    assert grid[0] == pytest.approx(0.1)
    assert grid[-1] == pytest.approx(2.89)
    assert np.diff(grid) == pytest.approx(0.01)


def test_labels_stand_in_the_middle_of_their_video_frame() -> None:
    assert correlation.label_times(3) == pytest.approx([0.02, 0.06, 0.10])


@pytest.mark.parametrize("late_ms", [-60.0, -20.0, 0.0, 30.0, 70.0])
def test_shifted_sine_peaks_at_its_shift(late_ms: float) -> None:
    reference = _sine(correlation.label_times(FRAMES))
    times = np.arange(0.0, 3.2, 0.005)
    best = correlation.peak(
        correlation.lag_profile(reference, times, _sine(times - late_ms / 1000.0))
    )
    assert best.lag_ms == pytest.approx(late_ms, abs=1.0)
    assert best.r > 0.99


def test_lag_between_two_grid_steps_is_found_by_the_parabola() -> None:
    reference = _sine(correlation.label_times(FRAMES))
    times = np.arange(0.0, 3.2, 0.001)
    best = correlation.peak(correlation.lag_profile(reference, times, _sine(times - 0.034)))
    assert best.lag_ms == pytest.approx(34.0, abs=1.0)


def test_scale_and_offset_of_a_prediction_do_not_matter() -> None:
    reference = _sine(correlation.label_times(FRAMES))
    times = np.arange(0.0, 3.2, 0.01)
    plain = correlation.lag_profile(reference, times, _sine(times))
    scaled = correlation.lag_profile(reference, times, 0.02 * _sine(times) + 0.4)
    assert scaled == pytest.approx(plain)


def test_opposite_curve_scores_minus_one_at_lag_zero() -> None:
    reference = _sine(correlation.label_times(FRAMES))
    times = correlation.label_times(FRAMES)
    profile = correlation.lag_profile(reference, times, -reference)
    assert profile[len(correlation.LAGS) // 2] == pytest.approx(-1.0)


def test_prediction_that_stands_still_scores_zero_at_every_lag() -> None:
    reference = _sine(correlation.label_times(FRAMES))
    profile = correlation.lag_profile(reference, np.array([0.0, 3.0]), np.array([0.3, 0.3]))
    assert not profile.any()


def test_peak_at_the_last_lag_is_not_extrapolated() -> None:
    rising = np.linspace(0.0, 0.9, len(correlation.LAGS))
    best = correlation.peak(rising)
    assert (best.r, best.lag_ms) == pytest.approx((0.9, 100.0))


def test_reference_that_stands_still_is_told_apart() -> None:
    assert correlation.is_still(np.full(10, 0.2))
    assert not correlation.is_still(np.array([0.0, 0.1]))
