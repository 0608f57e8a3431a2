from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facewire.animation.eyes import EyesAnimator
from facewire.animation.face_parameters import EyesParameters
from facewire.protocol.errors import BundleError

ROWS = 5000
SACCADES = np.random.default_rng(2).uniform(-3.8, 3.8, (ROWS, 2)).astype(np.float32)
GAZE = np.array([1.0, -2.0, 3.0, -4.0], np.float32)
PLAIN = EyesParameters()


def _rows(animator: EyesAnimator, frames: int) -> list[int]:
    rows = []
    for _ in range(frames):
        rows.append(animator.saccade_row)
        animator.rotate(GAZE)
    return rows


def test_the_table_runs_at_30_rows_a_second_whatever_the_frame_rate() -> None:
    assert _rows(EyesAnimator(SACCADES, PLAIN, 1 / 30), 4) == [0, 1, 2, 3]
    assert _rows(EyesAnimator(SACCADES, PLAIN, 1 / 60), 6) == [0, 0, 1, 1, 2, 2]
    assert _rows(EyesAnimator(SACCADES, PLAIN, 1 / 15), 4) == [0, 2, 4, 6]


def test_the_table_begins_again_at_its_end() -> None:
    late = replace(PLAIN, eye_saccade_seed=4998.5)

    assert _rows(EyesAnimator(SACCADES, late, 1 / 30), 4) == [4998, 4999, 0, 1]


def test_a_seed_from_a_bundle_may_lie_before_the_table() -> None:
    assert EyesAnimator(SACCADES, replace(PLAIN, eye_saccade_seed=-3.0), 1 / 30).saccade_row == 4997


def test_after_a_reset_the_eyes_move_as_fresh_ones_to_the_bit() -> None:
    animator = EyesAnimator(SACCADES, PLAIN, 1 / 60)
    _rows(animator, 77)

    animator.reset()

    fresh = EyesAnimator(SACCADES, PLAIN, 1 / 60)
    for _ in range(50):
        assert np.array_equal(animator.rotate(GAZE), fresh.rotate(GAZE))


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_the_clock_can_be_set_to_any_frame(fps: int) -> None:
    for frame in (0, 1, 59, 4_000, 20_000):
        animator = EyesAnimator(SACCADES, PLAIN, 1 / fps)
        animator.seek(frame)
        drift = (float(animator.live) - frame * 30 / fps) % ROWS
        assert min(drift, ROWS - drift) < 0.01


def test_an_explicit_frame_does_not_move_the_clock() -> None:
    animator = EyesAnimator(SACCADES, replace(PLAIN, eye_saccade_seed=17.7), 1 / 30)

    explicit = [animator.rotate_at(GAZE, frame) for frame in range(10)]

    assert animator.live == 0.0
    assert np.array_equal(explicit, [animator.rotate(GAZE) for _ in range(10)])


def test_frames_before_the_table_are_the_sdks_unsigned_ones() -> None:
    still = replace(PLAIN, eyeballs_strength=0.0)
    animator = EyesAnimator(SACCADES, still, 1 / 30)

    x, y = animator.rotate_at(GAZE, -1)[:2].tolist()

    assert [x, y] == SACCADES[(2**64 - 1) % ROWS].tolist()


def test_changed_offsets_show_on_the_next_frame_of_each_eye() -> None:
    still = replace(PLAIN, saccade_strength=0.0, eyeballs_strength=0.0)
    animator = EyesAnimator(SACCADES, still, 1 / 60)
    assert animator.rotate(GAZE).tolist() == [0.0] * 6

    animator.set({"rightEyeballRotationOffsetY": -2.0, "leftEyeballRotationOffsetY": 2.0})

    assert animator.rotate(GAZE).tolist() == [0.0, -2.0, 0.0, 0.0, 2.0, 0.0]


@pytest.mark.parametrize("shape", [(0, 2), (5, 3), (10,)])
def test_a_table_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BundleError, match="saccade_rot_matrix"):
        EyesAnimator(np.zeros(shape), PLAIN, 1 / 60)
