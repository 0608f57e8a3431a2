"""The lower teeth are the SDK's to the bit on every recorded frame, in both of its ways."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conformance.kit import VECTORS, oracle

from facewire.animation.host_jaw import host_jaw_transform, host_rigid_transform
from facewire.animation.jaw import column_major, jaw_transform
from facewire.tools.conformance.examination import Found, examine

MOUTHS = oracle("animator_tongue_teeth")
TEETH = {case["id"]: case["params"] for case in MOUTHS.config["teeth_cases"]}
FITS = [case["id"] for case in MOUTHS.config["rigid_cases"]]


@pytest.mark.parametrize("case", TEETH)
def test_the_teeth_of_the_kernel_are_ours(case: str) -> None:
    for deltas, expected in zip(
        MOUTHS["jaw_input"], MOUTHS[f"teeth_{case}_transform_gpu"], strict=True
    ):
        found = jaw_transform(MOUTHS["neutral_jaw"], deltas, *TEETH[case])
        assert np.array_equal(column_major(found), expected)


@pytest.mark.parametrize("case", FITS)
def test_the_fits_of_the_kernel_are_ours(case: str) -> None:
    source = MOUTHS[f"{case}_from"]

    found = jaw_transform(source, MOUTHS[f"{case}_to"] - source, 1.0, 0.0, 0.0)

    assert np.array_equal(column_major(found), MOUTHS[f"{case}_transform_gpu"])


@pytest.mark.parametrize("case", TEETH)
def test_the_teeth_of_the_cpu_are_ours(case: str) -> None:
    for deltas, expected in zip(
        MOUTHS["jaw_input"], MOUTHS[f"teeth_{case}_transform"], strict=True
    ):
        found = host_jaw_transform(MOUTHS["neutral_jaw"], deltas, *TEETH[case])
        assert np.array_equal(column_major(found), expected)


@pytest.mark.parametrize("case", FITS)
def test_the_fits_of_the_cpu_are_ours(case: str) -> None:
    found = host_rigid_transform(MOUTHS[f"{case}_from"], MOUTHS[f"{case}_to"])

    assert np.array_equal(column_major(found), MOUTHS[f"{case}_transform"])


@pytest.mark.parametrize("bad", [0.0, 1e30, np.nan, np.inf])
def test_no_points_are_too_odd_for_the_way_of_the_cpu(bad: float) -> None:
    points = np.full((5, 3), bad, np.float32)

    assert host_rigid_transform(points, points).shape == (4, 4)
    assert host_rigid_transform(MOUTHS["rigid1_from"], points).shape == (4, 4)


@pytest.mark.parametrize("topic", ["executor_regression", "executor_diffusion"])
def test_the_jaws_of_an_executor_are_ours(topic: str) -> None:
    rows = examine(Found(VECTORS / f"{topic}_dev.npz", topic)).rows

    assert rows["jaw rotation"].worst == 0.0
    assert rows["jaw translation"].worst == 0.0
