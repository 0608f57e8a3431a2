"""The tongue of the base mesh, made smooth, and sixteen shapes of our own on it.

Every shape is a deformation along the tongue's axis, which runs from the root (share 0) to the tip
(share 1) in the middle plane. Left is the character's left, +X.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52
from facewire.tools.head.refine import subdivide
from facewire.tools.head.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.tools.head.wheel import Source

    Points = NDArray[np.float64]

BACK: Final = np.array((118, 52, 58)) / 255
FRONT: Final = np.array((198, 104, 106)) / 255

TIP_BEND_DEG: Final = 62.0
TIP_DOWN_DEG: Final = 42.0
TIP_FROM: Final = 0.6
"""Share of the axis from which the tip bends."""
TIP_SIDE_DEG: Final = 50.0
SIDE_DEG: Final = 22.0
SIDE_FROM: Final = 0.12
RISE_CM: Final = 1.15
DROP_CM: Final = 0.75
RETRACT_CM: Final = 1.3
STRETCH_CM: Final = 1.3
WIDEN: Final = 0.24
NARROW: Final = 0.30
CURL_CM: Final = 0.75
OUT_FLATTER: Final = 0.42
"""Share of its thickness that the tongue loses in tongueOut: it must pass between the teeth."""
OUT_DROP_CM: Final = 0.08
TWIST_DEG: Final = 45.0


class Axis:
    """The middle line of the tongue at rest and every vertex's place along it."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self.root_cm, self.tip_cm = float(points[:, 2].min()), float(points[:, 2].max())
        self.length_cm = self.tip_cm - self.root_cm
        self.share = (points[:, 2] - self.root_cm) / self.length_cm
        # A parabola through the vertices: the middle height at each share.
        powers = np.stack([np.ones_like(self.share), self.share, self.share**2], axis=1)
        self.height = powers @ np.linalg.solve(powers.T @ powers, powers.T @ points[:, 1])
        self.half_width = float(np.abs(points[:, 0]).max())

    def ramp(self, start: float, end: float = 1.0) -> Points:
        """Return float64[V]: 0 up to `start`, smoothly rising to 1 at `end`."""
        share = np.clip((self.share - start) / (end - start), 0.0, 1.0)
        return np.asarray(share * share * (3 - 2 * share))

    def bend(self, start: float, degrees: float, axis: int) -> Points:
        """Return the offsets of bending the part beyond `start`: up (axis 1) or to +X (axis 0)."""
        steps = np.linspace(0.0, 1.0, 201)
        part = np.clip((steps - start) / (1 - start), 0.0, 1.0)
        angle = np.radians(degrees) * part
        step_cm = self.length_cm / 200
        aside = np.concatenate([[0.0], np.cumsum(np.sin(angle[:-1]) * step_cm)])
        ahead = np.concatenate([[0.0], np.cumsum(np.cos(angle[:-1]) * step_cm)])
        turn = np.interp(self.share, steps, angle)
        across = self.points[:, axis] - (self.height if axis == 1 else 0.0)
        offsets = np.zeros_like(self.points)
        offsets[:, axis] = np.interp(self.share, steps, aside) + across * (np.cos(turn) - 1)
        forward = np.interp(self.share, steps, ahead) - self.share * self.length_cm
        offsets[:, 2] = forward - across * np.sin(turn)
        return offsets

    def twist(self, degrees: float) -> Points:
        """Return the offsets of turning the front about the axis: +X side down."""
        turn = -np.radians(degrees) * self.ramp(0.15)
        x, y = self.points[:, 0], self.points[:, 1] - self.height
        offsets = np.zeros_like(self.points)
        offsets[:, 0] = x * (np.cos(turn) - 1) - y * np.sin(turn)
        offsets[:, 1] = x * np.sin(turn) + y * (np.cos(turn) - 1)
        return offsets

    def curl(self, rise_cm: float) -> Points:
        """Return the offsets of lifting both edges (a trough) or, negative, dropping them."""
        edge = (self.points[:, 0] / self.half_width) ** 2 * self.ramp(0.2, 0.8)
        middle = 0.28 * self.ramp(0.2, 0.8)
        offsets = np.zeros_like(self.points)
        offsets[:, 1] = rise_cm * (1.5 * edge - middle)
        offsets[:, 0] = -0.32 * abs(rise_cm) * edge * np.sign(self.points[:, 0])
        return offsets

    def shift(self, **moves_cm: Points) -> Points:
        """Return offsets given per axis: `x=`, `y=`, `z=`, float64[V] each."""
        offsets = np.zeros_like(self.points)
        for name, move in moves_cm.items():
            offsets[:, "xyz".index(name)] = move
        return offsets

    def girth(self, grow: float) -> Points:
        """Return the offsets of growing wide by a share and thin by half of it."""
        front = self.ramp(0.1, 0.6)
        x, y = self.points[:, 0], self.points[:, 1] - self.height
        return self.shift(x=grow * x * front, y=-0.5 * grow * y * front)


