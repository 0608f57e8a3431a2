"""From PCA coefficients to vertex deltas (a2f_runtime §3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def reconstruct(
    coefficients: NDArray[np.float32], shapes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return float32[3 * vertices]: each shape times its coefficient, summed.

    The mean is not added: the animators add the neutral face. One frame per call, because a product
    of several frames rounds otherwise than theirs one by one.

    Args:
        coefficients: float32[shapes] of one frame.
        shapes: float32[shapes, 3 * vertices] or [shapes, vertices, 3]; may be mapped from a file.
    """
    return coefficients @ shapes.reshape(len(shapes), -1)
