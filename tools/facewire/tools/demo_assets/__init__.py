"""What `facewire demo` and `facewire doctor` ship: a spoken clip, its notice, a small golden."""

import json
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["golden_curves", "speech_clip", "speech_phones"]


def speech_clip() -> Traversable:
    """Return the demo's speech: FLAC, 16 kHz, one channel, nine seconds."""
    return files(__name__) / "speech.flac"


def speech_phones() -> list[tuple[str, float, float]]:
    """Return what the clip says, from its voice: (ARPAbet name, start s, end s); PAU rests."""
    told = json.loads((files(__name__) / "speech.phones.json").read_text(encoding="utf-8"))
    return [(str(name), float(start_s), float(end_s)) for name, start_s, end_s in told]


def golden_curves() -> Traversable:
    """Return the curves the embedded model gave for the first two seconds of the clip (NPZ)."""
    return files(__name__) / "golden.npz"
