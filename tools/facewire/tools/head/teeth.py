"""Our own teeth and gums: crowns along an arch fitted to the helper strips of the base mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.sheet import Sheet, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.wheel import Source

JAW_SHAPES: Final = ("jawOpen", "jawForward", "jawLeft", "jawRight")

# From the middle to the last molar: width, height and depth of each crown, cm.
UPPER_CROWNS: Final = (
    (0.84, 0.98, 0.62), (0.66, 0.86, 0.58), (0.74, 0.96, 0.72), (0.68, 0.80, 0.82),
    (0.66, 0.74, 0.84), (0.98, 0.70, 0.98), (0.92, 0.66, 0.98),
)  # fmt: skip
LOWER_CROWNS: Final = (
    (0.54, 0.82, 0.54), (0.58, 0.84, 0.56), (0.68, 0.92, 0.66), (0.70, 0.80, 0.74),
    (0.72, 0.74, 0.80), (1.06, 0.70, 0.94), (1.00, 0.66, 0.94),
)  # fmt: skip
FRONT_TEETH: Final = 3
"""Incisors and canine: their depth runs out to an edge."""

GAP: Final = 0.965
"""Share of its place that a crown fills."""
CORNERS: Final = 8
# Rings of a crown from neck to edge: height, width, depth (front and back teeth), outward shift.
CROWN_RINGS: Final = (
    (0.0, 0.78, 0.80, 0.86, -0.04),
    (0.40, 0.97, 0.92, 1.0, 0.02),
    (0.86, 1.0, 0.52, 0.96, 0.0),
    (1.0, 0.90, 0.26, 0.74, -0.02),
)
ENAMEL: Final = np.array((238, 231, 214)) / 255
NECK: Final = np.array((222, 203, 170)) / 255
GUM: Final = np.array((190, 102, 102)) / 255
GUM_DEEP: Final = np.array((120, 52, 54)) / 255

# Section of the gum: cm outwards from the arch, cm from the edges of the teeth to their roots.
GUM_SECTION: Final = (
    (-0.04, None), (0.04, 1.04), (0.02, 1.40), (-0.45, 1.66), (-1.0, 1.24), (-0.84, None),
)  # fmt: skip
"""None: at the neck of the teeth, which follows the scallop."""
GUM_SHADE: Final = (0.0, 0.1, 0.5, 1.0, 0.6, 0.0)
PAPILLA: Final = 0.30
"""How far the gum reaches down between two teeth, as a share of the crown."""


@dataclass(frozen=True)
class Arch:
    """One row of teeth: an ellipse around a point on the middle plane."""

    half_width_cm: float
    depth_cm: float
    centre: tuple[float, float]
    """(y of the front edges, z), cm."""
    rise_cm: float
    """How much higher (+Y) the last molar's edge stands than the front edges."""
    away: float
    """+1: the roots are above (upper row); -1: below."""
    crowns: tuple[tuple[float, float, float], ...]

    def at(self, way_cm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return point and outward direction (both float64[3]) at a way from the middle, cm."""
        angles = np.linspace(-1.6, 1.6, 4001)
        x, z = self.half_width_cm * np.sin(angles), self.depth_cm * np.cos(angles)
        steps = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
        angle = float(np.interp(way_cm, steps - steps[len(steps) // 2], angles))
        point = np.array(
            [
                self.half_width_cm * np.sin(angle),
                self.centre[0] + self.rise_cm * np.sin(angle) ** 2,
                self.centre[1] + self.depth_cm * np.cos(angle),
            ]
        )
        outward = np.array([np.sin(angle) / self.half_width_cm, 0.0, np.cos(angle) / self.depth_cm])
        return point, outward / np.linalg.norm(outward)

    def places(self) -> list[tuple[int, float, float]]:
        """Return (kind, way to the crown's middle, width) of each tooth from right to left."""
        left, way = [], 0.0
        for kind, (width, _, _) in enumerate(self.crowns):
            left.append((kind, way + width / 2, width))
            way += width
        return [(kind, -middle, width) for kind, middle, width in reversed(left)] + left


UPPER: Final = Arch(3.30, 4.55, (66.64, 9.02), 0.50, 1.0, UPPER_CROWNS)
LOWER: Final = Arch(3.12, 4.33, (66.86, 9.02), 0.40, -1.0, LOWER_CROWNS)


def teeth_and_gums(source: Source) -> Sheet:
    """Return both rows with their gums; the lower row follows the jaw as a rigid body."""
    rows = [joined([*map_crowns(arch), _gum(arch)]) for arch in (UPPER, LOWER)]
    strip = source.group("helper-lower-teeth")
    for name in JAW_SHAPES:
        rows[1].shape(name)[:] = rigid_offsets(
            source.vertices[strip], source.units[name][strip], rows[1].points
        )
    return joined(rows)


def rigid_offsets(
    rest: NDArray[np.float64], offsets: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how points move that are fixed to a body whose vertices move by `offsets`.

    The least-squares rotation and translation (Kabsch).
    """
    middle, moved = rest.mean(0), (rest + offsets).mean(0)
    left, _, right = np.linalg.svd((rest - middle).T @ (rest + offsets - moved))
    turn = (left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right).T
    return np.asarray((points - middle) @ turn.T + moved - points)


def map_crowns(arch: Arch) -> list[Sheet]:
    """Return one sheet per tooth."""
    return [_crown(arch, kind, middle, width) for kind, middle, width in arch.places()]


def _crown(arch: Arch, kind: int, middle: float, width: float) -> Sheet:
    _, height, depth = arch.crowns[kind]
    front = kind < FRONT_TEETH
    point, outward = arch.at(middle)
    along = np.cross((0.0, 1.0, 0.0), outward)
    angles = 2 * np.pi * (np.arange(CORNERS) + 0.5) / CORNERS
    round_x, round_z = (np.sign(f) * np.abs(f) ** 0.6 for f in (np.sin(angles), np.cos(angles)))
    rows, colours = [], []
    for share, wide, deep_front, deep_back, shift in CROWN_RINGS:
        deep = depth * (deep_front if front else deep_back) / 2
        up = arch.away * height * (1 - share)
        centre = point + outward * (shift - depth * 0.42 + (depth * 0.42 - deep) * 0.9)
        rows.append(
            centre
            + (0.0, up, 0.0)
            + along * (round_x * wide * GAP * width / 2)[:, None]
            + outward * (round_z * deep)[:, None]
        )
        shade = (0.80 + 0.20 * np.clip(round_z, 0, 1) * (1 - 0.75 * np.abs(round_x) ** 4))[:, None]
        colours.append(shade * (NECK + (ENAMEL - NECK) * min(1.0, 0.3 + share)))
    canine = kind == FRONT_TEETH - 1
    tip = rows[-1].mean(0) - (0.0, arch.away * (0.07 if canine else 0.02), 0.0)
    points = np.concatenate([*rows, tip[None]])
    sheet = Sheet.of(points, _crown_faces(arch.away), "teeth")
    sheet.colours[:] = np.concatenate([*colours, 0.92 * ENAMEL[None]])
    return sheet


def _crown_faces(away: float) -> list[tuple[int, ...]]:
    faces: list[tuple[int, ...]] = []
    for row in range(len(CROWN_RINGS) - 1):
        for k in range(CORNERS):
            a, b = row * CORNERS + k, row * CORNERS + (k + 1) % CORNERS
            faces.append((a, a + CORNERS, b + CORNERS, b))
    last = (len(CROWN_RINGS) - 1) * CORNERS
    faces += [(last + k, last + CORNERS, last + (k + 1) % CORNERS) for k in range(CORNERS)]
    return faces if away > 0 else [face[::-1] for face in faces]


def _gum(arch: Arch) -> Sheet:
    """Return the gum of a row: a band around the necks, scalloped at each tooth."""
    rows = []
    for way, neck in _scallop(arch):
        point, outward = arch.at(way)
        rows += [
            point + outward * out + (0.0, arch.away * (neck if up is None else up), 0.0)
            for out, up in GUM_SECTION
        ]
    size = len(GUM_SECTION)
    faces = [
        (a, a + size, a + size + 1, a + 1)
        for s in range(0, len(rows) - size, size)
        for a in range(s, s + size - 1)
    ]
    if arch.away < 0:
        faces = [face[::-1] for face in faces]
    sheet = Sheet.of(np.array(rows), faces, "gums")
    shade = np.tile(np.array(GUM_SHADE), len(rows) // size)[:, None]
    sheet.colours[:] = GUM + (GUM_DEEP - GUM) * shade
    return sheet


def _scallop(arch: Arch) -> list[tuple[float, float]]:
    """Return (way along the arch, height of the gum's edge), closer where the lips show it."""
    places = arch.places()
    kinds = [kind for kind, _, _ in places]
    stations: list[tuple[float, float]] = []
    for (kind, middle, width), before in zip(places, kinds[:1] + kinds, strict=False):
        steps = 4 if kind <= FRONT_TEETH else 2
        for step in range(steps):
            share = step / steps
            height = arch.crowns[kind][1]
            if step == 0:  # between two teeth: both count
                height = (height + arch.crowns[before][1]) / 2
            between = np.cos(np.pi * share) ** 2
            way = middle + (share - 0.5) * width
            stations.append((way, height * (0.93 - PAPILLA * between)))
    return [*stations, (-stations[0][0], stations[0][1])]
