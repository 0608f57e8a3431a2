"""From coefficients to D^T (target - neutral) by small matrices: no vertex is touched per frame.

What lies between a network's coefficients c and the solver's right-hand side is linear. With the
basis B, the offsets' poses E and L, the poses D, the mask m of the lower face and a smoother S for
each region, a2f_runtime §4.2 and §5.2 say

    b = D^T (n - n0) + sum over regions r of strength_r D^T W_r B' S_r(q),
    q = (skinStrength c, closing, opening),  B' = (B, E, L),  W_upper = 1 - m, W_lower = m.

The smoothers act alike on every coordinate, so they may as well act on q: a state of K + 2 numbers
that no change of the mask invalidates. D^T W_r B' is computed once per mask; strengths, offsets and
speeds are factors of q and cost nothing to change. All sums are float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.skin import face_mask
from facewire.protocol.errors import BundleError
from facewire.solving.part import FittedPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from facewire.solving.rig import SolverRig

    BasisBlocks = Iterable[tuple[int, NDArray[np.float32]]]
    """(index of the first row, float32[rows, 3V]): a basis some rows at a time."""

_BLOCK_ROWS: Final = 32
_CHUNK_VERTICES: Final = 1365
"""So many vertices' rows are made float64 at a time: what fits a core's cache."""
_VANISHING: Final = 2.0**-60
"""A share of the mask below this adds nothing to a sum in float64."""
_KEPT_MASKS: Final = 8


def blocks_of(basis: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield a basis [K, 3V] or [K, V, 3] some rows at a time."""
    rows = basis.reshape(len(basis), -1)
    for first in range(0, len(rows), _BLOCK_ROWS):
        yield first, rows[first : first + _BLOCK_ROWS]


def gathered(blocks: BasisBlocks, part: FittedPart, vertices: int) -> NDArray[np.float32]:
    """Return a basis at the part's vertices, float32[K, 3N]; the rest of it is not kept.

    Raises:
        BundleError: a row is not 3 * `vertices` long.
    """
    rows = []
    for _, block in blocks:
        if block.shape[1] != 3 * vertices:
            raise BundleError(
                f"The basis has {block.shape[1]} coordinates where the poses have {3 * vertices}.",
                hint="The bundle's files do not belong together; fetch it again.",
            )
        rows.append(np.asarray(part.cut(block), np.float32))
    return np.concatenate(rows)


@dataclass(frozen=True, eq=False)
class RegionMatrices:
    """D^T W_r B' for one mask; tracks share it."""

    level: float
    softness: float
    upper_lower: NDArray[np.float64]
    """float64[poses, 2 (K + 2)], cm^2 per unit of q: the upper region's columns, then the lower's.

    Read-only.
    """


