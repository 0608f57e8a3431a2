"""What synthetic bundles say of themselves, so that none is taken for the real one."""

from __future__ import annotations

from typing import Final

NOTE: Final = (
    "Synthetic: random weights in the architecture of the model this stands in for. "
    "Written by Facewire for tests and measurements; it was trained on nothing."
)


def readme(model: str, family: str) -> str:
    """Return the README of a bundle."""
    return f"""# Synthetic {family} bundle

This is not {model}. It has the files, names, shapes and network architecture of that model and
random weights: the face moves with the sound, but it says nothing. Facewire wrote it, for tests
and measurements; nothing in it comes from NVIDIA. Its geometry is Facewire's own head, models/head.

Make it again with `facewire models synth {family}`.
"""
