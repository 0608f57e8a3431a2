"""Reads the training recordings into clips: audio, native labels and phone times.

Every set keeps its own label rate here; `dataset` puts them on the tick grid. Clips of
`test_ids.txt` are never read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from facewire.tools.judging.data_folder import MissingDataError, require
from facewire.tools.training import labels
from facewire.tools.training.features import SAMPLE_RATE_HZ
from facewire.tools.training.voices.recording import PHONES_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from facewire.tools.training.articulation import Phone

GRID_MAIN, GRID_MORE, FACEGOOD, KATHLEEN, SYNTHESISED = (
    "grid_s1_arkit",
    "grid_more_talkers",
    "facegood",
    "kathleen_en_cc0",
    "synthesised",
)
_REQUIRED = {
    GRID_MAIN: (
        "mediapipe_blendshapes.npz",
        "mediapipe_landmarks_px.npz",
        "phones_pocketsphinx.jsonl",
        "test_ids.txt",
        "flac",
    ),
    GRID_MORE: (
        "mediapipe_blendshapes.npz",
        "mediapipe_landmarks_px.npz",
        "phones_pocketsphinx.jsonl",
        "flac",
    ),
    FACEGOOD: ("blendshapes_30fps.npz", "bs_names_116.json", "flac"),
    KATHLEEN: ("phones_pocketsphinx.jsonl", "opus"),
    "stats": ("channel_percentiles_5_50_95_99.json",),
}


@dataclass(frozen=True)
class Clip:
    """One recording with what is known of the face in it."""

    id: str
    talker: str
    audio: npt.NDArray[np.float32]
    """16 kHz mono."""
    phones: list[Phone] = field(default_factory=list)
    label_times_s: npt.NDArray[np.float64] | None = None
    labels: npt.NDArray[np.float32] | None = None
    """[labels, TARGETS without SPOKEN], per-talker units; NaN where unknown."""
    excerpt: bool = False
    """Cut out of a longer recording: the face at its ends belongs to sound that was cut away."""


def check(data: Path, spoken: Path) -> None:
    """Raise MissingDataError naming everything absent from the data or the synthesised set."""
    require(data, _REQUIRED)
    if not (spoken / PHONES_FILE).exists():
        raise MissingDataError(
            f"{spoken} holds no synthesised voices ({PHONES_FILE} is absent).",
            hint="Make them first: facewire train voices --out FOLDER, then pass --voices FOLDER.",
        )


def read_audio(path: Path) -> npt.NDArray[np.float32]:
    """Return a sound file as 16 kHz mono float32."""
    audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ)
    return np.ascontiguousarray(mono, np.float32)


def _phones(path: Path) -> dict[str, list[Phone]]:
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {r["id"]: [(str(p), float(s), float(e)) for p, s, e in r["phones"]] for r in rows}


def grid(folder: Path) -> Iterator[Clip]:
    """Yield the GRID clips of a folder, without those of its test_ids.txt."""
    held_out: set[str] = set()
    if (folder / "test_ids.txt").exists():
        held_out = set((folder / "test_ids.txt").read_text(encoding="utf-8").split())
    phones = _phones(folder / "phones_pocketsphinx.jsonl")
    faces = labels.GridFaces.read(folder)
    for clip in faces.clips(exclude=held_out):
        yield Clip(
            id=clip.id,
            talker=clip.talker,
            audio=read_audio(folder / "flac" / f"{clip.id}.flac"),
            phones=phones.get(clip.id, []),
            label_times_s=labels.frame_times_s(len(clip.values), labels.GRID_FPS, 0.5),
            labels=clip.values,
            excerpt=True,
        )


def grid_talkers(data: Path) -> frozenset[str]:
    """Return the names of the GRID talkers of a data folder."""
    with np.load(data / GRID_MORE / "mediapipe_blendshapes.npz") as shapes:
        return frozenset(str(x) for x in shapes["speaker"]) | {"s1"}


def facegood(folder: Path) -> Iterator[Clip]:
    """Yield the FACEGOOD recordings (Mandarin, animator-checked, no phones)."""
    names = json.loads((folder / "bs_names_116.json").read_text(encoding="utf-8"))
    with np.load(folder / "blendshapes_30fps.npz") as poses:
        takes = {k: np.asarray(poses[k], np.float32) for k in poses.files if k != "names"}
    values = labels.facegood_values(takes, names)
    for take, rows in values.items():
        yield Clip(
            id=take,
            talker="facegood",
            audio=read_audio(folder / "flac" / f"{take}.flac"),
            label_times_s=labels.frame_times_s(len(rows), labels.FACEGOOD_FPS, 0.0),
            labels=rows,
        )


def kathleen(folder: Path) -> Iterator[Clip]:
    """Yield the Kathleen utterances (phones only, no face)."""
    for clip_id, phones in _phones(folder / "phones_pocketsphinx.jsonl").items():
        path = folder / "opus" / f"{clip_id}.opus"
        if path.exists():
            yield Clip(clip_id, "kathleen", read_audio(path), phones)


def synthesised(folder: Path) -> Iterator[Clip]:
    """Yield the sentences that `voices.recording` wrote (phones only, no face)."""
    for line in (folder / PHONES_FILE).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        phones = [(str(p), float(s), float(e)) for p, s, e in row["phones"]]
        audio = read_audio(folder / "flac" / f"{row['id']}.flac")
        yield Clip(row["id"], row["talker"], audio, phones)
