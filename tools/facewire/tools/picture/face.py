"""A simple drawn face posed by curves: head, hair, eyes, brows, nose and mouth.

It stands in for the three-dimensional head: enough to see lips shut, open and round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from facewire.tools.picture.eyes import paint_brow, paint_eye
from facewire.tools.picture.mouth import mouth_pose, paint_mouth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.tools.picture.mouth import Points

SKIN: Final = (240, 214, 194)
SHADE: Final = (222, 188, 164)
NECK: Final = (212, 176, 152)
OUTLINE: Final = (172, 132, 108)
HAIR: Final = (74, 56, 50)

ASPECT: Final = 1.3
"""Height of the tile over its width."""
_OVERSAMPLED = 2
_TILE_UNITS = 108.0
"""Width of the tile in hundredths of the face's width: the head leaves a margin."""
_EYE_Y, _EYE_X, _MOUTH_Y, _CHIN_Y = -8.0, 18.0, 31.0, 56.0


def _head(jaw: float) -> Points:
    """Return the outline of the head; an open jaw lengthens its lower half."""
    turn = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    across, along = np.sin(turn), -np.cos(turn)
    chin = _CHIN_Y + 21.0 * jaw
    # Narrower towards the chin than an ellipse, fuller at the temples.
    width = np.where(along > 0, 40.0 * (1 - 0.13 * along**2), 40.0)
    height = np.where(along > 0, chin, 52.0)
    return np.stack([width * np.sign(across) * np.abs(across) ** 0.88, height * along], axis=1)


def paint_face(image: Image.Image, weights: Mapping[str, float]) -> None:
    """Paint a face over the whole of an RGB image whose height is `ASPECT` times its width."""
    unit = image.width / _TILE_UNITS
    x, y = image.width / 2, image.height * 0.445
    draw = ImageDraw.Draw(image)

    def pixels(points: Points) -> list[tuple[float, float]]:
        return [(px, py) for px, py in (points * unit + [x, y]).tolist()]

    jaw = min(max(weights.get("jawOpen", 0.0), 0.0), 1.0)
    head = _head(jaw)
    neck = np.array([[-17.0, 30], [17, 30], [19, 90], [-19, 90]])
    draw.polygon(pixels(neck), fill=NECK)
    for ear in (-40.0, 40.0):
        corners = np.array([[ear - 6, -8.0], [ear + 6, 12.0]])
        draw.ellipse(pixels(corners), fill=SHADE)
    crown = head[head[:, 1] < 2]
    draw.polygon(pixels(crown * [1.06, 1.07]), fill=HAIR)
    outline = pixels(head)
    draw.polygon(outline, fill=SKIN)
    draw.line([*outline, outline[0]], fill=OUTLINE, width=max(1, round(0.8 * unit)), joint="curve")
    _paint_hairline(image, head, x, y, unit)
    for side, place in (("Right", -_EYE_X), ("Left", _EYE_X)):
        middle = (x + place * unit, y + _EYE_Y * unit)
        paint_eye(image, *middle, unit, weights, side)
        paint_brow(image, *middle, unit, weights, side)
    _paint_nose(draw, x, y, unit, weights)
    paint_mouth(image, x, y + _MOUTH_Y * unit, unit, mouth_pose(weights))


def _paint_hairline(image: Image.Image, head: Points, x: float, y: float, unit: float) -> None:
    """Cover the forehead down to a parted hairline, inside the head's outline only."""
    across = np.linspace(-46, 46, 60)
    line = -32.0 - 6.0 * np.cos((across - 9) / 46 * np.pi * 0.8) + (across / 40) ** 4 * 16
    fringe = np.concatenate([np.stack([across, line], axis=1), [[46.0, -66], [-46, -66]]])
    mask, window = (Image.new("1", image.size) for _ in range(2))
    for layer, points in ((mask, fringe), (window, head * [1.02, 1.02])):
        outline = [(px, py) for px, py in (points * unit + [x, y]).tolist()]
        ImageDraw.Draw(layer).polygon(outline, fill=1)
    mask.paste(0, mask=Image.eval(window.convert("L"), lambda value: 255 - value))
    image.paste(HAIR, mask=mask)


def _paint_nose(
    draw: ImageDraw.ImageDraw, x: float, y: float, unit: float, weights: Mapping[str, float]
) -> None:
    lift = 1.2 * (weights.get("noseSneerLeft", 0.0) + weights.get("noseSneerRight", 0.0))
    turn = np.linspace(0.12 * np.pi, 0.88 * np.pi, 20)
    base = np.stack([6.5 * np.cos(turn), 13.5 - lift + 3.6 * np.sin(turn)], axis=1)
    ridge = np.array([[-2.4, -3.0], [-4.0, 5.0], [-5.4, 11.5 - lift]])
    for points in (base, ridge):
        pixels = [(px, py) for px, py in (points * unit + [x, y]).tolist()]
        draw.line(pixels, fill=OUTLINE, width=max(1, round(1.3 * unit)), joint="curve")


def draw_face(weights: Mapping[str, float], width: int, background: str) -> Image.Image:
    """Return a face `width` pixels wide on a plain background; missing curves are 0."""
    size = (width * _OVERSAMPLED, round(width * ASPECT) * _OVERSAMPLED)
    image = Image.new("RGB", size, background)
    paint_face(image, weights)
    return image.reduce(_OVERSAMPLED)
