"""Window progress, frame totals and timestamps: the SDK's literal cases."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from tests.conformance.kit import literal, literals

from facewire.inference.windows import (
    WindowSpec,
    available_windows,
    frame_timestamp,
    frame_total,
)

CASES = literals("window_progress_")
LITERAL = [case for case in CASES if "_case_" in case["name"]]
SEQUENCES = [case for case in CASES if "available_sequence" in case["expected"]]


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


def test_all_published_cases_are_here() -> None:
    assert len(LITERAL) == 40
    assert len(SEQUENCES) == 2


@pytest.mark.parametrize("case", LITERAL, ids=lambda case: case["name"])
def test_windows_and_their_number_are_the_sdks(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]
    windows = expected["windows_start_target_end"]
    spec = _spec(inputs)

    assert expected["nb_available_initial"] == len(windows)
    assert [_available(inputs, read) for read in range(len(windows) + 3)] == [
        max(0, len(windows) - read) for read in range(len(windows) + 3)
    ]
    assert [[spec.start(i), spec.target(i), spec.end(i)] for i in range(len(windows))] == windows


@pytest.mark.parametrize("case", SEQUENCES, ids=lambda case: case["name"])
def test_reading_one_by_one_counts_down(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]
    counts = expected["available_sequence"]
    spec = _spec(inputs)

    assert [_available(inputs, read) for read in range(len(counts))] == counts
    assert [
        [spec.start(i), spec.target(i), spec.end(i)]
        for i in range(len(expected["window_sequence"]))
    ] == expected["window_sequence"]


def test_closed_totals_follow_the_published_formula() -> None:
    draw = random.Random(5)
    for _ in range(500):
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

        total = available_windows(spec, read=0, samples=samples, closed=True)

        missing = (samples - start - target) * denominator
        assert total == (missing + numerator - 1) // numerator


def test_frame_totals_are_the_sdks() -> None:
    case = literal("frames_total_closed")
    totals = [
        frame_total(samples, case["inputs"]["samplerate"], Fraction(case["inputs"]["fps"]))
        for samples in case["inputs"]["nb_samples"]
    ]

    assert totals == case["expected"]["frames"]


def test_frame_timestamps_are_the_sdks() -> None:
    case = literal("frame_timestamps")
    fps = Fraction(case["inputs"]["fps_num"], case["inputs"]["fps_den"])

    assert [frame_timestamp(frame, fps) for frame in case["inputs"]["frames"]] == (
        case["expected"]["timestamps"]
    )
