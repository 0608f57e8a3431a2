"""Which frames to draw: where the lips shut, open or round, spread over the whole take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from facewire.tools.picture.sounds import Kind, kind, spelt

if TYPE_CHECKING:
    from facewire.tools.picture.take import FloatArray, Phone, Take

# What the eye notices besides the gap of the lips, with its weight: two faces differ by the sum of
# these differences, a centimetre of lip gap counting 1.
_NOTICED = {
    "mouthFunnel": 1.0,
    "mouthPucker": 1.0,
    "mouthSmile": 0.6,
    "mouthStretch": 0.6,
    "eyeBlink": 0.3,
}

_DROWSY = 0.6
"""Cost of eyes caught half-way through a blink: in a still they look asleep, not blinking."""
_REACH_S = 0.04
"""A sound's face may come this much before or after it."""
_LEAST_APART_S = 0.09
_WORTH: Final[dict[Kind, float]] = {
    "shut": 3.0, "round": 3.0, "open": 2.6, "bite": 1.6, "spread": 1.2, "rest": 0.8,
}  # fmt: skip
"""How much a face with that sound tells; what is not named tells nothing."""
_SHUT_CM: Final = 0.3
"""Lips this far apart do not show a sound that shuts them."""
_CONTRAST = 0.8
"""Worth of a face unlike the one before it."""
_EVENNESS = 0.3
"""Cost of a step twice as long as the mean one."""


class Moment(NamedTuple):
    """A frame worth drawing."""

    frame: int
    sound: str
    """What is said, as a reader would write it; empty where that is not known."""
    kind: Kind
    """What the lips do, by the sound; `other` where it is not known."""
    phone: Phone | None = None
    """The sound itself."""


class _Offer(NamedTuple):
    """A moment that may be chosen."""

    moment: Moment
    worth: float


def telling_moments(take: Take, gap_cm: FloatArray, count: int) -> list[Moment]:
    """Return at most `count` moments in order: by the sounds if they are known, else by the curves.

    Args:
        take: The utterance.
        gap_cm: float32[frames], the distance of the lips.
        count: How many.
    """
    named = _sounding(take, gap_cm, count) if take.phones else []
    return named or [Moment(frame, "", "other") for frame in telling_frames(take, gap_cm, count)]


def _sounding(take: Take, gap_cm: FloatArray, count: int) -> list[Moment]:
    """Choose the sounds that tell most, unlike their neighbours and evenly spread."""
    found = [_at(take, gap_cm, phone) for phone in take.phones if kind(phone.name) in _WORTH]
    offered = sorted({offer.moment.frame: offer for offer in found if offer is not None}.values())
    for wanted in range(min(count, len(offered)), 0, -1):
        if chosen := _best_path(offered, wanted, _LEAST_APART_S * float(take.fps)):
            return chosen
    return []


def _best_path(offered: list[_Offer], count: int, apart_frames: float) -> list[Moment]:
    """Return the `count` moments of the largest worth together; none when they do not fit.

    Dynamic programming: `best[i]` is the worth of the best path of the steps so far that ends in i.
    """
    moments = [offer.moment for offer in offered]
    frames = np.array([moment.frame for moment in moments])
    step = frames[None, :] - frames[:, None]
    mean_step = max((frames[-1] - frames[0]) / max(count - 1, 1), 1)
    unlike = [
        [one.sound != two.sound and one.kind != two.kind for two in moments] for one in moments
    ]
    gain = _CONTRAST * np.array(unlike) - _EVENNESS * (step / mean_step - 1) ** 2
    gain = np.where(step >= apart_frames, gain, -np.inf)
    worth = np.array([offer.worth for offer in offered])
    best = worth - _EVENNESS * (frames - frames[0]) / mean_step
    before = []
    for _ in range(count - 1):
        total = best[:, None] + gain
        before.append(total.argmax(axis=0))
        best = total.max(axis=0) + worth
    best = best - _EVENNESS * (frames[-1] - frames) / mean_step
    chosen = [int(best.argmax())]
    if not np.isfinite(best[chosen[0]]):
        return []
    for back in reversed(before):
        chosen.append(int(back[chosen[-1]]))
    return [moments[index] for index in reversed(chosen)]


def _at(take: Take, gap_cm: FloatArray, phone: Phone) -> _Offer | None:
    """Return the frame that shows a sound best; None when no frame is near it."""
    sort = kind(phone.name)
    reach_s = _REACH_S if sort in ("shut", "bite") else 0.0
    first = max(int((phone.start_s - reach_s) * take.fps) + 1, 0)
    last = min(int((phone.end_s + reach_s) * take.fps) + 1, len(gap_cm))
    if first >= last:
        return None
    near = slice(first, last)
    rounding = take.curve("mouthPucker")[near] + take.curve("mouthFunnel")[near]
    width = take.curve("mouthSmile")[near] + take.curve("mouthStretch")[near]
    # How well each frame shows the sound: about 1 where it shows it fully.
    shown = {
        "shut": 1.5 * (1 - np.minimum(gap_cm[near] / _SHUT_CM, 2)),
        "bite": 1 - gap_cm[near],
        "round": 1.3 * rounding,
        "open": gap_cm[near],
        "spread": width,
        "rest": -gap_cm[near],
    }[sort] - _drowsiness(take)[near]
    best = int(shown.argmax())
    moment = Moment(first + best, spelt(phone.name) or "rest", sort, phone)
    return _Offer(moment, _WORTH[sort] + float(shown[best]))


def _drowsiness(take: Take) -> FloatArray:
    blink = take.curve("eyeBlink")
    return 4 * _DROWSY * blink * (1 - blink)


def telling_frames(take: Take, gap_cm: FloatArray, count: int) -> list[int]:
    """Return at most `count` frame indices, one from the middle of each slot of time, in order.

    Each is as unlike the one before as its slot allows. Neighbours stay apart by keeping to the
    middle three quarters of their slots.
    """
    total = len(take.curves)
    noticed = [weight * take.curve(name) for name, weight in _NOTICED.items()]
    looks = np.stack([gap_cm, *noticed], axis=1).astype(np.float32)
    drowsy = _drowsiness(take)
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
