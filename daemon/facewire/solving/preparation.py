"""The normal matrix that a rig and its settings make (a2f_runtime §5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.solving.settings import NO_PAIR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.solving.rig import SolverRig
    from facewire.solving.settings import SolverSettings


@dataclass(frozen=True, eq=False)
class Preparation:
    """All that stays the same from frame to frame; n is the number of active poses."""

    active: NDArray[np.int64]
    """int[n]: the active poses' positions in the rig."""
    matrix: NDArray[np.float64]
    """float64[n, n]: A, in `|A x - b|^2`; read-only."""
    scale: np.float32
    """s: by how much the strengths grow with the face's size."""
    temporal_pull: np.float32
    """What the frame before is multiplied by when it is added to b."""
    cancel_pairs: NDArray[np.int64]
    """int[k, 2] into the active poses."""


def prepare(rig: SolverRig, settings: SolverSettings, *, like_sdk: bool) -> Preparation:
    """Return A = D^T D + L1^2 s/4 ones + L2 10 s I + T 100 s I + Sym 10 s S^T S, and its company.

    S has a row (+1, -1) per symmetry pair. The temporal term is 100 in the matrix and 1 on the
    right-hand side, and L1 is squared, as in the SDK.

    Args:
        rig: Its Gram matrix is computed once and kept there.
        settings: One entry per pose of the rig.
        like_sdk: Round A to float32, and take two active poses without a pair for one where they
            are exactly two. Otherwise A is float64 and such poses stay alone.
    """
    active = np.flatnonzero(settings.active)
    scale = scale_factor(rig.diagonal_cm, settings.template_size_cm)
    pairs = {
        name: pairs_by_id(getattr(settings, name)[active], skip_unpaired=not like_sdk)
        for name in ("symmetry_pairs", "cancel_pairs")
    }
    matrix = rig.gram[np.ix_(active, active)].copy()
    matrix += settings.l1**2 * 0.25 * float(scale)
    ridge = settings.l2 * 10.0 + settings.temporal * 100.0
    matrix[np.diag_indices_from(matrix)] += ridge * float(scale)
    first, second = pairs["symmetry_pairs"].T
    pull = settings.symmetry * 10.0 * float(scale)
    for rows, columns, sign in (
        (first, first, 1.0),
        (second, second, 1.0),
        (first, second, -1.0),
        (second, first, -1.0),
    ):
        matrix[rows, columns] += sign * pull
    if like_sdk:
        matrix = matrix.astype(np.float32).astype(np.float64)
    matrix.setflags(write=False)
    return Preparation(
        active=active,
        matrix=matrix,
        scale=scale,
        temporal_pull=np.float32(settings.temporal) * scale,
        cancel_pairs=pairs["cancel_pairs"],
    )


def scale_factor(diagonal_cm: np.float32, template_size_cm: float) -> np.float32:
    """Return (diagonal / template diagonal)^2 in float32."""
    ratio = diagonal_cm / np.float32(template_size_cm)
    return np.float32(ratio * ratio)


def pairs_by_id(ids: NDArray[np.int64], *, skip_unpaired: bool) -> NDArray[np.int64]:
    """Return int[k, 2], the positions of each id that occurs exactly twice, the lower one first.

    Without `skip_unpaired`, "no pair" (-1) counts as an id like any other, which is the SDK's
    defect: it shows where exactly two active poses have no pair.
    """
    known, counts = np.unique(ids, return_counts=True)
    paired = known[(counts == 2) & ((known != NO_PAIR) | (not skip_unpaired))]
    pairs = [np.flatnonzero(ids == pair_id) for pair_id in paired]
    return np.array(pairs, np.int64).reshape(-1, 2)
