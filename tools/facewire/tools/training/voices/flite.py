"""Flite: speech of five English voices with the instant at which every phone ends."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from facewire.protocol.errors import FacewireError
from facewire.tools.training.articulation import SILENCE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from facewire.tools.training.articulation import Phone

VOICES = ("kal16", "kal", "awb", "rms", "slt")
"""kal and kal16 are one man (8 and 16 kHz); awb is Scottish, slt a woman. All speak English."""
_CLUSTERGEN = ("awb", "rms", "slt")
_NAMES = {"PAU": SILENCE, "AX": "AH"}


class SynthesiserMissingError(FacewireError):
    """A program that speaks the training sentences is not installed."""


def require() -> None:
    """Raise SynthesiserMissingError unless flite can be run."""
    if shutil.which("flite") is None:
        raise SynthesiserMissingError(
            "The synthesised voices need the program flite, which is not installed.",
            hint="Install Debian's packages flite and libespeak-ng1, then run this again.",
        )


def speak(
    voice: str, text: str, *, pitch: float, stretch: float
) -> tuple[npt.NDArray[np.float32], int, list[Phone]]:
    """Return samples, their rate in Hz, and phones (ARPAbet name, start s, end s).

    Args:
        voice: One of VOICES.
        text: A sentence.
        pitch: Factor on the voice's own pitch, about 0.8 to 1.25.
        stretch: Factor on durations, about 0.8 to 1.25.
    """
    tune = (
        f"f0_shift={pitch:.3f}" if voice in _CLUSTERGEN else f"int_f0_target_mean={105 * pitch:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "spoken.wav"
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
        command += ["--setf", tune, "-t", text, "-psdur", "-o", str(wave)]
        told = subprocess.run(  # noqa: S603 - our own words and numbers
            command, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        samples, rate_hz = soundfile.read(wave, dtype="float32")
    return samples, int(rate_hz), phones_of(told, len(samples) / rate_hz)


def phones_of(told: str, seconds: float) -> list[Phone]:
    """Return the phones of what `flite -psdur` prints: "name:end" by name and end in seconds.

    The times are stretched to the length of the sound: the diphone voices round each pitch period
    and come out a few percent shorter than they were planned.

    Args:
        told: The print.
        seconds: Length of the sound.
    """
    ends = [
        (word.partition(":")[0].upper(), float(word.partition(":")[2])) for word in told.split()
    ]
    factor = seconds / ends[-1][1]
    starts = [0.0, *(end for _, end in ends[:-1])]
    return [
        (_NAMES.get(name, name), start * factor, end * factor)
        for (name, end), start in zip(ends, starts, strict=True)
    ]
