"""Faces of single frames, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head import load_head
from facewire.tools.picture.film import draw_faces, paste_rounded
from facewire.tools.picture.style import FAINT, SOFT, Canvas
from facewire.tools.rendering.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import Image

_MARGIN, _BESIDE, _HEADING, _CAPTION = 24, 10, 56, 30
_TITLE, _SUBTITLE = 17.0, 13.0
_NARROWEST: Final = 280
_COLUMNS: Final = 12
"""Faces in a row; more go on below."""


@dataclass(frozen=True)
class Tile:
    """One face."""

    weights: NDArray[np.float32]
    """float32[71]."""
    caption: str


def draw_frames(
    rows: Sequence[Sequence[Tile]], title: str, subtitle: str, view: str, size_px: int
) -> Image.Image:
    """Return the picture of one or more rows of faces; single faces stand in one row.

    Args:
        rows: One list per frame.
        title: At the top left.
        subtitle: Beside it, fainter.
        view: A name of `VIEWS`.
        size_px: Height of each face.
    """
    if all(len(row) == 1 for row in rows):
        rows = [[tile for row in rows for tile in row]]
    rows = [row[at : at + _COLUMNS] for row in rows for at in range(0, len(row), _COLUMNS)]
    wide = round(size_px * VIEWS[view].aspect)
    tiles = [tile for row in rows for tile in row]
    (drawn,) = draw_faces(load_head(), np.stack([tile.weights for tile in tiles]), (view,), wide)
    high = drawn[0].height
    columns = max(len(row) for row in rows)
    width = max(2 * _MARGIN + columns * (wide + _BESIDE) - _BESIDE, _NARROWEST)
    canvas = Canvas(width, _HEADING + len(rows) * (high + _CAPTION) + _BESIDE)
    _draw_heading(canvas, width - 2 * _MARGIN, title, subtitle)
    places = [
        (_MARGIN + column * (wide + _BESIDE), _HEADING + line * (high + _CAPTION))
        for line, row in enumerate(rows)
        for column in range(len(row))
    ]
    for tile, (left, top) in zip(tiles, places, strict=True):
        middle, below = left + wide / 2, top + high + _CAPTION / 2
        size = min(13.0, 13.0 * wide / max(canvas.width_of(tile.caption, 13), 1))
        canvas.text(middle, below, tile.caption, size=size, fill=SOFT, anchor="m")
    picture = canvas.finished()
    for image, (left, top) in zip(drawn, places, strict=True):
        paste_rounded(picture, image, left, top)
    return picture


def _draw_heading(canvas: Canvas, room: float, title: str, subtitle: str) -> None:
    """Write both beside each other, or below each other where that is too wide."""
    after = canvas.width_of(title, _TITLE) + 12
    if after + canvas.width_of(subtitle, _SUBTITLE) <= room:
        after = canvas.text(_MARGIN, _HEADING / 2, title, size=_TITLE, bold=True) + 12
        canvas.text(_MARGIN + after, _HEADING / 2 + 1, subtitle, size=_SUBTITLE, fill=FAINT)
        return
    size = min(_TITLE, _TITLE * room / max(canvas.width_of(title, _TITLE), 1))
    canvas.text(_MARGIN, _HEADING / 2 - 9, title, size=size, bold=True)
    size = min(_SUBTITLE, _SUBTITLE * room / max(canvas.width_of(subtitle, _SUBTITLE), 1))
    canvas.text(_MARGIN, _HEADING / 2 + 12, subtitle, size=size, fill=FAINT)
