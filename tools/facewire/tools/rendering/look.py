"""How a head looks before it moves: its colours, its hollows and what of it shines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from facewire.animation.curves import CURVE_INDEX
from facewire.tools.rendering.light import linear
from facewire.tools.rendering.surface import Surface, openness
from facewire.tools.rendering.views import Anchors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head import Head
    from facewire.tools.rendering.raster import BoolArray, FloatArray, IndexArray

HEAD_POSES: Final = 68


class Gloss(NamedTuple):
    """How a part shines."""

    strength: float
    sharpness: float


_GLOSS: Final = {
    "eyes": Gloss(0.9, 320),
    "teeth": Gloss(0.35, 30),
    "gums": Gloss(0.2, 25),
    "tongue": Gloss(0.18, 16),
    "mouth": Gloss(0.1, 16),
}
_LIPS: Final = Gloss(0.16, 22)
_THIN: Final = ("lashes", "brows")
"""Parts seen from both sides, which cast no shade."""
_INSIDE: Final = ("teeth", "gums", "tongue", "mouth")
_MOUTH_CM: Final = 1.1
"""Depth behind the lips at which the light of the sky has fallen to 1/e."""
_BROW_SHADE: Final = 0.45
"""How much less light the upper edge of an eyeball gets than its middle."""
_LIT_POSES: Final = ({"jawOpen": 0.5}, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
"""A vertex has the light of the pose that gives it most: parted lips, shut lids."""


@dataclass(frozen=True)
class Look:
    """What a renderer needs to know of a head once."""

    surface: Surface
    albedo: FloatArray
    """float32[vertices, 3], linear."""
    hollows: FloatArray
    """float32[vertices]: `openness` of the head at rest."""
    inside: IndexArray
    """intp[n]: the vertices behind the lips."""
    eyes: IndexArray
    """intp[n]: the vertices of the eyeballs."""
    eye_centres: FloatArray
    """float32[n, 3], cm: the middle of the eyeball of each of them."""
    gloss: FloatArray
    """float32[vertices], strength of highlights."""
    shiny: BoolArray
    """bool[triangles]: has highlights."""
    sharpness: FloatArray
    """float32[triangles], their exponent."""
    two_sided: BoolArray
    """bool[triangles]: seen from behind too."""
    anchors: Anchors

    def openness(self, posed: FloatArray) -> FloatArray:
        """Return how much light gets to each vertex, float32[vertices] in [0, 1].

        What is behind the lips is the darker the deeper it lies: a mouth is lit through its
        opening. A tongue that comes out comes into the light. Eyeballs are lit through the lids,
        most in the middle, least under the upper one, whichever part of them is turned there.
        """
        light = self.hollows.copy()
        depth_cm = np.maximum(self.anchors.mouth[2] - posed[self.inside, 2], 0)
        light[self.inside] = np.exp(depth_cm / np.float32(-_MOUTH_CM))
        out = posed[self.eyes] - self.eye_centres
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
        light[self.eyes] = np.maximum(out[:, 2], 0) ** 3 * (1 - np.float32(_BROW_SHADE) * out[:, 1])
        return light


@lru_cache(maxsize=2)
def look_of(head: Head) -> Look:
    """Return a head's look; takes some tenths of a second, the first time."""
    surface = Surface(head.vertices, head.triangles, head.part, head.inner_lip_upper)
    parts = head.part_names[head.part]
    thin = np.isin(parts, _THIN)
    albedo = linear(np.asarray(head.colours / 255, np.float32))
    gloss, sharpness = _gloss(head, parts, albedo)
    eyes = head.part_vertices("eyes")
    return Look(
        surface=surface,
        albedo=albedo,
        hollows=_hollows(head, surface, surface.triangles[~thin]),
        inside=head.part_vertices(*_INSIDE),
        eyes=eyes,
        eye_centres=head.eye_centre[(head.vertices[eyes, 0] < 0).astype(np.intp)],
        gloss=gloss,
        shiny=np.any(gloss[surface.triangles] > 0.01, axis=1),
        sharpness=sharpness,
        two_sided=thin,
        anchors=_anchors(head),
    )


def _anchors(head: Head) -> Anchors:
    eyes = head.eye_centre.mean(axis=0)
    lips = np.concatenate([head.inner_lip_upper, head.inner_lip_lower])
    mouth = head.vertices[lips].mean(axis=0)
    skull = head.vertices[head.vertices[:, 1] > mouth[1]]
    axis = np.array([0.0, eyes[1], (skull[:, 2].min() + skull[:, 2].max()) / 2], np.float32)
    return Anchors(eyes.astype(np.float32), mouth.astype(np.float32), axis)


def _hollows(head: Head, surface: Surface, occluders: IndexArray) -> FloatArray:
    most = np.zeros(len(head.vertices), np.float32)
    for pose in _LIT_POSES:
        weights = np.zeros(HEAD_POSES, np.float32)
        for name, weight in pose.items():
            weights[CURVE_INDEX[name]] = weight
        posed = head.posed(weights)
        most = np.maximum(most, openness(posed, surface.normals(posed), occluders))
    return most


def _gloss(
    head: Head, parts: NDArray[np.str_], albedo: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return strength per vertex and exponent per triangle."""
    strength = np.zeros(len(head.vertices), np.float32)
    sharpness = np.full(len(head.triangles), _LIPS.sharpness, np.float32)
    for name, gloss in _GLOSS.items():
        strength[head.part_vertices(name)] = gloss.strength
        sharpness[parts == name] = gloss.sharpness
    skin = head.part_vertices("skin")
    # Lips are skin that is redder than the rest of it.
    redness = albedo[skin, 0] / np.maximum(albedo[skin, 1], 1e-3)
    usual = float(np.median(redness))
    strength[skin] = _LIPS.strength * np.clip((redness / usual - 1.15) / 0.35, 0, 1)
    return strength, sharpness
