"""What a face was told to feel: one for streams and interactive faces, before the audio too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.inference.interactive import InteractiveFace
from facewire.inference.settings import StreamSettings
from facewire.inference.told_emotion import ToldEmotion
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tests.inference.conftest import Player

JOY, ANGER = (np.eye(10, dtype=np.float32)[at] for at in (6, 1))
NEGATIVE = [(-4_000, ANGER.tolist()), (8_000, JOY.tolist())]


def test_before_the_audio_a_face_feels_what_its_first_frame_does() -> None:
    told = ToldEmotion(JOY, NEGATIVE)
    first = ANGER + (JOY - ANGER) * np.float32(4_000 / 12_000)
    assert np.array_equal(told.at([-9_000, -4_000, -2_000, 0]), np.stack([first] * 4))
    assert np.array_equal(told.at([8_000, 90_000]), np.stack([JOY] * 2))
    later = ToldEmotion(JOY, [(100, ANGER.tolist())])
    assert np.array_equal(later.at([-5, 99, 100]), np.stack([JOY, JOY, ANGER]))
    assert later.keyed(99) is None


def test_without_keys_the_emotion_holds() -> None:
    assert np.array_equal(ToldEmotion(JOY).at([-1, 0, 5]), np.stack([JOY] * 3))


@pytest.mark.parametrize("weights", [[1.5] * 10, [float("nan")] * 10, [0.5] * 9])
def test_keys_before_a_wrong_one_are_kept(weights: list[float]) -> None:
    told = ToldEmotion(JOY)
    with pytest.raises(SettingsError) as caught:
        told.add([(0, ANGER.tolist()), (10, weights)])
    assert caught.value.field == "keys"
    assert len(told) == 1
    assert np.array_equal(told.at([50])[0], ANGER)


@pytest.mark.parametrize("keys", [NEGATIVE, [(-9_000, [0.0] * 10), (-3_000, [0.9] * 10)]])
@pytest.mark.parametrize("family", ["regression", "diffusion"])
def test_keys_before_the_audio_make_the_same_frames_whatever_was_asked_for_first(
    request: pytest.FixtureRequest,
    speech: NDArray[np.float32],
    family: str,
    keys: list[tuple[int, list[float]]],
) -> None:
    player: Player = request.getfixturevalue(family)
    audio = speech[:16_000]
    settings = StreamSettings(sample_rate_hz=16_000, encoding="float32")
    one, other = (InteractiveFace(player.model, audio, settings) for _ in range(2))
    one.set_emotion(None, keys)
    other.set_emotion(None, keys)

    all_first, single_then = one.all_frames(), one.frame(0)
    single_first, all_then = other.frame(0), other.all_frames()

    assert np.array_equal(all_first.curves, all_then.curves)
    assert np.array_equal(single_first.curves, single_then.curves)
    played = player.begin()
    played.stream.set_emotion_keys(keys)
    played.stream.push(audio)
    played.stream.end()
    played.run_ready()
    assert np.array_equal(played.curves, all_first.curves)
    assert not np.array_equal(
        InteractiveFace(player.model, audio, settings).all_frames().curves, all_first.curves
    )
