"""Write the head as a binary glTF for people: metres, one primitive per part, 68 morph targets.

Offsets are sparse accessors, so no extension is needed to read the file. glTF 2.0, sections 3.6 and
5.1: every accessor begins on a multiple of its component's size, colours are linear.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[np.generic]]

METRES_PER_CM: Final = 0.01
ROUGHNESS: Final = {
    "skin": 0.55, "eyes": 0.08, "lashes": 0.8, "brows": 0.8, "teeth": 0.25, "gums": 0.35,
    "tongue": 0.45, "mouth": 0.6,
}  # fmt: skip
THIN: Final = frozenset(("lashes", "brows"))
"""Parts that are seen from both sides."""

_FLOAT, _USHORT = 5126, 5123
_ARRAY, _ELEMENTS = 34962, 34963
_JSON_CHUNK, _BIN_CHUNK = 0x4E4F534A, 0x004E4942


class _Writer:
    """Collects binary data and the accessors that name it."""

    def __init__(self) -> None:
        self.binary = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, values: NDArray[np.generic], target: int | None = None) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self.binary), "byteLength": values.nbytes,
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        self.binary += values.tobytes()
        self.views.append(view)
        return len(self.views) - 1

    def accessor(self, count: int, component: int, kind: str, **more: Any) -> int:
        self.accessors.append({"componentType": component, "count": count, "type": kind, **more})
        return len(self.accessors) - 1

    def vectors(self, values: NDArray[np.float32], *, bounded: bool = False) -> int:
        more = _bounds(values) if bounded else {}
        view = self.view(values, _ARRAY)
        return self.accessor(len(values), _FLOAT, "VEC3", bufferView=view, **more)

    def offsets(self, count: int, rows: NDArray[np.intp], values: NDArray[np.float32]) -> int:
        """Add one morph target: zero but for some rows."""
        if not len(rows):
            zero = [0.0, 0.0, 0.0]
            return self.accessor(count, _FLOAT, "VEC3", min=zero, max=zero)
        known = values if len(rows) == count else np.concatenate([values, np.zeros((1, 3), "f4")])
        sparse = {
            "count": len(rows),
            "indices": {
                "bufferView": self.view(rows.astype("<u2")), "componentType": _USHORT,
            },
            "values": {"bufferView": self.view(values)},
        }  # fmt: skip
        return self.accessor(count, _FLOAT, "VEC3", sparse=sparse, **_bounds(known))


def glb_bytes(arrays: Arrays) -> bytes:
    """Return the GLB of the arrays of `head.npz`."""
    writer = _Writer()
    names = [str(name) for name in arrays["part_names"]]
    primitives = [_primitive(writer, arrays, part) for part in range(len(names))]
    shapes = [str(name) for name in arrays["shape_names"]]
    document = {
        "asset": {
            "version": "2.0",
            "generator": "facewire.tools.head.build",
            "copyright": "\n".join(str(line) for line in arrays["sources"]),
        },
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "head", "mesh": 0}],
        "meshes": [
            {
                "name": "head",
                "primitives": primitives,
                "weights": [0.0] * len(shapes),
                "extras": {"targetNames": shapes},
            }
        ],
        "materials": [_material(name) for name in names],
        "accessors": writer.accessors,
        "bufferViews": writer.views,
        "buffers": [{"byteLength": len(writer.binary)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary = bytes(writer.binary) + bytes(-len(writer.binary) % 4)
    length = 12 + 8 + len(text) + 8 + len(binary)
    return (
        struct.pack("<4sII", b"glTF", 2, length)
        + struct.pack("<II", len(text), _JSON_CHUNK)
        + text
        + struct.pack("<II", len(binary), _BIN_CHUNK)
        + binary
    )


def _primitive(writer: _Writer, arrays: Arrays, part: int) -> dict[str, Any]:
    triangles = arrays["triangles"][arrays["part"] == part]
    used = np.unique(triangles)
    number = np.full(len(arrays["vertices"]), -1, np.intp)
    number[used] = np.arange(len(used))
    points = np.asarray(arrays["vertices"], np.float64)
    colours = np.asarray(arrays["colours"], np.float64)[used] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    opaque = np.concatenate([linear, np.ones((len(used), 1))], axis=1)
    indices = number[triangles].astype("<u2")
    attributes = {
        "POSITION": writer.vectors((points[used] * METRES_PER_CM).astype("<f4"), bounded=True),
        "NORMAL": writer.vectors(_normals(points[used], number[triangles]).astype("<f4")),
        "COLOR_0": writer.accessor(
            len(used), _USHORT, "VEC4", normalized=True,
            bufferView=writer.view(np.round(opaque * 65535).astype("<u2"), _ARRAY),
        ),
    }  # fmt: skip
    targets = []
    for start, end in zip(arrays["delta_start"][:-1], arrays["delta_start"][1:], strict=True):
        rows = number[arrays["delta_vertex"][int(start) : int(end)]]
        here = rows >= 0
        moved = np.asarray(arrays["delta_cm"][int(start) : int(end)], np.float64)[here]
        metres = (moved * METRES_PER_CM).astype("<f4")
        targets.append({"POSITION": writer.offsets(len(used), rows[here], metres)})
    return {
        "attributes": attributes,
        "indices": writer.accessor(
            indices.size, _USHORT, "SCALAR", bufferView=writer.view(indices, _ELEMENTS)
        ),
        "material": part,
        "targets": targets,
    }


def _normals(points: NDArray[np.float64], triangles: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return float64[V, 3], unit: large triangles count more."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    total = np.zeros_like(points)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], np.cross(b - a, c - a))
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def _material(name: str) -> dict[str, Any]:
    material: dict[str, Any] = {
        "name": name,
        "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": ROUGHNESS[name]},
    }
    return material | ({"doubleSided": True} if name in THIN else {})


def _bounds(values: NDArray[np.float32]) -> dict[str, list[float]]:
    return {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
