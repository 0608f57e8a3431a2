"""Blinks, gaze and brow accents: a pure function of the seed, the instant and the speech level.

Time is cut into cells, each holding one event that begins at a place drawn from the seed and ends
within the cell; so any instant can be asked for by itself. Nothing here touches the mouth, the jaw,
the cheeks or the tongue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.animation.easing import smoothstep
from facewire.animation.noise import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLINK_CELL_S: Final = 4.0
"""One blink per cell and a few doubled: 17 a minute; people who speak blink 15 to 25 times."""
_BLINK_SPREAD: Final = 0.75
"""Share of the cell a blink may start in: intervals of 1 to 7 s, 4 s on average."""
_DOUBLE_SHARE: Final = 0.15
_DOUBLE_AFTER_S: Final = 0.42
_CLOSE_S: Final = (0.060, 0.090)
_HOLD_S: Final = (0.015, 0.045)
_OPEN_S: Final = (0.110, 0.160)
"""Lids fall faster than they rise: 185 to 295 ms in all."""
_DEPTH: Final = (0.9, 1.0)

GAZE_CELL_S: Final = 1.1
"""One fixation per cell, held 0.3 to 1.9 s."""
_GAZE_SPREAD: Final = 0.72
_CENTRE_SHARE: Final = 0.45
"""Fixations on the listener, straight ahead."""
_YAW_DEG: Final = 5.0
_PITCH_DEG: Final = 3.0
_SACCADE_S: Final = 0.045
"""Saccades of a few degrees take 21 ms + 2.2 ms a degree (the main sequence), some more on rigs."""
FULL_LOOK_DEG: Final = 30.0
"""Eye rotation at which an eyeLook curve reaches 1."""

_BROW_CELL_S: Final = 1.7
_BROW_SPREAD: Final = 0.5
_BROW_RISE_S: Final = 0.18
_BROW_HOLD_S: Final = 0.07
_BROW_FALL_S: Final = 0.45
_BROW_PEAK: Final = 0.22

_BLINK_EYES = [CURVE_INDEX["eyeBlinkLeft"], CURVE_INDEX["eyeBlinkRight"]]
_BROWS = [CURVE_INDEX[f"brow{part}"] for part in ("InnerUp", "OuterUpLeft", "OuterUpRight")]
_LOOK_ORDER = ("Down", "Up", "In", "Out")
_LOOK_LEFT = [CURVE_INDEX[f"eyeLook{direction}Left"] for direction in _LOOK_ORDER]
_LOOK_RIGHT = [CURVE_INDEX[f"eyeLook{direction}Right"] for direction in _LOOK_ORDER]


@dataclass(frozen=True, kw_only=True)
class IdleStrengths:
    """Factors of the three motions, [0, 2]; 0 switches one off."""

    blink: float = 1.0
    gaze: float = 1.0
    brow: float = 1.0


def idle_motion(
    seed: int,
    instants_s: NDArray[np.float64],
    speech_level: NDArray[np.float32],
    strengths: IdleStrengths,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what idle motion adds to the face, and where the eyes point.

    Args:
        seed: Any integer of 32 bits.
        instants_s: float64[frames], seconds since the start of the utterance.
        speech_level: float32[frames] in [0, 1]: how much is being said; scales brow accents.
        strengths: Factors; at 0 the curves and angles of that motion are exactly 0.

    Returns:
        float32[frames, 71] to be added, and float32[frames, 4] degrees: right x, right y, left x,
        left y, where x > 0 looks down and y > 0 to the character's left (a2f_runtime §4.5).
    """
    added = np.zeros((len(instants_s), len(FACE_CURVES)), np.float32)
    eyes = np.zeros((len(instants_s), 4), np.float32)
    # A window gives two or three frames at a time: plain floats are faster than small arrays.
    for row, instant in enumerate(instants_s.tolist()):
        if strengths.blink:
            added[row, _BLINK_EYES] = strengths.blink * blink_at(seed, instant)
        if strengths.gaze:
            pitch, yaw = (strengths.gaze * angle for angle in gaze_at(seed, instant))
            eyes[row] = pitch, yaw, pitch, yaw
            added[row, _LOOK_LEFT] = _look(pitch, -yaw)
            added[row, _LOOK_RIGHT] = _look(pitch, yaw)
        if strengths.brow:
            level = strengths.brow * float(speech_level[row])
            added[row, _BROWS] = [level * lift for lift in brows_at(seed, instant)]
    return added, eyes


