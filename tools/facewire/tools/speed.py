"""How fast something is, in words."""

from __future__ import annotations


def speed_words(factor: float) -> str:
    """Return seconds of audio per second of work: `0.41 x`, `7.3 x` or `120 x real time`."""
    digits = 2 if factor < 1 else 1 if factor < 10 else 0
    return f"{factor:.{digits}f} x real time"
