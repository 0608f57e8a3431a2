"""The whole picture: heading, faces along time, waveform, one lane per curve, time axis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from facewire.tools.picture.face import ASPECT, draw_face
from facewire.tools.picture.lanes import LANES, draw_lane, lane_values
from facewire.tools.picture.moments import telling_frames
from facewire.tools.picture.style import FAINT, INK, PAPER, RULE, SOFT, SOUND, Box, Canvas, mixed
from facewire.tools.picture.waveform import draw_waveform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from facewire.tools.picture.take import Take

WIDTH: Final = 1800
_LEFT, _RIGHT = 150.0, 1752.0
_FACES = 12
_FACE_WIDTH = 128
_FACES_TOP = 98.0
_LEADER = 34.0
_WAVE_HEIGHT, _LANE_HEIGHT, _GAP = 92.0, 46.0, 9.0


@dataclass(frozen=True)
class Heading:
    """Words at the top of the picture."""

    title: str
    subtitle: str = ""
    figures: Sequence[tuple[str, str]] = field(default=())
    """(value, what it is), shown at the right."""


def time_step_s(duration_s: float) -> float:
    """Return the seconds between two labels of the time axis: 1, 2 or 5 times a power of ten."""
    step = 0.1
    while True:
        for factor in (1, 2, 5):
            if duration_s / (step * factor) <= 12:
                return step * factor
        step *= 10


def draw_sheet(take: Take, heading: Heading) -> Image.Image:
    """Return the picture of an utterance, `WIDTH` pixels wide."""
    wave_top = _FACES_TOP + _FACE_WIDTH * ASPECT + _LEADER
    lanes_top = wave_top + _WAVE_HEIGHT + _GAP + 3
    bottom = lanes_top + len(LANES) * (_LANE_HEIGHT + _GAP) - _GAP
    canvas = Canvas(WIDTH, bottom + 58)
    _draw_heading(canvas, heading)
    frames = telling_frames(take, _FACES)
    xs = [_x_of(take, take.frame_s(frame)) for frame in frames]
    _draw_grid(canvas, take, wave_top, bottom)
    wave = Box(_LEFT, wave_top, _RIGHT, wave_top + _WAVE_HEIGHT)
    sound_end = _x_of(take, len(take.samples) / take.sample_rate_hz)
    if len(take.samples):
        draw_waveform(canvas, Box(_LEFT, wave.top, sound_end, wave.bottom), take.samples)
    canvas.text(_LEFT - 14, wave_top + _WAVE_HEIGHT / 2, "sound", size=14, anchor="r")
    _draw_lanes(canvas, take, lanes_top)
    _draw_moments(canvas, xs, wave_top, bottom)
    _draw_axis(canvas, take, bottom)
    sheet = canvas.finished()
    for slot, frame in enumerate(frames):
        tile = draw_face(take.weights_at(frame), _FACE_WIDTH, PAPER)
        sheet.paste(tile, (round(_slot_x(slot, len(frames)) - _FACE_WIDTH / 2), round(_FACES_TOP)))
    return sheet


def _x_of(take: Take, instant_s: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * instant_s / take.duration_s


def _slot_x(slot: int, count: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (slot + 0.5) / count


def _draw_heading(canvas: Canvas, heading: Heading) -> None:
    canvas.text(40, 38, heading.title, size=30, fill=INK, bold=True)
    canvas.text(41, 70, heading.subtitle, size=15, fill=SOFT)
    right = _RIGHT
    for value, meaning in reversed(heading.figures):
        wide = max(
            canvas.text(right, 38, value, size=22, fill=INK, anchor="r", bold=True),
            canvas.text(right, 66, meaning, size=13, fill=FAINT, anchor="r"),
        )
        right -= wide + 36


def _draw_lanes(canvas: Canvas, take: Take, top: float) -> None:
    frames_end = _x_of(take, float(len(take.curves) / take.fps))
    for index, lane in enumerate(LANES):
        lane_top = top + index * (_LANE_HEIGHT + _GAP)
        box = Box(_LEFT, lane_top, frames_end, lane_top + _LANE_HEIGHT)
        draw_lane(canvas, box, lane, lane_values(take, lane))


def _draw_grid(canvas: Canvas, take: Take, top: float, bottom: float) -> None:
    step_s = time_step_s(take.duration_s)
    for count in range(int(take.duration_s / step_s + 1e-9) + 1):
        x = _x_of(take, count * step_s)
        canvas.line([(x, top), (x, bottom + 7)], RULE, width=0.8)


def _draw_axis(canvas: Canvas, take: Take, bottom: float) -> None:
    step_s = time_step_s(take.duration_s)
    for count in range(int(take.duration_s / step_s + 1e-9) + 1):
        x = _x_of(take, count * step_s)
        label = f"{count * step_s:g}"
        canvas.text(x, bottom + 20, label, size=13, fill=SOFT, anchor="m")
    canvas.text(_LEFT - 14, bottom + 20, "seconds", size=13, fill=SOFT, anchor="r")


def _draw_moments(canvas: Canvas, xs: Sequence[float], top: float, bottom: float) -> None:
    """Lead from each face down to its instant, and mark that instant through all lanes."""
    faces_bottom = _FACES_TOP + _FACE_WIDTH * ASPECT
    colour = mixed(SOUND, PAPER, 0.25)
    for slot, x in enumerate(xs):
        under = _slot_x(slot, len(xs))
        canvas.line([(under, faces_bottom + 4), (x, top - 6)], colour, width=1.2)
        canvas.circle(x, top - 6, 3, colour)
        y = top
        while y < bottom:
            canvas.line([(x, y), (x, min(y + 2.5, bottom))], colour, width=1.0)
            y += 6
