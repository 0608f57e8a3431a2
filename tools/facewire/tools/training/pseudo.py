"""Faces for voices without a camera: a linear map from phone context to seen channels.

Fitted on the GRID clips (phones and faces both known), applied to utterances with phone times
only. It adds a voice and the phones GRID never says, and is weighted below real faces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.training.articulation import PHONES, blended

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

_OFFSETS_TICKS = (-24, -16, -10, -5, 0, 5, 10, 16, 24)
_RIDGE = 30.0
_SEEN_AS = {
    "ER": "R", "HH": "AH", "NG": "G", "OY": "AO", "SH": "CH", "UH": "UW", "ZH": "JH",
}  # fmt: skip
"""GRID's 51 words lack these phones; the nearest one a viewer would see stands in."""


class PhoneFace:
    """Phone activity [ticks, PHONES] to channel values [ticks, n]."""

    def __init__(self, pairs: Iterable[tuple[Array, Array]]) -> None:
        """Fit on (activity, values) pairs by ridge regression; ticks with a NaN are left out."""
        size = len(PHONES) * len(_OFFSETS_TICKS) + 1
        gram = np.eye(size) * _RIDGE
        cross: npt.NDArray[np.float64] | None = None
        for spoken, values in pairs:
            known = np.isfinite(values).all(axis=1)
            x = _context(spoken)[known].astype(np.float64)
            gram += x.T @ x
            cross = x.T @ values[known] + (0.0 if cross is None else cross)
        if cross is None:
            text = "no clip has both phones and a face"
            raise ValueError(text)
        self._weights = np.linalg.solve(gram, cross).astype(np.float32)

    def __call__(self, spoken: Array) -> Array:
        """Return the channel values for a phone activity."""
        return np.asarray(_context(spoken) @ self._weights, np.float32)


def _context(spoken: Array) -> Array:
    known = spoken.copy()
    for absent, present in _SEEN_AS.items():
        known[:, PHONES.index(present)] += known[:, PHONES.index(absent)]
        known[:, PHONES.index(absent)] = 0.0
    soft = blended(known, 2.0)
    reach = max(_OFFSETS_TICKS)
    padded = np.pad(soft, ((reach, reach), (0, 0)), mode="edge")
    shifted = [padded[reach + k : reach + k + len(soft)] for k in _OFFSETS_TICKS]
    return np.concatenate([*shifted, np.ones((len(soft), 1), np.float32)], axis=1)
