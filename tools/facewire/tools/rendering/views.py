"""Where a picture is taken from: views by name, and the projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from facewire.tools.rendering.raster import FloatArray

_DISTANCE_CM = 85.0
"""From the camera to the middle of the head: a portrait's distance."""

_FACEWARD = 0.72


@dataclass(frozen=True)
class View:
    """How the head is looked at. Lengths are in heights of the middle face, eyes to mouth."""

    yaw_deg: float = 0.0
    """Camera's way round the head: 90 sees the character's left ear."""
    pitch_deg: float = 0.0
    """Camera's way up: 90 sees the crown."""
    top: float = 1.35
    """Upper edge of the picture, above the eyes."""
    bottom: float = 1.95
    """Lower edge of the picture, below the eyes."""
    aspect: float = 0.8
    """Width of the picture over its height, where only one is given."""


VIEWS: Final = {
    "front": View(),
    "three-quarter": View(yaw_deg=35),
    "three-quarter-right": View(yaw_deg=-35),
    "profile": View(yaw_deg=90, aspect=0.9),
    "mouth": View(top=-0.36, bottom=1.72, aspect=1.25),
}
"""Name -> view. `three-quarter` and `profile` show the character's left."""


class Anchors(NamedTuple):
    """Points of the head at rest that framing goes by, each float32[3], cm."""

    eyes: FloatArray
    """Between the eyes."""
    mouth: FloatArray
    """Middle of the lips."""
    axis: FloatArray
    """Middle of the skull: what the camera turns around."""


class Camera:
    """Projects a head into a picture of `height` by `width` samples."""

    def __init__(self, view: View, anchors: Anchors, height: int, width: int) -> None:
        """Frame the view on a head."""
        unit_cm = float(anchors.eyes[1] - anchors.mouth[1])
        middle_y = float(anchors.eyes[1]) + unit_cm * (view.top - view.bottom) / 2
        self._scale = np.float32(height / (unit_cm * (view.top + view.bottom)))
        # Between the skull's middle and the face: both stay in a picture of any view.
        depth = anchors.axis[2] + _FACEWARD * (anchors.eyes[2] - anchors.axis[2])
        self._target = np.array([anchors.axis[0], middle_y, depth], np.float32)
        self._turn = _turned(view.yaw_deg, view.pitch_deg)
        self._middle = np.array([width / 2, height / 2], np.float32)
        # What the picture is about is drawn at the scale asked for, not the skull behind it.
        self._distance_cm = np.float32(_DISTANCE_CM)
        front = (anchors.mouth - self._target) @ self._turn.T
        self._scale *= (self._distance_cm - front[2]) / self._distance_cm

    @property
    def right_up_back(self) -> FloatArray:
        """float32[3, 3]: the picture's right, its up and the way to the camera, in head space."""
        return self._turn

    @property
    def place_cm(self) -> FloatArray:
        """float32[3]: where the camera is, in head space."""
        return np.asarray(self._target + self._turn[2] * self._distance_cm, np.float32)

    def project(self, vertices: FloatArray) -> FloatArray:
        """Return float32[vertices, 3]: x and y in samples, and nearness as `raster.cover` wants."""
        seen = (vertices - self._target) @ self._turn.T
        nearness = 1 / np.maximum(self._distance_cm - seen[:, 2:], np.float32(1.0))
        flat = seen[:, :2] * (nearness * self._distance_cm * self._scale)
        flat[:, 1] *= -1
        return np.concatenate([flat + self._middle, nearness], axis=1)


def _turned(yaw_deg: float, pitch_deg: float) -> FloatArray:
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    right = np.array([np.cos(yaw), 0, -np.sin(yaw)])
    back = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    return np.stack([right, np.cross(back, right), back]).astype(np.float32)
