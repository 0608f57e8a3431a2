"""From the weights a solver gave to the curves of a rig: the last step of the solved families."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import HEAD_3
from facewire.animation.idle import IdleStrengths, idle_motion
from facewire.mapping.mouth import arkit_from_a2f

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.inference.settings import StreamSettings


def finished_frames(
    face: NDArray[np.float32],
    eyes: NDArray[np.float32],
    speech: NDArray[np.float32],
    timestamps: NDArray[np.int64],
    settings: StreamSettings,
    parameters: Mapping[str, float],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float32[frames, curves of the rig] and float32[frames, 4] degrees.

    The mouthClose convention, idle motion where asked for, limits, rig: in this order. Raw weights
    are not limited: a bundle's gains take those of the tongue up to 3, and whoever asks for them
    raw (NVIDIA's clients) gets them so.

    Args:
        face: float32[frames, 71] as the solvers gave them; changed in place.
        eyes: float32[frames, 4] degrees: right x, right y, left x, left y; changed in place.
        speech: float32[frames] in [0, 1], how much is being said.
        timestamps: int64[frames], 16 kHz samples since the start of the utterance.
        settings: Of the stream: its rig, seed and mouthClose.
        parameters: All of them, by their wire names.
    """
    rig = settings.served_rig
    raw = settings.mouth_close == "raw" and rig.table.mouth_close == "any"
    if not raw:
        arkit_from_a2f(face)  # NVIDIA's mouthClose contains the open jaw
    strength = parameters["idleStrength"]
    if strength:
        idle, glances = idle_motion(
            settings.seed,
            timestamps / 16_000.0,
            speech,
            IdleStrengths(
                blink=strength * parameters["blinkStrength"],
                gaze=strength * parameters["gazeStrength"],
                brow=strength * parameters["browStrength"],
            ),
        )
        face += idle
        eyes += glances
    if not raw:
        limited = face[:, : -len(HEAD_3)]  # the head's angles go both ways
        np.clip(limited, 0.0, 1.0, out=limited)
    # A raw row goes only to tables that pass mouthClose on as it comes: `arkit` is right here.
    return rig.mapper("arkit", gaze=True, limited=not raw).apply(face, eyes), np.ascontiguousarray(
        eyes
    )
