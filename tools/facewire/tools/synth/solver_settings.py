"""What the solver is told about the poses of a rig: the values of the published bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from facewire.animation.curves import ARKIT_52, TONGUE_16

if TYPE_CHECKING:
    from collections.abc import Sequence

TONGUE_MULTIPLIERS: Final = (2, 1, 1, 1, 3, 1, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1)
SKIN_PAIRS: Final = (
    0, -1, -1, -1, -1, -1, 1, 0, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    2, 2, 3, 3, 4, 4, 5, 5, -1, -1, -1, -1, 6, 6, 7, 7, 8, 8, 10, 10, -1, 9, 9, -1, 11, 11,
    12, 12, -1,
)  # fmt: skip
_GAZE_AND_TONGUE: Final = (1, 2, 3, 4, 8, 9, 10, 11, 51)
REGRESSION_IDLE: Final = _GAZE_AND_TONGUE
"""Poses the solver leaves out in v2.3."""
DIFFUSION_IDLE: Final = (*_GAZE_AND_TONGUE, 15, 16, 21, 22)
"""... and in v3.0: no sideways jaw and mouth."""


def _solver(strengths: tuple[float, float, float], **lists: Sequence[float]) -> dict[str, Any]:
    second, temporal, first = strengths
    return {
        "strengthL2regularization": second,
        "strengthTemporalSmoothing": temporal,
        "strengthL1regularization": first,
        "strengthSymmetry": 100.0,
        "numPoses": len(lists["bsSolveActivePoses"]),
        **{key: list(values) for key, values in lists.items()},
    }


def skin_solver(
    strengths: tuple[float, float, float], idle: Sequence[int], box_cm: float
) -> dict[str, Any]:
    """Return what bs_skin_config*.json holds.

    Args:
        strengths: L2, temporal, L1.
        idle: Poses that are not solved for.
        box_cm: templateBBSize, the diagonal of the box around the face.
    """
    count = len(ARKIT_52)
    params = _solver(
        strengths,
        bsSolveActivePoses=[0 if pose in idle else 1 for pose in range(count)],
        bsSolveCancelPoses=[-1] * count,
        bsSolveSymmetryPoses=SKIN_PAIRS,
        bsWeightMultipliers=[1.0] * count,
        bsWeightOffsets=[0.0] * count,
    )
    return {"blendshape_params": {**params, "templateBBSize": box_cm}}


def tongue_solver(offsets: Sequence[float], box_cm: float) -> dict[str, Any]:
    """Return what bs_tongue_config*.json holds: offsets of the 16 weights, and the diagonal."""
    count = len(TONGUE_16)
    params = _solver(
        (3.5, 5.0, 1.0),
        bsSolveActivePoses=[1] * count,
        bsSolveCancelPoses=[-1] * count,
        bsSolveSymmetryPoses=[-1] * count,
        bsWeightMultipliers=[float(factor) for factor in TONGUE_MULTIPLIERS],
        bsWeightOffsets=offsets,
    )
    return {"blendshape_params": {**params, "templateBBSize": box_cm}}