SHAPES: Final[dict[str, Callable[[Axis], Points]]] = {
    # The tip reaches forward while it rises, to meet the ridge; it draws back while it sinks, to
    # stay behind the lower teeth.
    "tongueTipUp": lambda a: a.bend(TIP_FROM, TIP_BEND_DEG, 1) + a.shift(z=0.55 * a.ramp(0.3)),
    "tongueTipDown": lambda a: (
        a.bend(TIP_FROM, -TIP_DOWN_DEG, 1) + a.shift(z=-0.75 * a.ramp(0.3))
    ),
    "tongueTipLeft": lambda a: a.bend(TIP_FROM, TIP_SIDE_DEG, 0),
    "tongueTipRight": lambda a: a.bend(TIP_FROM, -TIP_SIDE_DEG, 0),
    "tongueRollUp": lambda a: a.curl(CURL_CM),
    "tongueRollDown": lambda a: a.curl(-CURL_CM),
    "tongueRollLeft": lambda a: a.twist(TWIST_DEG),
    "tongueRollRight": lambda a: a.twist(-TWIST_DEG),
    "tongueUp": lambda a: a.shift(y=RISE_CM * a.ramp(0.15, 0.75), z=0.35 * a.ramp(0.15, 0.75)),
    "tongueDown": lambda a: a.shift(y=-DROP_CM * a.ramp(0.15, 0.75)),
    "tongueLeft": lambda a: a.bend(SIDE_FROM, SIDE_DEG, 0),
    "tongueRight": lambda a: a.bend(SIDE_FROM, -SIDE_DEG, 0),
    "tongueIn": lambda a: a.shift(
        z=-RETRACT_CM * a.ramp(0.2), y=0.35 * a.ramp(0.2, 0.55) * (1 - a.ramp(0.6))
    ),
    "tongueStretch": lambda a: a.shift(
        x=-0.12 * a.points[:, 0] * a.ramp(0.2), z=STRETCH_CM * a.ramp(0.1)
    ),
    "tongueWide": lambda a: a.girth(WIDEN),
    "tongueNarrow": lambda a: a.girth(-NARROW),
}


def tongue(source: Source) -> Sheet:
    """Return the tongue with its ARKit and its sixteen own shapes."""
    faces = source.faces["helper-tongue"]
    sheet = Sheet.of(source.vertices, faces, "tongue")
    for name in ARKIT_52:
        sheet.shape(name)[:] = source.units[name]
    sheet.select(range(len(faces)))
    subdivide(sheet, range(len(faces)))
    axis = Axis(sheet.points.copy())
    part = axis.ramp(0.3, 0.7)
    flat = OUT_FLATTER * (axis.height - sheet.points[:, 1]) - OUT_DROP_CM
    sheet.shape("tongueOut")[:] += axis.shift(y=flat * part)
    for name, shape in SHAPES.items():
        sheet.shape(name)[:] = shape(axis)
    under = np.clip((axis.height - sheet.points[:, 1]) / 0.5, 0.0, 1.0)
    groove = 0.16 * np.exp(-((sheet.points[:, 0] / 0.12) ** 2)) * axis.ramp(0.2, 0.6)
    front = axis.ramp(0.05, 0.85) * (1 - 0.45 * under) - groove
    sheet.colours[:] = BACK + (FRONT - BACK) * front[:, None]
    return sheet
