"""Face measurements to per-talker targets.

A camera's range says more about the talker's distance and bones than about the speech, so each
channel is brought to its talker's own range (5th to 95th percentile becomes 0 to 1) before talkers
are pooled. Lip aperture and jaw come from landmarks, the rest from the tracker's scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.training.channels import APERTURE, CLOSE, JAW, PAIRED, SEEN, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

GRID_FPS = 25.0
FACEGOOD_FPS = 30.0
COLUMNS = (*SEEN, APERTURE)
_JAW_SCORE_SHARE = 0.65
"""Share of the tracker's jawOpen in the jaw target; the landmark chin distance is the rest."""
_UPPER_LIP, _LOWER_LIP, _NOSE, _CHIN, _EYES = 13, 14, 1, 152, (33, 263)


@dataclass(frozen=True)
class FaceClip:
    """Targets of one clip."""

    id: str
    talker: str
    values: Array
    """[frames, COLUMNS]."""


@dataclass(frozen=True)
class GridFaces:
    """Tracker scores and landmarks of one GRID folder, frames of all clips in a row."""

    ids: list[str]
    talkers: list[str]
    starts: npt.NDArray[np.int64]
    scores: dict[str, Array]
    aperture: Array
    chin: Array

    @classmethod
    def read(cls, folder: Path) -> GridFaces:
        """Read mediapipe_blendshapes.npz and mediapipe_landmarks_px.npz."""
        with np.load(folder / "mediapipe_blendshapes.npz") as shapes:
            ids = [str(x) for x in shapes["ids"]]
            talkers = [str(x) for x in shapes["speaker"]] if "speaker" in shapes else ["s1"]
            starts = np.concatenate([[0], np.cumsum(shapes["lengths"])])
            values = np.asarray(shapes["bs"], np.float32)
            scores = {str(n): values[:, k] for k, n in enumerate(shapes["names"])}
        with np.load(folder / "mediapipe_landmarks_px.npz") as marks:
            index = {int(k): i for i, k in enumerate(marks["index"])}
            points = np.asarray(marks["lm"][:, :, :2], np.float32)

        def distance(a: int, b: int) -> Array:
            gap = points[:, index[a]] - points[:, index[b]]
            return np.asarray(np.linalg.norm(gap, axis=1), np.float32)

        eyes = distance(*_EYES)
        # One scale per clip: the eye distance jitters by frame, the head does not grow.
        for a, b in pairwise(starts):
            eyes[a:b] = np.median(eyes[a:b])
        return cls(
            ids=ids,
            talkers=talkers * (len(ids) if len(talkers) == 1 else 1),
            starts=starts,
            scores=scores,
            aperture=distance(_UPPER_LIP, _LOWER_LIP) / eyes,
            chin=distance(_NOSE, _CHIN) / eyes,
        )

    def clips(self, exclude: set[str]) -> Iterator[FaceClip]:
        """Yield the targets of every clip not excluded, ranges taken from the kept clips."""
        for talker in sorted(set(self.talkers)):
            kept = [i for i, t in enumerate(self.talkers) if t == talker]
            kept = [i for i in kept if self.ids[i] not in exclude]
            spans = [slice(self.starts[i], self.starts[i + 1]) for i in kept]
            values = self._talker_values(spans)
            ends = np.cumsum([s.stop - s.start for s in spans])
            for i, rows in zip(kept, np.split(values, ends[:-1]), strict=True):
                yield FaceClip(self.ids[i], talker, rows)

    def _talker_values(self, spans: list[slice]) -> Array:
        def score(name: str) -> Array:
            return np.concatenate([self.scores[name][s] for s in spans])

        # The head nods: the chin distance is only comparable within one clip.
        chin = np.concatenate([self.chin[s] - np.percentile(self.chin[s], 10) for s in spans])
        jaw_range = float(np.diff(np.percentile(score(JAW), [5, 95]))[0])
        jaw_score = (score(JAW) - np.percentile(score(JAW), 5)) / jaw_range
        close = np.maximum(score(CLOSE) - np.percentile(score(CLOSE), 5), 0.0) / jaw_range
        lips = np.concatenate([self.aperture[s] for s in spans])
        lip_units = np.percentile(jaw_score - close, 95) / np.percentile(lips, 95)
        columns: dict[str, Array] = {
            JAW: _JAW_SCORE_SHARE * jaw_score + (1.0 - _JAW_SCORE_SHARE) * ranged(chin),
            CLOSE: close,
            APERTURE: lips * lip_units,
        }
        columns |= {c: ranged(score(c)) for c in SINGLE}
        columns |= {c: ranged(0.5 * (score(c + "Left") + score(c + "Right"))) for c in PAIRED}
        stacked = np.stack([columns[c] for c in COLUMNS], axis=1)
        return np.clip(stacked, -0.25, 2.5).astype(np.float32)


