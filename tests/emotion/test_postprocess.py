from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facewire.emotion import EMOTIONS
from facewire.emotion.postprocess import CLASSES, PostProcessor, PostProcessParameters
from facewire.protocol.errors import BundleError, SettingsError

SHOUT = np.array([6.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)
CALM = np.array([0.0, 0.0, 0.0, 0.0, 60.0, 0.0], np.float32)
ANGER = EMOTIONS.index("anger")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("slot", [0, 4])
def test_a_network_that_fails_counts_as_neutral(bad: float, slot: int) -> None:
    failing, calm = (PostProcessor(PostProcessParameters(), dt_s=1 / 30) for _ in range(2))
    broken = SHOUT.copy()
    broken[slot] = bad
    for _ in range(20):
        assert np.array_equal(failing.step(SHOUT), calm.step(SHOUT))

    after = [(failing.step(broken), calm.step(CALM)) for _ in range(90)]

    assert all(np.allclose(ours, theirs, atol=1e-7) for ours, theirs in after)
    assert after[-1][0][ANGER] < 0.1 * after[0][0][ANGER]


def test_logits_too_large_for_their_contrast_count_as_neutral() -> None:
    post = PostProcessor(PostProcessParameters(emotion_contrast=3.0), dt_s=1 / 30)

    assert not post.step(np.full(6, 3e38, np.float32)).any()


def test_more_emotions_than_there_are_keep_all() -> None:
    most, all_six = (
        PostProcessor(PostProcessParameters(max_emotions=count), dt_s=1 / 30) for count in (99, 6)
    )
    logits = np.linspace(-1, 1, 6, dtype=np.float32)

    assert np.array_equal(most.step(logits), all_six.step(logits))


def test_of_equal_emotions_the_first_named_is_kept() -> None:
    post = PostProcessor(PostProcessParameters(max_emotions=2), dt_s=1 / 30)

    assert np.flatnonzero(post.step(np.zeros(6, np.float32))).tolist() == [1, 3]


def test_a_change_of_parameters_fades_in() -> None:
    post = PostProcessor(PostProcessParameters(), dt_s=1 / 60)
    for _ in range(200):
        before = post.step(SHOUT)

    post.parameters = replace(
        post.parameters,
        enable_preferred_emotion=True,
        preferred_emotion=np.full(10, 1.0, np.float32),
    )
    first = post.step(SHOUT)
    for _ in range(600):
        last = post.step(SHOUT)

    assert np.abs(first - before).max() < 0.02
    assert last.min() > 0.25


def test_what_comes_out_is_the_callers() -> None:
    post, other = (PostProcessor(PostProcessParameters(), dt_s=1 / 30) for _ in range(2))

    post.step(SHOUT)[:] = 9.0
    other.step(SHOUT)

    assert np.array_equal(post.step(SHOUT), other.step(SHOUT))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("emotion_contrast", -0.1),
        ("emotion_contrast", np.nan),
        ("max_emotions", -1),
        ("live_blend_coef", 1.1),
        ("preferred_emotion_strength", -0.5),
        ("live_transition_time_s", np.inf),
        ("emotion_strength", 2.0),
        ("beginning_emotion", np.zeros(9, np.float32)),
        ("preferred_emotion", np.full(10, np.nan, np.float32)),
        ("correspondence", (1, 3, 4, 6, -1, 10)),
    ],
)
def test_a_parameter_out_of_range_is_named_and_the_old_ones_stay(field: str, value: Any) -> None:
    post = PostProcessor(PostProcessParameters(), dt_s=1 / 30)
    before = post.parameters

    with pytest.raises(SettingsError) as caught:
        post.parameters = replace(before, **{field: value})

    assert caught.value.field == field
    assert post.parameters is before


def test_another_number_of_logits_is_the_bundles_fault() -> None:
    post = PostProcessor(PostProcessParameters(), dt_s=1 / 30)

    with pytest.raises(BundleError, match=r"\[7\]"):
        post.step(np.zeros(7, np.float32))
    assert len(post.step(np.zeros(len(CLASSES), np.float32))) == len(EMOTIONS)


def test_a_frame_needs_a_length() -> None:
    with pytest.raises(SettingsError):
        PostProcessor(PostProcessParameters(), dt_s=0.0)
