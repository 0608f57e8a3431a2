"""Skin: vertices, the lower-face mask and the smoothing shares, of one track and of three."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.face_parameters import SkinParameters, changed
from facewire.animation.skin import SkinAnimator
from facewire.animation.smoothing import smoothing_share
from facewire.tools.conformance.outcomes import Compared, absolute, relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_SHARES = slice(5, 7)
"""Where `device_params` has the shares of lower and upper face."""


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every case of the single-track animator, and the three-track run."""
    for name, case in file.cases().items():
        yield name, partial(_single, file, name, case)
    if "mt_out" in file:
        yield "multi_track", partial(_three_tracks, file)


def _animator(file: VectorFile, parameters: dict[str, float], dt_s: float) -> SkinAnimator:
    return SkinAnimator(
        file["neutral"],
        file["lip_open_pose_delta"],
        file["eye_close_pose_delta"],
        changed(SkinParameters(), parameters),
        dt_s,
    )


def _single(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    dt_s = float(case["dt"]) if isinstance(case["dt"], float | int) else 0.0
    animator = _animator(file, case["params"], dt_s)
    vertices = []
    for frame, deltas in enumerate(file["input_deltas"]):
        if frame == case["reset_before_frame"]:
            animator.reset()
        if f"{name}_dt" in file:
            animator.dt_s = float(file[f"{name}_dt"][frame])
        vertices.append(animator.animate(deltas))
    yield Compared.one("vertices", absolute(vertices, file[f"{name}_out"]))
    yield Compared.one("mask", absolute(animator.mask, file[f"{name}_mask"]))
    if "device_params" in case:
        shares = [
            smoothing_share(np.float32(dt_s), np.float32(case["params"][part]))
            for part in ("lowerFaceSmoothing", "upperFaceSmoothing")
        ]
        # The SDK marks "no smoothing" by -1; there the whole way is covered at once.
        expected = [share if share >= 0 else 1.0 for share in case["device_params"][_SHARES]]
        yield Compared.one("smoothing shares", relative(shares, expected))


def _three_tracks(file: VectorFile) -> Iterator[Outcome]:
    names = str(file.config["param_order"]).split(",")
    deltas = file["input_deltas"]
    tracks = [
        _animator(file, dict(zip(names, map(float, row), strict=True)), 1 / 30)
        for row in file.expect("mt_params", (3, len(names)))
    ]
    feeds = (deltas, np.roll(deltas, 7, axis=0), -deltas)
    held = np.zeros((3, deltas.shape[1]), np.float32)
    kept = {}
    frames = zip(file["mt_active_mask"].tolist(), file["mt_reset_mask"].tolist(), strict=True)
    for frame, (active, resets) in enumerate(frames):
        for index, track in enumerate(tracks):
            if resets >> index & 1:
                track.reset()
            if active >> index & 1:
                held[index] = track.animate(feeds[index][frame])
        kept[frame] = held.copy()
    found = [kept[frame] for frame in file["mt_frames_stored"].tolist()]
    yield Compared.one("vertices", absolute(found, file["mt_out"]))
    yield Compared.one("mask", absolute([track.mask for track in tracks], file["mt_masks"]))
