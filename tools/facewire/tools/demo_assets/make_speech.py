"""Remake the synthesised speech: the demo's clip and the shorter one the tests use.

    apt-get install flite        # Debian 12 has 2.2
    python -m facewire.tools.demo_assets.make_speech tools/facewire/tools/demo_assets/speech.flac
    python -m facewire.tools.demo_assets.make_speech --short tests/assets/speech_16k.flac

Beside the clip, `<clip>.phones.json` keeps when the voice says which sound: the closures that a
face must show. Flite is deterministic: the same version gives the same samples.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

VOICE = "slt"
RATE_HZ = 16000
# Phrases and the silence after each. Chosen for what can be seen: m b p shut the lips, f v lift
# the lower lip to the teeth, "oo" rounds, "ah" opens, and the pause shows the face at rest.
DEMO = (
    ("Hello! I am Facewire.", 0.0),
    ("Give me a voice, and I move a face.", 0.5),
    ("Mama, papa, boo!", 0.0),
    ("Ah, that was fun.", 0.3),
)
SHORT = (("Baby Moby moved five small boats.", 0.5), ("Ah! What a view.", 0.3))


def speak(phrase: str) -> tuple[NDArray[np.int16], list[tuple[str, float, float]]]:
    """Synthesise one phrase: int16[n] at 16 kHz, and its phones (ARPAbet name, start s, end s)."""
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "phrase.wav"
        command = ["flite", "-voice", VOICE, "-t", phrase, "-psdur", "-o", str(wave)]
        said = subprocess.run(  # noqa: S603 - our own fixed words
            command, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        samples, rate_hz = soundfile.read(wave, dtype="int16")
    if rate_hz != RATE_HZ:
        raise RuntimeError(f"the voice {VOICE} gave {rate_hz} Hz, not {RATE_HZ}")
    phones = []
    start_s = 0.0
    for word in said.split():  # flite names each phone with the instant it ends
        name, _, end = word.partition(":")
        phones.append((name.upper(), start_s, float(end)))
        start_s = float(end)
    return np.asarray(samples, np.int16), phones


def main() -> None:
    """Write the clip named on the command line."""
    parser = argparse.ArgumentParser(description="remake the synthesised speech clips")
    parser.add_argument("output", type=Path)
    parser.add_argument("--short", action="store_true", help="the clip of the tests")
    options = parser.parse_args()
    pieces: list[NDArray[np.int16]] = []
    lines: list[str] = []
    for phrase, silence_s in SHORT if options.short else DEMO:
        begin_s = sum(len(piece) for piece in pieces) / RATE_HZ
        samples, phones = speak(phrase)
        lines += [
            json.dumps([name, round(begin_s + start_s, 4), round(begin_s + end_s, 4)])
            for name, start_s, end_s in phones
        ]
        pieces += [samples, np.zeros(round(silence_s * RATE_HZ), np.int16)]
    soundfile.write(options.output, np.concatenate(pieces), RATE_HZ, subtype="PCM_16")
    options.output.with_suffix(".phones.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
