"""Can the words be read from the lips? Phones against the lips of the shipped head.

Where there is no camera there are still phone times, and what a mouth must do for some phones is no
matter of taste: shut on P B M, stay open in AA, be round in UW. Lips are measured on the head, in
centimetres (`facewire.tools.head.measures`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.measures import lip_gap_cm, lip_width_cm
from facewire.tools.judging.closures import BILABIALS, REACH_S, SILENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

SHUT_CM: Final = 0.03
"""Lips this near, at their nearest within REACH_S of a bilabial, are shut."""
OPEN_CM: Final = 0.3
"""Lips that part this far at their widest make an open vowel."""
OPEN_VOWELS: Final = ("AA", "AE", "AH", "EH", "AY")
ROUND_VOWELS: Final = ("UW",)
_SHORTEST_VOWEL_S: Final = 0.05
_RESTS: Final = (SILENCE, "PAU")


@dataclass
class LipReading:
    """Lists over phones; `add` fills them clip by clip."""

    bilabial_gaps_cm: list[float] = field(default_factory=list)
    """Least gap of each P, B, M."""
    vowel_gaps_cm: list[float] = field(default_factory=list)
    """Largest gap of each open vowel of 50 ms or more."""
    round_widths: list[float] = field(default_factory=list)
    """Least width of the mouth in each UW, as a share of the width at rest."""
    speech_frames: int = 0
    shut_elsewhere_frames: int = 0
    """Frames of speech, more than REACH_S from any bilabial, with shut lips."""

    @property
    def shut(self) -> float:
        """Share of bilabials on which the lips shut, [0, 1]; NaN when none was said."""
        return _share([gap <= SHUT_CM for gap in self.bilabial_gaps_cm])

    @property
    def opened(self) -> float:
        """Share of open vowels in which the lips part, [0, 1]; NaN when none was said."""
        return _share([gap >= OPEN_CM for gap in self.vowel_gaps_cm])

    @property
    def rounded(self) -> float:
        """Median of `round_widths`; NaN when there are none."""
        return float(np.median(self.round_widths)) if self.round_widths else float("nan")

    @property
    def shut_elsewhere(self) -> float:
        """Share of the frames of speech with lips shut for no bilabial, [0, 1]."""
        return self.shut_elsewhere_frames / max(1, self.speech_frames)

    def add(
        self,
        times_s: npt.NDArray[np.floating],
        curves: Mapping[str, npt.NDArray[np.floating]],
        phones: Sequence[tuple[str, float, float]],
    ) -> None:
        """Read one clip.

        Args:
            times_s: Instants of the frames, rising, in seconds.
            curves: ARKit curves by name, `mouthClose` relative to the open jaw.
            phones: (name, start, end) in seconds.
        """
        weights = _weights(curves, len(times_s))
        gap = lip_gap_cm(weights)
        width = lip_width_cm(weights) / lip_width_cm(np.zeros((1, weights.shape[1]), np.float32))
        speech, near_any = (np.zeros(len(times_s), bool) for _ in range(2))
        for name, start, end in phones:
            within = (times_s >= start) & (times_s < end)
            near = (times_s >= start - REACH_S) & (times_s < end + REACH_S)
            if not within.any():
                continue
            speech |= within & (name not in _RESTS)
            if name in BILABIALS:
                near_any |= near
                self.bilabial_gaps_cm.append(float(gap[near].min()))
            if name in OPEN_VOWELS and end - start >= _SHORTEST_VOWEL_S:
                self.vowel_gaps_cm.append(float(gap[within].max()))
            if name in ROUND_VOWELS:
                self.round_widths.append(float(width[within].min()))
        self.speech_frames += int(speech.sum())
        self.shut_elsewhere_frames += int((speech & ~near_any & (gap <= SHUT_CM)).sum())


def _share(reached: list[bool]) -> float:
    return sum(reached) / len(reached) if reached else float("nan")


def _weights(
    curves: Mapping[str, npt.NDArray[np.floating]], frames: int
) -> npt.NDArray[np.float32]:
    from facewire.animation.curves import ARKIT_52

    rest = np.zeros(frames, np.float32)
    return np.stack([curves.get(name, rest) for name in ARKIT_52], axis=1).astype(np.float32)
