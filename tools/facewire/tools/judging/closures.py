"""Do the lips close on P, B and M, and only when they should?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.judging.correlation import common_grid, label_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Array = npt.NDArray[np.floating]

BILABIALS: Final = ("P", "B", "M")
SILENCE: Final = "SIL"
REACH_S: Final = 0.04
"""A closure counts when it falls within the phone, this much earlier or later."""
CLOSED: Final = 0.15
"""Share of the clip's 95th percentile under which an aperture is a closure."""
NEARLY_CLOSED: Final = 0.25
"""Share under which the reference agrees that a predicted closure is one."""


@dataclass
class ClosureCounts:
    """Sums over clips."""

    closures: int = 0
    """Bilabials in which the reference closes."""
    recalled: int = 0
    """... and the prediction closes too."""
    predicted: int = 0
    """Grid instants inside speech at which the prediction is closed."""
    confirmed: int = 0
    """... and the reference is nearly closed."""

    @property
    def recall(self) -> float:
        """Share of the closures that the prediction makes, [0, 1]."""
        return self.recalled / max(1, self.closures)

    @property
    def precision(self) -> float:
        """Share of the predicted closed time that the reference confirms, [0, 1]."""
        return self.confirmed / max(1, self.predicted)

    def add(
        self,
        reference: Array,
        times_s: Array,
        aperture: Array,
        phones: Sequence[tuple[str, float, float]],
    ) -> None:
        """Count one clip.

        Args:
            reference: Measured lip aperture per video frame, any unit.
            times_s: Instants of the predicted apertures, rising, in seconds.
            aperture: Predicted jawOpen - mouthClose.
            phones: (name, start, end) in seconds.
        """
        grid = common_grid(len(reference))
        wanted = _relative(np.interp(grid, label_times(len(reference)), reference))
        ours = _relative(np.interp(grid, times_s, aperture))
        speech = np.zeros(len(grid), bool)
        for name, start, end in phones:
            if name != SILENCE:
                speech |= (grid >= start) & (grid < end)
            near = (grid >= start - REACH_S) & (grid < end + REACH_S)
            if name in BILABIALS and near.any() and wanted[near].min() < CLOSED:
                self.closures += 1
                self.recalled += bool(ours[near].min() < CLOSED)
        closed = speech & (ours < CLOSED)
        self.predicted += int(closed.sum())
        self.confirmed += int((closed & (wanted < NEARLY_CLOSED)).sum())


def seen_closed(
    reference: Array, phones: Sequence[tuple[str, float, float]]
) -> list[tuple[str, float, float]]:
    """Return the phones without the bilabials in which the measured lips stayed apart.

    Args:
        reference: Measured lip aperture per video frame, any unit.
        phones: (name, start, end) in seconds.
    """
    grid = common_grid(len(reference))
    wanted = _relative(np.interp(grid, label_times(len(reference)), reference))

    def closes(start: float, end: float) -> bool:
        near = (grid >= start - REACH_S) & (grid < end + REACH_S)
        return bool(near.any() and wanted[near].min() < CLOSED)

    return [each for each in phones if each[0] not in BILABIALS or closes(each[1], each[2])]


def _relative(aperture: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return an aperture in units of its own 95th percentile."""
    return np.asarray(aperture / max(float(np.percentile(aperture, 95)), 1e-6))
