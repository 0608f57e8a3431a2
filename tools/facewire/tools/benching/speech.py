"""The clip that is measured with: the one the demo plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.audio.resampler import Resampler
from facewire.tools.live.speech import read_speech

if TYPE_CHECKING:
    from numpy.typing import NDArray


def speech_16k() -> NDArray[np.int16]:
    """Return int16[samples], mono, 16 kHz."""
    clip = read_speech(None)
    resampler = Resampler(clip.rate_hz)
    mono = clip.samples.mean(axis=1, dtype=np.float32)
    sound = np.concatenate([resampler.push(mono), resampler.flush()])
    return np.clip(np.round(sound * 32_767), -32_768, 32_767).astype("<i2")
