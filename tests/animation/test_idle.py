from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES, UPPER_CURVES
from facewire.animation.idle import (
    FULL_LOOK_DEG,
    IdleStrengths,
    blink_at,
    brows_at,
    gaze_at,
    idle_motion,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 240
TEN_MINUTES = np.arange(600 * RATE_HZ) / RATE_HZ


def _blinks(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], list[float]]:
    """Return start and length of each blink in ten minutes (s), and where in it the lids closed."""
    closed = np.array([blink_at(seed, t) for t in TEN_MINUTES]) > 0
    edges = np.flatnonzero(np.diff(closed.astype(int)))
    starts, stops = TEN_MINUTES[edges[0::2]], TEN_MINUTES[edges[1::2]]
    count = min(len(starts), len(stops))
    deepest = []
    for start, stop in zip(starts[:count], stops[:count], strict=True):
        inside = np.arange(start, stop, 0.001)
        depth = np.array([blink_at(seed, t) for t in inside])
        deepest.append(float(inside[depth.argmax()] - start) / (stop - start))
    return starts[:count], stops[:count] - starts[:count], deepest


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_people_blink_every_few_seconds_for_a_fifth_of_one(seed: int) -> None:
    starts, lengths, deepest = _blinks(seed)

    intervals = np.diff(starts)
    assert 3.0 <= 600 / len(starts) <= 5.0
    assert lengths.min() >= 0.150
    assert lengths.max() <= 0.300
    assert intervals.min() > 0.3
    assert intervals.max() < 7.5
    assert intervals.std() > 0.8, "a metronome does not look alive"
    assert max(deepest) < 0.5, "lids fall faster than they rise"


def test_gaze_stays_within_a_few_degrees_and_jumps_between_fixations() -> None:
    instants = np.arange(600 * 100) / 100
    angles = np.array([gaze_at(3, t) for t in instants])

    moving = np.abs(np.diff(angles, axis=0)).max(axis=1) > 1e-9
    assert np.abs(angles[:, 0]).max() <= 3.0
    assert np.abs(angles[:, 1]).max() <= 5.0
    assert 0.2 < (np.abs(angles).max(axis=1) == 0.0).mean() < 0.7, "most of all at the listener"
    assert moving.mean() < 0.1, "eyes rest, then jump"
    assert moving.sum() > 200


def test_eye_look_curves_are_the_eyes_rotations() -> None:
    instants = np.arange(0, 120, 0.05)
    added, eyes = idle_motion(4, instants, np.zeros(len(instants), np.float32), IdleStrengths())

    def look(direction: str, side: str) -> NDArray[np.float32]:
        column: NDArray[np.float32] = added[:, CURVE_INDEX[f"eyeLook{direction}{side}"]]
        return column * np.float32(FULL_LOOK_DEG)

    right_pitch, right_yaw, left_pitch, left_yaw = eyes.T
    assert np.abs(eyes).max() > 1.0
    for side, pitch in (("Left", left_pitch), ("Right", right_pitch)):
        assert np.allclose(look("Down", side) - look("Up", side), pitch, atol=1e-5)
    # y > 0 turns to the character's left: outwards for the left eye, inwards for the right one.
    assert np.allclose(look("Out", "Left") - look("In", "Left"), left_yaw, atol=1e-5)
    assert np.allclose(look("In", "Right") - look("Out", "Right"), right_yaw, atol=1e-5)


def test_brows_rise_with_speech_only() -> None:
    instants = np.arange(0, 60, 0.02)

    silent, _ = idle_motion(5, instants, np.zeros(len(instants), np.float32), IdleStrengths())
    spoken, _ = idle_motion(5, instants, np.ones(len(instants), np.float32), IdleStrengths())

    brows = [CURVE_INDEX[name] for name in FACE_CURVES if name.startswith("brow")]
    assert not silent[:, brows].any()
    assert 0.05 < spoken[:, brows].max() < 0.4
    assert (spoken[:, brows] >= 0).all()


def test_only_eyes_and_brows_move() -> None:
    instants = np.arange(0, 60, 0.02)
    strengths = IdleStrengths(blink=2.0, gaze=2.0, brow=2.0)

    added, _ = idle_motion(6, instants, np.ones(len(instants), np.float32), strengths)

    moved = {FACE_CURVES[column] for column in np.flatnonzero(added.any(axis=0))}
    assert moved <= UPPER_CURVES
    assert {"eyeBlinkLeft", "eyeBlinkRight", "eyeLookOutLeft", "browInnerUp"} <= moved
    assert np.array_equal(
        added[:, CURVE_INDEX["eyeBlinkLeft"]], added[:, CURVE_INDEX["eyeBlinkRight"]]
    )


@pytest.mark.parametrize(
    ("off", "prefixes"),
    [("blink", ("eyeBlink",)), ("gaze", ("eyeLook",)), ("brow", ("brow",))],
)
def test_each_motion_can_be_switched_off_by_itself(off: str, prefixes: tuple[str, ...]) -> None:
    instants = np.arange(0, 30, 0.02)
    level = np.ones(len(instants), np.float32)

    full, full_eyes = idle_motion(7, instants, level, IdleStrengths())
    without, eyes = idle_motion(7, instants, level, IdleStrengths(**{off: 0.0}))

    stilled = [name.startswith(prefixes) for name in FACE_CURVES]
    assert not without[:, stilled].any()
    assert full[:, stilled].any()
    assert np.array_equal(np.delete(without, stilled, 1), np.delete(full, stilled, 1))
    assert eyes.any() == (off != "gaze")
    assert full_eyes.any()


def test_any_instant_can_be_asked_for_by_itself() -> None:
    instants = np.arange(0, 40, 1 / 60)
    level = np.linspace(0, 1, len(instants), dtype=np.float32)

    whole, whole_eyes = idle_motion(8, instants, level, IdleStrengths())

    for index in (0, 1, 777, 1_500, len(instants) - 1):
        part = slice(index, index + 1)
        row, eyes = idle_motion(8, instants[part], level[part], IdleStrengths())
        assert np.array_equal(row, whole[part])
        assert np.array_equal(eyes, whole_eyes[part])


def test_the_seed_decides_the_motion() -> None:
    instants = np.arange(0, 20, 0.02)
    level = np.ones(len(instants), np.float32)

    one, again, two = (idle_motion(seed, instants, level, IdleStrengths())[0] for seed in (1, 1, 2))

    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)


def test_all_motion_is_smooth_from_the_first_frame_on() -> None:
    step = 0.001
    for seed in range(5):
        instants = np.arange(0, 20, step)
        lids = np.array([blink_at(seed, t) for t in instants])
        brows = np.array([brows_at(seed, t) for t in instants])
        assert lids[0] == 0.0
        assert np.abs(np.diff(lids)).max() < 0.03, "1.5 / 60 ms, smoothstep's steepest place"
        assert np.abs(np.diff(brows, axis=0)).max() < 0.005
