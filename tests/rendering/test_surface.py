"""Normals and hollows of a surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.tools.rendering.surface import Surface, openness

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = np.zeros(0, np.intp)


def ball(rings: int = 16, around: int = 24) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """A ball of radius 5; its seam has vertices of its own on either side."""
    polar, turn = np.meshgrid(
        np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, around), indexing="ij"
    )
    places = [np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)]
    index = np.arange(rings * around).reshape(rings, around)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], 2).reshape(-1, 3)
    return (5 * np.stack(places, -1)).reshape(-1, 3).astype(np.float32), faces


def test_normals_of_a_ball_point_away_from_its_middle_even_on_the_seam() -> None:
    vertices, faces = ball()
    surface = Surface(vertices, faces, np.zeros(len(faces), np.uint8), NONE)
    assert (surface.normals(vertices) * vertices / 5).sum(axis=1) == pytest.approx(1, abs=0.01)
    # Where it was seamed it is as smooth as elsewhere.
    assert surface.normals(vertices)[24] == pytest.approx(surface.normals(vertices)[47], abs=1e-6)


def test_parts_that_touch_keep_their_own_normals() -> None:
    vertices = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0)] * 2, np.float32)
    faces = np.array([(0, 1, 2), (3, 5, 4)])
    one = Surface(vertices, faces, np.array([0, 1], np.uint8), NONE).normals(vertices)
    assert one[:3, 2] == pytest.approx(1)
    assert one[3:, 2] == pytest.approx(-1)
    lips = Surface(vertices, faces, np.zeros(2, np.uint8), np.arange(3)).normals(vertices)
    assert lips == pytest.approx(one), "lips that touch are two"


def test_a_ball_alone_sees_the_whole_sky() -> None:
    vertices, faces = ball()
    assert openness(vertices, np.asarray(vertices / 5, np.float32), faces) == pytest.approx(
        1, abs=0.03
    )


def test_what_is_inside_a_ball_sees_nothing() -> None:
    shell, faces = ball()
    both = np.concatenate([shell, shell * np.float32(0.8)])
    seen = openness(both, (np.concatenate([shell, shell]) / 5).astype(np.float32), faces)
    assert seen[: len(shell)].min() > 0.9
    assert seen[len(shell) :].max() < 0.1


def test_a_wall_hides_half_the_sky() -> None:
    floor = np.array([(x, 0, z) for x in (-9, 0, 9) for z in (-9, 0, 9)], np.float32)
    wall = np.array([(1, -1, -200), (1, 200, -200), (1, -1, 200), (1, 200, 200)], np.float32)
    everything = np.concatenate([floor, wall])
    up = np.zeros((len(everything), 3), np.float32)
    up[:, 1] = 1
    both = np.array([(9, 10, 11), (11, 10, 12), (9, 11, 10), (11, 12, 10)])
    assert openness(everything, up, both)[4] == pytest.approx(0.5, abs=0.1)
