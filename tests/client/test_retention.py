"""The audio a client keeps until its frames have come."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewire.protocol.retention import HISTORY_S, MERGE_BYTES, Retention, resume_sample

RATES = st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 192_000, 44_101])
FPS = st.sampled_from([Fraction(60), Fraction(30), Fraction(30_000, 1001), Fraction(24)])


@given(frame=st.integers(0, 10**6), fps=FPS, rate=RATES)
def test_a_resumed_stream_starts_on_a_whole_16k_sample_with_enough_history(
    frame: int, fps: Fraction, rate: int
) -> None:
    start = resume_sample(frame, fps, rate)

    assert start * 16_000 % rate == 0
    history_s = frame / fps - Fraction(start, rate)
    assert history_s >= min(Fraction(HISTORY_S), frame / fps) - Fraction(1, rate)
    assert history_s <= HISTORY_S + 1 + Fraction(1, rate)  # a rate prime to 16 kHz: whole seconds


@given(
    sizes=st.lists(st.integers(1, MERGE_BYTES), max_size=30),
    cuts=st.lists(st.integers(0, 40_000), max_size=5),
    window=st.integers(1, 3000),
)
def test_whatever_is_not_dropped_is_read_back_in_order(
    sizes: list[int], cuts: list[int], window: int
) -> None:
    retention = Retention(2)
    sound = b""
    for number, size in enumerate(sizes):
        piece = bytes([number, 255 - number]) * size
        retention.append(piece)
        sound += piece
    for cut in cuts:
        retention.drop_before(cut)

    first = at = retention.first_sample
    read = b""
    while at < retention.total_samples:
        piece_read = retention.read(at, at + window)
        assert 0 < len(piece_read) <= 2 * window
        read += piece_read
        at += len(piece_read) // 2

    assert retention.total_samples == len(sound) // 2
    assert read == sound[2 * first :]
    if cuts and max(cuts) < retention.total_samples:
        assert max(cuts) - MERGE_BYTES <= first <= max(cuts)


def test_what_was_dropped_cannot_be_read() -> None:
    retention = Retention(2)
    retention.append(bytes(MERGE_BYTES))
    retention.append(bytes(MERGE_BYTES))
    retention.drop_before(MERGE_BYTES // 2)

    assert retention.first_sample == MERGE_BYTES // 2
    with pytest.raises(IndexError, match="not kept"):
        retention.read(0, 100)


def test_tiny_pieces_are_joined_so_that_they_cost_one_message() -> None:
    retention = Retention(2)
    for _ in range(1000):
        retention.append(b"\0\0")

    assert len(retention.read(0, 10_000)) == 2000


def test_the_credit_cuts_what_is_read() -> None:
    retention = Retention(4)
    retention.append(bytes(400))

    assert len(retention.read(0, 30)) == 120
    assert len(retention.read(30, 30)) == 0
    assert len(retention.read(30, 1000)) == 280
