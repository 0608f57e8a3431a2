"""Emotion key frames: the SDK's literal cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.conformance.kit import literal, literals

from facewire.emotion import EmotionTrack
from facewire.protocol.errors import SettingsError

TEN = np.zeros(10, np.float32)


def _succeeds(track: EmotionTrack, operation: list[Any]) -> bool:
    name, *arguments = operation
    try:
        if name == "add":
            track.add(arguments[0], TEN)
        else:
            getattr(track, name)(*arguments)
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("case", literals("keyframes_surrounding"), ids=lambda case: case["name"])
def test_surrounding_keys_are_the_sdks(case: dict[str, Any]) -> None:
    track = EmotionTrack()
    for time in case["inputs"]["timestamps"]:
        track.add(time, TEN)

    found = [list(track.surrounding(query)) for query in case["inputs"]["queries"]]

    assert found == case["expected"]["index_before_after"]


@pytest.mark.parametrize("case", literals("keyframes_sample"), ids=lambda case: case["name"])
def test_samples_between_keys_are_the_sdks_to_the_bit(case: dict[str, Any]) -> None:
    track = EmotionTrack(size=3)
    for time, values in case["inputs"]["keys"]:
        track.add(time, np.array(values, np.float32))
    track.close()

    found = [track.read(query).tolist() for query in case["inputs"]["queries"]]

    assert found == case["expected"]["values"]


def test_key_rules_are_the_sdks() -> None:
    case = literal("keyframes_rules")
    track = EmotionTrack(keys_per_block=case["inputs"]["keys_per_buffer"])
    for time in range(1000):
        track.add(time, np.full(10, (time + 1) * 10, np.float32))

    assert track.read(123)[0] == case["expected"]["key_123_value"]
    assert not _succeeds(track, ["add", 999])
    assert _succeeds(track, ["add", 1000])
    assert len(track) == case["expected"]["count_after"]
    with pytest.raises(SettingsError):
        track.add(1001, np.zeros(9, np.float32))
    track.drop_before(300)
    assert len(track) == case["expected"]["drop_before_300_count"]
    track.drop_before(150)
    assert len(track) == case["expected"]["drop_before_150_count_after"]
    for sizes in ({"size": 0}, {"keys_per_block": 0}):
        with pytest.raises(SettingsError):
            EmotionTrack(**sizes)


def test_keys_are_dropped_in_whole_blocks_and_the_last_one_stays() -> None:
    case = literal("keyframes_drop_granularity")
    track = EmotionTrack(keys_per_block=case["inputs"]["keys_per_buffer"])
    for time in range(1000):
        track.add(time, TEN)
    track.close()

    for block in range(100):
        for key in range(10):
            assert len(track) == 1000 - 10 * block
            track.drop_before(10 * block + key + 1)

    assert len(track) == case["expected"]["final_count"]
    track.drop_before(100_000)
    assert len(track) == case["expected"]["after_drop_before_100000"]


def test_a_run_of_operations_succeeds_and_fails_as_in_the_sdk() -> None:
    case = literal("emotion_accumulator_run1")
    track = EmotionTrack()

    results = [_succeeds(track, operation) for operation in case["inputs"]["ops"]]

    assert results == [result == "ok" for result in case["expected"]["results"]]


def test_a_run_with_drops_succeeds_and_fails_as_in_the_sdk() -> None:
    case = literal("emotion_accumulator_run2")
    track = EmotionTrack(keys_per_block=case["inputs"]["keys_per_buffer"])
    results, dropped = [], {}
    for operation in case["inputs"]["ops"]:
        results.append(_succeeds(track, operation))
        if operation[0] == "drop_before":
            dropped[operation[1]] = track.dropped_keys

    assert results == [result == "ok" for result in case["expected"]["results"]]
    assert dropped[4] == case["expected"]["dropped_after_drop_before_4"]
    assert dropped[5] == case["expected"]["dropped_after_drop_before_5"]


def test_reads_before_the_last_drop_fail_as_in_the_sdk() -> None:
    track = EmotionTrack(
        keys_per_block=literal("emotion_accumulator_run3")["inputs"]["keys_per_buffer"]
    )

    for time in range(-10, 10):
        assert _succeeds(track, ["add", time])
        assert _succeeds(track, ["read", time])
        assert _succeeds(track, ["drop_before", time])
        assert not _succeeds(track, ["read", time - 1])
    track.close()

    assert all(_succeeds(track, ["read", time]) for time in (10, 11, 12))
