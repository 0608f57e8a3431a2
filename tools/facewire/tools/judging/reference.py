"""Reads the measured test clips of the GRID talker s1."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.judging.data_folder import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

SET: Final = "grid_s1_arkit"
SCORES: Final = (
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLowerDownLeft",
    "mouthUpperUpLeft",
    "mouthPressLeft",
    "mouthRollLower",
    "mouthSmileLeft",
)
LIP_APERTURE: Final = "lipAperture"
JAW_DROP: Final = "jawDrop"
_UPPER_LIP, _LOWER_LIP, _NOSE, _CHIN, _LEFT_EYE, _RIGHT_EYE = 13, 14, 1, 152, 33, 263


@dataclass(frozen=True)
class ClipReference:
    """The face measured in one clip."""

    id: str
    audio: Path
    channels: dict[str, Array]
    """SCORES, LIP_APERTURE and JAW_DROP, one value per video frame (25 per second)."""
    phones: list[tuple[str, float, float]]
    """(name, start, end) in seconds."""


def measured_clips(data: Path) -> Iterator[ClipReference]:
    """Yield the clips of test_ids.txt in its order.

    Lip aperture is the distance of the inner lips, jaw drop that of nose and chin, both over the
    clip's median distance of the outer eye corners.

    Raises:
        MissingDataError: If the set or a file of it is absent.
    """
    names = ("mediapipe_blendshapes.npz", "mediapipe_landmarks_px.npz")
    phone_file = "phones_pocketsphinx.jsonl"
    require(data, {SET: (*names, phone_file, "test_ids.txt", "flac")})
    folder = data / SET
    with np.load(folder / names[0]) as shapes:
        ids = [str(x) for x in shapes["ids"]]
        starts = np.concatenate([[0], np.cumsum(shapes["lengths"])])
        columns = [str(x) for x in shapes["names"]]
        scores = shapes["bs"]
    measures = _landmark_measures(folder / names[1])
    phones = {
        row["id"]: [(str(p), float(s), float(e)) for p, s, e in row["phones"]]
        for row in map(json.loads, (folder / phone_file).read_text(encoding="utf-8").splitlines())
    }
    for clip in (folder / "test_ids.txt").read_text(encoding="utf-8").split():
        k = ids.index(clip)
        span = slice(starts[k], starts[k + 1])
        eyes = np.median(measures["eyes"][span])
        channels = {c: np.asarray(scores[span, columns.index(c)], np.float32) for c in SCORES}
        channels |= {c: measures[c][span] / eyes for c in (LIP_APERTURE, JAW_DROP)}
        yield ClipReference(clip, folder / "flac" / f"{clip}.flac", channels, phones.get(clip, []))


def _landmark_measures(path: Path) -> dict[str, Array]:
    with np.load(path) as marks:
        index = [int(k) for k in marks["index"]]
        points = marks["lm"]

    def distance(a: int, b: int) -> Array:
        ends = [np.asarray(points[:, index.index(k), :2], np.float32) for k in (a, b)]
        return np.asarray(np.linalg.norm(ends[0] - ends[1], axis=1))

    return {
        "eyes": distance(_LEFT_EYE, _RIGHT_EYE),
        LIP_APERTURE: distance(_UPPER_LIP, _LOWER_LIP),
        JAW_DROP: distance(_NOSE, _CHIN),
    }
