"""The SDK's GPU solver: four updates of ADMM from a clipped start (a2f_runtime §5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

UPDATES: Final = 4
"""The SDK always makes so many; the result is not the minimum."""

_WEIGHT_SHARE: Final = 0.25
_STEP: Final = 1.9


class Admm:
    """Approximates min |A x - b|^2 within bounds by a fixed number of cheap updates."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        """Take A float64[n, n] and invert what the updates need.

        Raises:
            SettingsError: A is singular; this objective needs some regularisation then.
        """
        gram = matrix.T @ matrix
        self._matrix = matrix
        self._penalty = _WEIGHT_SHARE**2 * np.diag(gram)
        try:
            self._start = np.linalg.inv(matrix)
            self._system = np.linalg.inv(gram + np.diag(self._penalty))
        except np.linalg.LinAlgError as error:
            raise SettingsError(
                "The solver's matrix is singular, so sdk-gpu cannot invert it.",
                field="objective",
                hint="Raise strengthL2regularization, or choose the objective exact.",
            ) from error

    def solve(
        self,
        b: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        updates: int = UPDATES,
    ) -> NDArray[np.float64]:
        """Return z float64[n] within the bounds, after so many updates."""
        z = np.clip(self._start @ b, lower, upper)
        drift = np.zeros_like(z)
        h = b @ self._matrix
        for _ in range(updates):
            x = self._system @ (self._penalty * (z - drift) + h)
            z = np.clip(drift + x, lower, upper)
            drift += _STEP * (x - z)
        return z
