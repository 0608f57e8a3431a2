"""|A x - b|^2 with a fixed A: its gradient, and its minimum over a free set of variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.solving.pivoting import PivotTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WELL_CONDITIONED: Final = 3e4
"""Up to this ratio of A's singular values, A^T A is good to 1e-7 in float64."""

FLOAT32_CUTOFF: Final = float(np.finfo(np.float32).eps)
"""Per column: singular values below this share of the largest are nothing to the SDK's solver."""

FLOAT64_CUTOFF: Final = float(np.finfo(np.float64).eps)
"""The same in float64."""


class LeastSquares:
    """The objective |A x - b|^2 of every solver here."""

    def __init__(self, matrix: NDArray[np.float64], *, cutoff: float, pivots: bool = True) -> None:
        """Take A float64[m, n].

        Args:
            matrix: A. It is kept, not copied.
            cutoff: Singular values of a free set's columns that are smaller than this times the
                largest, times the number of columns, count as zero.
            pivots: Whether to find minima by pivoting where A allows it.
        """
        self.matrix = matrix
        self._cutoff = cutoff
        self.gram: NDArray[np.float64] = matrix.T @ matrix
        """float64[n, n]: A^T A."""
        singular = np.linalg.svd(matrix, compute_uv=False)
        full_rank = matrix.shape[0] >= matrix.shape[1]
        self.table = (
            PivotTable(self.gram)
            if pivots and full_rank and 0.0 < singular[0] <= WELL_CONDITIONED * singular[-1]
            else None
        )
        """What finds minima quickly; None where A is too close to singular for it."""

    def cost_and_gradient(
        self, x: NDArray[np.float64], b: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64]]:
        """Return |A x - b|^2 / 2 and its gradient A^T (A x - b), float64[n]."""
        residual = self.matrix.dot(x)  # for vectors half as dear to call as @
        residual -= b
        return 0.5 * float(residual.dot(residual)), residual.dot(self.matrix)

    def gradient(self, x: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A^T (A x - b), float64[n]."""
        residual = self.matrix.dot(x)
        residual -= b
        gradient: NDArray[np.float64] = residual.dot(self.matrix)
        return gradient

    def minimum(
        self, b: NDArray[np.float64]
    ) -> Callable[[NDArray[np.float64], NDArray[np.bool_]], NDArray[np.float64]]:
        """Return a function of (x float64[n], free bool[n]) for this b.

        It gives x with its free variables replaced by those that minimise the objective while the
        others hold; the shortest such where they are not unique.
        """
        if self.table is not None:
            table, h = self.table, b @ self.matrix
            table.release_all()

            def by_pivots(x: NDArray[np.float64], free: NDArray[np.bool_]) -> NDArray[np.float64]:
                table.move_to(free)
                return np.where(free, table.solve(np.where(free, h, x)), x)

            return by_pivots

        def by_columns(x: NDArray[np.float64], free: NDArray[np.bool_]) -> NDArray[np.float64]:
            columns = self.matrix[:, free]
            solved = x.copy()
            rest = b - self.matrix @ np.where(free, 0.0, x)
            cutoff = self._cutoff * min(columns.shape)
            solved[free] = np.linalg.lstsq(columns, rest, rcond=cutoff)[0]
            return solved

        return by_columns
