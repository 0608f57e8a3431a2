"""The vertices that decide what a solver answers, cut out of the face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.solving.rig import SolverRig

Real = TypeVar("Real", bound=np.floating[Any])


class FittedPart:
    """Vertices in the rig's mask that some pose moves: what the others do changes no weight."""

    def __init__(self, rig: SolverRig, heights: NDArray[np.float32] | None = None) -> None:
        """Cut the part out; the rig may then be forgotten.

        Args:
            rig: Whose poses are fitted.
            heights: float32[V]: order the vertices by these, lowest first; None: as the mask has
                them.
        """
        deltas = rig.masked_deltas.reshape(rig.poses, -1, 3)
        lively = np.flatnonzero(deltas.any(axis=(0, 2)))
        if heights is not None:
            lively = lively[np.argsort(heights[rig.vertices[lively]], kind="stable")]
        self.vertices = rig.vertices[lively]
        """int64[N]."""
        self.columns = (self.vertices[:, None] * 3 + np.arange(3)).ravel()
        """int64[3N]: their coordinates in the whole face."""
        self.neutral: NDArray[np.float32] = rig.neutral[self.columns]
        """float32[3N], cm: the rig's neutral."""
        whole = len(lively) == deltas.shape[1] and heights is None
        self.deltas = rig.masked_deltas if whole else deltas[:, lively].reshape(rig.poses, -1)
        """float64[poses, 3N], cm."""

    def cut(self, coordinates: NDArray[Real]) -> NDArray[Real]:
        """Return the part of some whole faces: [..., 3V] -> [..., 3N]."""
        return coordinates.take(self.columns, axis=-1)

    def normal(self, pose: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return D^T (pose - neutral), float64[poses], cm^2, for a posed part float32[3N].

        As `SolverRig.normal`, up to the order in which the vertices are summed.
        """
        return self.deltas @ (pose - self.neutral)
