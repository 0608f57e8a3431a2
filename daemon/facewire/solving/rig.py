"""What a solver fits a face with: a neutral, its poses, and the vertices that count."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_HINT = "The bundle's blendshape file is damaged or of another kind; fetch it again."


class SolverRig:
    """Neutral, poses and mask of one blendshape file (a2f_runtime §1.6); one serves many solvers.

    Vertices are flat, x y z interleaved: 3V coordinates. Products are summed in float64.
    """

    def __init__(
        self, neutral: ArrayLike, deltas: ArrayLike, mask: NDArray[np.integer] | None = None
    ) -> None:
        """Take the arrays of a blendshape file.

        Args:
            neutral: float32[3V] or [V, 3], cm.
            deltas: float32[poses, 3V] or [poses, V, 3], cm: what a pose adds to the neutral.
            mask: int[M], the vertices to fit; None or empty for all.

        Raises:
            BundleError: shapes disagree, a value is not finite, or the mask names a vertex that is
                not there.
        """
        self.neutral: NDArray[np.float32] = np.asarray(neutral, np.float32).reshape(-1)
        """float32[3V], cm."""
        poses = np.asarray(deltas, np.float32)
        self._check(poses)
        self.deltas: NDArray[np.float32] = poses.reshape(len(poses), -1)
        """float32[poses, 3V], cm."""
        self._columns = self._masked_columns(mask)
        self._masked_neutral = self._masked(self.neutral)
        self._masked_deltas = np.ascontiguousarray(self._masked(self.deltas), np.float64)

    @property
    def vertices(self) -> NDArray[np.int64]:
        """int64[M]: the masked vertices in the mask's order; all of them without a mask."""
        return (
            np.arange(self.coordinates // 3) if self._columns is None else self._columns[::3] // 3
        )

    @property
    def masked_neutral(self) -> NDArray[np.float32]:
        """float32[3M], cm: the neutral of `vertices`. Not to be written to."""
        return self._masked_neutral

    @property
    def masked_deltas(self) -> NDArray[np.float64]:
        """float64[poses, 3M], cm: the poses at `vertices`. Not to be written to."""
        return self._masked_deltas

    @property
    def poses(self) -> int:
        """How many poses there are, the neutral not counted."""
        return len(self.deltas)

    @property
    def coordinates(self) -> int:
        """3V: the length of a posed face."""
        return len(self.neutral)

    @cached_property
    def diagonal_cm(self) -> np.float32:
        """Diagonal of the bounding box of the whole neutral, mask or not."""
        vertices = self.neutral.reshape(-1, 3)
        return np.float32(np.linalg.norm(vertices.max(axis=0) - vertices.min(axis=0)))

    @cached_property
    def gram(self) -> NDArray[np.float64]:
        """float64[poses, poses]: D^T D over the masked vertices, cm^2."""
        gram: NDArray[np.float64] = self._masked_deltas @ self._masked_deltas.T
        gram.setflags(write=False)
        return gram

    def normal(self, pose: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return D^T (pose - neutral) over the masked vertices: float64[poses], cm^2.

        The difference is taken in the precision of `pose` [3V], the sum in float64.
        """
        return self._masked_deltas @ (self._masked(pose) - self._masked_neutral)

    def evaluate_pose(self, weights: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return neutral + sum w_i delta_i for weights [poses]: the whole face, float32[3V], cm."""
        return self.neutral + np.asarray(weights, np.float32) @ self.deltas

    def _check(self, poses: NDArray[np.float32]) -> None:
        if self.neutral.size == 0 or self.neutral.size % 3:
            raise BundleError(
                f"The blendshape neutral has {self.neutral.size} coordinates, not 3 per vertex.",
                hint=_HINT,
            )
        if poses.ndim < 2 or not len(poses) or poses[0].size != self.neutral.size:
            raise BundleError(
                f"The poses have the shape {poses.shape}, but the neutral has "
                f"{self.neutral.size} coordinates.",
                hint=_HINT,
            )
        if not (np.isfinite(self.neutral).all() and np.isfinite(poses).all()):
            raise BundleError("A blendshape holds a coordinate that is not a number.", hint=_HINT)

    def _masked_columns(self, mask: NDArray[np.integer] | None) -> NDArray[np.int64] | None:
        """Return the coordinates of the masked vertices, or None where all of them count."""
        if mask is None or not len(mask):
            return None
        vertices = np.asarray(mask, np.int64)
        if vertices.min() < 0 or vertices.max() >= self.coordinates // 3:
            raise BundleError(
                f"frontalMask names the vertices {vertices.min()} to {vertices.max()}, but there "
                f"are only {self.coordinates // 3}.",
                hint=_HINT,
            )
        return (vertices[:, None] * 3 + np.arange(3)).ravel()

    def _masked(self, coordinates: NDArray[np.floating]) -> NDArray[np.floating]:
        return coordinates if self._columns is None else coordinates[..., self._columns]
