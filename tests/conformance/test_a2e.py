"""Audio2Emotion: the smoothing step by step, and whole tracks, as NVIDIA's code runs them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance.kit import literal, literals, oracle, worst

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.emotion.postprocess import CLASSES, PostProcessor, PostProcessParameters
from facewire.inference.emotion_executor import EmotionExecutor, EmotionFrames, execute_tracks
from facewire.inference.emotion_settings import EmotionSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-6
RUNS = sorted(oracle("executor_a2e").cases())
LITERAL_STEPS = [case for case in literals("a2e_postprocess_") if "params" in case["inputs"]]


def _parameters(case: dict[str, Any], runs: Any, **changes: Any) -> PostProcessParameters:
    numbers = case["params"]
    return PostProcessParameters(
        emotion_contrast=numbers["emotionContrast"],
        max_emotions=case["maxEmotions"],
        live_blend_coef=numbers["liveBlendCoef"],
        preferred_emotion_strength=numbers["preferredEmotionStrength"],
        live_transition_time_s=numbers["liveTransitionTime"],
        emotion_strength=numbers["emotionStrength"],
        correspondence=tuple(runs["emotion_correspondence"].tolist()),
        **changes,
    )


@pytest.mark.parametrize("case", LITERAL_STEPS, ids=lambda case: case["name"])
def test_published_runs_of_emotion_come_out(case: dict[str, Any]) -> None:
    numbers = case["inputs"]["params"]
    parameters = PostProcessParameters(
        emotion_contrast=numbers["contrast"],
        max_emotions=numbers["maxEmotions"],
        live_blend_coef=numbers["blend"],
        enable_preferred_emotion=numbers["pref_on"],
        preferred_emotion_strength=numbers["pref_strength"],
        live_transition_time_s=numbers["transition"],
        emotion_strength=numbers["strength"],
        beginning_emotion=np.array(numbers["beginning"], np.float32),
        preferred_emotion=np.array(numbers["preferred"], np.float32),
    )
    post = PostProcessor(parameters, dt_s=numbers["dt"])

    found = [post.step(np.array(logits, np.float32)) for logits in case["inputs"]["logits"]]

    assert case["inputs"]["logits_order"] == list(CLASSES)
    assert worst(found, case["expected"]["a2f_emotions"]) <= case["tolerance"]


def test_all_published_runs_are_here() -> None:
    assert len(LITERAL_STEPS) == 7
    assert len(literals("a2e_")) == 12


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a2e_single_frame_python_reference", "a2f_emotions"),
        ("a2e_postprocess_zero_logits_first_frame", "output"),
    ],
)
def test_published_first_frames_come_out(name: str, key: str) -> None:
    case = literal(name)
    post = PostProcessor(PostProcessParameters(), dt_s=1 / 30)

    found = post.step(np.array(case["inputs"]["logits"], np.float32))

    assert worst(found, case["expected"][key]) <= case["tolerance"]


def test_the_defaults_are_the_published_bundles() -> None:
    expected = literal("a2e_bundle_params")["expected"]
    ours = PostProcessParameters()

    assert list(CLASSES) == expected["emotions"]
    assert list(ours.correspondence) == expected["emotion_correspondence"]
    assert ours.beginning_emotion.tolist() == expected["beginning"]
    assert ours.preferred_emotion.tolist() == expected["preferred"]
    assert (
        ours.emotion_contrast,
        ours.max_emotions,
        ours.live_blend_coef,
        ours.enable_preferred_emotion,
        ours.preferred_emotion_strength,
        ours.live_transition_time_s,
        ours.emotion_strength,
    ) == (
        expected["emotionContrast"],
        expected["maxEmotions"],
        expected["liveBlendCoef"],
        expected["enablePreferredEmotion"],
        expected["preferredEmotionStrength"],
        expected["liveTransitionTime"],
        expected["emotionStrength"],
    )


def test_a_preferred_emotion_of_full_strength_passes_through_to_the_bit() -> None:
    assert literal("a2e_preferred_passthrough")["tolerance"] == 0
    settings = EmotionSettings(fps=Fraction(60), classify=False)
    audio, preferred = _pushed(np.zeros(16_000, np.float32)), EmotionTrack()
    keys = np.random.default_rng(7).random((60, 10), np.float32)
    executor = EmotionExecutor(
        settings,
        PostProcessParameters(
            enable_preferred_emotion=True,
            preferred_emotion_strength=1.0,
            emotion_strength=1.0,
            live_transition_time_s=0.0,
        ),
        audio=audio,
        preferred=preferred,
    )
    for frame, values in enumerate(keys):
        preferred.add(executor.timeline.timestamp(frame), values)

    frames = list(executor.run(None))

    assert [len(each) for each in frames] == [1] * 60
    assert np.array_equal(np.concatenate([each.emotions for each in frames]), keys)
    assert executor.finished


class _Recorder:
    """Call k answers with logits[k]; keeps the windows it was given."""

    def __init__(self, logits: NDArray[np.float32]) -> None:
        self._logits = logits
        self.windows: list[NDArray[np.float32]] = []

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        assert len(batch) == 1
        self.windows.append(batch[0])
        row = len(self.windows) - 1
        return self._logits[row : row + 1]


def _pushed(samples: NDArray[np.float32]) -> AudioAccumulator:
    audio = AudioAccumulator()
    audio.accumulate(samples)
    audio.close()
    return audio


def _run(name: str, *, chunk: int) -> tuple[list[EmotionFrames], _Recorder, int]:
    """The frames of an oracle's case, its audio pushed in chunks of this size (0: at once)."""
    runs = oracle("executor_a2e")
    case = runs.cases()[name]
    audio, preferred = AudioAccumulator(), None
    if case["preferred_accumulator"]:
        preferred = EmotionTrack()
        for time, values in zip(runs["pref_ts"].tolist(), runs["pref_keys"], strict=True):
            preferred.add(time, values)
        preferred.close()
    executor = EmotionExecutor(
        EmotionSettings(
            window_samples=case["bufferLength"],
            fps=Fraction(case["fps"]),
            inferences_to_skip=case["inferencesToSkip"],
            sample_rate_hz=case["samplerate"],
            window_limits_samples=(1, 1000),
        ),
        _parameters(case, runs, enable_preferred_emotion=case["preferred_accumulator"]),
        audio=audio,
        preferred=preferred,
    )
    network, frames = _Recorder(runs["logits"]), []
    samples = runs["audio"]
    for start in range(0, len(samples), chunk or len(samples)):
        audio.accumulate(samples[start : start + (chunk or len(samples))])
        frames += list(executor.run(network))
    audio.close()
    frames += list(executor.run(network))
    assert executor.finished
    return frames, network, executor.timeline.total(len(samples))


