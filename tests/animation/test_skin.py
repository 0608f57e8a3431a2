from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.animation.face_parameters import SkinParameters
from facewire.animation.skin import SkinAnimator
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

VERTICES = 200
DRAW = np.random.default_rng(7)
NEUTRAL = (DRAW.normal(size=(VERTICES, 3)) * (8, 12, 8) + (0, 150, 5)).astype(np.float32)
LIP, EYE = DRAW.normal(scale=0.2, size=(2, VERTICES, 3)).astype(np.float32)
DELTAS = DRAW.normal(scale=0.5, size=(30, 3 * VERTICES)).astype(np.float32)
SLOW = SkinParameters(lower_face_smoothing=0.05, upper_face_smoothing=0.03, blink_offset=0.4)


def _animator(parameters: SkinParameters = SLOW) -> SkinAnimator:
    return SkinAnimator(NEUTRAL, LIP, EYE, parameters, 1 / 60)


def _run(animator: SkinAnimator, deltas: NDArray[np.float32] = DELTAS) -> NDArray[np.float32]:
    return np.array([animator.animate(frame) for frame in deltas])


def test_after_a_reset_a_track_moves_as_a_fresh_one_to_the_bit() -> None:
    animator = _animator()
    _run(animator, DELTAS[::-1])

    animator.reset()

    assert np.array_equal(_run(animator), _run(_animator()))


def test_frames_are_the_same_alone_and_beside_other_tracks() -> None:
    tracks = [_animator(), _animator(replace(SLOW, skin_strength=2.0)), _animator()]

    rows = [[track.animate(frame) for track in tracks] for frame in DELTAS]

    assert np.array_equal([row[0] for row in rows], _run(_animator()))
    assert np.array_equal([row[2] for row in rows], _run(_animator()))


def test_what_was_returned_and_what_was_given_stay_as_they_were() -> None:
    animator, given = _animator(), DELTAS.copy()
    first = animator.animate(given[0])
    kept = first.copy()

    first[0] += 1.0
    _run(animator, given[1:])

    assert np.array_equal(first[1:], kept[1:])
    assert np.array_equal(given, DELTAS)
    given[:] = 0.0  # the caller's buffer may be used again
    assert np.array_equal(
        animator.animate(DELTAS[0]), _run(_animator(), DELTAS[[*range(30), 0]])[-1]
    )


def test_the_first_frame_is_not_smoothed() -> None:
    still = replace(SLOW, lower_face_smoothing=0.0, upper_face_smoothing=0.0)

    assert np.array_equal(_animator().animate(DELTAS[0]), _animator(still).animate(DELTAS[0]))


def test_motion_of_rows_of_three_is_taken_as_well() -> None:
    shaped = _animator().animate(DELTAS[0].reshape(-1, 3))

    assert np.array_equal(shaped, _animator().animate(DELTAS[0]))


def test_a_blink_closes_the_lids_by_its_share_of_the_closing_pose() -> None:
    open_eyes = SkinParameters(eyelid_open_offset=0.0, lip_open_offset=0.0, lower_face_strength=1.0)
    blinking = replace(open_eyes, blink_offset=0.5, blink_strength=1.5)
    nothing = np.zeros(3 * VERTICES, np.float32)

    moved = _animator(blinking).animate(nothing) - _animator(open_eyes).animate(nothing)

    assert np.allclose(moved.reshape(-1, 3), 0.75 * EYE, atol=5e-5)


def test_a_changed_offset_is_smoothed_like_any_motion() -> None:
    animator = _animator(replace(SLOW, lip_open_offset=0.0))
    nothing = np.zeros(3 * VERTICES, np.float32)
    before = animator.animate(nothing)

    animator.set({"lipOpenOffset": 0.2})
    after = animator.animate(nothing)
    for _ in range(120):
        settled = animator.animate(nothing)

    moved, whole = np.abs(after - before).max(), np.abs(settled - before).max()
    assert 0.0 < moved < 0.2 * whole


def test_smoothing_that_sets_in_starts_from_where_the_face_is() -> None:
    animator = _animator(replace(SLOW, lower_face_smoothing=0.0, upper_face_smoothing=0.0))
    animator.animate(DELTAS[0])
    rest = animator.animate(DELTAS[1])

    animator.set({"lowerFaceSmoothing": 0.1, "upperFaceSmoothing": 0.1})

    assert np.allclose(animator.animate(DELTAS[1]), rest, atol=5e-5)


@pytest.mark.parametrize(
    ("change", "made_anew"),
    [
        ({"lipOpenOffset": 0.1, "blinkOffset": 0.2, "lowerFaceStrength": 2.0}, False),
        ({"lowerFaceSmoothing": 0.01, "faceMaskLevel": 0.6, "faceMaskSoftness": 0.0085}, False),
        ({"faceMaskLevel": 0.5}, True),
        ({"faceMaskSoftness": 0.1}, True),
    ],
)
def test_the_mask_is_made_anew_only_when_its_own_parameters_change(
    change: dict[str, float],
    made_anew: bool,  # noqa: FBT001 - a column of the table
) -> None:
    animator = _animator()
    before = animator.mask

    animator.set(change)

    assert (animator.mask is not before) is made_anew


def test_live_changes_give_what_a_track_built_so_would_give() -> None:
    animator = _animator(SkinParameters())
    wanted = replace(SLOW, face_mask_level=0.4, face_mask_softness=0.2, skin_strength=1.7)

    animator.parameters = wanted

    assert np.array_equal(_run(animator), _run(_animator(wanted)))


def test_another_neutral_face_brings_its_own_mask() -> None:
    animator, other = _animator(), NEUTRAL[::-1].copy()

    animator.use_neutral(other)

    expected = SkinAnimator(other, LIP, EYE, SLOW, 1 / 60)
    assert np.array_equal(animator.mask, expected.mask)
    assert np.array_equal(_run(animator), _run(expected))


def test_a_mask_without_softness_is_refused_and_the_old_one_stays() -> None:
    animator = _animator()
    mask = animator.mask

    for softness in (0.0, -1.0, float("nan")):
        with pytest.raises(SettingsError, match="faceMaskSoftness"):
            animator.parameters = replace(SLOW, face_mask_softness=softness)

    assert animator.parameters == SLOW
    assert animator.mask is mask


FLAT = NEUTRAL * (1, 0, 1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: SkinAnimator(FLAT, LIP, EYE, SLOW, 1 / 60),
        lambda: SkinAnimator(NEUTRAL, LIP[:-1], EYE, SLOW, 1 / 60),
        lambda: SkinAnimator(NEUTRAL, LIP, EYE[:-1], SLOW, 1 / 60),
        lambda: _animator().use_neutral(NEUTRAL[:-1]),
        lambda: _animator().use_neutral(FLAT),
    ],
)
def test_arrays_that_make_no_face_are_refused(build: Callable[[], Any]) -> None:
    with pytest.raises(BundleError, match="neutral skin"):
        build()
