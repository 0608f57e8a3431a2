"""The whole picture: heading, sound, faces, the gap of the lips, curves, time axis.

What lies along time (sound, gap, curves) shares one axis; the faces stand in columns between, and
lines lead from each instant to its column and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import FacewireError
from facewire.tools.picture.film import draw_faces, paste_rounded, tile_height_px
from facewire.tools.picture.lanes import LANES, Lane, draw_gap, draw_lane, lane_values
from facewire.tools.picture.sounds import spelt
from facewire.tools.picture.style import (
    FAINT,
    INK,
    KIND_COLOURS,
    PAPER,
    RULE,
    SOFT,
    SOUND,
    Box,
    Canvas,
    mixed,
)
from facewire.tools.picture.waveform import draw_waveform
from facewire.tools.rendering.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from facewire.tools.head import Head
    from facewire.tools.picture.moments import Moment
    from facewire.tools.picture.take import FloatArray, Take

WIDTH: Final = 1800
COLUMNS: Final = 12
"""Moments that fill a picture well."""
_NARROWEST, _WIDEST = 900, 9000
_LEFT, _MARGIN, _BESIDE = 150.0, 40.0, 8.0
_WIDEST_TILE = 240.0
_HEADING, _WAVE, _TICKER, _LEADER, _CAPTION, _MEASURE, _GAP_LANE, _LANE, _SPACE, _AXIS = (
    98.0, 84.0, 24.0, 30.0, 34.0, 16.0, 92.0, 34.0, 7.0, 52.0,
)  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """Words at the top of the picture."""

    title: str
    subtitle: str = ""
    figures: Sequence[tuple[str, str]] = field(default=())
    """(value, what it is), shown at the right."""


@dataclass(frozen=True)
class Contents:
    """What a picture shows besides the sound."""

    views: Sequence[str] = ("front", "three-quarter")
    """Rows of faces: names of the renderer's views."""
    lanes: Sequence[Lane] = LANES
    face_px: int | None = None
    """Height of each face; the picture becomes as wide as that asks. None: `WIDTH` is filled."""


class PictureError(FacewireError):
    """A picture cannot be drawn as asked."""


class _Places:
    """Where things are, in points."""

    def __init__(self, take: Take, contents: Contents, columns: int) -> None:
        self._take = take
        self._columns = max(columns, 1)
        self.width, self.tile = self._fitted(contents)
        self.right = self.width - _MARGIN - _BESIDE
        self.wave = Box(_LEFT, _HEADING, self.right, _HEADING + (_WAVE if len(take.samples) else 0))
        self.ticker = self.wave.bottom
        self.leader = self.ticker + (_TICKER if take.phones else 0)
        # Without sound or its names there is nothing above the faces to lead from.
        self.has_track = bool(len(take.samples) or take.phones)
        self.caption = self.leader + (_LEADER if self.has_track else 0)
        self.film = self.caption + _CAPTION
        heights = [tile_height_px(view, self.tile) + 6 for view in contents.views]
        self.rows = [self.film + sum(heights[:row]) for row in range(len(heights))]
        self.measure = self.film + sum(heights)
        top = self.measure + _MEASURE + _LEADER
        self.gap = Box(_LEFT, top, self.x(float(len(take.curves) / take.fps)), top + _GAP_LANE)
        self.lanes = self.gap.bottom + _SPACE
        self.bottom = self.lanes + len(contents.lanes) * (_LANE + _SPACE) - _SPACE

    def _fitted(self, contents: Contents) -> tuple[int, int]:
        """Return the widths of the picture and of a tile."""
        if contents.face_px is None:
            slot = (WIDTH - 2 * _MARGIN) / self._columns
            return WIDTH, round(min(slot - _BESIDE, _WIDEST_TILE))
        tile = round(contents.face_px * max(VIEWS[view].aspect for view in contents.views))
        wanted = round(self._columns * (tile + _BESIDE) + 2 * _MARGIN)
        if wanted > _WIDEST:
            raise PictureError(
                f"{self._columns} faces {contents.face_px} pixels high make a picture "
                f"{wanted} pixels wide; the widest is {_WIDEST}.",
                hint="Ask for fewer --columns or a smaller --size.",
            )
        return max(wanted, _NARROWEST), tile

    def x(self, instant_s: float) -> float:
        """Return where an instant is."""
        return _LEFT + (self.right - _LEFT) * instant_s / self._take.duration_s

    def column(self, slot: int) -> float:
        """Return the middle of a column of faces."""
        return _MARGIN + (self.width - 2 * _MARGIN) * (slot + 0.5) / self._columns


def time_step_s(duration_s: float) -> float:
    """Return the seconds between two labels of the time axis: 1, 2 or 5 times a power of ten."""
    step = 0.1
    while True:
        for factor in (1, 2, 5):
            if duration_s / (step * factor) <= 12:
                return step * factor
        step *= 10


