from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.smoothing import Smoother, smoothing_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAW = np.random.default_rng(3)
VALUES = DRAW.normal(size=(40, 12)).astype(np.float32)


def _run(smoother: Smoother, values: NDArray[np.float32]) -> list[list[float]]:
    return [smoother.smooth(frame).tolist() for frame in values]


def test_a_stage_covers_half_the_way_in_its_half_life() -> None:
    assert smoothing_share(0.02, 0.02) == 0.5
    assert smoothing_share(0.04, 0.02) == 0.75
    assert smoothing_share(0.0, 0.02) == 0.0
    assert smoothing_share(0.02, 0.0) == smoothing_share(0.02, -1.0) == 1.0


def test_a_step_is_followed_by_both_stages() -> None:
    smoother = Smoother(1)
    smoother.set_speed(0.02, 0.02)
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    smoother.smooth(zero)

    steps = [float(smoother.smooth(one)[0]) for _ in range(3)]

    assert steps == [0.25, 0.5, 0.6875]


def test_after_a_reset_it_smooths_as_a_fresh_one_to_the_bit() -> None:
    smoother, fresh = Smoother(12), Smoother(12)
    for each in (smoother, fresh):
        each.set_speed(1 / 60, 0.05)
    _run(smoother, VALUES[::-1])

    smoother.reset()

    assert _run(smoother, VALUES) == _run(fresh, VALUES)


def test_half_lives_near_zero_pass_the_values_through() -> None:
    smoother = Smoother(12)
    smoother.set_speed(1 / 60, 1e-44)

    assert np.allclose(_run(smoother, VALUES), VALUES, atol=1e-6)


def test_passing_through_leaves_the_state_where_the_values_are() -> None:
    smoother = Smoother(12)
    smoother.set_speed(1 / 60, 0.0)
    _run(smoother, VALUES)
    smoother.set_speed(1 / 60, 0.1)

    assert np.array_equal(smoother.smooth(VALUES[-1]), VALUES[-1])
