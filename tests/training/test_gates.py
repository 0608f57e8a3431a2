"""The gates' targets and what a mouth must do for a phone."""

from __future__ import annotations

import numpy as np
import pytest

from facewire.tools.training import gates
from facewire.tools.training.constraints import constrained
from facewire.tools.training.labels import COLUMNS

TIMES_S = np.arange(100) / 100
PHONES = [("SIL", 0.0, 0.2), ("AA", 0.2, 0.4), ("B", 0.4, 0.5), ("F", 0.5, 0.6), ("UW", 0.6, 0.8),
          ("SIL", 0.8, 1.0)]  # fmt: skip
SEAL, TUCK = gates.GATES.index("seal"), gates.GATES.index("tuck")


def _face() -> np.ndarray:
    """Return a mouth that hangs half open and moves nothing."""
    values = np.full((len(TIMES_S), len(COLUMNS)), 0.2, np.float32)
    values[:, COLUMNS.index("jawOpen")] = 0.6
    return constrained(values, PHONES, TIMES_S)


def _at(values: np.ndarray, channel: str, time_s: float) -> float:
    return float(values[round(time_s * 100), COLUMNS.index(channel)])


def test_a_voice_alone_seals_on_its_bilabials_and_nowhere_else() -> None:
    targets = gates.targets(PHONES, TIMES_S, None)
    assert targets[42:49, SEAL].min() == 1.0
    assert targets[20:36, SEAL].max() == 0.0
    assert targets[55:, SEAL].max() == 0.0
    assert targets[55, TUCK] == 1.0


def test_a_camera_overrules_the_phone_times() -> None:
    aperture = np.full(len(TIMES_S), 0.5, np.float32)
    aperture[46:49] = 0.05
    targets = gates.targets(PHONES, TIMES_S, aperture)
    assert targets[47, SEAL] == 1.0
    assert targets[42, SEAL] == 0.0
    assert np.isnan(targets[5, SEAL]), "lips at rest prove nothing"


def test_where_nobody_speaks_nothing_seals() -> None:
    rest = np.zeros(len(TIMES_S), np.float32)
    assert not gates.targets([("SIL", 0.0, 1.0)], TIMES_S, rest).any()


def test_without_phones_no_gate_is_known() -> None:
    assert np.isnan(gates.targets([], TIMES_S, None)).all()


def test_a_phone_shorter_than_its_ramps_still_closes_fully() -> None:
    made = gates.envelope([("P", 0.50, 0.53)], ("P",), TIMES_S)
    assert made.max() == 1.0


def test_constrained_lips_shut_on_b_and_only_there() -> None:
    face = _face()
    assert _at(face, "lipAperture", 0.45) == pytest.approx(0.0, abs=1e-6)
    for channel in ("mouthLowerDown", "mouthUpperUp", "mouthFunnel"):
        assert _at(face, channel, 0.45) == pytest.approx(0.0, abs=1e-6)
    assert _at(face, "lipAperture", 0.3) > 0.9


def test_constrained_f_draws_the_lower_lip_in_behind_a_nearly_shut_jaw() -> None:
    face = _face()
    assert _at(face, "jawOpen", 0.55) <= 0.31
    assert _at(face, "mouthRollLower", 0.55) >= 1.0


def test_constrained_oo_is_round_and_its_corners_come_in() -> None:
    face = _face()
    assert _at(face, "mouthPucker", 0.7) >= 1.5
    assert _at(face, "mouthSmile", 0.7) <= 0.02
    assert _at(face, "mouthPucker", 0.3) == pytest.approx(0.2, abs=0.02)
