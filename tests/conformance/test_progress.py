"""Windows, frames and gating of every A2F family: integers of NVIDIA's code, compared exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from tests.conformance.kit import literal

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.inference.emotion_settings import EmotionSettings
from facewire.inference.gating import ready_executions
from facewire.inference.progress import (
    FrameTimeline,
    WindowProgress,
    diffusion_windows,
    emotion_windows,
    post_process_windows,
    regression_windows,
)
from facewire.inference.windows import WindowSpec, available_windows

TEN = np.zeros(10, np.float32)
REGRESSION_60 = regression_windows(
    buffer_samples=8320, buffer_offset_samples=4160, fps=Fraction(60)
)
DIFFUSION_V3 = diffusion_windows(
    buffer_samples=16_000,
    padding_left_samples=16_000,
    left_frames=15,
    center_frames=30,
    right_frames=15,
)


def test_every_family_has_the_published_number_of_frames() -> None:
    case = literal("frames_total_closed")
    fps = Fraction(case["inputs"]["fps"])
    emotions = EmotionSettings(fps=fps, inferences_to_skip=29).window_spec()

    for spec in (REGRESSION_60, DIFFUSION_V3, emotions, post_process_windows(fps=fps)):
        timeline = FrameTimeline(spec)
        found = [timeline.total(samples) for samples in case["inputs"]["nb_samples"]]
        assert found == case["expected"]["frames"]


def test_every_family_has_the_published_timestamps() -> None:
    case = literal("frame_timestamps")
    fps = Fraction(case["inputs"]["fps_num"], case["inputs"]["fps_den"])
    emotions = EmotionSettings(fps=fps, inferences_to_skip=29).window_spec()

    for spec in (REGRESSION_60, DIFFUSION_V3, emotions, post_process_windows(fps=fps)):
        timeline = FrameTimeline(spec)
        found = [timeline.timestamp(frame) for frame in case["inputs"]["frames"]]
        assert found == case["expected"]["timestamps"]


def test_diffusion_speaks_from_its_second_inference_on() -> None:
    expected = literal("diffusion_frames_per_execution")["expected"]
    timeline = FrameTimeline(DIFFUSION_V3)
    lengths = [len(timeline.of_window(index)) for index in range(4)]

    assert lengths == [expected["after_execution_1"], expected["after_execution_2"], 30, 30]
    assert timeline.lead_in_frames == 45
    assert (
        available_windows(DIFFUSION_V3, read=0, samples=0, closed=False)
        == expected["initially_available_without_audio"]
    )


def test_frames_after_the_end_are_not_reported() -> None:
    timeline = FrameTimeline(DIFFUSION_V3)

    assert timeline.of_window(2) == range(15, 45)
    assert timeline.of_window(2, total_samples=5600) == range(15, 21)
    assert not timeline.of_window(2, total_samples=100)


def _gated(spec: WindowSpec, last_key: int | None) -> int:
    audio, emotions = AudioAccumulator(), EmotionTrack()
    audio.accumulate(np.zeros(64_000, np.float32))
    audio.close()
    if last_key is not None:
        emotions.add(last_key, TEN)
    return ready_executions(WindowProgress(spec), audio, emotions)


def test_a_regression_frame_waits_for_its_emotion() -> None:
    expected = literal("emotion_gating_regression")["expected"]
    first = FrameTimeline(REGRESSION_60).timestamp(0)

    assert _gated(REGRESSION_60, None) == expected["no_emotion"]
    assert _gated(REGRESSION_60, first - 1) == expected["last_key_at_ts0_minus1"]
    assert _gated(REGRESSION_60, first) == expected["last_key_at_ts0"]


def test_a_diffusion_inference_waits_for_the_emotion_of_its_last_frame() -> None:
    expected = literal("emotion_gating_diffusion")["expected"]
    last = FrameTimeline(DIFFUSION_V3).timestamp(14)

    assert _gated(DIFFUSION_V3, last - 1) == expected["last_key_at_ts14_minus1"]
    assert _gated(DIFFUSION_V3, last) == expected["last_key_at_ts14"]


def test_an_emotion_inference_waits_for_the_preferred_emotion_of_its_last_frame() -> None:
    case = literal("emotion_gating_a2e")
    skip = case["inputs"]["inferences_to_skip"]
    spec = emotion_windows(length_samples=60_000, fps=Fraction(60), inferences_to_skip=skip)
    last = FrameTimeline(spec).timestamp(skip)

    assert _gated(spec, last - 1) == case["expected"]["last_key_at_ts29_minus1"]
    assert _gated(spec, last) == case["expected"]["last_key_at_ts29"]


def test_an_inference_serves_the_frames_it_does_not_skip() -> None:
    case = literal("a2e_executor_frames")
    settings = EmotionSettings(
        window_samples=case["inputs"]["window"],
        fps=Fraction(case["inputs"]["fps"]),
        inferences_to_skip=case["inputs"]["inferences_to_skip"],
    )
    without = EmotionSettings(fps=settings.fps, classify=False)

    assert settings.window_spec().ticks == case["expected"]["frames_per_execution"]
    assert without.window_spec().ticks == case["expected"]["postprocess_only_frames_per_execution"]
