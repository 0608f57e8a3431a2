"""Subdividing and cutting a surface leaves no hole and keeps its shapes in step."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from facewire.tools.head.membrane import Membrane
from facewire.tools.head.refine import edges_of, split, subdivide
from facewire.tools.head.sheet import Sheet, joined, neighbours

SIDE = 6


def _grid() -> Sheet:
    """Return a flat square of 6 by 6 quads whose jawOpen is a slope."""
    across, up = np.meshgrid(np.arange(SIDE + 1.0), np.arange(SIDE + 1.0))
    points = np.stack([across.ravel(), up.ravel(), np.zeros((SIDE + 1) ** 2)], axis=1)
    corners = [r * (SIDE + 1) + c for r in range(SIDE) for c in range(SIDE)]
    faces = [(k, k + 1, k + SIDE + 2, k + SIDE + 1) for k in corners]
    sheet = Sheet.of(points, faces, "skin")
    sheet.shape("jawOpen")[:, 2] = 2.0 * points[:, 0] - points[:, 1]
    return sheet


def _area(sheet: Sheet) -> float:
    triangles, _ = sheet.triangles()
    a, b, c = sheet.points[triangles].transpose(1, 0, 2)
    return float(np.cross(b - a, c - a)[:, 2].sum() / 2)


def _rim_edges(sheet: Sheet) -> int:
    counts = Counter(name for face in sheet.faces for name in edges_of(face))
    assert max(counts.values()) == 2
    return sum(count == 1 for count in counts.values())


def _inner_faces(sheet: Sheet) -> list[int]:
    return [
        k
        for k, f in enumerate(sheet.faces)
        if np.all(np.abs(sheet.points[list(f)] - 3)[:, :2] < 2.1)
    ]


def test_a_subdivided_patch_fits_what_surrounds_it() -> None:
    sheet = _grid()

    subdivide(sheet, _inner_faces(sheet))

    assert len(sheet.faces) == 36 - 16 + 64
    assert _rim_edges(sheet) == 4 * SIDE
    assert _area(sheet) == pytest.approx(SIDE**2)


def test_shapes_are_subdivided_with_the_surface() -> None:
    sheet = _grid()

    subdivide(sheet, _inner_faces(sheet))

    wanted = 2.0 * sheet.points[:, 0] - sheet.points[:, 1]
    np.testing.assert_allclose(sheet.shape("jawOpen")[:, 2], wanted, atol=1e-9)


def test_the_new_vertex_of_an_edge_is_named() -> None:
    sheet = _grid()
    region = _inner_faces(sheet)
    one, other = edges_of(sheet.faces[region[0]])[0]
    middle = sheet.points[[one, other]].mean(0)

    named = subdivide(sheet, region)

    np.testing.assert_allclose(sheet.points[named[one, other]], middle, atol=1e-9)


@pytest.mark.parametrize("radius", [1.3, 2.0, 2.49])
def test_a_cut_follows_the_line_and_loses_nothing(radius: float) -> None:
    sheet = _grid()
    field = np.linalg.norm(sheet.points - (3, 3, 0), axis=1) - radius

    field = split(sheet, field)

    assert _area(sheet) == pytest.approx(SIDE**2)
    assert _rim_edges(sheet) == 4 * SIDE
    for face in sheet.faces:
        signs = np.sign(np.round(field[list(face)], 12))
        assert signs.min() * signs.max() >= 0
    assert (field == 0).sum() >= 8


def test_a_face_that_lies_on_the_line_is_kept() -> None:
    sheet = _grid()

    split(sheet, np.zeros(len(sheet.points)))

    assert len(sheet.faces) == SIDE**2


def test_a_choice_of_faces_renumbers_their_vertices() -> None:
    sheet = _grid()
    before = sheet.points[list(sheet.faces[7])].copy()

    number = sheet.select([7, 8])

    assert len(sheet.values) == 6
    np.testing.assert_array_equal(sheet.points[list(sheet.faces[0])], before)
    assert (number >= 0).sum() == 6


def test_joined_sheets_keep_their_faces_and_shapes() -> None:
    one, other = _grid(), _grid()
    other.points[:, 0] += 100

    both = joined([one, other])

    assert _area(both) == pytest.approx(2 * SIDE**2)
    np.testing.assert_array_equal(both.posed(jawOpen=1)[: len(one.values)], one.posed(jawOpen=1))


def test_a_membrane_carries_a_correction_and_lets_it_fade() -> None:
    sheet = _grid()
    membrane = Membrane(neighbours(sheet), sheet.points)
    seeds = np.array([0])

    spread = membrane.spread(seeds, np.array([[1.0, 0.0, -2.0]]), 3.5)

    away = membrane.distance(seeds)
    np.testing.assert_array_equal(spread[0], [1.0, 0.0, -2.0])
    assert np.all(spread[away >= 3.5] == 0)
    near, far = spread[away == 1.0, 0], spread[away == 3.0, 0]
    assert near.min() > far.max() > 0