def draw_sheet(
    take: Take,
    heading: Heading,
    head: Head,
    gap_cm: FloatArray,
    moments: Sequence[Moment],
    contents: Contents | None = None,
) -> Image.Image:
    """Return the picture of an utterance, `WIDTH` pixels wide unless the faces' size is given.

    Args:
        take: Sound, curves and, where known, phones.
        heading: Words at the top.
        head: The head that is drawn.
        gap_cm: float32[frames]: how far that head's lips are apart.
        moments: The frames that are drawn, one column each.
        contents: What to show.

    Raises:
        PictureError: the faces are so many and large that the picture would be too wide.
    """
    contents = contents or Contents()
    at = _Places(take, contents, len(moments))
    canvas = Canvas(at.width, at.bottom + _AXIS)
    _draw_heading(canvas, heading, at.right)
    _draw_grid(canvas, take, at)
    _draw_sound(canvas, take, at, moments)
    _draw_leaders(canvas, take, at, moments, gap_cm)
    draw_gap(canvas, at.gap, gap_cm, [(moment.frame, _colour(moment)) for moment in moments])
    for number, lane in enumerate(contents.lanes):
        top = at.lanes + number * (_LANE + _SPACE)
        box = Box(_LEFT, top, at.gap.right, top + _LANE)
        draw_lane(canvas, box, lane, lane_values(take, lane))
    _draw_instants(canvas, take, at, moments)
    _draw_axis(canvas, take, at)
    sheet = canvas.finished()
    chosen = take.face[[moment.frame for moment in moments]]
    for row, tiles in zip(at.rows, draw_faces(head, chosen, contents.views, at.tile), strict=False):
        for slot, tile in enumerate(tiles):
            paste_rounded(sheet, tile, round(at.column(slot) - at.tile / 2), round(row))
    return sheet


def _colour(moment: Moment) -> str:
    return KIND_COLOURS.get(moment.kind, SOUND)


def _draw_heading(canvas: Canvas, heading: Heading, right: float) -> None:
    canvas.text(40, 38, heading.title, size=30, fill=INK, bold=True)
    canvas.text(41, 70, heading.subtitle, size=15, fill=SOFT)
    for value, meaning in reversed(heading.figures):
        wide = max(
            canvas.text(right, 38, value, size=22, fill=INK, anchor="r", bold=True),
            canvas.text(right, 66, meaning, size=13, fill=FAINT, anchor="r"),
        )
        right -= wide + 36


def _draw_sound(canvas: Canvas, take: Take, at: _Places, moments: Sequence[Moment]) -> None:
    """Draw the waveform and, under it, each sound where it is said; the drawn ones stand out."""
    if len(take.samples):
        end = at.x(len(take.samples) / take.sample_rate_hz)
        draw_waveform(canvas, Box(_LEFT, at.wave.top, end, at.wave.bottom), take.samples)
        canvas.text(_LEFT - 14, (at.wave.top + at.wave.bottom) / 2, "sound", size=14, anchor="r")
    drawn = {moment.phone: _colour(moment) for moment in moments if moment.phone is not None}
    taken: list[tuple[float, float]] = []
    for phone in sorted(take.phones, key=lambda each: each not in drawn):
        words, bold = spelt(phone.name), phone in drawn
        size = 15.0 if bold else 12.5
        middle = at.x((phone.start_s + phone.end_s) / 2)
        half = canvas.width_of(words, size) / 2 + 1.5
        # Sounds in quick succession leave no room for all: those that are drawn come first.
        if words and all(middle + half < left or middle - half > right for left, right in taken):
            taken.append((middle - half, middle + half))
            colour = drawn.get(phone, FAINT)
            canvas.text(
                middle, at.ticker + 12, words, size=size, fill=colour, anchor="m", bold=bold
            )


def _draw_leaders(
    canvas: Canvas, take: Take, at: _Places, moments: Sequence[Moment], gap_cm: FloatArray
) -> None:
    """Lead from each instant to its faces, and from them, with their measure, to the lip gap."""
    line = mixed(SOUND, PAPER, 0.25)
    for slot, moment in enumerate(moments):
        x, column = at.x(take.frame_s(moment.frame)), at.column(slot)
        if at.has_track:
            canvas.line([(x, at.leader + 2), (column, at.caption - 2)], line, width=1.2)
        canvas.line([(column, at.measure + 18), (x, at.gap.top - 2)], line, width=1.2)
        said = f"{gap_cm[moment.frame]:.1f} cm"
        canvas.text(column, at.measure + 8, said, size=13, fill=SOFT, anchor="m")
        label = moment.sound or f"{take.frame_s(moment.frame):.2f} s"
        size = 24 if moment.sound else 15
        canvas.text(
            column, at.caption + 15, label, size=size, fill=_colour(moment), anchor="m", bold=True
        )


def _draw_grid(canvas: Canvas, take: Take, at: _Places) -> None:
    step_s = time_step_s(take.duration_s)
    for count in range(int(take.duration_s / step_s + 1e-9) + 1):
        x = at.x(count * step_s)
        if at.wave.height:
            canvas.line([(x, at.wave.top), (x, at.wave.bottom)], RULE, width=0.8)
        canvas.line([(x, at.gap.top), (x, at.bottom + 7)], RULE, width=0.8)


def _draw_axis(canvas: Canvas, take: Take, at: _Places) -> None:
    step_s = time_step_s(take.duration_s)
    for count in range(int(take.duration_s / step_s + 1e-9) + 1):
        label = f"{count * step_s:g}"
        canvas.text(at.x(count * step_s), at.bottom + 20, label, size=13, fill=SOFT, anchor="m")
    canvas.text(_LEFT - 14, at.bottom + 20, "seconds", size=13, fill=SOFT, anchor="r")


def _draw_instants(canvas: Canvas, take: Take, at: _Places, moments: Sequence[Moment]) -> None:
    """Mark the instant of each face through everything that lies along time."""
    colour = mixed(SOUND, PAPER, 0.25)
    for moment in moments:
        x = at.x(take.frame_s(moment.frame))
        for top, bottom in ((at.wave.top, at.wave.bottom), (at.gap.top, at.bottom)):
            y = top
            while y < bottom:
                canvas.line([(x, y), (x, min(y + 2.5, bottom))], colour, width=1.0)
                y += 6
