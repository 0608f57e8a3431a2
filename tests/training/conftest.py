"""A data folder in the layout of the real one, seconds long, of buzzes and made-up faces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ, SECONDS, FRAMES = 16_000, 3.0, 75
LANDMARKS = [33, 263, 13, 14, 1, 152]
SINGLE = ["jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower",
          "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"]  # fmt: skip
PAIRED = ["mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress",
          "mouthLowerDown", "mouthUpperUp"]  # fmt: skip
NAMES = [*SINGLE, *(p + side for p in PAIRED for side in ("Left", "Right"))]
PHONES = [["SIL", 0.0, 0.5], ["B", 0.5, 0.7], ["AA", 0.7, 1.4], ["T", 1.4, 1.6], ["AA", 1.6, 2.4],
          ["SIL", 2.4, 3.0]]  # fmt: skip


def write_audio(path: Path, seed: int) -> None:
    """Write a buzz that is loud where the phones are open, FLAC or Ogg by suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    times = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    loud = ((times > 0.7) & (times < 2.4)).astype(float)
    audio = 0.1 * loud * np.sign(np.sin(2 * np.pi * random.uniform(90, 200) * times))
    audio += 0.001 * random.standard_normal(len(times))
    if path.suffix == ".opus":
        soundfile.write(path, audio, RATE_HZ, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, audio, RATE_HZ)


def write_grid(folder: Path, ids: list[str], speakers: list[str] | None) -> None:
    """Write the files of a GRID set: scores, landmarks, phones and audio."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(len(ids))
    times = (np.arange(FRAMES) + 0.5) / 25.0
    opening = np.clip(np.sin((times - 0.7) * 4.0), 0.0, 1.0) * ((times > 0.7) & (times < 2.4))
    scores, marks = [], []
    for _ in ids:
        scores.append(0.3 * opening[:, None] * random.uniform(0.5, 1.0, len(NAMES)))
        points = np.zeros((FRAMES, len(LANDMARKS), 3))
        points[:, 1, 0] = 100.0
        points[:, 3, 1] = 15.0 * opening
        points[:, 5, 1] = 90.0 + 10.0 * opening
        marks.append(points)
    shapes = {
        "ids": np.array(ids), "lengths": np.full(len(ids), FRAMES),
        "bs": np.concatenate(scores).astype(np.float16), "names": np.array(NAMES),
    }  # fmt: skip
    if speakers:
        shapes["speaker"] = np.array(speakers)
    np.savez(folder / "mediapipe_blendshapes.npz", **shapes)  # type: ignore[arg-type]
    np.savez(
        folder / "mediapipe_landmarks_px.npz",
        lm=np.concatenate(marks).astype(np.float16), index=np.array(LANDMARKS),
    )  # fmt: skip
    lines = [json.dumps({"id": clip, "phones": PHONES}) for clip in ids]
    (folder / "phones_pocketsphinx.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for k, clip in enumerate(ids):
        write_audio(folder / "flac" / f"{clip}.flac", k)


def write_voices(folder: Path) -> None:
    """Write what `facewire train voices` writes, for two voices."""
    rows = []
    for k, talker in enumerate(("rms", "f2")):
        write_audio(folder / "flac" / f"{talker}_000.flac", 60 + k)
        rows.append(
            json.dumps({"id": f"{talker}_000", "talker": talker, "text": "Bah.", "phones": PHONES})
        )
    (folder / "phones.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder; no test changes it."""
    root = tmp_path_factory.mktemp("data")
    ids = [f"clip{k:02d}" for k in range(30)]
    write_grid(root / "grid_s1_arkit", ids, None)
    (root / "grid_s1_arkit" / "test_ids.txt").write_text("clip03\nclip07", encoding="utf-8")
    more = [f"s{2 + k % 2}_{k}" for k in range(16)]
    write_grid(root / "grid_more_talkers", more, [m.split("_")[0] for m in more])
    names = ["mouth_stretch_c", "mouth_oh_c", "mouth_oo_c", "mouth_lowerLipDepress_l"]
    rows = np.random.default_rng(1).random((90, len(names))).astype(np.float32)
    (root / "facegood").mkdir()
    np.savez(root / "facegood" / "blendshapes_30fps.npz", take=rows, names=np.array(names))
    (root / "facegood" / "bs_names_116.json").write_text(json.dumps(names), encoding="utf-8")
    write_audio(root / "facegood" / "flac" / "take.flac", 40)
    for k in range(2):
        write_audio(root / "kathleen_en_cc0" / "opus" / f"utt{k}.opus", 50 + k)
    lines = [json.dumps({"id": f"utt{k}", "phones": PHONES}) for k in range(2)]
    (root / "kathleen_en_cc0" / "phones_pocketsphinx.jsonl").write_text("\n".join(lines))
    write_voices(root / "synthesised")
    stats = {c: [0.0, 0.1, 0.3, 0.4] for c in NAMES}
    sets = ("neurosync_human", "nim_mark_joy", "nim_avatar_react", "omni_male_p3", "ace_male_p3")
    (root / "stats").mkdir()
    (root / "stats" / "channel_percentiles_5_50_95_99.json").write_text(
        json.dumps(dict.fromkeys(sets, stats)), encoding="utf-8"
    )
    return root
