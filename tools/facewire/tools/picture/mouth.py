"""The drawn mouth: lip contours from curves, and their painting.

Units are hundredths of the face's width; x to the right, y down, the origin midway between the
corners of the resting mouth. The pose follows the ARKit meaning of the curves: `mouthClose` undoes
the parting of the lips that `jawOpen` makes, so their difference is the gap between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Mapping

Points = NDArray[np.float64]

LIP: Final = (196, 104, 98)
LIP_UPPER: Final = (180, 90, 87)
LIP_LINE: Final = (126, 58, 58)
CAVITY: Final = (66, 22, 28)
TEETH: Final = (250, 246, 238)
TONGUE: Final = (201, 96, 104)

_JAW_TRAVEL = 36.0
_SEEN_GAP = 1.4
"""Lips nearer than this touch: the curves of a shut mouth are small, not exactly zero."""
_ACROSS = np.linspace(-1.0, 1.0, 49)


def curve_of(weights: Mapping[str, float], name: str) -> float:
    """Return a curve by name, or the mean of its Left and Right; 0 when absent."""
    if name in weights:
        return weights[name]
    return (weights.get(f"{name}Left", 0.0) + weights.get(f"{name}Right", 0.0)) / 2


@dataclass(frozen=True)
class MouthPose:
    """Where the lips are. All lengths in hundredths of the face's width."""

    half_width: float
    corner_y: float
    upper_y: float
    """Middle of the upper lip's lower edge."""
    lower_y: float
    """Middle of the lower lip's upper edge; equal to `upper_y` when the lips touch."""
    upper_thickness: float
    lower_thickness: float
    roundness: float
    """0 a slit, 1 an O."""
    tongue: float
    """0 lying on the floor of the mouth, 1 at the teeth."""

    @property
    def gap(self) -> float:
        """Distance of the lips at the middle."""
        return self.lower_y - self.upper_y


def mouth_pose(weights: Mapping[str, float]) -> MouthPose:
    """Turn curves in [0, 1] by name into a mouth; absent curves are 0."""

    def at(name: str) -> float:
        return min(max(curve_of(weights, name), 0.0), 1.0)

    parting = _JAW_TRAVEL * max(at("jawOpen") - at("mouthClose"), 0.0)
    # A funnel pushes parted lips further apart; lips pressed together it only rounds.
    funnel = at("mouthFunnel") * min(parting / 4.0, 1.0)
    up = 0.12 * parting + 6.0 * at("mouthUpperUp") + 1.5 * funnel
    down = 0.88 * parting + 7.0 * at("mouthLowerDown") + 2.0 * funnel
    # A jaw that dropped behind shut lips carries them both down a little.
    carried = 0.3 * _JAW_TRAVEL * min(at("jawOpen"), at("mouthClose"))
    if up + down < _SEEN_GAP:
        up = down = 0.0
    rounding = min(at("mouthFunnel") + at("mouthPucker"), 1.0)
    width = 18.5 * (
        1 + 0.22 * at("mouthStretch") + 0.26 * at("mouthSmile") - 0.5 * at("mouthPucker")
        - 0.3 * at("mouthFunnel") - 0.1 * at("jawOpen")
    )  # fmt: skip
    thicker = 1 + 0.45 * rounding - 0.45 * at("mouthPress")
    return MouthPose(
        half_width=max(width, 6.0),
        corner_y=carried + 0.3 * parting - 5.0 * at("mouthSmile") + 4.0 * at("mouthFrown"),
        upper_y=carried - up,
        lower_y=carried + down,
        upper_thickness=3.4 * thicker * (1 - 0.7 * at("mouthRollUpper")),
        lower_thickness=4.6 * thicker * (1 - 0.7 * at("mouthRollLower")),
        roundness=rounding,
        tongue=max(at("tongueTipUp"), at("tongueUp"), at("tongueOut")),
    )


def _edge(half_width: float, corner_y: float, middle_y: float, power: float) -> Points:
    """Return a lip edge from the left corner to the right one, float64[n, 2]."""
    bow = (1 - _ACROSS**2) ** power
    return np.stack([half_width * _ACROSS, corner_y + (middle_y - corner_y) * bow], axis=1)


