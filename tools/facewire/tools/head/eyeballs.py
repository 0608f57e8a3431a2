"""Our own eyeballs: a ball with pupil, iris, white and a slight cornea, turned by four shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.lids import EYE_RADIUS_CM, Eye
from facewire.tools.head.sheet import Sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENTS: Final = 24
TURN_DEG: Final = 30.0
"""How far eyeLook* turns the eye at 1."""
CORNEA_CM: Final = 0.03
LIMBUS_DEG: Final = 27.0

# Rings as (degrees from the pole, sRGB). A degree twice is a sharp edge between two colours.
PUPIL: Final = (12, 10, 12)
RINGS: Final = (
    (9.5, PUPIL),
    (9.5, (70, 58, 46)),
    (13.0, (116, 100, 74)),
    (19.0, (92, 98, 84)),
    (24.5, (66, 78, 76)),
    (LIMBUS_DEG, (34, 40, 44)),
    (LIMBUS_DEG, (206, 200, 196)),
    (30.5, (226, 221, 216)),
    (40.0, (232, 226, 220)),
    (52.0, (222, 210, 203)),
    (66.0, (196, 168, 160)),
    (82.0, (160, 116, 110)),
    (104.0, (120, 80, 76)),
)


def eyeball(eye: Eye) -> Sheet:
    """Return the eyeball, closed in front and open behind, where no one looks."""
    directions, colours = [np.array([[0.0, 0.0, 1.0]])], [np.array([PUPIL])]
    angles = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    for degrees, colour in RINGS:
        polar = np.radians(degrees)
        ring = np.stack(
            [np.sin(polar) * np.cos(angles), np.sin(polar) * np.sin(angles),
             np.full(SEGMENTS, np.cos(polar))], axis=1,
        )  # fmt: skip
        directions.append(ring)
        colours.append(np.tile(np.array([colour]), (SEGMENTS, 1)))
    along = np.concatenate(directions)
    bulge = np.clip((along[:, 2] - np.cos(np.radians(LIMBUS_DEG + 4))) / 0.14, 0.0, 1.0)
    points = along * (EYE_RADIUS_CM + CORNEA_CM * bulge * bulge * (3 - 2 * bulge))[:, None]
    sheet = Sheet.of(points + eye.centre, _faces(), "eyes")
    sheet.colours[:] = np.concatenate(colours) / 255.0
    outwards = 1.0 if eye.side == "left" else -1.0
    for name, pitch, yaw in (
        ("eyeLookUp", TURN_DEG, 0.0),
        ("eyeLookDown", -TURN_DEG, 0.0),
        ("eyeLookOut", 0.0, outwards * TURN_DEG),
        ("eyeLookIn", 0.0, -outwards * TURN_DEG),
    ):
        sheet.shape(eye.shape(name))[:] = points @ _turn(pitch, yaw).T - points
    return sheet


def _faces() -> list[tuple[int, ...]]:
    """Return the triangles at the pole and the quads between rings that are apart."""
    following = [(k + 1) % SEGMENTS for k in range(SEGMENTS)]
    faces: list[tuple[int, ...]] = [(0, 1 + k, 1 + following[k]) for k in range(SEGMENTS)]
    for row in range(len(RINGS) - 1):
        if RINGS[row][0] != RINGS[row + 1][0]:
            inner, outer = 1 + row * SEGMENTS, 1 + (row + 1) * SEGMENTS
            faces += [
                (inner + k, outer + k, outer + following[k], inner + following[k])
                for k in range(SEGMENTS)
            ]
    return faces


def _turn(pitch_deg: float, yaw_deg: float) -> NDArray[np.float64]:
    """Return the rotation that lifts the gaze by `pitch_deg` and turns it to +X by `yaw_deg`."""
    up, across = np.radians(pitch_deg), np.radians(yaw_deg)
    lift = np.array([[1, 0, 0], [0, np.cos(up), np.sin(up)], [0, -np.sin(up), np.cos(up)]])
    swing = np.array(
        [[np.cos(across), 0, np.sin(across)], [0, 1, 0], [-np.sin(across), 0, np.cos(across)]]
    )
    return np.asarray(swing @ lift)
