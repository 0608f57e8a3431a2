"""The small tables of a bundle: eyes that wander, and moods that were learnt frame by frame."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.synth.weights import Weights

SACCADE_RMS_DEG: Final = 1.159
SACCADE_MOST_DEG: Final = 3.8
EMOTIONS: Final = (
    "amazement", "anger", "cheekiness", "disgust", "fear",
    "grief", "joy", "outofbreath", "pain", "sadness",
)  # fmt: skip
"""The explicit emotions in their fixed order."""
MOOD_SIZE: Final = 16


def saccades(frames: int, weights: Weights) -> NDArray[np.float32]:
    """Return float32[frames, 2], degrees (x, y) at 30 Hz: quick jumps, then rest with a drift."""
    random = weights.stream("saccades")
    path = np.empty((frames, 2))
    gaze, frame = np.zeros(2), 0
    while frame < frames:
        hold = int(random.integers(6, 36))  # 0.2 to 1.2 s
        drift = np.cumsum(random.normal(0, 0.02, (hold, 2)), axis=0)
        path[frame : frame + hold] = (gaze + drift)[: frames - frame]
        frame += hold
        # Wider across than up, and back towards the middle.
        gaze = 0.4 * gaze + random.normal(0, (0.8, 1.3), 2)
    path -= path.mean(0)
    path *= SACCADE_RMS_DEG / np.sqrt((path**2).mean())
    return path.clip(-SACCADE_MOST_DEG, SACCADE_MOST_DEG).astype(np.float32)


def shot_names(count: int) -> list[str]:
    """Return names of recorded shots, neutral ones first."""
    families = ("g1c", "g2a", "p3", "cp1")
    names = [f"{family}_neutral" for family in families]
    names += [f"{family}_{emotion}" for family in families for emotion in EMOTIONS]
    return names[:count]


def implicit_emotions(frames: int, shots: int, weights: Weights) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of implicit_emo_db.npz: one vector of 16 per frame of every shot."""
    random = weights.stream("implicit emotions")
    edges = np.linspace(0, frames, shots + 1).astype(np.int32)
    moods = np.empty((frames, MOOD_SIZE), np.float32)
    for start, stop in pairwise(edges.tolist()):
        steps = random.normal(0, 0.03, (stop - start, MOOD_SIZE))
        moods[start:stop] = random.normal(0, 0.4, MOOD_SIZE) + np.cumsum(steps, axis=0)
    return {
        "emo_db": moods,
        "emo_spec_names": np.array(shot_names(shots), "S"),
        "emo_spec_start": edges[:-1],
        "emo_spec_size": np.diff(edges),
    }


def mood_at(table: dict[str, NDArray[np.generic]], shot: str, frame: int) -> NDArray[np.float32]:
    """Return float32[16]: the implicit emotion of a frame of a shot."""
    index = table["emo_spec_names"].tolist().index(shot.encode())
    return np.asarray(table["emo_db"][int(table["emo_spec_start"][index]) + frame], np.float32)
