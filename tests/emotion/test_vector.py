from __future__ import annotations

import pytest

from facewire.emotion import EMOTIONS, emotion_vector
from facewire.protocol.errors import SettingsError


def test_the_order_is_audio2faces() -> None:
    assert tuple(sorted(EMOTIONS)) == EMOTIONS
    assert len(EMOTIONS) == 10
    assert emotion_vector({"joy": 0.5, "sadness": 1.0}).tolist() == [0.0] * 6 + [0.5, 0, 0, 1.0]


def test_no_emotion_is_all_zeros() -> None:
    assert not emotion_vector({}).any()


def test_a_misspelt_emotion_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="joy"):
        emotion_vector({"joyy": 0.5})
    with pytest.raises(SettingsError, match="amazement, anger"):
        emotion_vector({"zzz": 0.5})


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(SettingsError, match=r"\[0, 1\]"):
        emotion_vector({"joy": weight})
