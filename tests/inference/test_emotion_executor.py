from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.emotion.postprocess import PostProcessParameters
from facewire.inference.emotion_executor import EmotionExecutor, EmotionFrames, execute_tracks
from facewire.inference.emotion_settings import EmotionSettings, window_within
from facewire.inference.gating import ready_executions
from facewire.inference.progress import (
    WindowProgress,
    diffusion_windows,
    forget_read,
    regression_windows,
)
from facewire.protocol.errors import AudioError, BundleError, SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT = EmotionSettings(window_samples=6000, inferences_to_skip=4)
TEN = np.zeros(10, np.float32)


def _loudness(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([row.reshape(6, -1).mean(axis=1) for row in batch])


def _executor(settings: EmotionSettings = SHORT, **changes: Any) -> EmotionExecutor:
    changes.setdefault("audio", AudioAccumulator())
    return EmotionExecutor(settings, PostProcessParameters(), **changes)


def _heard(audio: AudioAccumulator, samples: int, *, closed: bool = True) -> None:
    audio.accumulate(np.random.default_rng(5).standard_normal(samples).astype(np.float32))
    if closed:
        audio.close()


def _all(frames: list[EmotionFrames]) -> NDArray[np.float32]:
    return np.concatenate([each.emotions for each in frames])


def test_a_window_that_was_not_run_is_ready_again() -> None:
    audio = AudioAccumulator()
    executor = _executor(audio=audio)
    _heard(audio, 8000)

    window = executor.take_window()
    assert not executor.ready()
    executor.give_back()

    assert np.array_equal(executor.take_window(), window)


def test_a_network_that_breaks_loses_no_frame() -> None:
    def broken(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        raise ConnectionError(len(batch))

    audios = [AudioAccumulator() for _ in range(2)]
    tracks = [_executor(audio=audio) for audio in audios]
    for audio in audios:
        _heard(audio, 8000)

    with pytest.raises(ConnectionError):
        execute_tracks(tracks, broken)
    with pytest.raises(BundleError, match="2 windows by 1"):
        execute_tracks(tracks, lambda batch: _loudness(batch)[:1])
    with pytest.raises(BundleError):
        execute_tracks(tracks, lambda batch: _loudness(batch)[:, :5])
    with pytest.raises(SettingsError):
        execute_tracks(tracks, None)

    assert [len(_all(list(track.run(_loudness)))) for track in tracks] == [15, 15]
    assert all(track.finished for track in tracks)


def test_nothing_to_run_is_an_error_that_says_what_to_do() -> None:
    executor = _executor()

    with pytest.raises(AudioError, match="Push more audio"):
        execute_tracks([executor], _loudness)
    with pytest.raises(AudioError, match="Push more audio"):
        executor.take_window()


def test_tracks_of_one_batch_need_windows_of_one_length() -> None:
    audio = AudioAccumulator()
    _heard(audio, 8000)
    longer = EmotionSettings(window_samples=6006, inferences_to_skip=4)

    with pytest.raises(SettingsError):
        execute_tracks([_executor(audio=audio), _executor(longer, audio=audio)], _loudness)


def test_nan_from_the_network_is_told_and_never_reaches_a_face() -> None:
    audio = AudioAccumulator()
    executor = _executor(audio=audio)
    _heard(audio, 16_000)

    frames = list(executor.run(lambda batch: np.full((len(batch), 6), np.nan, np.float32)))

    assert frames
    assert all(each.repaired for each in frames)
    assert not _all(frames).any()


@pytest.mark.parametrize("chunk", [100, 1777, 5000])
def test_frames_beyond_a_windows_audio_do_not_depend_on_chunks(chunk: int) -> None:
    sparse = EmotionSettings(window_samples=6000, fps=Fraction(30), inferences_to_skip=10)
    samples = np.random.default_rng(2).standard_normal(21_000).astype(np.float32)
    assert sparse.window_spec().stride > sparse.window_samples / 2
    at_once, in_chunks = AudioAccumulator(), AudioAccumulator()
    at_once.accumulate(samples)
    at_once.close()
    expected = list(_executor(sparse, audio=at_once).run(_loudness))

    executor, found = _executor(sparse, audio=in_chunks), []
    for start in range(0, len(samples), chunk):
        in_chunks.accumulate(samples[start : start + chunk])
        found += list(executor.run(_loudness))
    in_chunks.close()
    found += list(executor.run(_loudness))

    assert len(_all(expected)) == 40
    assert np.array_equal(_all(found), _all(expected))
    assert [each.first for each in found] == [each.first for each in expected]


def test_emotions_wait_for_preferred_ones_only_where_these_are_enabled() -> None:
    audio, preferred = AudioAccumulator(), EmotionTrack()
    _heard(audio, 8000)
    parameters = PostProcessParameters(enable_preferred_emotion=True)
    waiting = EmotionExecutor(SHORT, parameters, audio=audio, preferred=preferred)
    careless = _executor(audio=audio, preferred=preferred)

    assert careless.ready()
    assert not waiting.ready()
    preferred.add(waiting.timeline.timestamp(4), TEN)
    assert waiting.ready()
    assert [len(each) for each in waiting.run(_loudness)] == [5]
    preferred.close()
    assert len(_all(list(waiting.run(_loudness)))) == 10


def test_without_a_network_every_class_is_equally_likely() -> None:
    audio = AudioAccumulator()
    executor = _executor(EmotionSettings(fps=Fraction(60), classify=False), audio=audio)
    _heard(audio, 1600)

    first = next(executor.run(None)).emotions[0]

    assert first[[1, 3, 4, 6, 9]] == pytest.approx(0.03, abs=1e-7)
    assert first.sum() == pytest.approx(0.15, abs=1e-6)


def test_a_face_follows_the_emotions_of_its_own_audio() -> None:
    audio, keys = AudioAccumulator(block_samples=100), EmotionTrack(keys_per_block=2)
    emotions = _executor(audio=audio)
    face = WindowProgress(
        regression_windows(buffer_samples=8320, buffer_offset_samples=4160, fps=Fraction(60))
    )
    rows = []
    for second in range(4):
        audio.accumulate(np.full(16_000, 0.1 * second, np.float32))
        if second == 3:
            audio.close()
        for frames in emotions.run(_loudness):
            for time, values in zip(frames.timestamps, frames.emotions, strict=True):
                keys.add(int(time), values)
        if emotions.finished:
            keys.close()
        while ready_executions(face, audio, keys):
            assert len(audio.read(face.spec.start(face.read), face.spec.length)) == 8320
            rows.append(keys.read(face.spec.target(face.read)))
            face.advance()
        forget_read([face, emotions.progress], audio=audio)
        forget_read([face], emotions=keys)

    assert len(rows) == 240
    assert not np.array_equal(rows[0], rows[-1])


def test_an_hour_of_audio_needs_bounded_memory() -> None:
    settings = EmotionSettings(window_samples=30_000, fps=Fraction(5), inferences_to_skip=4)
    audio, keys = AudioAccumulator(), EmotionTrack()
    emotions = _executor(settings, audio=audio)
    face = WindowProgress(
        diffusion_windows(
            buffer_samples=16_000,
            padding_left_samples=16_000,
            left_frames=15,
            center_frames=30,
            right_frames=15,
        )
    )
    second, most_samples, most_keys = np.zeros(16_000, np.float32), 0, 0
    for _ in range(3600):
        audio.accumulate(second)
        for frames in emotions.run(_loudness):
            for time, values in zip(frames.timestamps, frames.emotions, strict=True):
                keys.add(int(time), values)
        while ready_executions(face, audio, keys):
            face.advance()
        forget_read([face, emotions.progress], audio=audio)
        forget_read([face], emotions=keys)
        most_samples = max(most_samples, audio.total_samples - audio.dropped_samples)
        most_keys = max(most_keys, len(keys))

    assert face.read >= 7190
    assert most_samples <= 80_000  # a window, what it waits for, and a block
    assert most_keys <= 2 * 300


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"window_samples": 4999}, "window_samples"),
        ({"window_samples": 60_001}, "window_samples"),
        ({"inferences_to_skip": -1}, "inferences_to_skip"),
        ({"window_samples": 16_000, "inferences_to_skip": 30}, "inferences_to_skip"),
        ({"fps": Fraction(0)}, "fps"),
    ],
)
def test_windows_the_network_cannot_take_are_named(changes: Any, field: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _executor(EmotionSettings(**changes))

    assert caught.value.field == field


@pytest.mark.parametrize("look_ahead", [2500, 2501, 8000, 29_999, 30_000, 99_000])
def test_the_longest_window_within_a_look_ahead_is_chosen(look_ahead: int) -> None:
    chosen = window_within(look_ahead)
    assert chosen is not None
    settings = EmotionSettings(window_samples=chosen, inferences_to_skip=0)
    settings.validate()

    assert settings.look_ahead_samples <= look_ahead
    longer = EmotionSettings(window_samples=chosen + 1, inferences_to_skip=0)
    assert chosen == 60_000 or longer.look_ahead_samples > look_ahead


def test_a_look_ahead_below_the_shortest_window_has_none() -> None:
    assert window_within(2499) is None
