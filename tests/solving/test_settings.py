"""Solver settings: what is refused, and that it is said."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from facewire.bundles.blendshapes import SolverDefaults
from facewire.protocol.errors import SettingsError
from facewire.solving.settings import SolverSettings


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"l1": -0.1}, "l1", "from 0 to"),
        ({"l2": float("nan")}, "l2", "nan"),
        ({"temporal": float("inf")}, "temporal", "inf"),
        ({"symmetry": 1e7}, "symmetry", "1e+06"),
        ({"template_size_cm": 0.5}, "template_size_cm", "from 1 to"),
        ({"active": [0, 0, 0, 0]}, "active", "No pose"),
        ({"multipliers": [1.0, 2.0]}, "multipliers", "4 poses"),
        ({"offsets": [0.0, float("nan"), 0.0, 0.0]}, "offsets", "finite"),
        ({"offsets": [0.0, 1e300, 0.0, 0.0]}, "offsets", "finite"),
        ({"cancel_pairs": [3, 3, 3, -1]}, "cancel_pairs", "the id 3 to 3 poses"),
        ({"symmetry_pairs": [0, -1, -1, -1]}, "symmetry_pairs", "the id 0 to 1 poses"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(
    changes: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        SolverSettings.with_poses(4, **changes)

    assert refusal.value.field == field
    assert says in refusal.value.text


def test_a_pair_may_name_an_inactive_pose() -> None:
    settings = SolverSettings.with_poses(4, active=[1, 0, 1, 1], symmetry_pairs=[7, 7, -1, -1])

    assert settings.symmetry_pairs.tolist() == [7, 7, -1, -1]


def test_the_lists_are_copies_that_cannot_be_written_to() -> None:
    gains = np.ones(4, np.float32)
    settings = SolverSettings.with_poses(4, multipliers=gains)
    gains[0] = 9.0

    assert settings.multipliers[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        settings.multipliers[0] = 2.0


@pytest.mark.parametrize(
    "changes",
    [
        {"l1": 0.25},
        {"tolerance": 1e-2},
        {"active": [1, 1, 1, 0]},
        {"cancel_pairs": [1, 1, -1, -1]},
        {"symmetry_pairs": [1, -1, 1, -1]},
    ],
)
def test_only_gains_and_offsets_need_no_preparation(changes: dict[str, Any]) -> None:
    before = SolverSettings.with_poses(4)
    louder = replace(before, multipliers=np.full(4, 2.0), offsets=np.full(4, 0.5))

    assert before.prepares_as(louder)
    assert not before.prepares_as(replace(before, **changes))


def test_what_a_bundle_says_of_its_solver_is_taken_as_it_is() -> None:
    defaults = SolverDefaults(
        l1=0.5,
        l2=0.25,
        temporal=0.3,
        symmetry=100.0,
        template_size_cm=53.45050282121686,
        active=(True, False, True),
        cancel_pairs=(-1, -1, -1),
        symmetry_pairs=(0, -1, 0),
        multipliers=(1.0, 2.0, 3.0),
        offsets=(0.0, 0.2, 0.0),
    )

    settings = SolverSettings(**asdict(defaults))

    assert settings.active.tolist() == [True, False, True]
    assert settings.symmetry_pairs.tolist() == [0, -1, 0]
    assert (settings.l1, settings.temporal) == (0.5, 0.3)
