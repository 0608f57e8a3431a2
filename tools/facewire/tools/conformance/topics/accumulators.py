"""Reads of audio and of emotion keys, while they come and when they have ended."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.protocol.errors import AudioError, SettingsError
from facewire.tools.conformance.outcomes import Compared, absolute, differing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_READ: Final = re.compile(r"audio_((?:open|closed)(?:_gain([0-9.]+))?)_windows")
_BLOCK_SAMPLES = 100
"""Short, so that the reads cross blocks."""


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield the reads by what was read and whether its end was known."""
    for state in ("open", "closed"):
        yield f"emotions {state}", partial(_emotions, file, state)
    for key in file:
        if read := _READ.fullmatch(key):
            yield f"audio {read[1]}", partial(_audio, file, read[1], float(read[2] or 1.0))


def emotion_track(times: NDArray[Any], keys: NDArray[Any], *, closed: bool) -> EmotionTrack:
    """Return a track of all the keys of a file."""
    track = EmotionTrack(size=keys.shape[1])
    for time, values in zip(times.tolist(), keys, strict=True):
        track.add(time, values)
    if closed:
        track.close()
    return track


def _emotions(file: VectorFile, state: str) -> Iterator[Outcome]:
    track = emotion_track(file["emo_ts"], file["emo_keys"], closed=state == "closed")
    expected = file[f"emo_{state}"]
    found, answered = np.zeros_like(expected), np.zeros(len(expected), np.bool_)
    for row, query in enumerate(file.expect("emo_queries", (len(expected),)).tolist()):
        try:
            found[row] = track.read(query)
        except SettingsError:
            continue
        answered[row] = True
    known = file.expect(f"emo_{state}_ok", (len(expected),)).astype(bool)
    yield Compared.one("refusals", differing(answered, known))
    both = answered & known
    yield Compared.one("emotions", absolute(found[both], expected[both]))


def _audio(file: VectorFile, name: str, gain: float) -> Iterator[Outcome]:
    accumulator = _pushed(file)
    if not name.startswith("open"):
        accumulator.close()
    expected = file.expect(f"audio_{name}_windows", (None, None))
    found, answered = np.zeros_like(expected), np.zeros(len(expected), np.bool_)
    for row, start in enumerate(file.expect("window_starts", (len(expected),)).tolist()):
        try:
            found[row] = accumulator.read(start, expected.shape[1], gain)
        except AudioError:
            continue
        answered[row] = True
    known = file.expect(f"audio_{name}_ok", (len(expected),)).astype(bool)
    yield Compared.one("refusals", differing(answered, known))
    both = answered & known
    if gain == 1.0:
        yield Compared.one("audio", differing(found[both], expected[both]))
    else:
        yield Compared.one("audio with gain", absolute(found[both], expected[both]))


def _pushed(file: VectorFile) -> AudioAccumulator:
    accumulator = AudioAccumulator(block_samples=_BLOCK_SAMPLES)
    samples, start = file.expect("audio", (None,)), 0
    for size in (*file["push_sizes"].tolist(), len(samples)):
        accumulator.accumulate(samples[start : start + max(0, size)])
        start += max(0, size)
    return accumulator
