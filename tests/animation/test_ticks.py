from __future__ import annotations

import numpy as np

from facewire.animation.ticks import TickTrack


def _track(parts: list[int]) -> TickTrack:
    track = TickTrack(160)
    rows = np.arange(20, dtype=np.float32)[:, None] ** 2
    tick = 0
    for count in parts:
        track.append(tick, rows[tick : tick + count])
        tick += count
    return track


def test_values_lie_on_straight_lines_between_ticks() -> None:
    at = np.array([0, 80, 160, 200, 3_039, 3_040])

    values = _track([20]).at(at)[:, 0]

    expected = np.interp(at / 160, np.arange(20), np.arange(20.0) ** 2)
    assert np.allclose(values, expected, atol=1e-4)


def test_past_the_last_tick_its_value_holds() -> None:
    assert _track([20]).at(np.array([3_100, 9_000]))[:, 0].tolist() == [361.0, 361.0]


def test_how_the_ticks_came_does_not_matter() -> None:
    at = np.arange(0, 3_040, 37)

    assert np.array_equal(_track([20]).at(at), _track([1, 4, 4, 11]).at(at))


def test_forgetting_keeps_what_later_reads_need() -> None:
    track = _track([20])
    at = np.arange(1_700, 3_040, 37)
    expected = track.at(at)

    track.forget_before(1_700)

    assert np.array_equal(track.at(at), expected)
    assert track.known_until == 19 * 160


def test_a_track_that_starts_late_keeps_its_place() -> None:
    track = TickTrack(160)
    assert track.known_until == -1

    track.append(100, np.ones((4, 1), np.float32))

    assert track.known_until == 103 * 160
    assert track.at(np.array([100 * 160]))[0, 0] == 1.0
