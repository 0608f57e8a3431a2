from __future__ import annotations

import numpy as np

from facewire.emotion import EmotionTrack


def test_a_key_is_copied_when_it_is_added() -> None:
    track = EmotionTrack()
    values = np.ones(10, np.float32)
    track.add(0, values)

    values[:] = 0.5

    assert track.held(0).tolist() == [1.0] * 10


def test_an_open_track_can_be_read_past_its_last_key_by_holding_it() -> None:
    track = EmotionTrack()
    track.add(0, np.zeros(10, np.float32))
    track.add(100, np.ones(10, np.float32))

    assert track.held(50)[0] == 0.5
    assert track.held(1_000)[0] == 1.0


def test_reset_forgets_everything() -> None:
    track = EmotionTrack()
    track.add(5, np.ones(10, np.float32))
    track.close()

    track.reset()

    assert len(track) == 0
    assert track.first_time is None
    track.add(1, np.ones(10, np.float32))
