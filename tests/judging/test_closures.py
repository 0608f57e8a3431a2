"""Closure recall and precision, on apertures drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from facewire.tools.judging.closures import ClosureCounts
from facewire.tools.judging.correlation import label_times

FRAMES = 75
TIMES = np.arange(0.0, 3.0, 0.01)
SPEECH = [("SIL", 0.0, 0.5), ("AA", 0.5, 1.0), ("B", 1.0, 1.12), ("AA", 1.12, 2.0),
          ("SIL", 2.0, 3.0)]  # fmt: skip


def _open_but(*closed: tuple[float, float], times: np.ndarray, level: float = 0.0) -> np.ndarray:
    aperture = np.ones(len(times))
    for start, end in closed:
        aperture[(times >= start) & (times < end)] = level
    return aperture


def _counts(ours: np.ndarray, reference: np.ndarray | None = None) -> ClosureCounts:
    counts = ClosureCounts()
    if reference is None:
        reference = _open_but((0.96, 1.16), times=label_times(FRAMES))
    counts.add(reference, TIMES, ours, SPEECH)
    return counts


def test_closing_with_the_reference_is_recalled_and_precise() -> None:
    counts = _counts(_open_but((1.0, 1.1), times=TIMES))
    assert (counts.closures, counts.recalled) == (1, 1)
    assert counts.recall == 1.0
    assert counts.precision == 1.0


def test_lips_that_never_close_recall_nothing() -> None:
    counts = _counts(_open_but(times=TIMES))
    assert (counts.recall, counts.precision) == (0.0, 0.0)
    assert counts.closures == 1


def test_half_closed_lips_are_no_closure() -> None:
    counts = _counts(_open_but((1.0, 1.1), times=TIMES, level=0.3))
    assert counts.recall == 0.0
    assert counts.predicted == 0


@pytest.mark.parametrize(("start", "recalled"), [(1.14, 1), (1.17, 0), (0.96, 1)])
def test_a_closure_counts_within_forty_milliseconds_of_its_phone(
    start: float, recalled: int
) -> None:
    end = start + 0.05 if start > 1.0 else start + 0.02
    assert _counts(_open_but((start, end), times=TIMES)).recalled == recalled


def test_closing_in_a_vowel_costs_precision() -> None:
    counts = _counts(_open_but((1.0, 1.1), (1.4, 1.5), times=TIMES))
    assert counts.recall == 1.0
    assert counts.precision == pytest.approx(0.5, abs=0.05)


def test_closing_in_silence_costs_nothing() -> None:
    counts = _counts(_open_but((0.2, 0.4), (1.0, 1.1), (2.2, 2.9), times=TIMES))
    assert counts.precision == 1.0


def test_a_bilabial_that_the_face_did_not_close_is_not_asked_for() -> None:
    reference = _open_but(times=label_times(FRAMES))
    counts = _counts(_open_but((1.0, 1.1), times=TIMES), reference)
    assert counts.closures == 0
    assert counts.precision == 0.0


def test_apertures_are_relative_to_their_own_95th_percentile() -> None:
    counts = _counts(0.004 * _open_but((1.0, 1.1), times=TIMES))
    assert counts.recall == 1.0


def test_counts_add_up_over_clips() -> None:
    counts = ClosureCounts()
    reference = _open_but((0.96, 1.16), times=label_times(FRAMES))
    for ours in (_open_but((1.0, 1.1), times=TIMES), _open_but(times=TIMES)):
        counts.add(reference, TIMES, ours, SPEECH)
    assert counts.recall == 0.5
    assert counts.precision == 1.0


def test_nothing_judged_divides_by_nothing() -> None:
    assert (ClosureCounts().recall, ClosureCounts().precision) == (0.0, 0.0)
