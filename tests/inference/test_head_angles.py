"""A model that turns the head turns it both ways: its angles are no weights to be held above 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.inference.conftest import BEFORE, TICK, TICKS, WINDOW, Player

from facewire.animation.curves import CURVE_INDEX
from facewire.emotion.layer import pose_matrix
from facewire.inference.direct import DirectFamily
from facewire.inference.model import Model
from facewire.mapping.shipped import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class TurningBackend:
    """A network that always answers headYaw = -0.5 and cheekPuff = -0.5."""

    name = "cpu"
    max_batch = 1

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        return np.full((len(feeds["audio"]), TICKS, 2), -0.5, np.float32)


def test_a_head_turns_to_its_right_and_a_weight_stays_above_zero() -> None:
    family = DirectFamily(
        network="",
        input_name="audio",
        window_samples=WINDOW,
        window_start_samples=-BEFORE,
        tick_samples=TICK,
        ticks_per_window=TICKS,
        columns=np.array([CURVE_INDEX["headYaw"], CURVE_INDEX["cheekPuff"]]),
        emotion_poses=pose_matrix({}),
        mouth_close="arkit",
    )
    model = Model(
        name="turning", version="1", licence="", family_name="direct",
        family=family, backend=TurningBackend(),
    )  # fmt: skip
    names = load_table("arkit_head").names

    rows = Player(model).play([np.full(16_000, 0.1, np.float32)], rig="arkit_head").curves

    assert rows[:, names.index("headYaw")].min() < -0.4
    assert not rows[:, names.index("cheekPuff")].any()
