"""Window progress, and the totals and timestamps of frames."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.audio import AudioAccumulator
from facewire.inference.windows import WindowSpec, available_windows
from facewire.tools.conformance.outcomes import differing, differs

if TYPE_CHECKING:
    from collections.abc import Iterator

_DRAWS: Final = 500
_MAX_SAMPLES: Final = 10_000_000


def _spec(inputs: dict[str, Any]) -> WindowSpec:
    return WindowSpec(
        length=inputs["window_size"],
        start_offset=inputs["start_offset"],
        target_offset=inputs["target_offset"],
        stride=Fraction(inputs["stride_num"], inputs["stride_den"]),
    )


def _available(inputs: dict[str, Any], read: int) -> int:
    return available_windows(
        _spec(inputs), read=read, samples=inputs["nb_available_samples"], closed=inputs["closed"]
    )


def _bounds(inputs: dict[str, Any], count: int) -> list[list[int]]:
    spec = _spec(inputs)
    return [[spec.start(i), spec.target(i), spec.end(i)] for i in range(count)]


def _case(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    windows = expected["windows_start_target_end"]
    reads = range(len(windows) + 3)
    yield differs(_available(inputs, 0), expected["nb_available_initial"])
    yield differing(
        [_available(inputs, read) for read in reads],
        [max(0, len(windows) - read) for read in reads],
    )
    yield differs(_bounds(inputs, len(windows)), windows)


def _sequence(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    counts, windows = expected["available_sequence"], expected["window_sequence"]
    yield differs([_available(inputs, read) for read in range(len(counts))], counts)
    yield differs(_bounds(inputs, len(windows)), windows)


def _closed_formula(_inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare on random windows, as the SDK's test does; the formula is the case's."""
    draw = random.Random(5)  # noqa: S311 - any windows will do
    for _ in range(_DRAWS):
        length = draw.randint(2, 1000)
        start, target = draw.randint(-50, 49), draw.randint(0, length - 1)
        numerator, denominator = draw.randint(1, 50), draw.randint(1, 50)
        samples = draw.randint(2000, 3999)
        spec = WindowSpec(
            length=length,
            start_offset=start,
            target_offset=target,
            stride=Fraction(numerator, denominator),
        )
        formula = ((samples - start - target) * denominator + numerator - 1) // numerator
        yield differs(available_windows(spec, read=0, samples=samples, closed=True), formula)


def _long_recording(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    """Compare the content of every window of a recording whose sample i has the value i."""
    total, spec = min(inputs["total_samples"], _MAX_SAMPLES), _spec(inputs)
    accumulator = AudioAccumulator()
    for start in range(0, total, 1234):
        accumulator.accumulate(np.arange(start, min(start + 1234, total), dtype=np.float32))
    accumulator.close()
    windows = available_windows(spec, read=0, samples=total, closed=True)
    yield differs(windows, expected["nb_windows_total"])
    for index in range(windows):
        want = spec.start(index) + np.arange(spec.length, dtype=np.float32)
        want[want >= total] = 0
        yield differing(accumulator.read(spec.start(index), spec.length), want)


COMPARED: Final = {
    "window_progress_case_": _case,
    "window_progress_simple_": _sequence,
    "window_progress_closed_formula": _closed_formula,
    "accumulator_thread_chunk_count": _long_recording,
}