def frame_times_s(frames: int, fps: float, place: float) -> npt.NDArray[np.float64]:
    """Return the label instants of video frames in seconds; place 0.5 is a frame's middle."""
    return np.asarray((np.arange(frames) + place) / fps, np.float64)


def ranged(values: Array) -> Array:
    """Return values with their 5th percentile at 0 and their 95th at 1.

    Peaks are compressed by a square root above 1.5, where rare spikes of one tracker channel
    would otherwise own the loss.
    """
    low, high = np.percentile(values, [5, 95])
    out = (values - low) / max(float(high - low), 1e-6)
    above = 1.5 + np.sqrt(np.maximum(out - 1.5, 0.0) + 0.25) - 0.5
    return np.asarray(np.where(out > 1.5, above, out), np.float32)


_FACEGOOD: dict[str, dict[str, float]] = {
    "mouthSmile": {"mouth_lipCornerPull": 1.0},
    "mouthFrown": {"mouth_lipCornerDepress": 1.0},
    "mouthDimple": {"mouth_dimple": 1.0},
    "mouthStretch": {"mouth_lipStretch": 1.0},
    "mouthPress": {"mouth_press": 1.0},
    "mouthLowerDown": {"mouth_lowerLipDepress": 1.0},
    "mouthUpperUp": {"mouth_upperLipRaise": 1.0},
    "mouthFunnel": {"mouth_funnel": 1.0, "mouth_oh": 0.7, "mouth_oo": 0.3},
    "mouthPucker": {"mouth_pucker": 1.0, "mouth_oo": 0.8},
    "mouthRollLower": {"mouth_suck_d": 1.0},
    "mouthRollUpper": {"mouth_suck_u": 1.0},
    "mouthShrugLower": {"mouth_chinRaise_d": 1.0},
    "mouthShrugUpper": {"mouth_chinRaise_u": 1.0},
    JAW: {"mouth_stretch_c": 1.0, "mouth_oh": 0.15},
}
"""ARKit channel from FACEGOOD shapes by name prefix (their strongest member), with amounts."""


def facegood_values(takes: dict[str, Array], names: list[str]) -> dict[str, Array]:
    """Return the COLUMNS of each take; channels that this rig never moves are NaN.

    Args:
        takes: Shapes [frames, len(names)] of each recording.
        names: Shape names of the columns (bs_names_116.json).
    """
    rows = np.concatenate(list(takes.values()))
    ends = np.cumsum([len(v) for v in takes.values()])
    out = np.full((len(rows), len(COLUMNS)), np.nan, np.float32)
    for channel, parts in _FACEGOOD.items():
        total = np.zeros(len(rows), np.float32)
        for prefix, amount in parts.items():
            members = rows[:, [n.startswith(prefix) for n in names]]
            total += amount * members.max(axis=1, initial=0.0)
        if np.percentile(total, 95) > 0.01:
            # Rest is exactly zero in this set, so only the top is scaled.
            out[:, COLUMNS.index(channel)] = np.clip(total / np.percentile(total, 95), 0.0, 2.5)
    return dict(zip(takes, np.split(out, ends[:-1]), strict=True))
