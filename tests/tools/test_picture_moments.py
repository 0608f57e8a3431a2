"""Which frames are drawn: by the sounds where they are known, by the curves where not."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.tools.picture.moments import telling_frames, telling_moments
from facewire.tools.picture.sounds import kind, spelt
from facewire.tools.picture.take import Phone, Take

if TYPE_CHECKING:
    from numpy.typing import NDArray


def take(*phones: Phone, frames: int = 240, **curves: NDArray[np.float32]) -> Take:
    columns = {"jawOpen": np.zeros(frames, np.float32), **curves}
    return Take(
        samples=np.zeros(0, np.float32), sample_rate_hz=16_000,
        curves=np.stack(list(columns.values()), axis=1).astype(np.float32), names=list(columns),
        fps=Fraction(60), phones=phones,
    )  # fmt: skip


def gap(frames: int = 240) -> NDArray[np.float32]:
    """Lips half a centimetre apart."""
    return np.full(frames, 0.5, np.float32)


def test_a_closure_is_drawn_where_the_lips_are_nearest_and_an_ah_where_they_are_widest() -> None:
    apart = gap()
    apart[63], apart[130] = 0.0, 1.2
    moments = telling_moments(take(Phone("M", 1.0, 1.1), Phone("AA", 2.1, 2.3)), apart, 10)
    assert [(moment.frame, moment.sound, moment.kind) for moment in moments] == [
        (63, "m", "shut"), (130, "ah", "open"),
    ]  # fmt: skip


def test_a_closure_may_come_a_little_early() -> None:
    apart = gap()
    apart[58] = 0.0
    assert telling_moments(take(Phone("P", 1.0, 1.1)), apart, 1)[0].frame == 58


def test_a_round_sound_is_drawn_where_the_curves_round_most() -> None:
    pucker = np.zeros(240, np.float32)
    pucker[70] = 0.7
    moments = telling_moments(take(Phone("UW", 1.0, 1.3), mouthPucker=pucker), gap(), 3)
    assert [(moment.frame, moment.sound) for moment in moments] == [(70, "oo")]


def test_of_many_sounds_the_telling_ones_are_drawn_in_order_and_apart() -> None:
    names = ["T", "M", "K", "AA", "N", "UW", "D", "F", "L", "B", "G", "AE", "NG", "P", "R", "W"]
    phones = [Phone(name, 0.24 * n, 0.24 * n + 0.2) for n, name in enumerate(names)]
    moments = telling_moments(take(*phones), gap(), 6)
    frames = [moment.frame for moment in moments]
    assert len(moments) == 6
    assert frames == sorted(frames)
    assert min(np.diff(frames)) >= 5
    assert {moment.kind for moment in moments} <= {"shut", "open", "round", "bite"}
    assert {"shut", "open", "round"} <= {moment.kind for moment in moments}


def test_the_same_sound_is_not_drawn_twice_when_there_is_another() -> None:
    phones = [Phone(name, 0.5 * n, 0.5 * n + 0.3) for n, name in enumerate(["M", "M", "M", "F"])]
    sounds = [moment.sound for moment in telling_moments(take(*phones), gap(), 2)]
    assert sounds == ["m", "f"]


def test_sounds_too_near_each_other_give_fewer_moments() -> None:
    phones = [Phone("M", 1.0, 1.02), Phone("AA", 1.02, 1.04), Phone("B", 1.04, 1.06)]
    assert 1 <= len(telling_moments(take(*phones), gap(), 3)) < 3


def test_sounds_beyond_the_frames_are_left_out() -> None:
    moments = telling_moments(take(Phone("M", 1.0, 1.1), Phone("B", 9.0, 9.1)), gap(), 5)
    assert [moment.sound for moment in moments] == ["m"]


def test_without_sounds_the_curves_choose() -> None:
    apart = np.zeros(240, np.float32)
    apart[[70, 150]] = 0.9
    moments = telling_moments(take(), apart, 6)
    assert {70, 150} <= {moment.frame for moment in moments}
    assert {moment.sound for moment in moments} == {""}


def test_frames_chosen_by_the_curves_are_in_order_and_apart() -> None:
    apart = np.zeros(240, np.float32)
    apart[[70, 150]] = 0.9
    chosen = telling_frames(take(), apart, 6)
    assert chosen == sorted(chosen)
    assert min(np.diff(chosen)) >= 5


@pytest.mark.parametrize("frames", [0, 1, 3, 12, 13])
def test_short_takes_have_as_many_moments_as_frames(frames: int) -> None:
    chosen = telling_frames(take(frames=frames), np.linspace(0, 1, frames, dtype=np.float32), 12)
    assert len(chosen) == len(set(chosen)) == min(frames, 12)


def test_eyes_are_not_caught_half_way_through_a_blink() -> None:
    blink = np.zeros(120, np.float32)
    blink[50:60] = [0.2, 0.5, 0.8, 1, 1, 1, 0.8, 0.6, 0.4, 0.2]
    apart = np.zeros(120, np.float32)
    apart[51], apart[53] = 1.2, 1.14
    one = take(frames=120, eyeBlinkLeft=blink, eyeBlinkRight=blink)
    assert telling_frames(one, apart, 1) == [53]


def test_sounds_are_written_as_a_reader_hears_them() -> None:
    assert [spelt(name) for name in ("UW", "AA", "M", "DH", "PAU")] == ["oo", "ah", "m", "th", ""]
    assert [kind(name) for name in ("B", "V", "OW", "AH", "SIL", "K")] == [
        "shut", "bite", "round", "open", "rest", "other",
    ]  # fmt: skip
