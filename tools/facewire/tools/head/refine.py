"""Subdivide and cut a sheet; what is new is always a mix of what was there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.tools.head.sheet import Sheet

Edge = tuple[int, int]


def edge(here: int, there: int) -> Edge:
    """Return the name of the edge: the lower vertex first."""
    return (here, there) if here < there else (there, here)


def edges_of(face: Sequence[int]) -> list[Edge]:
    """Return the edges of a face in order."""
    return [edge(face[k], face[(k + 1) % len(face)]) for k in range(len(face))]


def subdivide(sheet: Sheet, region: Sequence[int]) -> dict[Edge, int]:
    """Split the quads of a region in four (Catmull-Clark); return the new vertex of each edge.

    Old vertices keep their numbers. The rim of the region stays where it is, and the faces
    outside take the new vertices of the rim in, so that no gap opens.
    """
    inside = set(region)
    around: dict[Edge, list[int]] = defaultdict(list)
    touching: dict[int, list[int]] = defaultdict(list)
    for index, face in enumerate(sheet.faces):
        for name in edges_of(face):
            around[name].append(index)
        for vertex in face:
            touching[vertex].append(index)
    old = sheet.values
    ordered = sorted(inside)
    centres = np.array([old[list(sheet.faces[index])].mean(0) for index in ordered])
    centre_row = {index: row for row, index in enumerate(ordered)}
    names = sorted({name for index in ordered for name in edges_of(sheet.faces[index])})
    middles = []
    for name in names:
        middle = old[list(name)].mean(0)
        sides = around[name]
        if len(sides) == 2 and inside.issuperset(sides):
            middle = (middle + centres[[centre_row[side] for side in sides]].mean(0)) / 2
        middles.append(middle)
    moved = _vertex_points(old, touching, inside, centres, centre_row, sheet)
    first_centre = sheet.add_vertices(centres)[0]
    of_edge = dict(zip(names, sheet.add_vertices(np.array(middles)).tolist(), strict=True))
    for vertex, values in moved.items():
        sheet.values[vertex] = values
    _replace_faces(
        sheet, inside, of_edge, {k: int(first_centre) + r for k, r in centre_row.items()}
    )
    return of_edge


def _vertex_points(
    old: NDArray[np.float64],
    touching: dict[int, list[int]],
    inside: set[int],
    centres: NDArray[np.float64],
    centre_row: dict[int, int],
    sheet: Sheet,
) -> dict[int, NDArray[np.float64]]:
    """Return the smoothed values of the vertices that lie wholly within the region."""
    moved = {}
    for vertex, faces in touching.items():
        near = {
            v for f in faces for name in edges_of(sheet.faces[f]) if vertex in name for v in name
        }
        near.discard(vertex)
        if inside.issuperset(faces) and len(near) == len(faces):
            count = len(faces)
            centre = centres[[centre_row[face] for face in faces]].mean(0)
            ends = old[sorted(near)].mean(0)
            moved[vertex] = (centre + ends + (count - 2) * old[vertex]) / count
    return moved


def _replace_faces(
    sheet: Sheet, inside: set[int], of_edge: dict[Edge, int], of_face: dict[int, int]
) -> None:
    faces: list[tuple[int, ...]] = []
    parts: list[int] = []
    for index, face in enumerate(sheet.faces):
        part = sheet.parts[index]
        if index in inside:
            names = edges_of(face)
            faces += [
                (face[k], of_edge[names[k]], of_face[index], of_edge[names[k - 1]])
                for k in range(len(face))
            ]
            parts += [part] * len(face)
        else:
            grown: list[int] = []
            for corner, name in zip(face, edges_of(face), strict=True):
                grown += [corner, of_edge[name]] if name in of_edge else [corner]
            faces.append(tuple(grown))
            parts.append(part)
    sheet.faces, sheet.parts = faces, parts


def split(sheet: Sheet, field: NDArray[np.float64], near: float = 0.12) -> NDArray[np.float64]:
    """Cut the faces along the line where a field is zero; return it with the new vertices.

    Args:
        sheet: changed in place; old vertices keep their numbers.
        field: float64[V]; each face comes to lie wholly on one side of its zero.
        near: a crossing closer to an end of its edge than this share snaps to the vertex there,
            which moves onto the line: no slivers.
    """
    field = field.copy()
    _snap(sheet, field, near)
    crossed = sorted(
        {name for face in sheet.faces for name in edges_of(face) if _crosses(field, name)}
    )
    rows = []
    for one, other in crossed:
        share = field[one] / (field[one] - field[other])
        rows.append((1 - share) * sheet.values[one] + share * sheet.values[other])
    made: dict[Edge, int] = {}
    if crossed:
        made = dict(zip(crossed, sheet.add_vertices(np.array(rows)).tolist(), strict=True))
    field = np.concatenate([field, np.zeros(len(crossed))])
    faces: list[tuple[int, ...]] = []
    parts: list[int] = []
    for face, part in zip(sheet.faces, sheet.parts, strict=True):
        pieces = _pieces(face, field, made)
        faces += pieces
        parts += [part] * len(pieces)
    sheet.faces, sheet.parts = faces, parts
    return field


def _crosses(field: NDArray[np.float64], name: Edge) -> bool:
    return bool(field[name[0]] * field[name[1]] < 0)


def _pieces(
    face: tuple[int, ...], field: NDArray[np.float64], made: dict[Edge, int]
) -> list[tuple[int, ...]]:
    """Return a face cut in two along the zero of a field, or as it is."""
    grown: list[int] = []
    for here, name in zip(face, edges_of(face), strict=True):
        grown += [here, made[name]] if name in made else [here]
    signs = np.sign(field[list(face)])
    if signs.min() >= 0 or signs.max() <= 0:
        return [face]
    return [tuple(v for v in grown if side * field[v] >= 0) for side in (1, -1)]


def _snap(sheet: Sheet, field: NDArray[np.float64], near: float) -> None:
    """Move the vertices that all but lie on the line onto it, along their edge."""
    best: dict[int, tuple[float, int]] = {}
    for face in sheet.faces:
        for here, there in zip(face, face[1:] + face[:1], strict=True):
            for a, b in ((here, there), (there, here)):
                if field[a] * field[b] < 0:
                    share = float(field[a] / (field[a] - field[b]))
                    if share < near and share < best.get(a, (1.0, 0))[0]:
                        best[a] = (share, b)
    moved = {
        a: (1 - share) * sheet.values[a] + share * sheet.values[b] for a, (share, b) in best.items()
    }
    for vertex, values in moved.items():
        sheet.values[vertex] = values
        field[vertex] = 0.0
