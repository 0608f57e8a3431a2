"""Every committed vector file, compared by the code of `facewire conformance`: one truth for both.

Here stands what the command cannot know: how many comparisons there must be, so that none is left
out in silence, and how near to a limit a quantity may come before someone looks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pytest
from tests.conformance.kit import VECTORS

from facewire.tools.conformance.examination import Found, examine, find
from facewire.tools.conformance.topics import TOPICS

if TYPE_CHECKING:
    from facewire.tools.conformance.tally import FileReport

COUNTS: Final = {
    "accumulators": {"emotions": 2, "audio": 2, "audio with gain": 1, "refusals": 5},
    "a2e_postprocess": {"emotions": 28, "equal logits": 8},
    "animator_eyes": {"rotations": 30, "saccade rows": 24, "clock": 24},
    "animator_skin": {"vertices": 16, "mask": 16, "smoothing shares": 14},
    "animator_tongue_teeth": {"tongue vertices": 5, "rotation": 26, "translation": 26},
    "blendshape_skin": {
        "weights of stable frames": 667, "weights, teacher-forced": 749,
        "weights, ill conditioned": 200, "weights of sdk-gpu": 19, "weights of sdk-gpu, whole": 19,
        "matrix A": 27, "A^T b": 24, "scale": 24, "cancel pairs": 24,
    },
    "blendshape_tongue": {
        "weights of stable frames": 800, "weights, teacher-forced": 828,
        "weights, ill conditioned": 93, "weights of sdk-gpu": 21, "weights of sdk-gpu, whole": 19,
        "matrix A": 27, "A^T b": 24, "scale": 24, "cancel pairs": 24, "exact without -1 pairs": 2,
    },
    "bvls": {"x": 36},
    "end_to_end_regression": {"weights": 2, "weights of a stream": 2, "timestamps": 2},
    "executor_a2e": {
        "windows": 7, "window sums": 5, "timestamps": 10, "frames and progress": 5, "emotions": 5,
    },
    "executor_diffusion": {
        "timestamps": 6, "frames and progress": 6, "windows": 3, "network emotion": 3,
        "frame emotions": 3, "identity": 3, "GRU state": 3, "noise": 3, "skin and tongue": 6,
        "jaw rotation": 3, "jaw translation": 3, "eyes": 3,
    },
    "executor_regression": {
        "timestamps": 6, "frames and progress": 6, "windows": 3, "network emotion": 3,
        "frame emotions": 3, "skin and tongue": 6, "jaw rotation": 3, "jaw translation": 3,
        "eyes": 3,
    },
    "interpolator": {"smoothed": 7},
    "pca_reconstruction": {"deltas": 20},
    "window_progress": {
        "windows": 34, "frames": 35, "executions": 68, "frame totals": 37, "gating": 1,
    },
}  # fmt: skip
"""By topic and quantity: items compared, which are frames where a share of them is asked for."""
NEAR: Final = {
    ("blendshape_skin", "weights, ill conditioned"),
    ("blendshape_skin", "weights of stable frames"),
    ("blendshape_tongue", "weights, ill conditioned"),
}
"""Where single frames may be off by any amount; all else keeps to the largest error allowed."""


@lru_cache(maxsize=32)
def report(topic: str) -> FileReport:
    return examine(Found(VECTORS / f"{topic}_dev.npz", topic))


def test_every_topic_has_its_file() -> None:
    assert {each.topic for each in find(VECTORS)} == {*TOPICS, "literals"}
    assert set(COUNTS) == set(TOPICS)


@pytest.mark.parametrize("topic", COUNTS)
def test_every_case_of_a_topic_is_compared(topic: str) -> None:
    assert {name: row.cases for name, row in report(topic).rows.items()} == COUNTS[topic]


@pytest.mark.parametrize(
    ("topic", "quantity"), [(topic, name) for topic, names in COUNTS.items() for name in names]
)
def test_a_quantity_is_the_sdks(topic: str, quantity: str) -> None:
    assert report(topic).errors == []
    row = report(topic).rows[quantity]

    assert row.failures == []
    if (topic, quantity) not in NEAR:
        assert row.over == []
    if row.tolerance.share < 1.0:  # half as many exceptions as INDEX.md allows, at most
        assert row.passed >= (1 + row.tolerance.share) / 2 * row.cases
