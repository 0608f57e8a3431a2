"""What tells families apart, without the readers of any: every start imports this."""

from __future__ import annotations

from typing import Final

MODEL_FILE: Final = "model.json"
"""The file that makes a folder a bundle in NVIDIA's layout."""
PAIRED_FAMILIES: Final = ("regression", "diffusion")
"""Families of Audio2Face, the only ones Audio2Emotion's licence lets it drive."""
