"""The geometry of a synthetic bundle: our head in the sizes and places of NVIDIA's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, TONGUE_16
from facewire.tools.head import load_head
from facewire.tools.synth.surface import Points, crowding, dense, drawn, single

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head import Head

SKIN_PARTS: Final = ("skin", "mouth")
FLOOR_CM: Final = 85.9
"""What our head is lifted by: NVIDIA's stand at the height of a grown person."""
JAW_SHAPES: Final = ("jawOpen", "jawForward", "jawLeft", "jawRight")
LIPS_APART: Final = (
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
)  # fmt: skip
LIDS_SHUT: Final = ("eyeBlinkLeft", "eyeBlinkRight")
CELL_CM: Final = 0.4
"""Side of the squares that points are spread over."""
BUILD: Final = {
    "claire": (0.95, 0.97, 0.96),
    "james": (1.00, 1.01, 1.00),
    "mark": (1.03, 1.05, 1.02),
}
"""How wide, tall and deep the head of an actor is, so that no two are taken for each other."""
AT_REST: Final = {
    "claire": {"browInnerUp": 0.20, "mouthShrugLower": 0.15, "cheekPuff": 0.10},
    "james": {"mouthFrownLeft": 0.20, "mouthFrownRight": 0.20, "jawForward": 0.10},
    "mark": {"jawOpen": 0.05, "mouthShrugUpper": 0.20, "browDownLeft": 0.2, "browDownRight": 0.2},
}
"""By what the face an actor rests in differs from the neutral of the solver's rig."""


@dataclass(frozen=True)
class FaceSizes:
    """How many points."""

    skin: int
    mask: int
    tongue: int


@dataclass(frozen=True)
class Face:
    """One actor's geometry: float32, centimetres, Y up, the face to +Z."""

    skin: NDArray[np.float32]
    """[V, 3], the face at rest, which the animator adds motion to."""
    skin_neutral: NDArray[np.float32]
    """[V, 3], the neutral of the solver's rig."""
    skin_shapes: NDArray[np.float32]
    """[52, V, 3], offsets from it."""
    mask: NDArray[np.int32]
    """[M], ascending: points of the front of the face."""
    lips_apart: NDArray[np.float32]
    """[V, 3], offsets."""
    lids_shut: NDArray[np.float32]
    """[V, 3], offsets."""
    tongue: NDArray[np.float32]
    """[T, 3]."""
    tongue_shapes: NDArray[np.float32]
    """[16, T, 3]."""
    jaw: NDArray[np.float32]
    """[5, 3]: points on the lower teeth."""
    jaw_shapes: NDArray[np.float32]
    """[4, 5, 3]: what `JAW_SHAPES` do to them."""


def diagonal(points: NDArray[np.float32]) -> float:
    """Return the diagonal of the box around the points, cm."""
    return float(np.linalg.norm((points.max(0) - points.min(0)).astype(np.float64)))


def make_face(actor: str, sizes: FaceSizes) -> Face:
    """Return the geometry of an actor."""
    head = load_head()
    build = np.array(BUILD[actor], np.float32)
    shapes = head.deltas.reshape(len(head.shape_names), -1, 3) * build
    middle = head.neck_pivot
    vertices = (head.vertices - middle) * build + middle
    vertices[:, 1] += np.float32(FLOOR_CM)
    skin_points, tongue_points = _points(sizes)
    skin_shapes = skin_points.of(shapes[:52])
    neutral = skin_points.of(vertices)
    rest = sum(
        (np.float32(w) * skin_shapes[CURVE_INDEX[n]] for n, w in AT_REST[actor].items()),
        start=neutral,
    )
    teeth = _jaw_vertices(head)
    return Face(
        skin=rest,
        skin_neutral=neutral,
        skin_shapes=skin_shapes,
        mask=_front(head, skin_points.of(head.vertices), sizes.mask),
        lips_apart=_sum(skin_shapes, LIPS_APART),
        lids_shut=_sum(skin_shapes, LIDS_SHUT),
        tongue=tongue_points.of(vertices),
        tongue_shapes=tongue_points.of(shapes[52:]),
        jaw=vertices[teeth],
        jaw_shapes=_picked(shapes, JAW_SHAPES)[:, teeth],
    )


@lru_cache(maxsize=4)
def _points(sizes: FaceSizes) -> tuple[Points, Points]:
    """Return the points of skin and tongue: the same on all actors."""
    head = load_head()
    return _part(head, SKIN_PARTS, sizes.skin), _part(head, ("tongue",), sizes.tongue)


def _part(head: Head, parts: tuple[str, ...], count: int) -> Points:
    triangles = head.triangles[np.isin(head.part_names[head.part], parts)]
    vertices = np.unique(triangles).astype(np.intp)
    if count >= len(vertices):
        return dense(triangles, count)
    moved = head.deltas.reshape(len(head.shape_names), -1, 3)[:, vertices]
    # Where the face moves most, few points must tell the shapes apart.
    lively = np.sqrt((moved.astype(np.float64) ** 2).sum((0, 2))) + 0.05
    alone = 1.0 / crowding(head.vertices[vertices], CELL_CM)
    return single(vertices[drawn(lively * alone, count)])


def _jaw_vertices(head: Head) -> NDArray[np.intp]:
    """Return five vertices of the lower teeth: middle, sides and the two ends of the row."""
    opened = head.deltas[CURVE_INDEX["jawOpen"]].reshape(-1, 3)
    teeth = head.part_vertices("teeth")
    lower = teeth[np.linalg.norm(opened[teeth], axis=1) > 0]
    x = head.vertices[lower, 0]
    wide = x.max()
    wanted = (0.0, 0.6 * wide, -0.6 * wide, wide, -wide)
    return np.array([lower[np.argmin(np.abs(x - place))] for place in wanted], np.intp)


def _front(head: Head, points: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Return points of the front of the face, evenly spread: from brows to chin, ear to ear."""
    eyes, lips = head.eye_centre.mean(0), head.vertices[head.lip_corners].mean(0)
    tall = eyes[1] - lips[1]
    across = points[:, 0] / (1.1 * tall)
    up = (points[:, 1] - (eyes[1] + lips[1]) / 2) / (1.4 * tall)
    ahead = points[:, 2] > eyes[2] - 0.7 * tall
    weight = ((across**2 + up**2 < 1.0) & ahead) / crowding(points, CELL_CM)
    return drawn(weight, count).astype(np.int32)


def _picked(shapes: NDArray[np.float32], names: tuple[str, ...]) -> NDArray[np.float32]:
    order = [(ARKIT_52 + TONGUE_16).index(name) for name in names]
    return np.asarray(shapes[order])


def _sum(shapes: NDArray[np.float32], names: tuple[str, ...]) -> NDArray[np.float32]:
    return np.asarray(_picked(shapes, names).sum(0), np.float32)
