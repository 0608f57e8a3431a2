"""Windows, frames and gating of every family: integers, from the family's own numbers."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from facewire.inference.gating import available_executions
from facewire.inference.progress import (
    FrameTimeline,
    WindowProgress,
    diffusion_fps,
    diffusion_windows,
    emotion_windows,
    regression_windows,
)
from facewire.inference.windows import WindowSpec, available_windows
from facewire.tools.conformance.outcomes import Compared, differing, differs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_MODEL_COLUMN: Final = re.compile(r"(\d+)=(\w+)")
"""In `available_executions_columns`: which family the first column of the table means."""
_REGRESSION_BUFFER: Final = 8320
"""Where `desc` does not say `buffer_len`; where a window stands it always says."""
_MAX_TICKS: Final = 10_000


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every family, and the table of available executions."""
    for name, case in file.cases().items():
        yield name, partial(_family, file, name, case)
    yield "available_executions", partial(_gating, file)


def diffusion_spec(net: list[int]) -> WindowSpec:
    """Return the windows of a diffusion network from `net` as `config` has it."""
    length, padding_left, _, left, center, right, *_ = net
    return diffusion_windows(
        buffer_samples=length,
        padding_left_samples=padding_left,
        left_frames=left,
        center_frames=center,
        right_frames=right,
    )


def _spec(name: str, case: dict[str, Any]) -> WindowSpec:
    """Return the windows from the family's own numbers; the expected progress is not looked at."""
    if name.startswith("diff"):
        return diffusion_spec(case["net"])
    fps = Fraction(*map(int, case["fps"]))
    if name.startswith("a2e"):
        return emotion_windows(
            length_samples=int(name.split("_")[1]),
            fps=fps,
            inferences_to_skip=case["inferencesToSkip"],
        )
    said = dict(re.findall(r"(buffer_len|buffer_ofs) (\d+)", str(case["desc"])))
    return regression_windows(
        buffer_samples=int(said.get("buffer_len", _REGRESSION_BUFFER)),
        buffer_offset_samples=int(said["buffer_ofs"]),
        fps=fps,
    )


def _bounds(spec: WindowSpec, count: int) -> list[list[int]]:
    return [[spec.start(i), spec.target(i), spec.end(i)] for i in range(count)]


def _family(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    spec = _spec(name, case)
    if spec.ticks > _MAX_TICKS:
        raise file.wrong("config", f"has {spec.ticks} frames per window", f"{_MAX_TICKS} at most")
    length, start, target, numerator, denominator = file[f"{name}_progress"].tolist()
    numbers = (spec.length, spec.start_offset, spec.target_offset, spec.stride, spec.ticks)
    expected = (length, start, target, Fraction(numerator, denominator))
    yield Compared.one("windows", differs(numbers, (*expected, case["frames_per_execution"])))
    bounds = file[f"{name}_windows"]
    yield Compared.one("windows", differing(_bounds(spec, len(bounds)), bounds))
    yield from _frames(file, name, case, spec)
    yield from _executions(file, name, spec)
    yield from _totals(file, name, case, spec)


def _frames(
    file: VectorFile, name: str, case: dict[str, Any], spec: WindowSpec
) -> Iterator[Outcome]:
    timeline = FrameTimeline(spec)
    lead_in = timeline.lead_in_frames
    yield Compared.one("frames", differs(lead_in, case["frames_before_audio"]))
    if f"{name}_frame_windows" not in file:
        return
    expected = file.expect(f"{name}_frame_windows", (None, 3))
    yield Compared.one("frames", differing(_bounds(spec.per_tick, len(expected)), expected))
    windows = len(expected) // spec.ticks
    instants = [instant for index in range(windows) for instant in spec.instants(index)]
    yield Compared.one("frames", differing(instants, expected[: len(instants), 1]))
    public = [timeline.timestamp(frame) for frame in range(len(expected) - lead_in)]
    yield Compared.one("frames", differing(public, expected[lead_in:, 1]))


def _executions(file: VectorFile, name: str, spec: WindowSpec) -> Iterator[Outcome]:
    lengths = file["audio_lengths"].tolist()
    for state, closed in (("closed", True), ("open", False)):
        for suffix, read in (("", 0), ("_after5", 5)):
            progress = WindowProgress(spec)
            for _ in range(read):
                progress.advance()
            found = [progress.available(samples=samples, closed=closed) for samples in lengths]
            expected = file[f"{name}_executions_{state}{suffix}"]
            yield Compared.one("executions", differing(found, expected))


def _totals(
    file: VectorFile, name: str, case: dict[str, Any], spec: WindowSpec
) -> Iterator[Outcome]:
    lengths = file["audio_lengths"].tolist()
    expected = file[f"{name}_frames_closed_incl_before_audio"].tolist()
    computed = [
        available_windows(spec.per_tick, read=0, samples=samples, closed=True)
        for samples in lengths
    ]
    yield Compared.one("frame totals", differing(computed, expected))
    reported = [max(0, count - case["frames_before_audio"]) for count in expected]
    timeline = FrameTimeline(spec)
    found = [timeline.total(samples) for samples in lengths]
    yield Compared.one("frame totals", differing(found, reported))
    if name.startswith("diff"):
        length, _, _, left, center, right, rate = case["net"]
        fps = diffusion_fps(
            buffer_samples=length, window_frames=left + center + right, sample_rate_hz=rate
        )
        yield Compared.one("frame totals", differs(fps, Fraction(*map(int, case["frame_rate"]))))


def _gating(file: VectorFile) -> Iterator[Outcome]:
    families = file.cases()
    named = dict(_MODEL_COLUMN.findall(str(file.config["available_executions_columns"])))
    specs = {int(model): _spec(name, families[name]) for model, name in named.items()}
    table = file.expect("available_executions_table", (None, 9)).tolist()
    found = [
        [
            specs[model].ticks,
            available_executions(
                specs[model],
                read=read,
                samples=samples,
                audio_closed=bool(audio_closed),
                last_key=last_key if has_key else None,
                emotions_closed=bool(emotions_closed),
            ),
        ]
        for model, _, read, samples, audio_closed, has_key, last_key, emotions_closed, _ in table
    ]
    yield Compared.one("gating", differing(found, [[row[1], row[-1]] for row in table]))
