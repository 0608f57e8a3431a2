"""Cut the skin of head and shoulders out of the base mesh, finer at the mouth and the scalp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52
from facewire.tools.head.hairline import above_hairline
from facewire.tools.head.refine import Edge, edge, edges_of, split, subdivide
from facewire.tools.head.sheet import PARTS, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from facewire.tools.head.wheel import Source

# Vertices of hm08, the base mesh, on its middle line or on the left eye.
LIP_CONTACT: Final = 474
"""Upper inner lip margin: the ring through it and back along the lower lip is the mouth's line."""
LIP_BACK: Final = 520
"""One ring further in."""
LINING_RIM: Final = 571
"""Where the inner side of the lips ends and the lining of the mouth begins."""
MOUTH_BACK: Final = 707
LID_MARGINS: Final = (7748, 13352, 6785, 11465, 6787, 6789, 11515, 6874)
"""Rings of the left eye, from the edge at the eyeball outwards over the lids."""
POCKET_RIM: Final = 7774
POCKET_BACK: Final = 8019

LIP_RINGS_OUT: Final = 6
LIP_RINGS_IN: Final = 3
SCALP_CM: Final = -0.9
"""Faces this far or less below the hairline are made finer: the outline of the head is seen."""

BUST_CENTRE: Final = np.array([0.0, 61.5, 1.5])
BUST_RADIUS_CM: Final = 11.5


@dataclass
class Skin:
    """The skin and the rings on it that later steps hold on to."""

    sheet: Sheet
    lip_ring: list[int]
    """The mouth's line: from the middle of the upper lip over the left corner and back."""
    lid_rings: dict[str, list[list[int]]]
    """Per side, rings over the lids as in LID_MARGINS, each from the inner corner over the top."""
    number: NDArray[np.intp]
    """int: vertex of hm08 -> vertex of the sheet, -1 where it is not part of it."""


def cut_skin(source: Source) -> Skin:
    """Return head, neck and shoulders with an open mouth cavity and no eye sockets."""
    body = source.faces["body"]
    rings = Rings(body)
    pockets = _pocket(source, rings)
    lining = rings.enclosed(rings.ring(LINING_RIM, source.vertices), MOUTH_BACK)
    cavity = rings.enclosed(rings.ring(LIP_BACK, source.vertices), MOUTH_BACK)
    kept = [
        index
        for index, face in enumerate(body)
        if index not in pockets and _near(source.vertices[list(face)])
    ]
    sheet = Sheet.of(source.vertices, body, "skin")
    for name in ARKIT_52:
        sheet.shape(name)[:] = source.units[name]
    for index in lining:
        sheet.parts[index] = PARTS.index("mouth")
    lip_ring = rings.ring(LIP_CONTACT, source.vertices)
    middles = np.array([source.vertices[list(face)].mean(0) for face in body])
    fine = set(rings.band(lip_ring, LIP_RINGS_OUT, LIP_RINGS_IN, cavity))
    fine.update(np.flatnonzero(above_hairline(middles) > SCALP_CM).tolist())
    lids = _lid_rings(source, rings)

    number = sheet.select(kept)
    position = {old: new for new, old in enumerate(kept)}
    of_edge = subdivide(sheet, [position[index] for index in sorted(fine)])
    lip_ring = _refined([int(number[v]) for v in lip_ring], of_edge)
    lid_rings = {s: [[int(number[v]) for v in r] for r in rs] for s, rs in lids.items()}
    return Skin(sheet, lip_ring, lid_rings, number)


def cut_bust(skin: Skin) -> None:
    """Cut the shoulders off along a ball around the neck: a clean rim."""
    sheet = skin.sheet
    points = sheet.points
    inside = BUST_RADIUS_CM - np.linalg.norm(points - BUST_CENTRE, axis=1)
    field = np.maximum(inside, points[:, 1] - BUST_CENTRE[1])
    field = split(sheet, field)
    kept = [k for k, face in enumerate(sheet.faces) if max(field[v] for v in face) > 0]
    number = sheet.select(kept)
    skin.lip_ring = [int(number[v]) for v in skin.lip_ring]
    skin.lid_rings = {
        side: [[int(number[v]) for v in ring] for ring in rings]
        for side, rings in skin.lid_rings.items()
    }
    held = skin.number >= 0
    skin.number[held] = number[skin.number[held]]


