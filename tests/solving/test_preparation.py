"""Rigs and the matrix made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.solving.kit import small_rig, small_settings

from facewire.protocol.errors import BundleError
from facewire.solving.preparation import pairs_by_id, prepare, scale_factor
from facewire.solving.rig import SolverRig


def test_the_matrix_is_the_sum_of_its_terms() -> None:
    rig, settings = small_rig(), small_settings()
    prepared = prepare(rig, settings, like_sdk=False)
    scale = float(prepared.scale)
    weights = np.random.default_rng(2).random(7)
    moved = (weights @ rig.deltas[:7].astype(np.float64)).reshape(-1, 3)[::2]

    energy = (
        np.square(moved).sum()
        + 0.5**2 * 0.25 * scale * weights.sum() ** 2
        + (0.1 * 10 + 0.3 * 100) * scale * np.square(weights).sum()
        + 100.0 * 10 * scale * (weights[2] - weights[3]) ** 2
    )

    assert weights @ prepared.matrix @ weights == pytest.approx(energy, rel=1e-12)
    assert prepared.temporal_pull == np.float32(0.3) * prepared.scale
    assert prepared.active.tolist() == list(range(7))
    assert prepared.cancel_pairs.tolist() == [[0, 1]]


def test_the_scale_is_that_of_the_whole_face_and_not_of_the_mask() -> None:
    neutral = np.array([[0, 0, 0], [1, 0, 0], [3, 4, 12]], np.float32)
    rig = SolverRig(neutral, np.ones((2, 3, 3), np.float32), np.array([0, 1]))

    assert rig.diagonal_cm == np.float32(13.0)
    assert scale_factor(rig.diagonal_cm, 6.5) == np.float32(4.0)


def test_only_ids_that_occur_twice_make_pairs() -> None:
    ids = np.array([5, -1, 2, 5, 2, 2, -1, -1, 8])

    assert pairs_by_id(ids, skip_unpaired=True).tolist() == [[0, 3]]
    assert pairs_by_id(ids, skip_unpaired=False).tolist() == [[0, 3]]


def test_two_poses_without_a_pair_are_one_to_the_sdk_alone() -> None:
    ids = np.array([5, -1, 5, -1])

    assert pairs_by_id(ids, skip_unpaired=False).tolist() == [[1, 3], [0, 2]]
    assert pairs_by_id(ids, skip_unpaired=True).tolist() == [[0, 2]]


def test_the_normal_vector_looks_at_masked_vertices_only() -> None:
    rig = small_rig()
    pose = rig.neutral.copy().reshape(-1, 3)
    pose[1::2] += 5.0

    assert rig.normal(pose.reshape(-1)).tolist() == [0.0] * rig.poses


def test_a_rig_without_a_mask_fits_every_vertex() -> None:
    masked = small_rig()
    whole = SolverRig(masked.neutral, masked.deltas, np.zeros(0, np.int32))
    deltas = masked.deltas.astype(np.float64)

    assert np.allclose(whole.gram, deltas @ deltas.T, rtol=1e-12)
    assert not np.allclose(masked.gram, whole.gram)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"neutral": np.zeros(10)}, "10 coordinates"),
        ({"neutral": np.zeros(9)}, "9 coordinates"),
        ({"deltas": np.zeros((0, 12))}, "shape"),
        ({"deltas": np.full((2, 12), np.nan)}, "not a number"),
        ({"mask": np.array([0, 4])}, "0 to 4"),
        ({"mask": np.array([-1, 1])}, "-1 to 1"),
    ],
)
def test_arrays_that_disagree_are_refused(arrays: dict[str, Any], says: str) -> None:
    good: dict[str, Any] = {"neutral": np.zeros(12), "deltas": np.ones((2, 12)), "mask": None}

    with pytest.raises(BundleError, match=says):
        SolverRig(**(good | arrays))
