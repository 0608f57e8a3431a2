"""What an eye would measure on the head, from weights alone: lips and lids, in centimetres.

All of it is linear in the weights up to one clip, so each measure keeps the few vertices it looks
at and costs one small matrix product for a whole clip.

Weights are float32[frames, N]: N = 52 (ARKit), 68 (with the tongue) or 71 (with the head angles,
which move nothing here). Values of this head: see models/head/README.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.head import load_head

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.head import Head

    Numbers = NDArray[np.float32]

CENTRE_CM: Final = 1.15
"""Pairs of the inner lips this far or less from the middle count as the centre of the mouth."""
LID_PAIRS: Final = slice(4, 10)
"""The middle six of the fourteen pairs of a lid's edge: those over the iris."""


def lip_gap_cm(weights: Numbers, head: Head | None = None) -> Numbers:
    """Return how far the lips are apart in the middle of the mouth.

    The vertical (Y) distance of paired vertices of the inner edges of the lips, mean over the
    nine pairs within 1.15 cm of the middle. The pairs touch at rest, so closed is exactly 0.
    A pair pressed past contact counts as 0, not as negative.

    Returns:
        float32[frames], cm, never negative.
    """
    at_rest, slopes = _lip_gaps(head or load_head())
    return _mean_opening(weights, at_rest, slopes)


def lip_width_cm(weights: Numbers, head: Head | None = None) -> Numbers:
    """Return float32[frames], cm: from one corner of the mouth to the other, sideways (X)."""
    at_rest, slopes = _lip_width(head or load_head())
    return _linear(weights, at_rest, slopes)


def lip_protrusion_cm(weights: Numbers, head: Head | None = None) -> Numbers:
    """Return how far the lips are thrust forward: out of a funnel or a pucker, say.

    The way forward (Z) of the nine upper-lip vertices that `lip_gap_cm` looks at, against rest.
    The upper lip alone: the lower one also swings back with the jaw.

    Returns:
        float32[frames], cm; negative when the lip is drawn in.
    """
    at_rest, slopes = _lip_forward(head or load_head())
    return _linear(weights, at_rest, slopes)


def lid_gap_cm(weights: Numbers, head: Head | None = None) -> Numbers:
    """Return how far the eyes are open.

    The vertical (Y) distance of paired vertices of the lids' edges, mean over the middle six;
    pairs past contact count as 0.

    Returns:
        float32[frames, 2], cm, never negative: left, right.
    """
    sides = [_lid_gaps(head or load_head(), side) for side in ("left", "right")]
    return np.stack([_mean_opening(weights, *side) for side in sides], axis=1)


@lru_cache(maxsize=4)
def _lip_gaps(head: Head) -> tuple[Numbers, Numbers]:
    centre = np.abs(head.vertices[head.inner_lip_upper, 0]) <= CENTRE_CM
    return _difference(head, head.inner_lip_upper[centre], head.inner_lip_lower[centre], 1)


@lru_cache(maxsize=4)
def _lip_width(head: Head) -> tuple[Numbers, Numbers]:
    return _difference(head, head.lip_corners[:1], head.lip_corners[1:], 0)


@lru_cache(maxsize=4)
def _lip_forward(head: Head) -> tuple[Numbers, Numbers]:
    centre = np.abs(head.vertices[head.inner_lip_upper, 0]) <= CENTRE_CM
    _, slopes = _rows(head, head.inner_lip_upper[centre], 2)
    return np.zeros(1, np.float32), slopes.mean(1, keepdims=True)


@lru_cache(maxsize=8)
def _lid_gaps(head: Head, side: str) -> tuple[Numbers, Numbers]:
    upper, lower = getattr(head, f"lid_upper_{side}"), getattr(head, f"lid_lower_{side}")
    return _difference(head, upper[LID_PAIRS], lower[LID_PAIRS], 1)


def _rows(head: Head, vertices: NDArray[np.int32], axis: int) -> tuple[Numbers, Numbers]:
    """Return one coordinate of some vertices: float32[K] at rest and float32[68, K] per weight."""
    shapes = head.deltas.reshape(len(head.shape_names), -1, 3)
    return head.vertices[vertices, axis], shapes[:, vertices, axis]


def _difference(
    head: Head, first: NDArray[np.int32], second: NDArray[np.int32], axis: int
) -> tuple[Numbers, Numbers]:
    (rest_a, slopes_a), (rest_b, slopes_b) = _rows(head, first, axis), _rows(head, second, axis)
    return rest_a - rest_b, slopes_a - slopes_b


def _values(weights: Numbers, at_rest: Numbers, slopes: Numbers) -> Numbers:
    used = min(weights.shape[1], len(slopes))
    return np.asarray(at_rest + np.asarray(weights[:, :used], np.float32) @ slopes[:used])


def _linear(weights: Numbers, at_rest: Numbers, slopes: Numbers) -> Numbers:
    return _values(weights, at_rest, slopes)[:, 0]


def _mean_opening(weights: Numbers, at_rest: Numbers, slopes: Numbers) -> Numbers:
    openings: Numbers = np.maximum(_values(weights, at_rest, slopes), 0.0)
    return np.asarray(openings.mean(axis=1), np.float32)
