"""Audio reads, emotion keys, and what both refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.protocol.errors import AudioError, SettingsError
from facewire.tools.conformance.outcomes import differing, differs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TEN: Final = np.zeros(10, np.float32)
_MAX_SAMPLES: Final = 1_000_000


def _audio_read(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    count = min(inputs["nb_samples"], _MAX_SAMPLES)
    for state in ("open", "closed"):
        accumulator = AudioAccumulator(block_samples=inputs["samples_per_buffer"])
        accumulator.accumulate(np.arange(1, count + 1, dtype=np.float32))
        if state == "closed":
            accumulator.close()
        found: Any = "error"
        if _allowed(lambda: accumulator.read(inputs["read_start"], inputs["read_size"])):  # noqa: B023 - called here
            found = accumulator.read(inputs["read_start"], inputs["read_size"]).tolist()
        yield differs(found, expected[state])


def _audio_strength(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    yield differs(expected, {"kth_read_all_equal": "k"})
    accumulator = AudioAccumulator()
    for _ in range(16):
        accumulator.accumulate(np.ones(1000, np.float32))
    for gain in range(16):
        values = accumulator.read(1000 * gain, 1000, float(gain))
        yield differing(values, np.full(1000, gain, np.float32))


def _audio_drop(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    accumulator = AudioAccumulator()
    accumulator.accumulate(np.zeros(min(inputs["nb_samples"], _MAX_SAMPLES), np.float32))
    accumulator.drop_before(inputs["drop_before"])
    yield differs(accumulator.dropped_samples, expected["nb_dropped"])
    refused = not _allowed(lambda: accumulator.read(15_999, 1))
    yield differs(refused, expected["read_at_15999_size_1"] == "error")


def _allowed(operation: Callable[[], object]) -> bool:
    try:
        operation()
    except (AudioError, SettingsError):
        return False
    return True


def _succeeds(track: EmotionTrack, operation: list[Any]) -> bool:
    name, *arguments = operation
    if name not in ("add", "read", "close", "reset", "drop_before"):
        raise ValueError(f"operation {name!r}")
    if name == "add":
        arguments.append(_TEN)
    return _allowed(lambda: getattr(track, name)(*arguments))


def _surrounding(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    track = EmotionTrack()
    for time in inputs["timestamps"]:
        track.add(time, _TEN)
    found = [list(track.surrounding(query)) for query in inputs["queries"]]
    yield differs(found, expected["index_before_after"])


def _sample(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    track = EmotionTrack(size=3)
    for time, values in inputs["keys"]:
        track.add(time, np.array(values, np.float32))
    track.close()
    found = [track.read(query).tolist() for query in inputs["queries"]]
    yield differing(found, expected["values"])


def _rules(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    track = EmotionTrack(keys_per_block=inputs["keys_per_buffer"])
    for time in range(1000):
        track.add(time, np.full(10, (time + 1) * 10, np.float32))
    answers = {True: "ok", False: "error"}
    found = {
        "key_123_value": float(track.read(123)[0]),
        "add_999": answers[_succeeds(track, ["add", 999])],
        "add_1000": answers[_succeeds(track, ["add", 1000])],
        "count_after": len(track),
        "add_wrong_size": answers[_allowed(lambda: track.add(1001, np.zeros(9, np.float32)))],
    }
    for time, key in ((300, "drop_before_300_count"), (150, "drop_before_150_count_after")):
        track.drop_before(time)
        found[key] = len(track)
    made = {"allocate_key_size_0": {"size": 0}, "allocate_keys_per_buffer_0": {"keys_per_block": 0}}
    for key, sizes in made.items():
        found[key] = answers[_allowed(lambda sizes=sizes: EmotionTrack(**sizes))]  # type: ignore[misc]
    yield differs(found, expected)


def _drop_granularity(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    track = EmotionTrack(keys_per_block=inputs["keys_per_buffer"])
    for time in range(1000):
        track.add(time, _TEN)
    track.close()
    for block in range(100):
        for key in range(10):
            yield differs(len(track), 1000 - 10 * block)
            track.drop_before(10 * block + key + 1)
    yield differs(len(track), expected["final_count"])
    track.drop_before(100_000)
    yield differs(len(track), expected["after_drop_before_100000"])


def _operations(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    track = EmotionTrack(keys_per_block=inputs.get("keys_per_buffer", 300))
    results, dropped = [], {}
    for operation in inputs["ops"]:
        results.append("ok" if _succeeds(track, operation) else "error")
        if operation[0] == "drop_before":
            dropped[f"dropped_after_drop_before_{operation[1]}"] = track.dropped_keys
    yield differs(results, expected["results"])
    for key, count in dropped.items():
        yield differs(count, expected.get(key, count))


def _reads_before_drops(inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare with what the case says in words: add, read, drop, and the read before is refused."""
    track = EmotionTrack(keys_per_block=inputs["keys_per_buffer"])
    for time in range(-10, 10):
        operations = [["add", time], ["read", time], ["drop_before", time], ["read", time - 1]]
        yield differs([_succeeds(track, each) for each in operations], [True, True, True, False])
    track.close()
    yield differs([_succeeds(track, ["read", time]) for time in (10, 11, 12)], [True] * 3)


COMPARED: Final = {
    "audio_accumulator_read_": _audio_read,
    "audio_accumulator_strength": _audio_strength,
    "audio_accumulator_drop": _audio_drop,
    "keyframes_surrounding_": _surrounding,
    "keyframes_sample_": _sample,
    "keyframes_rules": _rules,
    "keyframes_drop_granularity": _drop_granularity,
    "emotion_accumulator_run3": _reads_before_drops,
    "emotion_accumulator_run": _operations,
}