def blink_at(seed: int, instant_s: float) -> float:
    """Return how far the lids are closed, [0, 1]."""
    for blink in _blinks(seed, int(instant_s // BLINK_CELL_S)):
        since = instant_s - blink.start_s
        if 0.0 < since < blink.close_s + blink.hold_s + blink.open_s:
            falling = smoothstep(since / blink.close_s)
            rising = smoothstep((since - blink.close_s - blink.hold_s) / blink.open_s)
            return blink.depth * (falling - rising)
    return 0.0


def gaze_at(seed: int, instant_s: float) -> tuple[float, float]:
    """Return where both eyes look, degrees: pitch (> 0 down) and yaw (> 0 to the left)."""
    cell = int(instant_s // GAZE_CELL_S)
    before, after = _fixation(seed, cell - 1), _fixation(seed, cell)
    moved = smoothstep((instant_s - after.start_s) / _SACCADE_S)
    return (
        before.pitch_deg + (after.pitch_deg - before.pitch_deg) * moved,
        before.yaw_deg + (after.yaw_deg - before.yaw_deg) * moved,
    )


def brows_at(seed: int, instant_s: float) -> tuple[float, float, float]:
    """Return the accents' lift at full speech level: inner, outer left, outer right."""
    accent = _accent(seed, int(instant_s // _BROW_CELL_S))
    since = instant_s - accent.start_s
    fall = smoothstep((since - _BROW_RISE_S - _BROW_HOLD_S) / _BROW_FALL_S)
    lift = accent.height * (smoothstep(since / _BROW_RISE_S) - fall)
    return lift, (0.6 + accent.lean) * lift, (0.6 - accent.lean) * lift


@dataclass(frozen=True)
class _Blink:
    start_s: float
    close_s: float
    hold_s: float
    open_s: float
    depth: float


@dataclass(frozen=True)
class _Fixation:
    start_s: float
    pitch_deg: float
    yaw_deg: float


@dataclass(frozen=True)
class _Accent:
    start_s: float
    height: float
    lean: float
    """-0.15 to 0.15: how much more the left brow rises than the right one."""


# The events of a cell are asked for by each of its frames; 4096 serve some hundred streams.


@lru_cache(maxsize=4096)
def _blinks(seed: int, cell: int) -> tuple[_Blink, ...]:
    start, double, depth, *parts = (uniform(seed, lane, cell) for lane in range(6))
    close, hold, open_ = (
        low + (high - low) * part
        for part, (low, high) in zip(parts, (_CLOSE_S, _HOLD_S, _OPEN_S), strict=True)
    )
    first = _Blink(
        start_s=(cell + _BLINK_SPREAD * start) * BLINK_CELL_S,
        close_s=close,
        hold_s=hold,
        open_s=open_,
        depth=_DEPTH[0] + (_DEPTH[1] - _DEPTH[0]) * depth,
    )
    if double >= _DOUBLE_SHARE:
        return (first,)
    return first, _Blink(first.start_s + _DOUBLE_AFTER_S, close, hold, open_, first.depth)


@lru_cache(maxsize=4096)
def _fixation(seed: int, cell: int) -> _Fixation:
    start, centre, pitch, yaw = (uniform(seed, lane, cell) for lane in range(10, 14))
    away = cell >= 0 and centre >= _CENTRE_SHARE
    return _Fixation(
        start_s=(cell + _GAZE_SPREAD * start) * GAZE_CELL_S,
        pitch_deg=away * _PITCH_DEG * (2.0 * pitch - 1.0),
        yaw_deg=away * _YAW_DEG * (2.0 * yaw - 1.0),
    )


@lru_cache(maxsize=4096)
def _accent(seed: int, cell: int) -> _Accent:
    start, height, lean = (uniform(seed, lane, cell) for lane in range(20, 23))
    return _Accent(
        start_s=(cell + _BROW_SPREAD * start) * _BROW_CELL_S,
        height=_BROW_PEAK * height,
        lean=0.3 * (lean - 0.5),
    )


def _look(pitch_deg: float, inward_deg: float) -> list[float]:
    """Return the eyeLook weights of one eye in `_LOOK_ORDER`."""
    angles = (pitch_deg, -pitch_deg, inward_deg, -inward_deg)
    return [min(max(angle / FULL_LOOK_DEG, 0.0), 1.0) for angle in angles]
