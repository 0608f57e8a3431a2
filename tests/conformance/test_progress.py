"""Windows, frames and gating of every A2F family: integers of NVIDIA's code, compared exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import literal, oracle

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.inference.emotion_settings import EmotionSettings
from facewire.inference.gating import available_executions, ready_executions
from facewire.inference.progress import (
    FrameTimeline,
    WindowProgress,
    diffusion_fps,
    diffusion_windows,
    emotion_windows,
    post_process_windows,
    regression_windows,
)
from facewire.inference.windows import WindowSpec, available_windows

CASES = sorted(oracle("window_progress").cases())
ALL_ROWS = 240
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


def _spec(name: str, case: dict[str, Any]) -> WindowSpec:
    """The windows from the family's own numbers; the expected progress is not looked at."""
    if name.startswith("diff"):
        length, left_padding, _, left, center, right, _ = case["net"]
        return diffusion_windows(
            buffer_samples=length,
            padding_left_samples=left_padding,
            left_frames=left,
            center_frames=center,
            right_frames=right,
        )
    fps = Fraction(*case["fps"])
    if name.startswith("a2e"):
        return emotion_windows(
            length_samples=int(name.split("_")[1]),
            fps=fps,
            inferences_to_skip=case["inferencesToSkip"],
        )
    return regression_windows(
        buffer_samples=8320,
        buffer_offset_samples=3000 if name.startswith("reg_ofs") else 4160,
        fps=fps,
    )


def _case(name: str) -> tuple[dict[str, Any], WindowSpec]:
    case = oracle("window_progress").cases()[name]
    return case, _spec(name, case)


def _bounds(spec: WindowSpec) -> list[list[int]]:
    return [[spec.start(i), spec.target(i), spec.end(i)] for i in range(ALL_ROWS)]


def test_all_cases_of_the_oracle_are_here() -> None:
    assert len(CASES) >= 17


@pytest.mark.parametrize("name", CASES)
def test_a_familys_numbers_give_the_sdks_windows(name: str) -> None:
    case, spec = _case(name)
    length, start, target, numerator, denominator = oracle("window_progress")[f"{name}_progress"]

    assert (spec.length, spec.start_offset, spec.target_offset) == (length, start, target)
    assert spec.stride == Fraction(int(numerator), int(denominator))
    assert spec.ticks == case["frames_per_execution"]
    assert _bounds(spec) == oracle("window_progress")[f"{name}_windows"].tolist()


@pytest.mark.parametrize("name", CASES)
def test_frames_lie_where_the_sdk_puts_them(name: str) -> None:
    case, spec = _case(name)
    timeline = FrameTimeline(spec)
    rows = oracle("window_progress")

    assert timeline.lead_in_frames == case["frames_before_audio"]
    if f"{name}_frame_windows" in rows:
        expected = rows[f"{name}_frame_windows"]
        assert _bounds(spec.per_tick) == expected.tolist()
        windows = ALL_ROWS // spec.ticks
        instants = [instant for index in range(windows) for instant in spec.instants(index)]
        assert instants == expected[: len(instants), 1].tolist()
        public = [timeline.timestamp(frame) for frame in range(ALL_ROWS - timeline.lead_in_frames)]
        assert public == expected[timeline.lead_in_frames :, 1].tolist()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_executions_are_counted_as_in_the_sdk(name: str, *, closed: bool) -> None:
    rows = oracle("window_progress")
    lengths = rows["audio_lengths"].tolist()
    progress = WindowProgress(_case(name)[1])
    key = f"{name}_executions_{'closed' if closed else 'open'}"

    counts = [progress.available(samples=samples, closed=closed) for samples in lengths]
    assert counts == rows[key].tolist()
    for _ in range(5):
        progress.advance()
    after = [progress.available(samples=samples, closed=closed) for samples in lengths]
    assert after == rows[f"{key}_after5"].tolist()


@pytest.mark.parametrize("name", CASES)
def test_an_utterance_has_the_sdks_number_of_frames(name: str) -> None:
    case, spec = _case(name)
    lengths = oracle("window_progress")["audio_lengths"].tolist()
    expected = oracle("window_progress")[f"{name}_frames_closed_incl_before_audio"]

    computed = [
        available_windows(spec.per_tick, read=0, samples=samples, closed=True)
        for samples in lengths
    ]

    assert computed == expected.tolist()
    assert [FrameTimeline(spec).total(samples) for samples in lengths] == [
        max(0, count - case["frames_before_audio"]) for count in expected.tolist()
    ]


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("diff")])
def test_a_diffusion_bundle_fixes_its_frame_rate(name: str) -> None:
    case, _ = _case(name)
    length, _, _, left, center, right, rate = case["net"]

    fps = diffusion_fps(
        buffer_samples=length, window_frames=left + center + right, sample_rate_hz=rate
    )

    assert fps == Fraction(*case["frame_rate"])


def test_the_emotion_track_gates_as_in_the_sdk() -> None:
    names = ("reg_60_1", "diff_v3", "a2e_60000_30_30")
    specs = [_case(name)[1] for name in names]
    table = oracle("window_progress")["available_executions_table"].tolist()
    found = [
        available_executions(
            specs[model],
            read=read,
            samples=samples,
            audio_closed=bool(audio_closed),
            last_key=last_key if has_key else None,
            emotions_closed=bool(emotions_closed),
        )
        for model, _, read, samples, audio_closed, has_key, last_key, emotions_closed, _ in table
    ]

    assert len({row[0] for row in table}) == len(names)
    assert [row[1] for row in table] == [specs[row[0]].ticks for row in table]
    assert found == [row[-1] for row in table]


@pytest.mark.parametrize("topic", ["executor_regression", "executor_diffusion"])
def test_a_running_track_stands_where_the_sdks_stands(topic: str) -> None:
    runs = oracle(topic)
    for name, case in runs.cases().items():
        progress = WindowProgress(_executor_spec(topic, runs.config["net"], case))
        for phase, samples, available, audio_sample, emotion_instant in runs[f"{name}_log"]:
            closed = bool(phase)
            assert progress.next_audio_sample == audio_sample
            assert progress.next_emotion_timestamp == emotion_instant
            assert progress.available(samples=int(samples), closed=closed) == available
            while progress.available(samples=int(samples), closed=closed):
                progress.advance()
        assert progress.read == case["executions"]


@pytest.mark.parametrize("topic", ["executor_regression", "executor_diffusion"])
def test_a_run_reports_the_sdks_frames(topic: str) -> None:
    runs = oracle(topic)
    samples = len(runs["audio"])
    for name, case in runs.cases().items():
        timeline = FrameTimeline(_executor_spec(topic, runs.config["net"], case))
        frames = [
            frame
            for window in range(case["executions"])
            for frame in timeline.of_window(window, total_samples=samples)
        ]

        assert frames == list(range(case["total_frames_reported"]))
        assert timeline.total(samples) == case["total_frames_reported"]
        assert [timeline.timestamp(i) for i in frames] == runs[f"{name}_frame_ts"].tolist()
        assert [timeline.timestamp(i + 1) for i in frames] == runs[f"{name}_frame_next_ts"].tolist()


def _executor_spec(topic: str, net: list[int], case: dict[str, Any]) -> WindowSpec:
    if topic == "executor_diffusion":
        return _spec("diff", {"net": net[:7]})
    return regression_windows(
        buffer_samples=net[0],
        buffer_offset_samples=net[1],
        fps=Fraction(*case["frame_rate"]),
        sample_rate_hz=net[2],
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