@pytest.mark.parametrize("chunk", [None, 0, 37, 160, 401], ids=lambda chunk: f"chunk{chunk}")
@pytest.mark.parametrize("name", RUNS)
def test_a_track_of_emotions_is_the_sdks(name: str, chunk: int | None) -> None:
    runs = oracle("executor_a2e")
    case = runs.cases()[name]

    frames, network, total = _run(name, chunk=case["chunk"] if chunk is None else chunk)

    windows = np.array(network.windows)
    assert len(windows) == case["executions"]
    assert np.array_equal(windows[:, [0, -1]], runs[f"{name}_window_first_last"])
    assert worst(windows.sum(axis=1, dtype=np.float64), runs[f"{name}_window_sum"]) <= 1e-9
    if f"{name}_windows" in runs:
        assert np.array_equal(windows, runs[f"{name}_windows"])
    assert total == case["total_frames_reported"]
    assert [each.first for each in frames] == [
        index * (case["inferencesToSkip"] + 1) for index in range(case["executions"])
    ]
    for key, field in (("frame_ts", "timestamps"), ("frame_next_ts", "next_timestamps")):
        found = np.concatenate([getattr(each, field) for each in frames])
        assert np.array_equal(found, runs[f"{name}_{key}"])
    emotions = np.concatenate([each.emotions for each in frames])
    assert worst(emotions, runs[f"{name}_emotions"]) <= TOLERANCE


def _loudness(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """A stateless stand-in for the network: six sums of each window, row by row."""
    return np.stack([row.reshape(6, -1).sum(axis=1) for row in batch])


def test_tracks_in_one_batch_give_the_bits_of_each_alone() -> None:
    assert "bit-identical" in literal("track_equivalence")["expected"]["rule"]
    settings = EmotionSettings(window_samples=6000, inferences_to_skip=4)
    samples = np.random.default_rng(3).standard_normal(40_000).astype(np.float32)
    audios = [AudioAccumulator() for _ in range(8)]
    tracks = [EmotionExecutor(settings, PostProcessParameters(), audio=audio) for audio in audios]
    made: list[list[EmotionFrames]] = [[] for _ in tracks]
    chunks = [1600 * (track + 1) for track in range(len(tracks))]
    sent = [0] * len(tracks)
    while not all(track.finished for track in tracks):
        for track, audio in enumerate(audios):
            if not audio.closed:
                audio.accumulate(samples[sent[track] : sent[track] + chunks[track]])
                sent[track] += chunks[track]
                if sent[track] >= len(samples):
                    audio.close()
        while any(track.ready() for track in tracks):
            for frames, answer in zip(made, execute_tracks(tracks, _loudness), strict=True):
                if answer is not None:
                    frames.append(answer)
    alone = EmotionExecutor(settings, PostProcessParameters(), audio=_pushed(samples))
    expected = np.concatenate([each.emotions for each in alone.run(_loudness)])
    alone.reset()
    again = np.concatenate([each.emotions for each in alone.run(_loudness)])

    assert len(expected) == 75
    assert np.array_equal(again, expected)
    for frames in made:
        assert np.array_equal(np.concatenate([each.emotions for each in frames]), expected)
