"""`Take`: one utterance and the frames made for it, the only input of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

FloatArray = NDArray[np.float32]


class Phone(NamedTuple):
    """One sound of the speech."""

    name: str
    """ARPAbet; PAU or SIL is a rest."""
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Take:
    """Audio and curves of one utterance; both start at time zero."""

    samples: FloatArray
    """float32[n], one channel, full scale 1; empty where the sound is not known."""
    sample_rate_hz: int
    curves: FloatArray
    """float32[frames, names], most in [0, 1]."""
    names: Sequence[str]
    """Curve names in camelCase, one per column of `curves`."""
    fps: Fraction
    phones: Sequence[Phone] = ()
    """What is said when, in order; empty where that is not known."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together."""
        if self.curves.ndim != 2 or self.curves.shape[1] != len(self.names):
            raise ValueError(f"{self.curves.shape} curves do not fit {len(self.names)} names")

    @cached_property
    def duration_s(self) -> float:
        """Seconds from zero to the end of the longer of sound and frames; never zero."""
        frames_s = float(len(self.curves) / self.fps)
        return max(len(self.samples) / self.sample_rate_hz, frames_s, 1e-3)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def face(self) -> FloatArray:
        """float32[frames, 71]: the curves in the order of FACE_CURVES, 0 where the rig has none."""
        rows = np.zeros((len(self.curves), len(FACE_CURVES)), np.float32)
        for name, column in self._columns.items():
            if name in CURVE_INDEX:
                rows[:, CURVE_INDEX[name]] = self.curves[:, column]
        return rows

    def curve(self, name: str) -> FloatArray:
        """Return one curve over all frames; a sideless name gives the mean of Left and Right.

        A curve the rig does not have is zero throughout.
        """
        wanted = (name, f"{name}Left", f"{name}Right")
        columns = [self._columns[each] for each in wanted if each in self._columns]
        if not columns:
            return np.zeros(len(self.curves), np.float32)
        return np.asarray(self.curves[:, columns].mean(axis=1), np.float32)

    def frame_s(self, frame: int) -> float:
        """Return the instant of a frame, seconds."""
        return float(frame / self.fps)
