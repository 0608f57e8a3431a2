"""The drawn eyes and brows. Units as in `mouth`; the origin is the middle of one eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.tools.picture.mouth import Points

WHITE: Final = (253, 252, 249)
IRIS: Final = (72, 110, 128)
PUPIL: Final = (22, 26, 32)
LASH: Final = (58, 44, 40)
BROW: Final = (84, 60, 48)

_HALF_WIDTH = 9.0
_ACROSS = np.linspace(-1.0, 1.0, 25)


def lid_heights(weights: Mapping[str, float], side: str) -> tuple[float, float]:
    """Return how far the upper lid is above and the lower lid below the eye's middle.

    A full blink brings the upper lid down onto the lower one: the first is then minus the second.
    """
    squint = weights.get(f"eyeSquint{side}", 0.0) + 0.5 * weights.get(f"cheekSquint{side}", 0.0)
    lower = 3.2 * (1 - 0.45 * min(squint, 1.0))
    opened = 5.0 * (1 + 0.35 * weights.get(f"eyeWide{side}", 0.0) - 0.2 * min(squint, 1.0))
    blink = min(max(weights.get(f"eyeBlink{side}", 0.0), 0.0), 1.0)
    return opened * (1 - blink) - lower * blink, lower


def gaze(weights: Mapping[str, float], side: str) -> tuple[float, float]:
    """Return where the iris is from the middle: x towards the picture's right, y down."""
    # The face's left eye is on the picture's right: looking out of it is looking right.
    outward = 1.0 if side == "Left" else -1.0
    out = weights.get(f"eyeLookOut{side}", 0.0) - weights.get(f"eyeLookIn{side}", 0.0)
    down = weights.get(f"eyeLookDown{side}", 0.0) - weights.get(f"eyeLookUp{side}", 0.0)
    return 5.0 * outward * out, 3.2 * down


def paint_eye(
    image: Image.Image, x: float, y: float, unit: float, weights: Mapping[str, float], side: str
) -> None:
    """Paint the eye of `side` ("Left" or "Right" of the face) with its middle at pixel (x, y)."""
    above, below = lid_heights(weights, side)
    arc = 1 - _ACROSS**2
    upper = np.stack([_HALF_WIDTH * _ACROSS, -above * arc], axis=1) * unit + [x, y]
    lower = np.stack([_HALF_WIDTH * _ACROSS, below * arc], axis=1) * unit + [x, y]
    if above + below > 0.6:
        mask = Image.new("1", image.size)
        outline = [(px, py) for px, py in np.concatenate([upper, lower[::-1]]).tolist()]
        ImageDraw.Draw(mask).polygon(outline, fill=1)
        ball = Image.new("RGB", image.size, WHITE)
        draw = ImageDraw.Draw(ball)
        aside, down = gaze(weights, side)
        middle = (x + aside * unit, y + (down - 0.6) * unit)
        draw.circle(middle, 4.3 * unit, fill=IRIS)
        draw.circle(middle, 2.1 * unit, fill=PUPIL)
        draw.circle((middle[0] + 1.3 * unit, middle[1] - 1.4 * unit), 0.9 * unit, fill=WHITE)
        image.paste(ball, mask=mask)
    _stroke(image, upper, LASH, 1.5 * unit)


def paint_brow(
    image: Image.Image, x: float, y: float, unit: float, weights: Mapping[str, float], side: str
) -> None:
    """Paint the brow of `side` over an eye whose middle is at pixel (x, y)."""
    lowered = 4.5 * weights.get(f"browDown{side}", 0.0)
    inner = -11.5 - 6.0 * weights.get("browInnerUp", 0.0) + lowered
    outer = -11.0 - 5.5 * weights.get(f"browOuterUp{side}", 0.0) + 0.4 * lowered
    outward = 1.0 if side == "Left" else -1.0
    along = (_ACROSS + 1) / 2  # 0 at the nose, 1 at the temple
    heights = inner + (outer - inner) * along - 3.0 * np.sin(np.pi * along**0.8)
    points = np.stack([outward * (-9.0 + 20.0 * along), heights], axis=1) * unit + [x, y]
    _stroke(image, points, BROW, 2.3 * unit)


def _stroke(image: Image.Image, points: Points, colour: tuple[int, int, int], width: float) -> None:
    draw = ImageDraw.Draw(image)
    pixels = [(px, py) for px, py in points.tolist()]
    thick = max(1, round(width))
    draw.line(pixels, fill=colour, width=thick, joint="curve")
    for end in (pixels[0], pixels[-1]):
        draw.circle(end, thick / 2, fill=colour)
