"""Reads of audio and emotion: arrays of NVIDIA's code, by themselves and as a network got them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import oracle, worst

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.inference.progress import diffusion_windows, regression_windows
from facewire.protocol.errors import AudioError, SettingsError

TOLERANCE = 1e-6


def _track(times: Any, keys: Any, *, closed: bool) -> EmotionTrack:
    track = EmotionTrack(size=keys.shape[1])
    for time, values in zip(times.tolist(), keys, strict=True):
        track.add(time, values)
    if closed:
        track.close()
    return track


def _audio(*, closed: bool) -> AudioAccumulator:
    rows = oracle("accumulators")
    accumulator = AudioAccumulator(block_samples=100)
    start, sizes = 0, rows["push_sizes"].tolist()
    while start < len(rows["audio"]):
        size = sizes.pop(0) if sizes else len(rows["audio"])
        accumulator.accumulate(rows["audio"][start : start + size])
        start += size
    if closed:
        accumulator.close()
    return accumulator


@pytest.mark.parametrize("state", ["open", "closed"])
def test_emotions_are_read_as_in_the_sdk(state: str) -> None:
    rows = oracle("accumulators")
    track = _track(rows["emo_ts"], rows["emo_keys"], closed=state == "closed")
    found, refused = [], []
    for row, query in enumerate(rows["emo_queries"].tolist()):
        try:
            found.append((row, track.read(query)))
        except SettingsError:
            refused.append(row)

    expected_ok = rows[f"emo_{state}_ok"].astype(bool)
    assert refused == np.flatnonzero(~expected_ok).tolist()
    values = np.array([value for _, value in found])
    assert worst(values, rows[f"emo_{state}"][expected_ok]) <= TOLERANCE


@pytest.mark.parametrize(
    ("name", "gain", "tolerance"),
    [("open", 1.0, 0.0), ("closed", 1.0, 0.0), ("closed_gain1.3", 1.3, TOLERANCE)],
)
def test_audio_is_read_as_in_the_sdk(name: str, gain: float, tolerance: float) -> None:
    rows = oracle("accumulators")
    accumulator = _audio(closed=name != "open")
    expected = rows[f"audio_{name}_windows"]
    found, refused = [], []
    for row, start in enumerate(rows["window_starts"].tolist()):
        try:
            found.append(accumulator.read(start, expected.shape[1], gain))
        except AudioError:
            refused.append(row)

    expected_ok = rows[f"audio_{name}_ok"].astype(bool)
    assert refused == np.flatnonzero(~expected_ok).tolist()
    assert worst(np.array(found), expected[expected_ok]) <= tolerance


@pytest.mark.parametrize("name", ["fps30", "fps60", "fps30_chunked"])
def test_a_regression_network_gets_the_sdks_audio_and_emotion(name: str) -> None:
    runs = oracle("executor_regression")
    case = runs.cases()[name]
    length, offset, rate, implicit, *_ = runs.config["net"]
    spec = regression_windows(
        buffer_samples=length,
        buffer_offset_samples=offset,
        fps=Fraction(*case["frame_rate"]),
        sample_rate_hz=rate,
    )
    audio, emotions = _executor_inputs(runs)

    windows = [
        audio.read(spec.start(i), length, case["input_strength"]) for i in range(case["executions"])
    ]
    rows = [emotions.read(spec.target(i)) for i in range(case["executions"])]

    assert worst(windows, runs[f"{name}_in_window"]) <= TOLERANCE
    assert worst(rows, runs[f"{name}_in_emotion"][:, implicit:]) <= TOLERANCE


@pytest.mark.parametrize("name", ["oneshot", "chunked", "oneshot_varnoise"])
def test_a_diffusion_network_gets_the_sdks_audio_and_emotion(name: str) -> None:
    runs = oracle("executor_diffusion")
    case = runs.cases()[name]
    length, padding, _, left, center, right, *_ = runs.config["net"]
    spec = diffusion_windows(
        buffer_samples=length,
        padding_left_samples=padding,
        left_frames=left,
        center_frames=center,
        right_frames=right,
    )
    audio, emotions = _executor_inputs(runs)

    windows = [
        audio.read(spec.start(i), length, case["input_strength"]) for i in range(case["executions"])
    ]
    rows = [
        [emotions.read(instant) for instant in spec.instants(i)] for i in range(case["executions"])
    ]

    assert worst(windows, runs[f"{name}_in_window"]) <= TOLERANCE
    assert worst(rows, runs[f"{name}_in_emotion"]) <= TOLERANCE


def _executor_inputs(runs: Any) -> tuple[AudioAccumulator, EmotionTrack]:
    audio = AudioAccumulator()
    audio.accumulate(runs["audio"])
    audio.close()
    return audio, _track(runs["emo_ts"], runs["emo_keys"], closed=True)