def inner_edges(pose: MouthPose) -> tuple[Points, Points]:
    """Return the lower edge of the upper lip and the upper edge of the lower lip."""
    power = 1.0 - 0.45 * pose.roundness
    upper = _edge(pose.half_width, pose.corner_y, pose.upper_y, power)
    lower = _edge(pose.half_width, pose.corner_y, pose.lower_y, power)
    return upper, lower


def outer_contour(pose: MouthPose) -> Points:
    """Return the closed outer outline of both lips, float64[n, 2]."""
    upper, lower = inner_edges(pose)
    across = np.abs(_ACROSS)
    fullness = (1 - across**2) ** 0.6
    dip = 1 - 0.3 * np.exp(-((_ACROSS / 0.16) ** 2))  # Cupid's bow
    rim = 2.6 * pose.roundness
    upper = upper + np.stack([rim * _ACROSS, -pose.upper_thickness * fullness * dip], axis=1)
    lower = lower + np.stack([rim * _ACROSS, pose.lower_thickness * fullness], axis=1)
    return np.concatenate([upper, lower[::-1]])


class _Brush:
    """Draws in the mouth's units on an image; `inside` clips to the opening between the lips."""

    def __init__(self, image: Image.Image, x: float, y: float, unit: float) -> None:
        self._image, self._origin, self._unit = image, np.array([x, y]), unit
        self._draw = ImageDraw.Draw(image)

    def pixels(self, points: Points) -> list[tuple[float, float]]:
        return [(x, y) for x, y in (points * self._unit + self._origin).tolist()]

    def fill(self, points: Points, colour: tuple[int, int, int]) -> None:
        self._draw.polygon(self.pixels(points), fill=colour)

    def line(self, points: Points, colour: tuple[int, int, int], width: float) -> None:
        thick = max(1, round(width * self._unit))
        self._draw.line(self.pixels(points), fill=colour, width=thick, joint="curve")

    def fill_inside(self, opening: Points, shape: Points, colour: tuple[int, int, int]) -> None:
        mask, window = (Image.new("1", self._image.size) for _ in range(2))
        ImageDraw.Draw(mask).polygon(self.pixels(shape), fill=1)
        ImageDraw.Draw(window).polygon(self.pixels(opening), fill=1)
        mask.paste(0, mask=Image.eval(window.convert("L"), lambda value: 255 - value))
        self._image.paste(colour, mask=mask)


def _ellipse(x: float, y: float, half_width: float, half_height: float) -> Points:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return np.stack([x + half_width * np.cos(turn), y + half_height * np.sin(turn)], axis=1)


def _paint_inside(brush: _Brush, pose: MouthPose, upper: Points, lower: Points) -> None:
    opening = np.concatenate([upper, lower[::-1]])
    brush.fill(opening, CAVITY)
    # The tongue rests below the gap and rises towards the upper teeth.
    lift = 0.25 + 0.45 * pose.tongue
    tongue_y = pose.lower_y + 2.0 - lift * min(pose.gap, 14.0)
    brush.fill_inside(opening, _ellipse(0, tongue_y + 6, 0.62 * pose.half_width, 7.5), TONGUE)
    # Rounded lips hide the teeth.
    tall = min(0.42 * pose.gap, 4.6) * (1 - 0.75 * pose.roundness)
    if tall > 0.5:
        row = np.abs(_ACROSS) < 0.86
        edge = upper[row]
        taper = tall * (1 - (_ACROSS[row] / 0.86) ** 4)
        lowered = edge + np.stack([np.zeros_like(taper), taper], axis=1)
        brush.fill_inside(opening, np.concatenate([edge - [0, 1], lowered[::-1]]), TEETH)


def paint_mouth(image: Image.Image, x: float, y: float, unit: float, pose: MouthPose) -> None:
    """Paint the mouth with its origin at pixel (x, y), `unit` pixels to a hundredth of the face.

    Shut lips show their line in `LIP_LINE`; `CAVITY` appears only where they part.
    """
    brush = _Brush(image, x, y, unit)
    upper, lower = inner_edges(pose)
    outline = outer_contour(pose)
    count = len(_ACROSS)
    brush.fill(outline, LIP)
    brush.fill(np.concatenate([outline[:count], upper[::-1]]), LIP_UPPER)
    if pose.gap > 0:
        _paint_inside(brush, pose, upper, lower)
        return
    brush.line(upper, LIP_LINE, 1.1)
