"""Lids that lie on the eyeball, shut when they blink and never let it through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52
from facewire.tools.head.membrane import Membrane
from facewire.tools.head.sheet import neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.sheet import Sheet
    from facewire.tools.head.skin import Skin

EYE_RADIUS_CM: Final = 1.25
REST_WIDE: Final = 0.18
"""Share of eyeWide taken into the neutral face: the mean identity looks sleepy without."""
CLEARANCE_CM: Final = (0.02, 0.035, 0.06, 0.07, 0.08, 0.08, 0.08, 0.08)
"""How far each ring of LID_MARGINS keeps from the eyeball, whatever the face does."""
REACH_CM: Final = 0.9
SAG_CM: Final = 0.2
"""How far the line of shut lids hangs below the line between the corners of the eye."""
STEPS: Final = (0.25, 0.5, 0.75, 1.0)
"""Weights at which a lid on its straight way is kept off the round eyeball."""


@dataclass(frozen=True)
class Eye:
    """One eyeball and the lid margins around it."""

    side: str
    """The character's: `left` or `right`."""
    centre: NDArray[np.float64]
    """float64[3], cm."""
    rings: NDArray[np.intp]
    """int[8, 28]: rings of LID_MARGINS; the k-th of 0...13 lies above the (27 - k)-th."""

    @property
    def upper(self) -> NDArray[np.intp]:
        """int[14]: where the upper lid touches the lower, from the nose outwards."""
        return self.rings[1, :14]

    @property
    def lower(self) -> NDArray[np.intp]:
        """int[14]: the partner of each vertex of `upper`."""
        return self.rings[1, :13:-1]

    def shape(self, name: str) -> str:
        """Return the name of a shape of this side: `eyeBlink` -> `eyeBlinkLeft`."""
        return name + self.side.capitalize()


def fit_eyes(skin: Skin) -> list[Eye]:
    """Open the lids a little, lay them on round eyeballs and make all shapes respect those."""
    sheet = skin.sheet
    for side in ("Left", "Right"):
        wide = sheet.shape(f"eyeWide{side}")
        sheet.points[:] += REST_WIDE * wide
    rings = {side: np.array(found) for side, found in skin.lid_rings.items()}
    left = _ball_centre(sheet.points[rings["left"][0]])
    centres = {"left": left, "right": left * (-1.0, 1.0, 1.0)}
    eyes = [Eye(side, centres[side], rings[side]) for side in ("left", "right")]
    membrane = Membrane(neighbours(sheet), sheet.points)
    for eye in eyes:
        _lay_on(sheet.points, eye, membrane)
    membrane = Membrane(neighbours(sheet), sheet.points)
    for eye in eyes:
        _shut(sheet, eye, membrane)
        for name in ARKIT_52:
            if np.abs(sheet.shape(name)[eye.rings]).max() > 0.01:
                _keep_off(sheet, name, eye, membrane)
    return eyes


def _ball_centre(margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of the ball of EYE_RADIUS_CM that lies best on a lid margin."""
    centre = margin.mean(0) - (0.0, 0.0, EYE_RADIUS_CM)
    for _ in range(60):
        away = centre - margin
        distance = np.linalg.norm(away, axis=1)
        slope, miss = away / distance[:, None], EYE_RADIUS_CM - distance
        # Normal equations: three unknowns, and the same digits on every machine.
        centre = centre + np.linalg.solve(slope.T @ slope, slope.T @ miss)
    return np.asarray(centre)


def _lay_on(points: NDArray[np.float64], eye: Eye, membrane: Membrane) -> None:
    """Let the inner lid edge touch the eyeball all around, the other rings clear it."""
    moves = np.zeros((*eye.rings.shape, 3))
    for row, (ring, clearance) in enumerate(zip(eye.rings, CLEARANCE_CM, strict=True)):
        away = points[ring] - eye.centre
        distance = np.linalg.norm(away, axis=1, keepdims=True)
        wanted = EYE_RADIUS_CM + clearance
        target = np.full_like(distance, wanted) if row == 0 else np.maximum(distance, wanted)
        moves[row] = away / distance * (target - distance)
    pressed = np.abs(moves).max(2) > 0
    points += membrane.spread(eye.rings[pressed], moves[pressed], REACH_CM)


def _shut(sheet: Sheet, eye: Eye, membrane: Membrane) -> None:
    """Make the blink bring the margins together along a smooth line on the eyeball."""
    blink = sheet.shape(eye.shape("eyeBlink"))
    seeds, corrections = [], []
    for row in (0, 1):
        upper, lower = eye.rings[row, :14], eye.rings[row, :13:-1]
        meeting = _meeting_line(sheet.points[upper], sheet.points[lower]) - eye.centre
        reach = EYE_RADIUS_CM + CLEARANCE_CM[row] + 0.02
        across = np.hypot(meeting[:, 0], meeting[:, 1])
        depth = np.sqrt(np.maximum(reach**2 - across**2, 0.0))
        meeting[:, 2] = np.maximum(meeting[:, 2], depth)
        for ring in (upper, lower):
            seeds.append(ring)
            corrections.append(eye.centre + meeting - sheet.points[ring] - blink[ring])
    vertices = np.concatenate(seeds)
    blink += membrane.spread(vertices, np.concatenate(corrections), REACH_CM)


def _meeting_line(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[14, 3]: from corner to corner, sagging towards the lower lid."""
    middle = (upper + lower) / 2
    share = (middle[:, :1] - middle[0, 0]) / (middle[-1, 0] - middle[0, 0])
    line = (1 - share) * middle[0] + share * middle[-1]
    line[:, 1] -= SAG_CM * 4 * (share * (1 - share))[:, 0]
    return np.stack([middle[:, 0], line[:, 1], middle[:, 2]], axis=1)


def _keep_off(sheet: Sheet, name: str, eye: Eye, membrane: Membrane) -> None:
    """Push lid vertices outwards that a shape would carry into the eyeball on its way to 1."""
    offsets = sheet.shape(name)
    closes = name == eye.shape("eyeBlink")
    wanted = EYE_RADIUS_CM + np.array(CLEARANCE_CM)[:, None] - 0.005
    for _ in range(4):
        push = np.zeros((*eye.rings.shape, 3))
        for weight in STEPS:
            away = sheet.points[eye.rings] + weight * offsets[eye.rings] - eye.centre
            distance = np.linalg.norm(away, axis=2)
            deficit = np.maximum(wanted - distance, 0.0) / weight
            more = deficit > np.linalg.norm(push, axis=2)
            push[more] = (away * (deficit / distance)[..., None])[more]
        if closes:  # partners move as one, so that they still meet
            push[:2] = (push[:2] + push[:2, ::-1]) / 2
            push[:2] *= 2.0
        pressed = np.linalg.norm(push, axis=2) > 1e-4
        if not pressed.any():
            return
        pressed[:2] |= closes  # partners that need no push must not drift apart either
        offsets += membrane.spread(eye.rings[pressed], push[pressed], REACH_CM)
