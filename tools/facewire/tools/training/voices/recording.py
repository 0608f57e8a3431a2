"""Writes the synthesised set: one FLAC per sentence, and phones.jsonl beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile
import soxr

from facewire.tools.training.voices import espeak, flite
from facewire.tools.training.voices.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from facewire.tools.training.articulation import Phone

RATE_HZ = 16_000
PHONES_FILE = "phones.jsonl"
_STRETCH = (0.82, 1.2)


class _Cast(NamedTuple):
    """How often a voice speaks, and how far it is bent; factors are drawn per sentence."""

    share: float
    """Of `per_voice`."""
    pitch: tuple[float, float]
    throat: tuple[float, float]
    """Factor on pitch and formants together, by resampling: above 1 a shorter throat."""


_MAN = _Cast(1.0, (0.8, 1.8), (0.9, 1.25))
_FLITE = {
    "kal16": _MAN._replace(share=0.6),
    "kal": _MAN._replace(share=0.25),
    "awb": _MAN,
    "rms": _MAN,
    "slt": _Cast(1.0, (0.7, 1.3), (0.82, 1.12)),
}
"""kal and kal16 are one man. Few voices, so each is bent to be many."""
_ESPEAK = _Cast(0.04, (0.7, 1.3), (0.9, 1.12))
"""Each of many throats; its sound is the least like a person's."""


def write(out: Path, *, per_voice: int, seed: int, report: Callable[[str], None]) -> float:
    """Speak the set and return its minutes.

    Args:
        out: Folder; made if absent, its files overwritten.
        per_voice: Sentences per full Flite voice, each spoken by one voice only.
        seed: Decides sentences, pitch and pace. The same versions of the synthesisers then give
            the same files.
        report: Called with one line per voice.

    Raises:
        SynthesiserMissingError: If flite or libespeak-ng is not installed.
    """
    flite.require()
    throats = espeak.Espeak()
    casts = {**_FLITE, **dict.fromkeys(espeak.VARIANTS, _ESPEAK)}
    counts = {voice: max(1, round(per_voice * cast.share)) for voice, cast in casts.items()}
    texts = iter(sentences(sum(counts.values()), seed))
    random = np.random.default_rng(seed)
    (out / "flac").mkdir(parents=True, exist_ok=True)
    lines, seconds = [], 0.0
    for voice, cast in casts.items():
        speak = flite.speak if voice in flite.VOICES else throats.speak
        for k in range(counts[voice]):
            text, name = next(texts), f"{voice}_{k:03d}"
            # Drawn on a logarithmic scale: an octave up is as likely as an octave down.
            pitch, throat, stretch = (
                float(np.exp(random.uniform(*np.log(between))))
                for between in (cast.pitch, cast.throat, _STRETCH)
            )
            spoken = speak(voice, text, pitch=pitch, stretch=stretch * throat)
            audio, phones = _bent(*spoken, throat)
            soundfile.write(out / "flac" / f"{name}.flac", audio, RATE_HZ, subtype="PCM_16")
            lines.append(_line(name, voice, text, phones))
            seconds += len(audio) / RATE_HZ
        report(f"{voice}: {counts[voice]} sentences")
    (out / PHONES_FILE).write_text("".join(lines), encoding="utf-8")
    return seconds / 60.0


def _bent(
    samples: npt.NDArray[np.float32], rate_hz: int, phones: list[Phone], throat: float
) -> tuple[npt.NDArray[np.float32], list[Phone]]:
    """Return audio at RATE_HZ through a throat shorter by the factor, and its phones."""
    audio = soxr.resample(samples, rate_hz * throat, RATE_HZ)
    audio = np.asarray(audio / max(1.0, float(np.abs(audio).max()) * 1.02), np.float32)
    return audio, [(name, start / throat, end / throat) for name, start, end in phones]


def _line(name: str, talker: str, text: str, phones: list[Phone]) -> str:
    timed = [[p, round(start, 4), round(end, 4)] for p, start, end in phones]
    return json.dumps({"id": name, "talker": talker, "text": text, "phones": timed}) + "\n"
