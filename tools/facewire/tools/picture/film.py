"""The faces of a picture: one column per moment, one row per view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from facewire.tools.rendering.renderer import Renderer
from facewire.tools.rendering.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.tools.head import Head
    from facewire.tools.picture.take import FloatArray

_SAMPLES: Final = 3
_CORNER_SHARE = 0.06
_ROUNDING = 4
"""Times too large that the rounded corners are cut."""


def draw_faces(
    head: Head, weights: FloatArray, views: Sequence[str], width_px: int
) -> list[list[Image.Image]]:
    """Return one list per view of one tile per frame; no lists where there are no frames.

    The tiles of a view have one size.

    Args:
        head: The head.
        weights: float32[frames, 71].
        views: Names of `VIEWS`.
        width_px: Width of each tile.
    """
    rows: list[list[Image.Image]] = []
    for view in views if len(weights) else ():
        size = (width_px, tile_height_px(view, width_px))
        renderer = Renderer(head, size, view, samples=_SAMPLES)
        rows.append([Image.fromarray(renderer.frame(row)) for row in weights])
    return rows


class Film:
    """Frames of a video: one or more views side by side."""

    def __init__(self, head: Head, views: Sequence[str], height_px: int) -> None:
        """Prepare the views; sides become even, as video codecs want them."""
        height = height_px + height_px % 2
        widths = [2 * round(height * VIEWS[view].aspect / 2) for view in views]
        self.size = (sum(widths), height)
        """(width, height) of a frame, pixels."""
        self._renderers = [
            Renderer(head, (width, height), view) for view, width in zip(views, widths, strict=True)
        ]

    def frame(self, weights: FloatArray) -> NDArray[np.uint8]:
        """Return one frame, uint8[height, width, 3].

        Args:
            weights: float32[71].
        """
        return np.concatenate([each.frame(weights) for each in self._renderers], axis=1)


def tile_height_px(view: str, width_px: int) -> int:
    """Return the height of a tile of a view."""
    return round(width_px / VIEWS[view].aspect)


def paste_rounded(sheet: Image.Image, tile: Image.Image, left: int, top: int) -> None:
    """Put a tile on the sheet, its corners rounded."""
    large = (tile.width * _ROUNDING, tile.height * _ROUNDING)
    mask = Image.new("L", large, 0)
    radius = _CORNER_SHARE * large[0]
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, large[0] - 1, large[1] - 1), radius, fill=255)
    sheet.paste(tile, (left, top), mask.reduce(_ROUNDING))
