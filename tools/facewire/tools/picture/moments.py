"""Which frames to draw: one per slot of time, each as unlike the one before as its slot allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from facewire.tools.picture.take import FloatArray, Take

# What the eye notices first, with its weight: two faces differ by the sum of these differences.
_NOTICED = {
    "mouthFunnel": 1.0,
    "mouthPucker": 1.0,
    "mouthSmile": 0.6,
    "mouthStretch": 0.6,
    "mouthLowerDown": 0.5,
    "eyeBlink": 0.3,
}

_DROWSY = 0.6
"""Cost of eyes caught half-way through a blink: in a still they look asleep, not blinking."""


def articulation(take: Take) -> FloatArray:
    """Return float32[frames, k]: lip gap first, then the other things the eye notices."""
    gap = 3.0 * np.maximum(take.curve("jawOpen") - take.curve("mouthClose"), 0)
    noticed = [weight * take.curve(name) for name, weight in _NOTICED.items()]
    return np.stack([gap, *noticed], axis=1).astype(np.float32)


def telling_frames(take: Take, count: int) -> list[int]:
    """Return at most `count` frame indices, one from the middle of each slot, in order.

    Neighbours stay apart by keeping to the middle three quarters of their slots.
    """
    total = len(take.curves)
    looks = articulation(take)
    blink = take.curve("eyeBlink")
    drowsy = 4 * _DROWSY * blink * (1 - blink)
    chosen: list[int] = []
    before = looks.mean(axis=0) if total else looks
    for slot in range(min(count, total)):
        start, stop = slot * total / min(count, total), (slot + 1) * total / min(count, total)
        margin = (stop - start) / 8
        first = int(start + margin)
        last = max(int(stop - margin), first + 1)
        distance = np.abs(looks[first:last] - before).sum(axis=1)
        frame = first + int((distance - drowsy[first:last]).argmax())
        chosen.append(frame)
        before = looks[frame]
    return chosen
