"""The sound the demo plays: the clip we ship, or the beginning of a file of yours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import as_file
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.audio import open_audio
from facewire.tools.demo_assets import speech_clip, speech_phones
from facewire.tools.picture.take import Phone

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST_S: Final = 60
"""The demo plays in real time; of a longer file it takes the beginning."""
SHIPPED_NAME: Final = "speech.flac"


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Sound to play."""

    name: str
    """Of its file."""
    samples: NDArray[np.float32]
    """float32[n, channels]."""
    rate_hz: int
    cut: bool
    """True when the file goes on after `LONGEST_S`."""
    phones: tuple[Phone, ...] = ()
    """What is said when; known of the clip we ship."""

    @property
    def duration_s(self) -> float:
        """Seconds of sound."""
        return len(self.samples) / self.rate_hz


def read_speech(path: Path | None) -> Speech:
    """Read a file, or with None the clip we ship.

    Raises:
        AudioError: it is no sound we can take.
    """
    if path is not None:
        return _read(path, path.name)
    with as_file(speech_clip()) as shipped:
        speech = _read(shipped, SHIPPED_NAME)
    return replace(speech, phones=tuple(Phone(*phone) for phone in speech_phones()))


def _read(path: Path, name: str) -> Speech:
    blocks: list[NDArray[np.float32]] = []
    with open_audio(path) as audio:
        most = LONGEST_S * audio.sample_rate_hz
        for block in audio:
            blocks.append(block)
            if sum(map(len, blocks)) > most:
                break
    samples = np.concatenate(blocks)
    return Speech(
        name=name,
        samples=samples[:most],
        rate_hz=audio.sample_rate_hz,
        cut=len(samples) > most,
    )
