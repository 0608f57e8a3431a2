"""Runs a clip through the very path of `facewire animate`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from facewire.inference.model import Model

JUDGED_FPS: Final = Fraction(50)


def predicted_curves(
    model: Model, audio_path: Path
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float32]]]:
    """Return the frame times in seconds and every ARKit curve by name, at JUDGED_FPS.

    Raises:
        AudioError: If the file cannot be read.
    """
    from facewire.animation.curves import ARKIT_52
    from facewire.audio import open_audio
    from facewire.inference.settings import StreamSettings
    from facewire.tools.animate import frames_in_process

    with open_audio(audio_path) as audio:
        settings = StreamSettings(
            sample_rate_hz=audio.sample_rate_hz,
            channels=audio.channels,
            encoding="float32",
            fps=JUDGED_FPS,
            rig="arkit",
        )
        rows = np.concatenate([f.curves for f in frames_in_process(audio, model, settings)])
    times_s = np.arange(len(rows)) / float(JUDGED_FPS)
    return times_s, {name: rows[:, k] for k, name in enumerate(ARKIT_52)}
