"""The two gates of the mouth: when the lips seal (P B M) and when the lower lip is tucked (F V).

A regression that is unsure of a closure half closes the lips, and half is not seen as a closure. So
the network decides about these two with outputs of their own, and its curves follow the decision.
Here are the targets of those outputs: from the camera where there is one, else from phone times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.training.articulation import BILABIALS, SILENCE

if TYPE_CHECKING:
    import numpy.typing as npt

    from facewire.tools.training.articulation import Phone

    Array = npt.NDArray[np.float32]

GATES = ("seal", "tuck")
LABIODENTALS = ("F", "V")
SHUT, OPEN = 0.10, 0.25
"""Apertures (units of the talker's 95th percentile) that a camera surely calls shut and open."""
_EDGE_S = 0.012
"""A consonant is made this long after its phone begins and before it ends."""
_RAMP_S = 0.045
"""Time the lips take to come together and to part."""
_NEAR_S = 0.05
"""A closure that the camera sees counts as the bilabial's within this reach of the phone."""


def envelope(
    phones: list[Phone], names: tuple[str, ...], times_s: npt.NDArray[np.floating]
) -> Array:
    """Return how far phones of these names are made at each time: 1 inside, 0 a ramp away.

    Args:
        phones: (name, start, end) in seconds.
        names: The phones asked for.
        times_s: Instants.
    """
    out = np.zeros(len(times_s))
    for name, start, end in phones:
        if name in names:
            edge = min(_EDGE_S, (end - start) / 4)
            away = np.maximum(start + edge - times_s, times_s - (end - edge))
            out = np.maximum(out, np.clip(1.0 - away / _RAMP_S, 0.0, 1.0))
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * out), np.float32)


def targets(
    phones: list[Phone], times_s: npt.NDArray[np.floating], aperture: Array | None
) -> Array:
    """Return the gates' targets [ticks, GATES] in [0, 1]; NaN where unknown.

    Args:
        phones: (name, start, end) in seconds; without any, nothing is known.
        times_s: Instants of the ticks.
        aperture: Camera's lip aperture per tick, NaN where unknown; None for a voice alone.
    """
    out = np.full((len(times_s), len(GATES)), np.nan, np.float32)
    if not phones:
        return out
    out[:, 0] = envelope(phones, BILABIALS, times_s)
    out[:, 1] = envelope(phones, LABIODENTALS, times_s)
    if aperture is None:
        return out
    near, speaking = (np.zeros(len(times_s), bool) for _ in range(2))
    for name, start, end in phones:
        if name in BILABIALS:
            near |= (times_s >= start - _NEAR_S) & (times_s < end + _NEAR_S)
        if name != SILENCE:
            speaking |= (times_s >= start) & (times_s < end)
    if not speaking.any():
        out[:, 0] = 0.0
        return out
    seen = np.clip((OPEN - aperture) / (OPEN - SHUT), 0.0, 1.0)
    # Lips that rest on each other in a pause are no closure, and no proof against one.
    out[:, 0] = np.where(near, seen, np.where(speaking, 0.0, np.nan))
    return out
