"""Sums clips up and holds the result against the floor."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.tools.judging.closures import ClosureCounts, seen_closed
from facewire.tools.judging.correlation import LAGS, is_still, lag_profile, peak
from facewire.tools.judging.lip_reading import LipReading
from facewire.tools.judging.reference import JAW_DROP, LIP_APERTURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from facewire.tools.judging.reference import ClipReference

FLOOR: Final[dict[str, float]] = {
    "jawOpen": 0.86,
    "mouthClose": 0.63,
    "mouthFunnel": 0.67,
    "mouthPucker": 0.52,
    "mouthLowerDownLeft": 0.82,
    "mouthUpperUpLeft": 0.67,
    "mouthPressLeft": 0.51,
    "mouthRollLower": 0.70,
    "mouthSmileLeft": 0.31,
    LIP_APERTURE: 0.86,
    JAW_DROP: 0.83,
}
"""Least r at lag 0 per row: what a ridge regression on log-mel reaches with 200 ms look-ahead."""
RECALL_FLOOR: Final = 0.31
PRECISION_FLOOR: Final = 0.84
LAG_LIMIT_MS: Final = 25.0
SHUT_FLOOR: Final = 0.9
"""Least share of the closures seen in the video on which the lips of our head shut."""
OPEN_FLOOR: Final = 0.9
"""Least share of open vowels in which they part by 0.3 cm."""
ROUND_CEILING: Final = 0.85
"""Most width of the mouth in `oo`, median, as a share of the width at rest."""


@dataclass(frozen=True)
class Row:
    """One channel over all clips."""

    channel: str
    r: float
    """Pearson r at lag 0, averaged over clips."""
    best: float
    lag_ms: float
    """Lag of the best r; positive means late."""
    clips: int
    floor: float

    @property
    def passed(self) -> bool:
        """At or above the floor, and on time."""
        return round(self.r, 3) >= self.floor and abs(self.lag_ms) <= LAG_LIMIT_MS


@dataclass(frozen=True)
class Verdict:
    """All rows and the closures."""

    rows: tuple[Row, ...]
    closures: ClosureCounts
    lips: LipReading = field(default_factory=LipReading)
    """What the lips of our head do, in centimetres."""

    @property
    def lips_passed(self) -> bool:
        """Shut on m b p, open on ah, round on oo, as far as these were said."""
        lips = self.lips
        wrong = (
            lips.shut < SHUT_FLOOR, lips.opened < OPEN_FLOOR, lips.rounded > ROUND_CEILING,
        )  # fmt: skip
        return not any(wrong)  # NaN, where nothing was said, is neither above nor below

    @property
    def closures_passed(self) -> bool:
        """Recall and precision at or above their floors."""
        recall, precision = round(self.closures.recall, 3), round(self.closures.precision, 3)
        return recall >= RECALL_FLOOR and precision >= PRECISION_FLOOR

    @property
    def passed(self) -> bool:
        """Every row of the floor is there and passed, and so are the closures and the lips."""
        judged = {row.channel for row in self.rows}
        rows_passed = judged == set(FLOOR) and all(row.passed for row in self.rows)
        return rows_passed and self.closures_passed and self.lips_passed

    def as_json(self) -> dict[str, Any]:
        """Return plain values, rounded to what 99 clips can tell."""
        rows = [
            {
                **asdict(row),
                "r": round(row.r, 3),
                "best": round(row.best, 3),
                "lag_ms": round(row.lag_ms, 1),
                "passed": row.passed,
            }
            for row in self.rows
        ]
        return {
            "passed": self.passed,
            "rows": rows,
            "closures": {
                "recall": round(self.closures.recall, 3),
                "precision": round(self.closures.precision, 3),
                "count": self.closures.closures,
                "recall_floor": RECALL_FLOOR,
                "precision_floor": PRECISION_FLOOR,
                "passed": self.closures_passed,
            },
            "lips_on_the_head": {
                "shut": _rounded(self.lips.shut),
                "opened": _rounded(self.lips.opened),
                "rounded": _rounded(self.lips.rounded),
                "shut_elsewhere": round(self.lips.shut_elsewhere, 3),
                "shut_floor": SHUT_FLOOR,
                "open_floor": OPEN_FLOOR,
                "round_ceiling": ROUND_CEILING,
                "passed": self.lips_passed,
            },
        }


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 3)


class Judge:
    """Collects clips; `verdict` may be asked for at any time."""

    def __init__(self) -> None:
        self._profiles: dict[str, list[npt.NDArray[np.float64]]] = {}
        self._closures = ClosureCounts()
        self._lips = LipReading()

    def add(
        self,
        clip: ClipReference,
        times_s: npt.NDArray[np.floating],
        curves: Mapping[str, npt.NDArray[np.floating]],
    ) -> None:
        """Judge one clip.

        Args:
            clip: The measured face.
            times_s: Instants of the predicted frames, rising, in seconds.
            curves: Predicted ARKit curves by name, `mouthClose` relative to the open jaw.
        """
        jaw = curves["jawOpen"]
        aperture = jaw - curves["mouthClose"] if "mouthClose" in curves else jaw
        predicted = {**curves, LIP_APERTURE: aperture, JAW_DROP: jaw}
        for channel, reference in clip.channels.items():
            if channel in predicted and not is_still(reference):
                profile = lag_profile(reference, times_s, predicted[channel])
                self._profiles.setdefault(channel, []).append(profile)
        measured = clip.channels[LIP_APERTURE]
        self._closures.add(measured, times_s, aperture, clip.phones)
        self._lips.add(times_s, curves, seen_closed(measured, clip.phones))

    def verdict(self) -> Verdict:
        """Return the sums over the clips added so far."""
        rows = []
        for channel, profiles in self._profiles.items():
            mean = np.mean(profiles, axis=0)
            best = peak(mean)
            at_zero = float(mean[len(LAGS) // 2])
            rows.append(
                Row(channel, at_zero, best.r, best.lag_ms, len(profiles), FLOOR.get(channel, 0.0))
            )
        return Verdict(tuple(rows), self._closures, self._lips)
