"""models/head/head.npz holds what models/head/README.md says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.head.kit import SHAPES, mirror

from facewire.bundles.shipped import data_folder
from facewire.protocol.errors import BundleError
from facewire.tools.head import load_head, read_head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

FOLDER = data_folder("models") / "head"


@pytest.mark.parametrize("name", ["head.npz", "head.glb"])
def test_a_file_stays_small_enough_for_a_repository(name: str) -> None:
    assert (FOLDER / name).stat().st_size <= 2_500_000


def test_there_are_68_shapes_in_facewires_order() -> None:
    assert tuple(load_head().shape_names) == SHAPES


def test_arrays_have_the_types_and_sizes_of_the_contract() -> None:
    head = load_head()
    count = len(head.vertices)

    assert head.vertices.dtype == np.float32
    assert 5_000 <= count <= 12_000
    assert head.triangles.dtype == np.int32
    assert head.part.shape == (len(head.triangles),)
    assert head.colours.shape == (count, 3)
    assert head.colours.dtype == np.uint8
    assert head.delta_start.shape == (69,)
    assert head.delta_start[0] == 0
    assert head.delta_start[-1] == len(head.delta_vertex) == len(head.delta_cm)
    assert head.delta_cm.dtype == np.float16
    assert head.eye_centre.shape == (2, 3)
    assert head.eye_radius_cm.shape == (2,)
    assert len(head.inner_lip_upper) == len(head.inner_lip_lower)
    assert list(head.part_names) == [
        "skin", "eyes", "lashes", "brows", "teeth", "gums", "tongue", "mouth",
    ]  # fmt: skip


def test_every_index_points_at_a_vertex_and_every_vertex_is_used() -> None:
    head = load_head()

    assert np.array_equal(np.unique(head.triangles), np.arange(len(head.vertices)))
    assert head.delta_vertex.max() < len(head.vertices)
    assert head.part.max() < len(head.part_names)


def test_a_shape_names_each_vertex_once_and_in_order() -> None:
    head = load_head()

    for start, end in zip(head.delta_start[:-1], head.delta_start[1:], strict=True):
        assert end > start
        assert np.all(np.diff(head.delta_vertex[start:end].astype(int)) > 0)


def test_no_triangle_is_empty_and_all_numbers_are_finite() -> None:
    head = load_head()
    a, b, c = head.vertices[head.triangles].transpose(1, 0, 2).astype(np.float64)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2

    assert areas.min() > 1e-7
    assert np.isfinite(head.vertices).all()
    assert np.isfinite(head.delta_cm).all()


def test_the_head_has_the_size_of_a_head_and_looks_forward() -> None:
    head = load_head()
    left, right = head.eye_centre

    assert 5.0 < left[0] - right[0] < 7.0
    chin_to_crown = head.vertices[:, 1].max() - head.vertices[head.inner_lip_lower, 1].mean() + 3.5
    assert 19.0 < chin_to_crown < 25.0
    assert head.vertices[head.inner_lip_upper, 2].mean() > left[2]


def test_skin_faces_outwards() -> None:
    head = load_head()
    skin = head.part == list(head.part_names).index("skin")
    face = skin & (head.vertices[head.triangles, 2].mean(1) > 12.5)
    a, b, c = head.vertices[head.triangles[face]].transpose(1, 0, 2)

    assert np.cross(b - a, c - a).sum(0)[2] > 0


def test_the_right_half_is_the_mirror_of_the_left() -> None:
    head = load_head()

    assert np.abs(head.vertices[mirror()] * (-1, 1, 1) - head.vertices).max() < 0.002
    assert np.array_equal(mirror()[mirror()], np.arange(len(head.vertices)))


def test_provenance_travels_with_the_file() -> None:
    sources = " ".join(load_head().sources)

    assert "CC0" in sources
    assert "MakeHuman" in sources
    assert "Mika Suominen" in sources


def test_one_row_and_many_rows_of_weights_give_the_same_poses() -> None:
    head = load_head()
    weights = np.linspace(0, 1, 3 * 68, dtype=np.float32).reshape(3, 68)

    poses = head.posed(weights)

    assert poses.shape == (3, len(head.vertices), 3)
    assert poses.dtype == np.float32
    np.testing.assert_allclose(poses[1], head.posed(weights[1]), atol=1e-4)
    assert np.array_equal(head.posed(np.zeros(68, np.float32)), head.vertices)


def test_a_missing_and_a_spoilt_file_say_what_to_do(tmp_path: Path) -> None:
    spoilt = tmp_path / "head.npz"
    spoilt.write_bytes(b"PK no zip")

    for path in (tmp_path / "none.npz", spoilt):
        with pytest.raises(BundleError, match=r"not a head.*Build it"):
            read_head(path)


def test_a_file_without_an_array_names_it(tmp_path: Path) -> None:
    with np.load(FOLDER / "head.npz") as arrays:
        np.savez(tmp_path / "head.npz", **{k: arrays[k] for k in arrays.files if k != "part"})

    with pytest.raises(BundleError, match="part"):
        read_head(tmp_path / "head.npz")


@pytest.mark.parametrize("count", [0, 1, 1000, 400_000])
def test_a_file_that_was_cut_off_says_what_to_do(tmp_path: Path, count: int) -> None:
    whole = (FOLDER / "head.npz").read_bytes()
    (tmp_path / "head.npz").write_bytes(whole[:count])

    with pytest.raises(BundleError, match=r"not a head.*Build it"):
        read_head(tmp_path / "head.npz")


def test_a_file_with_spoilt_bytes_says_what_to_do(tmp_path: Path) -> None:
    whole = bytearray((FOLDER / "head.npz").read_bytes())
    for at in range(200, len(whole), 997):
        whole[at] ^= 0xFF
    (tmp_path / "head.npz").write_bytes(whole)

    with pytest.raises(BundleError, match="not a head"):
        read_head(tmp_path / "head.npz")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("vertices", lambda array: array[:10]),
        ("vertices", np.ravel),
        ("vertices", lambda array: array * np.nan),
        ("triangles", lambda array: array + 20_000),
        ("part", lambda array: array + 100),
        ("colours", lambda array: array[1:]),
        ("delta_start", lambda array: array + 5),
        ("delta_vertex", lambda array: np.full_like(array, 65_535)),
        ("delta_cm", lambda array: array[:-1]),
        ("shape_names", lambda array: array[:60]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, name: str, change: Callable[[NDArray[Any]], NDArray[Any]]
) -> None:
    with np.load(FOLDER / "head.npz") as arrays:
        every = {key: arrays[key] for key in arrays.files}
    np.savez(tmp_path / "head.npz", **{**every, name: change(every[name])})

    with pytest.raises(BundleError, match=r"does not fit|not a head"):
        read_head(tmp_path / "head.npz")
