"""Colours, type and the canvas all parts of the picture share.

Everything is drawn `SCALE` times too large and reduced once at the end: that is the anti-aliasing.
Lengths in the code are points of the finished picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

SCALE: Final = 2

PAPER: Final = "#fbfaf7"
PANEL: Final = "#f1efe9"
RULE: Final = "#dedad1"
FAINT: Final = "#8f8a80"
SOFT: Final = "#5f5b54"
INK: Final = "#1f2328"
SOUND: Final = "#7d8794"
SOUND_CORE: Final = "#46505e"
JAW: Final = "#d1495b"
LIPS: Final = "#8e5bb5"
SPREAD: Final = "#c9802b"
EYES: Final = "#1f8a84"
BROWS: Final = "#3a6ea5"

KIND_COLOURS: Final = {
    "shut": JAW, "bite": SPREAD, "round": LIPS, "open": BROWS, "spread": EYES, "rest": FAINT,
}  # fmt: skip
"""What the lips do in a sound -> the colour of its label and its dot."""

Anchor = Literal["l", "m", "r"]


@dataclass(frozen=True)
class Box:
    """A rectangle in points: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Points from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Points from top to bottom."""
        return self.bottom - self.top


@lru_cache(maxsize=32)
def font(size: float, scale: int = SCALE) -> ImageFont.FreeTypeFont:
    """Return the typeface Pillow carries, so that the picture needs no installed font."""
    face = ImageFont.load_default(size * scale)
    assert isinstance(face, ImageFont.FreeTypeFont), "Pillow without FreeType has no scalable font"
    return face


def mixed(colour: str, other: str, amount: float) -> str:
    """Mix two `#rrggbb` colours; `amount` 0 gives the first, 1 the second."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * amount) for a, b in pairs).hex()


class Canvas:
    """An image whose drawing calls take points."""

    def __init__(
        self, width: float, height: float, *, background: str = PAPER, scale: int = SCALE
    ) -> None:
        self.scale = scale
        self.image = Image.new("RGB", (round(width * scale), round(height * scale)), background)
        self._draw = ImageDraw.Draw(self.image)

    def _scaled(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def rectangle(self, box: Box, fill: str, *, radius: float = 0.0) -> None:
        """Fill a rectangle, its corners rounded."""
        corners = self._scaled([(box.left, box.top), (box.right, box.bottom)])
        self._draw.rounded_rectangle(corners, radius * self.scale, fill=fill)

    def polygon(self, points: Sequence[tuple[float, float]], fill: str) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._scaled(points), fill=fill)

    def line(self, points: Sequence[tuple[float, float]], fill: str, *, width: float = 1.0) -> None:
        """Draw a line through the points, its joints rounded, its ends round."""
        scaled = self._scaled(points)
        thick = max(1, round(width * self.scale))
        self._draw.line(scaled, fill=fill, width=thick, joint="curve")
        if thick > 3:
            for x, y in (scaled[0], scaled[-1]):
                self._draw.circle((x, y), thick / 2, fill=fill)

    def circle(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        self._draw.circle((x * self.scale, y * self.scale), radius * self.scale, fill=fill)

    def ellipse(self, box: Box, fill: str) -> None:
        """Fill an ellipse."""
        corners = self._scaled([(box.left, box.top), (box.right, box.bottom)])
        self._draw.ellipse(corners, fill=fill)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        fill: str = INK,
        anchor: Anchor = "l",
        bold: bool = False,
    ) -> float:
        """Write one line, `y` its middle; return its width in points."""
        face = font(size, self.scale)
        place = (x * self.scale, y * self.scale)
        # The typeface has one weight: a stroke of a fraction of a point stands in for bold.
        stroke = size * self.scale * 0.022 if bold else 0.0
        self._draw.text(
            place, words, fill=fill, font=face, anchor=f"{anchor}m", stroke_width=stroke
        )
        return float(face.getlength(words)) / self.scale

    def width_of(self, words: str, size: float) -> float:
        """Return how wide a line would be, points."""
        return float(font(size, self.scale).getlength(words)) / self.scale

    def finished(self) -> Image.Image:
        """Return the picture at its final size."""
        return self.image.reduce(self.scale)
