"""Vector files of other making: the comparison leans on no order, type, count or name of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance.kit import VECTORS

from facewire.tools.conformance.examination import examine, find
from facewire.tools.conformance.outcomes import Compared
from facewire.tools.conformance.tolerances import TOLERANCES
from facewire.tools.conformance.topics.mouth import transforms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]
LISTS = ("cases", "configs", "systems", "teeth_cases", "tongue_cases", "rigid_cases")
SMALL = (
    "accumulators", "a2e_postprocess", "animator_eyes", "animator_tongue_teeth", "bvls",
    "blendshape_tongue", "end_to_end_regression", "executor_a2e", "executor_regression",
    "interpolator", "pca_reconstruction", "window_progress",
)  # fmt: skip
TURN = np.radians(20.0)


def reordered(arrays: Arrays, config: dict[str, Any]) -> Arrays:
    for key in LISTS:
        config[key] = config.get(key, [])[::-1]
    return dict(reversed(arrays.items()))


def of_other_types(arrays: Arrays, _config: dict[str, Any]) -> Arrays:
    wider = {"float32": np.float64, "int32": np.int64, "int64": np.int32}
    return {
        name: each.astype(wider.get(str(each.dtype), each.dtype)) for name, each in arrays.items()
    }


def in_fortran_order(arrays: Arrays, _config: dict[str, Any]) -> Arrays:
    return {name: np.asfortranarray(each) for name, each in arrays.items()}


def with_more_in_it(arrays: Arrays, config: dict[str, Any]) -> Arrays:
    config["note_of_another_generator"] = {"values": [1, None]}
    return arrays | {"zz_unknown": np.arange(5), "c99_weights": np.zeros(3, np.float32)}


def with_fewer_cases(arrays: Arrays, config: dict[str, Any]) -> Arrays:
    for key in ("configs", "systems", "teeth_cases", "tongue_cases", "rigid_cases"):
        config[key] = config.get(key, [])[1::2]
    return arrays


def with_fewer_frames(arrays: Arrays, config: dict[str, Any]) -> Arrays:
    if "configs" not in config:
        return arrays
    per_frame = (
        "targets", "true_w", "_weights", "_raw_active", "_ATb", "_weights_gpu_admm", "_sensitivity",
    )  # fmt: skip
    return {name: each[:25] if name.endswith(per_frame) else each for name, each in arrays.items()}


@pytest.mark.parametrize(
    "change",
    [reordered, of_other_types, in_fortran_order, with_more_in_it, with_fewer_cases,
     with_fewer_frames],
)  # fmt: skip
@pytest.mark.parametrize("topic", SMALL)
def test_a_file_that_says_the_same_otherwise_passes(
    tmp_path: Path, topic: str, change: Callable[[Arrays, dict[str, Any]], Arrays]
) -> None:
    with np.load(VECTORS / f"{topic}_dev.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    config = json.loads(str(arrays.pop("config")))
    arrays = change(arrays, config)
    content: dict[str, Any] = {**arrays, "config": np.array(json.dumps(config))}
    np.savez(tmp_path / f"{topic}_20270101.npz", **content)

    (found,) = find(tmp_path)
    report = examine(found)

    assert found.topic == topic
    assert report.ok, [report.errors, *(row.failures for row in report.rows.values())]
    assert sum(row.cases for row in report.rows.values()) > 0


def _turned(angle: float) -> NDArray[np.float32]:
    """Return [1, 16], a rotation about z and a shift, column by column."""
    transform = np.eye(4)
    transform[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    transform[:3, 3] = (0.5, -1.0, 0.25)
    return transform.T.reshape(1, 16).astype(np.float32)


def test_no_jaw_is_allowed_more_than_the_table_says() -> None:
    found = np.repeat(_turned(TURN), 100, axis=0)
    found[40] = _turned(TURN + 8e-6)
    found[60, 13] += 4e-4

    rotation, translation = transforms(found, np.repeat(_turned(TURN), 100, axis=0))

    limits = TOLERANCES["animator_tongue_teeth"]
    for outcome in (rotation, translation):
        assert isinstance(outcome, Compared)
        assert outcome.limit is None
        assert outcome.errors[0] > limits[outcome.quantity].limit
