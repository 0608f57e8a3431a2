"""Waveform, lanes, moments and the whole picture."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from facewire.animation.curves import CURVE_INDEX
from facewire.tools.head import load_head
from facewire.tools.picture.lanes import Lane, columns_of, draw_gap, draw_lane, lane_scale
from facewire.tools.picture.moments import telling_moments
from facewire.tools.picture.sheet import (
    WIDTH,
    Contents,
    Heading,
    PictureError,
    draw_sheet,
    time_step_s,
)
from facewire.tools.picture.style import JAW, PANEL, Box, Canvas, mixed
from facewire.tools.picture.take import Phone, Take
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


def test_a_face_row_has_every_curve_in_its_place_and_zero_for_the_rest() -> None:
    one = take(0.05, jawOpen=np.full(3, 0.5), headYaw=np.ones(3), unknown=np.ones(3))
    assert one.face.shape == (3, 71)
    assert one.face[1, CURVE_INDEX["jawOpen"]] == 0.5
    assert one.face[1].sum() == 1.5


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


def test_the_lip_gap_is_drawn_to_scale_with_a_dot_on_each_marked_frame() -> None:
    canvas = Canvas(400, 120)
    gap = np.linspace(0, 1, 100, dtype=np.float32)
    draw_gap(canvas, Box(100, 10, 380, 110), gap, [(0, JAW), (50, JAW), (99, JAW)])
    picture = np.asarray(canvas.finished(), np.int16)
    red = np.abs(picture - np.array(tuple(bytes.fromhex(JAW[1:])))).max(axis=2) < 20
    rows, columns = np.nonzero(red)
    dots = [rows[abs(columns - x) < 8].mean() for x in (100, 240, 377)]
    assert dots[0] == pytest.approx(108.5, abs=2)
    assert dots[1] == pytest.approx((dots[0] + dots[2]) / 2, abs=3)
    assert dots[2] < 22


@pytest.mark.parametrize(
    ("duration_s", "step_s"), [(0.3, 0.1), (2.0, 0.2), (9, 1), (61, 10), (600, 50)]
)
def test_the_axis_has_about_ten_round_steps(duration_s: float, step_s: float) -> None:
    assert time_step_s(duration_s) == pytest.approx(step_s)


def sheet_of(one: Take, contents: Contents | None = None, columns: int = 2) -> Image.Image:
    gap = np.zeros(len(one.curves), np.float32)
    heading = Heading("Title", "under it", [("12 ms", "first frame")])
    moments = telling_moments(one, gap, columns)
    return draw_sheet(one, heading, load_head(), gap, moments, contents)


@pytest.mark.parametrize("seconds", [0.02, 2.0, 45.0])
def test_a_picture_of_any_length_has_the_same_width(seconds: float) -> None:
    frames = round(seconds * 60)
    jaw = np.abs(np.sin(np.arange(frames) / 7)).astype(np.float32)
    sheet = sheet_of(take(seconds, jawOpen=jaw), Contents(views=("front",)))
    assert sheet.width == WIDTH
    assert 800 < sheet.height < 1400
    colours = sheet.getcolors(maxcolors=1 << 24)
    assert colours is not None
    assert len(colours) > 1000, "a shaded face has many colours"


def test_a_take_without_sound_or_frames_still_gives_a_picture() -> None:
    empty = Take(
        samples=np.zeros(0, np.float32), sample_rate_hz=RATE_HZ,
        curves=np.zeros((0, 1), np.float32), names=["jawOpen"], fps=Fraction(60),
    )  # fmt: skip
    assert sheet_of(empty).width == WIDTH


def test_more_views_and_lanes_make_the_picture_higher() -> None:
    one = take(0.5, jawOpen=np.linspace(0, 1, 30))
    bare = sheet_of(one, Contents(views=("front",), lanes=()))
    both = sheet_of(one, Contents(views=("front", "mouth"), lanes=()))
    assert both.height > bare.height + 100


def test_the_size_of_a_face_decides_the_width_and_has_a_limit() -> None:
    one = take(0.5, jawOpen=np.linspace(0, 1, 30))
    sizes = [
        sheet_of(one, Contents(views=("front",), lanes=(), face_px=size), 4).width
        for size in (64, 400)
    ]
    assert sizes[0] < WIDTH
    assert sizes[1] > 4 * 0.8 * 400
    with pytest.raises(PictureError, match="fewer --columns"):
        sheet_of(take(2.0, jawOpen=np.zeros(120)), Contents(face_px=1024), 24)


def test_sounds_are_written_under_the_waveform_where_they_are_said() -> None:
    def said(*phones: Phone) -> np.ndarray:
        one = take(2.0, jawOpen=np.zeros(120))
        labelled = Take(
            samples=one.samples, sample_rate_hz=RATE_HZ, curves=one.curves, names=one.names,
            fps=one.fps, phones=phones,
        )  # fmt: skip
        sheet = sheet_of(labelled, Contents(views=("front",), lanes=()), 1)
        return np.asarray(sheet.convert("L"), np.int16)[182:206]

    vowel = said(Phone("AA", 0.9, 1.1), Phone("PAU", 1.1, 2.0))
    columns = np.flatnonzero((vowel < 200).any(axis=0))
    assert pytest.approx(columns.mean(), abs=12) == 150 + 1602 / 2
