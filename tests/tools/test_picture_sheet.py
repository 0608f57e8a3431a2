"""Waveform, lanes, moments and the whole picture."""

from fractions import Fraction

import numpy as np
import pytest

from facewire.tools.picture.lanes import LANES, Lane, columns_of, draw_lane, lane_scale, lane_values
from facewire.tools.picture.moments import telling_frames
from facewire.tools.picture.sheet import WIDTH, Heading, draw_sheet, time_step_s
from facewire.tools.picture.style import JAW, PANEL, Box, Canvas, mixed
from facewire.tools.picture.take import Take
from facewire.tools.picture.waveform import envelope

RATE_HZ = 16000


def take(seconds: float = 2.0, **curves: np.ndarray) -> Take:
    frames = round(seconds * 60)
    names = list(curves) or ["jawOpen"]
    columns = [np.asarray(values, np.float32) for values in curves.values()]
    rows = np.stack(columns, axis=1) if columns else np.zeros((frames, 1), np.float32)
    sound = np.sin(np.arange(round(seconds * RATE_HZ)) / 9).astype(np.float32)
    return Take(samples=sound, sample_rate_hz=RATE_HZ, curves=rows, names=names, fps=Fraction(60))


def test_curves_and_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 names"):
        Take(
            samples=np.zeros(4, np.float32), sample_rate_hz=RATE_HZ,
            curves=np.zeros((2, 2), np.float32), names=["a", "b", "c"], fps=Fraction(60),
        )  # fmt: skip


def test_a_sideless_name_is_the_mean_of_both_sides_and_an_unknown_one_is_zero() -> None:
    one = take(0.05, mouthSmileLeft=np.ones(3), mouthSmileRight=np.zeros(3), jawOpen=np.ones(3))
    assert one.curve("mouthSmile").tolist() == [0.5] * 3
    assert one.curve("jawOpen").tolist() == [1.0] * 3
    assert one.curve("browInnerUp").tolist() == [0.0] * 3
    assert one.weights_at(1) == {"mouthSmileLeft": 1.0, "mouthSmileRight": 0.0, "jawOpen": 1.0}


def test_the_envelope_keeps_every_extreme_and_covers_all_samples() -> None:
    samples = np.zeros(1001, np.float32)
    samples[[0, 500, 1000]] = [0.5, -0.7, 0.9]
    low, high, loudness = envelope(samples, 100)
    assert high[0] == np.float32(0.5)
    assert low.min() == np.float32(-0.7)
    assert high[-1] == np.float32(0.9)
    assert loudness[20] == 0


@pytest.mark.parametrize("count", [0, 1, 7])
def test_an_envelope_wider_than_the_sound_is_still_drawn(count: int) -> None:
    low, high, loudness = envelope(np.full(count, 0.25, np.float32), 50)
    assert low.shape == high.shape == loudness.shape == (50,)
    assert set(high.tolist()) == ({0.25} if count else {0.0})


def test_a_short_peak_survives_a_lane_with_fewer_columns_than_frames() -> None:
    values = np.zeros(5000, np.float32)
    values[3333] = 1.0
    assert columns_of(values, 100).max() == 1.0


@pytest.mark.parametrize(
    ("peak", "top"), [(0.0, 0.25), (0.2, 0.25), (0.25, 0.25), (0.3, 0.5), (1, 1)]
)
def test_a_lane_is_scaled_to_the_next_quarter(peak: float, top: float) -> None:
    assert lane_scale(np.array([0, peak], np.float32)) == top


def test_a_lane_fills_in_proportion_to_its_curve() -> None:
    lane = Lane("jawOpen", JAW, "jaw open")
    filled = []
    for level in (0.25, 0.5, 1.0):
        canvas = Canvas(400, 60)
        values = np.full(100, level, np.float32)
        values[0] = 1.0  # the same scale for all three
        draw_lane(canvas, Box(100, 10, 380, 50), lane, values)
        area = np.asarray(canvas.finished(), np.int16) - np.array(
            tuple(bytes.fromhex(mixed(JAW, PANEL, 0.62)[1:]))
        )
        filled.append(int((np.abs(area).max(axis=2) < 8).sum()))
    assert filled[0] * 1.7 < filled[1]
    assert filled[1] * 1.7 < filled[2]


def test_lips_apart_is_what_the_jaw_opens_less_what_the_mouth_closes() -> None:
    lips = next(lane for lane in LANES if lane.less)
    one = take(0.05, jawOpen=np.array([0.5, 0.2, 0.1]), mouthClose=np.array([0.1, 0.2, 0.3]))
    assert lane_values(one, lips) == pytest.approx([0.4, 0, 0])


def test_the_chosen_frames_are_in_order_apart_and_show_the_contrast() -> None:
    jaw = np.zeros(240, np.float32)
    jaw[[70, 150]] = 0.9
    chosen = telling_frames(take(4.0, jawOpen=jaw), 6)
    assert chosen == sorted(chosen)
    assert {70, 150} <= set(chosen)
    assert min(np.diff(chosen)) >= 5


@pytest.mark.parametrize("frames", [0, 1, 3, 12, 13])
def test_short_takes_have_as_many_moments_as_frames(frames: int) -> None:
    one = take(frames / 60, jawOpen=np.linspace(0, 1, frames))
    chosen = telling_frames(one, 12)
    assert len(chosen) == len(set(chosen)) == min(frames, 12)


@pytest.mark.parametrize(
    ("duration_s", "step_s"), [(0.3, 0.1), (2.0, 0.2), (9, 1), (61, 10), (600, 50)]
)
def test_the_axis_has_about_ten_round_steps(duration_s: float, step_s: float) -> None:
    assert time_step_s(duration_s) == pytest.approx(step_s)


@pytest.mark.parametrize("seconds", [0.02, 2.0, 45.0])
def test_a_picture_of_any_length_has_the_same_size(seconds: float) -> None:
    frames = round(seconds * 60)
    jaw = np.abs(np.sin(np.arange(frames) / 7)).astype(np.float32)
    heading = Heading("Title", "under it", [("12 ms", "first frame")])
    sheet = draw_sheet(take(seconds, jawOpen=jaw), heading)
    assert sheet.width == WIDTH
    assert 900 < sheet.height < 1400
    colours = sheet.getcolors(maxcolors=1 << 24)
    assert colours is not None
    assert len(colours) > 100


def test_a_take_without_sound_or_frames_still_gives_a_picture() -> None:
    empty = Take(
        samples=np.zeros(0, np.float32), sample_rate_hz=RATE_HZ,
        curves=np.zeros((0, 1), np.float32), names=["jawOpen"], fps=Fraction(60),
    )  # fmt: skip
    assert draw_sheet(empty, Heading("nothing")).width == WIDTH


def test_eyes_are_not_caught_half_way_through_a_blink() -> None:
    blink = np.zeros(120, np.float32)
    blink[50:60] = [0.2, 0.5, 0.8, 1, 1, 1, 0.8, 0.6, 0.4, 0.2]
    jaw = np.zeros(120, np.float32)
    jaw[51], jaw[53] = 0.4, 0.38
    one = take(2.0, jawOpen=jaw, eyeBlinkLeft=blink, eyeBlinkRight=blink)
    assert telling_frames(one, 1) == [53]
