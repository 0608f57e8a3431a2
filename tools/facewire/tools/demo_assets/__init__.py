"""What `facewire demo` and `facewire doctor` ship: a spoken clip, its notice, a small golden."""

from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["golden_curves", "speech_clip"]


def speech_clip() -> Traversable:
    """Return the demo's speech: FLAC, 16 kHz, one channel, nine seconds."""
    return files(__name__) / "speech.flac"


def golden_curves() -> Traversable:
    """Return the curves the embedded model gave for the first two seconds of the clip (NPZ)."""
    return files(__name__) / "golden.npz"
