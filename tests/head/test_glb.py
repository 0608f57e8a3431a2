"""head.glb is a sound glTF 2.0 file that shows the same head."""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from tests.head.kit import SHAPES

from facewire.bundles.shipped import data_folder
from facewire.tools.head import load_head

TYPES: dict[int, np.dtype[Any]] = {5126: np.dtype("<f4"), 5123: np.dtype("<u2")}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


@lru_cache(maxsize=1)
def _parsed() -> tuple[dict[str, Any], bytes]:
    content = (data_folder("models") / "head" / "head.glb").read_bytes()
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    chunks, at = [], 12
    while at < length:
        size, kind = struct.unpack_from("<II", content, at)
        assert size % 4 == 0
        chunks.append((kind, content[at + 8 : at + 8 + size]))
        at += 8 + size
    assert [kind for kind, _ in chunks] == [0x4E4F534A, 0x004E4942]
    return json.loads(chunks[0][1]), chunks[1][1]


def _view(index: int, component: int, count: int) -> np.ndarray:
    document, binary = _parsed()
    view = document["bufferViews"][index]
    kind = TYPES[component]
    assert view["byteOffset"] % kind.itemsize == 0
    assert view["byteLength"] == count * kind.itemsize
    assert view["byteOffset"] + view["byteLength"] <= len(binary)
    return np.asarray(np.frombuffer(binary, kind, count, view["byteOffset"]))


def _read(index: int) -> np.ndarray:
    accessor = _parsed()[0]["accessors"][index]
    width, component = WIDTHS[accessor["type"]], accessor["componentType"]
    count = accessor["count"]
    if "bufferView" in accessor:
        return _view(accessor["bufferView"], component, count * width).reshape(count, width)
    values = np.zeros((count, width), TYPES[component])
    if "sparse" in accessor:
        sparse = accessor["sparse"]
        rows = _view(sparse["indices"]["bufferView"], 5123, sparse["count"])
        assert np.all(np.diff(rows.astype(int)) > 0)
        filled = _view(sparse["values"]["bufferView"], component, sparse["count"] * width)
        values[rows] = filled.reshape(-1, width)
    return np.asarray(values)


def test_targets_carry_the_names_of_the_68_curves() -> None:
    (mesh,) = _parsed()[0]["meshes"]

    assert tuple(mesh["extras"]["targetNames"]) == SHAPES
    assert len(mesh["weights"]) == 68
    assert all(len(primitive["targets"]) == 68 for primitive in mesh["primitives"])


def test_each_part_is_a_primitive_with_a_material_of_its_name() -> None:
    document, _ = _parsed()
    names = [
        document["materials"][primitive["material"]]["name"]
        for primitive in document["meshes"][0]["primitives"]
    ]

    assert names == [str(name) for name in load_head().part_names]


def test_places_shapes_and_triangles_are_those_of_the_npz_in_metres() -> None:
    head = load_head()
    for part, primitive in enumerate(_parsed()[0]["meshes"][0]["primitives"]):
        triangles = head.triangles[head.part == part]
        used = np.unique(triangles)
        points = _read(primitive["attributes"]["POSITION"])
        np.testing.assert_allclose(points, head.vertices[used] / 100, atol=1e-6)
        indices = _read(primitive["indices"]).reshape(-1, 3)
        assert np.array_equal(used[indices], triangles)
        for shape in range(68):
            offsets = _read(primitive["targets"][shape]["POSITION"])
            wanted = head.deltas[shape].reshape(-1, 3)[used] / 100
            np.testing.assert_allclose(offsets, wanted, atol=1e-6)


def test_bounds_of_every_accessor_of_places_are_true() -> None:
    document, _ = _parsed()
    for primitive in document["meshes"][0]["primitives"]:
        indices = [primitive["attributes"]["POSITION"]]
        indices += [target["POSITION"] for target in primitive["targets"]]
        for index in indices:
            accessor, values = document["accessors"][index], _read(index)
            np.testing.assert_allclose(accessor["min"], values.min(0), atol=1e-9)
            np.testing.assert_allclose(accessor["max"], values.max(0), atol=1e-9)


def test_normals_are_unit_and_colours_are_linear() -> None:
    head = load_head()
    primitive = _parsed()[0]["meshes"][0]["primitives"][0]
    normals = _read(primitive["attributes"]["NORMAL"])
    colours = _read(primitive["attributes"]["COLOR_0"]) / 65535
    used = np.unique(head.triangles[head.part == 0])
    srgb = np.where(
        colours[:, :3] <= 0.0031308,
        colours[:, :3] * 12.92,
        1.055 * colours[:, :3] ** (1 / 2.4) - 0.055,
    )

    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-4)
    np.testing.assert_allclose(srgb * 255, head.colours[used], atol=0.1)
    assert np.all(colours[:, 3] == 1.0)


def test_it_says_where_it_comes_from() -> None:
    assert "CC0" in _parsed()[0]["asset"]["copyright"]