def _near(corners: NDArray[np.float64]) -> bool:
    """Say whether a face is close enough to the head to matter to any later cut."""
    return bool(corners[:, 1].min() > 40 and np.abs(corners[:, 0]).max() < 22)


def _refined(ring: list[int], of_edge: dict[Edge, int]) -> list[int]:
    following = ring[1:] + ring[:1]
    return [v for a, b in zip(ring, following, strict=True) for v in (a, of_edge[edge(a, b)])]


def _pocket(source: Source, rings: Rings) -> set[int]:
    """Return the faces of both eye sockets behind the lids: the eyeballs hide them."""
    left = rings.enclosed(rings.ring(POCKET_RIM, source.vertices), POCKET_BACK)
    mirrored = {frozenset(int(source.mirror[v]) for v in rings.faces[index]) for index in left}
    right = {k for k, face in enumerate(rings.faces) if frozenset(face) in mirrored}
    return left | right


def _lid_rings(source: Source, rings: Rings) -> dict[str, list[list[int]]]:
    """Return the rings of both eyes: the k-th vertices of neighbouring rings share an edge."""
    first = rings.ring(LID_MARGINS[0], source.vertices)
    corner = min(range(len(first)), key=lambda k: source.vertices[first[k], 0])
    first = first[corner:] + first[:corner]
    heights = source.vertices[first, 1]
    if heights[1 : len(first) // 2].mean() < heights[len(first) // 2 :].mean():
        first[1:] = first[:0:-1]
    left = [first]
    for start in LID_MARGINS[1:]:
        members = set(rings.ring(start, source.vertices))
        left.append([rings.beside(vertex, members) for vertex in left[-1]])
    right = [[int(source.mirror[v]) for v in ring] for ring in left]
    return {"left": left, "right": right}


class Rings:
    """Walks along the quads of a mesh."""

    def __init__(self, faces: Sequence[tuple[int, ...]]) -> None:
        self.faces = faces
        self._touching: dict[int, list[int]] = {}
        self._sides: dict[Edge, list[int]] = {}
        for index, face in enumerate(faces):
            for vertex in face:
                self._touching.setdefault(vertex, []).append(index)
            for name in edges_of(face):
                self._sides.setdefault(name, []).append(index)

    def ring(self, start: int, points: NDArray[np.float64]) -> list[int]:
        """Return the closed ring of edges through a vertex that runs most nearly sideways (+X)."""
        ends = [v for name in self._edges_at(start) for v in name if v != start]
        way = points[ends] - points[start]
        first = ends[int(np.argmax(way[:, 0] / np.linalg.norm(way, axis=1)))]
        walked = [start, first]
        while (following := self._straight(walked[-2], walked[-1])) != start:
            walked.append(following)
        return walked

    def enclosed(self, ring: Sequence[int], beyond: int) -> set[int]:
        """Return the faces on that side of a closed ring on which the vertex `beyond` lies."""
        closed = [edge(a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
        walls = set(closed)
        found: set[int] = set()
        waiting = list(self._touching[beyond])
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                for name in edges_of(self.faces[index]):
                    if name not in walls:
                        waiting += self._sides[name]
        return found

    def band(self, ring: Sequence[int], out: int, into: int, cavity: Iterable[int]) -> list[int]:
        """Return the faces within so many rows of a ring: `out` outside, `into` within `cavity`."""
        behind = set(cavity)
        reached = set(ring)
        found: set[int] = set()
        for row in range(max(out, into)):
            grown = {f for v in reached for f in self._touching[v]} - found
            if row >= into:
                grown -= behind
            if row >= out:
                grown &= behind
            found |= grown
            reached = {v for f in grown for v in self.faces[f]}
        return sorted(found)

    def beside(self, vertex: int, members: set[int]) -> int:
        """Return the one neighbour of a vertex that is a member."""
        (found,) = {v for name in self._edges_at(vertex) for v in name} & members
        return found

    def _edges_at(self, vertex: int) -> set[Edge]:
        return {
            name for f in self._touching[vertex] for name in edges_of(self.faces[f])
            if vertex in name
        }  # fmt: skip

    def _straight(self, before: int, here: int) -> int:
        """Return the vertex that follows when one walks straight on at a crossing of four edges."""
        beside = {v for f in self._sides[edge(before, here)] for v in self.faces[f]}
        (ahead,) = {v for name in self._edges_at(here) for v in name} - beside
        return ahead
