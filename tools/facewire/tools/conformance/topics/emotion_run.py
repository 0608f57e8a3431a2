"""Audio2Emotion end to end, on a network that answers what it is told to."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.inference.emotion_executor import EmotionExecutor
from facewire.inference.emotion_settings import EmotionSettings
from facewire.tools.conformance.outcomes import Compared, absolute, differing, differs
from facewire.tools.conformance.topics.postprocess import parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.inference.emotion_executor import EmotionFrames
    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_MAX_WINDOW = 60_000


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every run, its audio pushed in the chunks that the SDK's was."""
    for name, case in file.cases().items():
        yield name, partial(_run, file, name, case)


class _Recorder:
    """Call k answers with logits[k]; keeps the windows it was given."""

    def __init__(self, logits: NDArray[np.float32]) -> None:
        self._logits = logits
        self.windows: list[NDArray[np.float32]] = []

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.windows.append(batch[0])
        return self._logits[len(self.windows) - 1 :][:1]


def _executor(file: VectorFile, case: dict[str, Any], audio: AudioAccumulator) -> EmotionExecutor:
    preferred = None
    if case["preferred_accumulator"]:
        preferred = EmotionTrack()
        for time, values in zip(file["pref_ts"].tolist(), file["pref_keys"], strict=True):
            preferred.add(time, values)
        preferred.close()
    settings = EmotionSettings(
        window_samples=case["bufferLength"],
        fps=Fraction(int(case["fps"])),
        inferences_to_skip=case["inferencesToSkip"],
        sample_rate_hz=case["samplerate"],
        window_limits_samples=(1, _MAX_WINDOW),
    )
    chosen = parameters(case, file, enable_preferred_emotion=case["preferred_accumulator"])
    return EmotionExecutor(settings, chosen, audio=audio, preferred=preferred)


def _run(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    samples, audio = file.expect("audio", (None,)), AudioAccumulator()
    network = _Recorder(file["logits"])
    executor = _executor(file, case, audio)
    frames: list[EmotionFrames] = []
    chunk = max(1, case["chunk"] or len(samples))
    for start in range(0, len(samples), chunk):
        audio.accumulate(samples[start : start + chunk])
        frames += list(executor.run(network))
    audio.close()
    frames += list(executor.run(network))
    yield from _windows(file, name, np.array(network.windows))
    total = executor.timeline.total(len(samples))
    yield Compared.one(
        "frames and progress",
        differs((len(network.windows), total, executor.finished),
                (case["executions"], case["total_frames_reported"], True)),
    )  # fmt: skip
    for key, field in (("frame_ts", "timestamps"), ("frame_next_ts", "next_timestamps")):
        found = np.concatenate([getattr(each, field) for each in frames])
        yield Compared.one("timestamps", differing(found, file[f"{name}_{key}"]))
    emotions = np.concatenate([each.emotions for each in frames])
    yield Compared.one("emotions", absolute(emotions, file[f"{name}_emotions"]))


def _windows(file: VectorFile, name: str, windows: NDArray[np.float32]) -> Iterator[Outcome]:
    ends = windows[:, [0, -1]]
    yield Compared.one("windows", differing(ends, file[f"{name}_window_first_last"]))
    if f"{name}_windows" in file:
        yield Compared.one("windows", differing(windows, file[f"{name}_windows"]))
    sums = windows.sum(axis=1, dtype=np.float64)
    yield Compared.one("window sums", absolute(sums, file[f"{name}_window_sum"]))