class SkinFold:
    """All of a skin that is the same for every track; masks are folded when first asked for."""

    def __init__(
        self,
        rig: SolverRig,
        basis: BasisBlocks,
        neutral: ArrayLike,
        lip_open_pose_delta: ArrayLike,
        eye_close_pose_delta: ArrayLike,
    ) -> None:
        """Cut the fitted vertices out of all arrays; none of them is kept whole.

        Args:
            rig: The solver's.
            basis: Rows of float32[3V], cm per unit coefficient.
            neutral: float32[V, 3] (or flat), cm: the animator's neutral, not the rig's.
            lip_open_pose_delta: Likewise, what `lip_open_offset` moves.
            eye_close_pose_delta: Likewise, what the eyelid and blink offsets move.

        Raises:
            BundleError: the arrays do not belong together.
        """
        flat = np.asarray(neutral, np.float32).reshape(-1)
        if flat.size != rig.coordinates:
            raise BundleError(
                f"The face has {flat.size} coordinates where its poses have {rig.coordinates}.",
                hint="The bundle's files do not belong together; fetch it again.",
            )
        self._heights = flat[1::3].copy()
        part = FittedPart(rig, self._heights)
        offsets = [
            part.cut(np.asarray(pose, np.float32).reshape(-1))
            for pose in (eye_close_pose_delta, lip_open_pose_delta)
        ]
        rows = np.concatenate([gathered(basis, part, flat.size // 3), offsets])
        self.shapes = len(rows) - 2
        """K: how many coefficients a frame has."""
        self.vertices = part.vertices
        """int64[N]: the fitted ones, lowest first."""
        self._constant = part.deltas @ (part.cut(flat).astype(np.float64) - part.neutral)
        # By coordinate, so that neighbours in height are neighbours in memory.
        self._basis = np.ascontiguousarray(rows.T)
        self._poses = np.ascontiguousarray(part.deltas.T, np.float32)
        self._whole = self._product(np.ones(len(part.vertices)))
        self._masks: dict[tuple[float, float], RegionMatrices] = {}
        self._pinned: dict[tuple[float, float], RegionMatrices] = {}

    @property
    def constant(self) -> NDArray[np.float64]:
        """float64[poses]: D^T (n - n0), of a face that does not move."""
        return self._constant

    @property
    def nbytes(self) -> int:
        """Memory that stays: mostly what a change of the mask needs."""
        kept = (self._basis, self._poses, self._whole, self._constant, self._heights)
        masks = sum(
            mask.upper_lower.nbytes
            for mask in (*list(self._masks.values()), *list(self._pinned.values()))
        )
        return sum(each.nbytes for each in kept) + masks

    def pin(self, level: float, softness: float) -> None:
        """Keep a mask for good: the bundle's own, which every stream begins with.

        Raises:
            SettingsError: `softness` is not positive.
        """
        self._pinned[level, softness] = self.regions(level, softness)
        self._masks.pop((level, softness), None)

    def regions(self, level: float, softness: float) -> RegionMatrices:
        """Return the matrices of a mask: tens of milliseconds at full size when it is a new one.

        The last few asked for are kept. Nothing else is touched, so any thread may fold a mask
        ahead of its use, while tracks go on with theirs.

        Raises:
            SettingsError: `softness` is not positive.
            BundleError: the neutral face has no height.
        """
        key = (level, softness)
        if key in self._pinned:
            return self._pinned[key]
        known = self._masks.get(key) or self._folded(level, softness)
        self._masks.pop(key, None)
        self._masks[key] = known  # the last asked for comes last
        for oldest in list(self._masks)[:-_KEPT_MASKS]:
            self._masks.pop(oldest, None)
        return known

    def _folded(self, level: float, softness: float) -> RegionMatrices:
        lower_share = face_mask(self._heights, level, softness)[self.vertices].astype(np.float64)
        upper_share = 1.0 - lower_share
        # From the bottom up the lower region's share falls from 1 to 0. One region is summed over
        # the vertices where it has a share at all, and the other is what remains of the whole.
        first = int(np.count_nonzero(upper_share == 0.0))
        stop = int(np.count_nonzero(lower_share > _VANISHING))
        if len(lower_share) - first < stop:
            upper = self._product(upper_share, first)
            lower = self._whole - upper
        else:
            lower = self._product(lower_share, 0, stop)
            upper = self._whole - lower
        both = np.concatenate([upper, lower], axis=1)
        both.setflags(write=False)
        return RegionMatrices(level, softness, both)

    def _product(
        self, share: NDArray[np.float64], first: int = 0, stop: int | None = None
    ) -> NDArray[np.float64]:
        """Return D^T W B' over the vertices `first` to `stop`, float64[poses, K + 2]."""
        stop = len(share) if stop is None else stop
        total = np.zeros((self._poses.shape[1], self._basis.shape[1]))
        for begin in range(first, stop, _CHUNK_VERTICES):
            end = min(begin + _CHUNK_VERTICES, stop)
            rows = slice(3 * begin, 3 * end)
            weighted = self._poses[rows] * np.repeat(share[begin:end], 3)[:, None]
            total += weighted.T @ self._basis[rows].astype(np.float64)
        return total


class TongueFold:
    """All of a tongue: it has no regions and no smoothing (a2f_runtime §4.3)."""

    def __init__(self, rig: SolverRig, basis: BasisBlocks, neutral: ArrayLike) -> None:
        """Fold at once; nothing else is kept.

        Args:
            rig: The solver's.
            basis: Rows of float32[3V], cm per unit coefficient.
            neutral: float32[V, 3] (or flat), cm: the animator's neutral.

        Raises:
            BundleError: the arrays do not belong together.
        """
        part = FittedPart(rig)
        rows = gathered(basis, part, rig.coordinates // 3).astype(np.float64)
        ups = np.tile(np.eye(3)[1:], len(part.vertices))
        self.shapes = len(rows)
        """K: how many coefficients a frame has."""
        self.matrix: NDArray[Any] = part.deltas @ np.concatenate([rows, ups]).T
        """float64[poses, K + 2]: of (tongueStrength c, height, depth). Read-only."""
        self.matrix.setflags(write=False)
        flat = np.asarray(neutral, np.float32).reshape(-1)
        self.constant: NDArray[np.float64] = part.deltas @ (
            part.cut(flat).astype(np.float64) - part.neutral
        )
        """float64[poses]: of a tongue that does not move."""

    @property
    def nbytes(self) -> int:
        """Memory that stays."""
        return self.matrix.nbytes + self.constant.nbytes
