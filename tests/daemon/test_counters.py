"""Figures are right and take bounded memory."""

from __future__ import annotations

from facewire.daemon.arrivals import Arrivals
from facewire.daemon.counters import Meter, Reservoir, percentiles


def test_percentiles_are_nearest_ranks_and_nothing_without_values() -> None:
    assert percentiles([]) == {}
    assert percentiles([7.0]) == {"p50": 7.0, "p90": 7.0, "p99": 7.0}
    assert percentiles(range(100)) == {"p50": 50, "p90": 90, "p99": 99}


def test_a_reservoir_is_a_fair_sample_of_bounded_size() -> None:
    reservoir = Reservoir(size=200)
    for value in range(20_000):
        reservoir.add(float(value))

    found = reservoir.percentiles()

    assert len(reservoir._values) == 200
    assert abs(found["p50"] - 10_000) < 2_500  # 3.5 standard errors of a median of 200
    assert found["p99"] > 18_000


def test_a_meter_tells_what_came_in_the_last_full_second() -> None:
    meter = Meter()
    for step in range(30):
        meter.add(2, step * 100_000_000)

    assert meter.per_s(2_950_000_000) == 20
    assert meter.per_s(3_100_000_000) == 20
    assert meter.per_s(5_000_000_000) == 0


def test_arrivals_tell_when_a_sample_was_there() -> None:
    arrivals = Arrivals(16_000, start_sample=1_000)
    for step in range(10):
        arrivals.add(160, step * 10)

    assert arrivals.samples == 2_600
    assert arrivals.begun_ns == 0
    assert arrivals.instant_of(1_001, otherwise_ns=-1) == 0
    assert arrivals.instant_of(1_160, otherwise_ns=-1) == 0
    assert arrivals.instant_of(1_161, otherwise_ns=-1) == 10
    assert arrivals.instant_of(2_600, otherwise_ns=-1) == 90
    assert arrivals.instant_of(2_601, otherwise_ns=-1) == -1


def test_chunks_of_one_sample_do_not_make_a_mark_each() -> None:
    arrivals = Arrivals(16_000, start_sample=0)
    for step in range(16_000):
        arrivals.add(1, step)

    assert len(arrivals._marks) < 500
    assert 8_000 <= arrivals.instant_of(8_001, otherwise_ns=-1) <= 8_080
