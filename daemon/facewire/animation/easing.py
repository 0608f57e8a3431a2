"""The one curve everything here moves along."""

from __future__ import annotations


def smoothstep(position: float) -> float:
    """Return 3p^2 - 2p^3 of the position clipped to [0, 1]: it rests at both ends."""
    clipped = min(max(position, 0.0), 1.0)
    return clipped * clipped * (3.0 - 2.0 * clipped)
