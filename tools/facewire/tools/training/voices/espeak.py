"""espeak-ng: speech of many synthetic throats, with the sample at which every phone begins.

The program prints no times, its library reports them, so the library is called directly.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.training.articulation import PHONES, SILENCE
from facewire.tools.training.voices.flite import SynthesiserMissingError

if TYPE_CHECKING:
    import numpy.typing as npt

    from facewire.tools.training.articulation import Phone

_THROATS = (
    "m1 f1 m2 f2 m3 f3 m4 f4 m5 f5 m6 m7 m8 klatt klatt2 klatt3 Andrea Alicia Annie Alex Andy "
    "Denis Diogo Gene Henrique Hugo Lee Marco Michael adam anika antonio aunty belinda "
    "benjamin caleb david ed grandma linda max michel steph travis"
)
VARIANTS = tuple(_THROATS.split())
"""Throats to speak American English through; whispers, robots and effects are left out."""
_LANGUAGE = "en-us"
_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8 = 2, 1, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_PHONEME = 7
_NAMES = {
    "@": "AH", "a": "AE", "aI": "AY", "A:": "AA", "O:": "AO", "oU": "OW", "OI": "OY", "aU": "AW",
    "E": "EH", "eI": "EY", "I": "IH", "i": "IY", "i:": "IY", "u:": "UW", "U": "UH", "V": "AH",
    "0": "AA", "3": "ER", "3:": "ER", "I2": "IH", "a#": "AH", "I#": "IH", "E#": "EH", "@2": "AH",
    "@5": "AH", "@L": "L", "A@": "AA", "O@": "AO", "e@": "EH", "i@": "IY", "U@": "UH", "aI@": "AY",
    "i@3": "IY", "o@": "AO", "u": "UW", "uU": "UW", "02": "AA", "O2": "AO", "aI3": "AY",
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "tS": "CH", "dZ": "JH", "f": "F",
    "v": "V", "T": "TH", "D": "DH", "s": "S", "z": "Z", "S": "SH", "Z": "ZH", "h": "HH", "m": "M",
    "n": "N", "N": "NG", "r": "R", "l": "L", "w": "W", "j": "Y", "t#": "D", "t2": "T", "d2": "D",
    "r-": "R", "l/": "L", "n-": "N", "m-": "M", "z#": "Z", "?": SILENCE, ";": "Y", "aa": "AE",
}  # fmt: skip


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """The library, opened once; it keeps one voice at a time."""

    def __init__(self) -> None:
        """Open libespeak-ng.

        Raises:
            SynthesiserMissingError: If the library is not installed.
        """
        try:
            self._library = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as missing:
            raise SynthesiserMissingError(
                "The synthesised voices need libespeak-ng.so.1, which is not installed.",
                hint="Install Debian's packages flite and libespeak-ng1, then run this again.",
            ) from missing
        self._rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS))
        self._sound: list[npt.NDArray[np.int16]] = []
        self._heard: list[tuple[str, int]] = []
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, wave: object, count: int, events: object) -> int:
        if wave and count:
            self._sound.append(np.ctypeslib.as_array(wave, (count,)).copy())
        k = 0
        while (event := events[k]).type:  # type: ignore[index]
            if event.type == _PHONEME:
                self._heard.append((event.id.string.decode(), event.sample))
            k += 1
        return 0

    def speak(
        self, voice: str, text: str, *, pitch: float, stretch: float
    ) -> tuple[npt.NDArray[np.float32], int, list[Phone]]:
        """Return samples, their rate in Hz, and phones, as `flite.speak` does.

        Raises:
            ValueError: If the library does not know the voice.
        """
        self._sound, self._heard = [], []
        name = f"{_LANGUAGE}+{voice}"
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            message = f"espeak-ng has no voice {name}"
            raise ValueError(message)
        for parameter, value in ((_RATE, 165 / stretch), (_PITCH, 50 * pitch), (_RANGE, 60)):
            self._library.espeak_SetParameter(parameter, round(value), 0)
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._sound).astype(np.float32) / 32768.0
        return samples, self._rate_hz, phones_of(self._heard, len(samples), self._rate_hz)


def phones_of(heard: list[tuple[str, int]], samples: int, rate_hz: int) -> list[Phone]:
    """Return phones from espeak-ng's names and first samples; stress marks are dropped.

    Raises:
        ValueError: If a name is new to the table above.
    """
    ends = [start for _, start in heard[1:]] + [samples]
    phones: list[Phone] = [(SILENCE, 0.0, heard[0][1] / rate_hz)]
    for (name, start), end in zip(heard, ends, strict=True):
        bare = name.strip("',")
        known = SILENCE if not bare or bare.startswith("_") else _NAMES.get(bare)
        if known not in PHONES:
            message = f"espeak-ng's phone {name!r} is not in the table"
            raise ValueError(message)
        phones.append((known, start / rate_hz, end / rate_hz))
    return phones
