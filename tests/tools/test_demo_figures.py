"""The figures of a live run, worked out from instants that are known."""

from __future__ import annotations

from fractions import Fraction

import click
import numpy as np
import pytest

from facewire.tools.frame_rate import frame_rate
from facewire.tools.live.figures import Timings, figures


def a_run(delay_s: float = 0.25) -> Timings:
    """Two bursts of frames at 50 per second, the second one 40 ms later than the first was."""
    timings = Timings(began_s=100.0)
    timings.note(100.0 + delay_s, np.array([0, 320], np.int64))
    timings.note(100.04 + delay_s + 0.04, np.array([640, 960], np.int64))
    timings.spoken_s = 100.08
    return timings


def test_the_first_frame_is_counted_from_the_first_sample() -> None:
    assert figures(a_run(0.25), audio_s=0.08, fps=50).first_frame_ms == 250.0


def test_how_far_a_frame_is_behind_the_voice_is_counted_from_its_own_sound() -> None:
    behind = figures(a_run(0.25), audio_s=0.08, fps=50).behind_voice_ms
    # The four frames are 250, 230, 290 and 270 ms behind.
    assert behind == {"p50": 260.0, "p90": 284.0, "p99": 289.4}


def test_the_last_frame_is_counted_from_the_last_chunk() -> None:
    assert figures(a_run(0.25), audio_s=0.08, fps=50).last_frame_ms == 250.0


def test_frames_per_second_are_of_sound_not_of_the_wait_for_it() -> None:
    run = figures(a_run(5.0), audio_s=0.08, fps=50)
    assert run.frames == 4
    assert run.frames_per_s == 50.0


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60", Fraction(60)),
        ("29.97", Fraction(30_000, 1001)),
        ("30000/1001", Fraction(30_000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_frame_rates_are_exact(text: str, rate: Fraction) -> None:
    context = click.Context(click.Command("demo"))
    assert frame_rate(context, click.Option(["--fps"]), text) == rate


@pytest.mark.parametrize(
    "text", ["0", "0.5", "241", "-60", "sixty", "1/0", "", "nan", "1e999999999", "6e1", "33.333333"]
)
def test_other_frame_rates_are_refused_with_a_sentence(text: str) -> None:
    context = click.Context(click.Command("demo"))
    with pytest.raises(click.BadParameter, match=r"frames per second|no number|too fine"):
        frame_rate(context, click.Option(["--fps"]), text)
