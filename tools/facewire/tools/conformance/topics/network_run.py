"""The regression and diffusion executors end to end, frame by frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.tools.conformance.outcomes import Compared, absolute, differing, differs
from facewire.tools.conformance.topics.mouth import transforms
from facewire.tools.conformance.topics.track import Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile


def regression_cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every run of the regression executor."""
    for name, case in file.cases().items():
        yield name, partial(_regression, file, name, case)


def diffusion_cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every run of the diffusion executor."""
    for name, case in file.cases().items():
        yield name, partial(_diffusion, file, name, case)


def _run(file: VectorFile, name: str, case: dict[str, Any]) -> Track:
    length = file.config["net"][0]
    file.filled(f"{name}_in_window", (None, length))
    return Track(file, name, case).run(file.expect("audio", (None,)), int(case["chunk"]))


def _regression(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    track = _run(file, name, case)
    yield from _geometry(file, name, case, track)
    yield _windows(file, name, case, track.input("input")[:, 0])
    emotion = track.input("emotion")[:, 0]
    yield Compared.one("network emotion", absolute(emotion, file[f"{name}_in_emotion"]))
    yield from _progress(file, name, case)


def _diffusion(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    track = _run(file, name, case)
    yield from _geometry(file, name, case, track)
    yield _windows(file, name, case, track.input("window"))
    emotion = track.input("emotion")
    yield Compared.one("network emotion", absolute(emotion, file[f"{name}_in_emotion"]))
    yield Compared.one("identity", differing(track.input("identity"), file[f"{name}_in_identity"]))
    latents = np.array([feeds["input_latents"] for feeds in track.fed])
    yield Compared.one("GRU state", differing(latents, file[f"{name}_in_latents"]))
    noise, expected = track.input("noise"), file[f"{name}_noise_first8"]
    yield Compared.one("noise", differing(_alike(noise), _alike(expected)))
    yield from _progress(file, name, case)


def _geometry(file: VectorFile, name: str, case: dict[str, Any], track: Track) -> Iterator[Outcome]:
    counts = (len(track.fed), len(track.of("timestamps")))
    expected = (case["executions"], case["total_frames_reported"])
    yield Compared.one("frames and progress", differs(counts, expected))
    for field, key in (("timestamps", "frame_ts"), ("next_timestamps", "frame_next_ts")):
        yield Compared.one("timestamps", differing(track.of(field), file[f"{name}_{key}"]))
    emotions = file[f"{name}_frame_emotions"]
    yield Compared.one("frame emotions", absolute(track.of("emotions"), emotions))
    for part in ("skin", "tongue"):
        yield Compared.one("skin and tongue", absolute(track.of(part), file[f"{name}_{part}"]))
    jaw = file.expect(f"{name}_jaw", (len(track.of("jaw")), 16))
    names = ("jaw rotation", "jaw translation")
    yield from transforms(track.of("jaw"), jaw, names)
    yield Compared.one("eyes", absolute(track.of("eyes"), file[f"{name}_eyes"]))


def _windows(
    file: VectorFile, name: str, case: dict[str, Any], windows: NDArray[np.float32]
) -> Compared:
    """Compare the windows: to the bit where the gain is 1."""
    error = absolute(windows, file[f"{name}_in_window"])
    return Compared.one("windows", error, 0.0 if case["input_strength"] == 1.0 else None)


def _alike(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which calls had the same noise; the noise itself is the SDK's generator's."""
    return np.array([[np.array_equal(one, other) for other in rows] for one in rows])


def _progress(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    """Compare where a track stands as audio comes; its log was written before each phase ran."""
    track, samples = Track(file, name, case), file["audio"]
    found, log = [], file.expect(f"{name}_log", (None, 5)).tolist()
    for phase, accumulated, *_ in log:
        if phase == 0:
            track.audio.accumulate(samples[track.audio.total_samples : accumulated])
        elif phase == 1:
            track.audio.close()
        progress = track.executor.progress
        instants = (progress.next_audio_sample, progress.next_emotion_timestamp)
        found.append([phase, track.audio.total_samples, track.executor.available, *instants])
        track.run_ready()
    yield Compared.one("frames and progress", differing(found, log))
