"""The head as code sees it: a mesh in centimetres and 68 shapes to pose it with."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.bundles.shipped import data_folder
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE_NAME: Final = "head.npz"

_SPOILT_ARCHIVE: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError)


@dataclass(frozen=True, eq=False)
class Head:
    """A mesh at rest and its shapes. Centimetres; Y up, the face to +Z, +X its own left."""

    vertices: NDArray[np.float32]
    """float32[V, 3], cm."""
    triangles: NDArray[np.int32]
    """int32[T, 3], counter-clockwise seen from outside."""
    part_names: NDArray[np.str_]
    """U[P]: skin, eyes, lashes, brows, teeth, gums, tongue, mouth."""
    part: NDArray[np.uint8]
    """uint8[T]: index into `part_names`."""
    colours: NDArray[np.uint8]
    """uint8[V, 3], sRGB."""
    shape_names: NDArray[np.str_]
    """U[68]: the 52 ARKit and 16 tongue curves, in Facewire's order."""
    delta_start: NDArray[np.int32]
    """int32[69]: shape i owns rows delta_start[i] to delta_start[i + 1] of the next two."""
    delta_vertex: NDArray[np.uint16]
    """uint16[N]: the vertex moved."""
    delta_cm: NDArray[np.float16]
    """float16[N, 3]: by how much at weight 1, cm."""
    inner_lip_upper: NDArray[np.int32]
    """int32[K]: along the inner edge of the upper lip, from the right corner to the left."""
    inner_lip_lower: NDArray[np.int32]
    """int32[K]: the vertex of the lower lip that each of them touches at rest."""
    lip_corners: NDArray[np.int32]
    """int32[2]: the left and the right corner of the mouth."""
    lid_upper_left: NDArray[np.int32]
    """int32[14]: along the upper lid's edge, from the nose outwards."""
    lid_lower_left: NDArray[np.int32]
    """int32[14]: the vertex that each of them meets in a blink."""
    lid_upper_right: NDArray[np.int32]
    """As for the left eye."""
    lid_lower_right: NDArray[np.int32]
    """As for the left eye."""
    eye_centre: NDArray[np.float32]
    """float32[2, 3], cm: left, right; the eyeballs turn about these."""
    eye_radius_cm: NDArray[np.float32]
    """float32[2]: left, right."""
    neck_pivot: NDArray[np.float32]
    """float32[3], cm: a turn of the whole head pivots here."""
    sources: NDArray[np.str_]
    """U[]: where it comes from and under which licences."""

    @cached_property
    def deltas(self) -> NDArray[np.float32]:
        """float32[68, V * 3]: the shapes as full rows, cm."""
        rows = np.zeros((len(self.shape_names), len(self.vertices), 3), np.float32)
        shape = np.repeat(np.arange(len(self.shape_names)), np.diff(self.delta_start))
        rows[shape, self.delta_vertex] = self.delta_cm
        return rows.reshape(len(rows), -1)

    def posed(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the vertices with the shapes at the given weights.

        Args:
            weights: float32[68] or float32[frames, 68], one per shape, usually in [0, 1].

        Returns:
            float32[V, 3] or float32[frames, V, 3], cm: rest plus the sum of weight times shape.
        """
        weights = np.asarray(weights, np.float32)
        moved = weights @ self.deltas
        return self.vertices + moved.reshape(*weights.shape[:-1], -1, 3)

    def part_vertices(self, *names: str) -> NDArray[np.intp]:
        """Return the vertices that triangles of these parts use, ascending."""
        wanted = np.isin(self.part_names[self.part], names)
        return np.unique(self.triangles[wanted]).astype(np.intp)


def read_head(path: Path) -> Head:
    """Return the head of a file.

    Raises:
        BundleError: it is missing, no NPZ file, or an array of `Head` is not in it or does not fit
            the others.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            head = Head(**{field.name: arrays[field.name] for field in fields(Head)})
        _check_fit(head)
    except (OSError, EOFError, ValueError, KeyError, MemoryError, *_SPOILT_ARCHIVE) as error:
        raise BundleError(
            f"{path} is not a head: {error}.",
            hint="Build it with facewire.tools.head.build, or reinstall Facewire.",
        ) from error
    return head


def _check_fit(head: Head) -> None:
    points, moved = len(head.vertices), len(head.delta_cm)
    starts = head.delta_start
    fits = {
        "vertices": head.vertices.shape == (points, 3) and bool(np.isfinite(head.vertices).all()),
        "triangles": head.triangles.shape[1:] == (3,) and _are_below(head.triangles, points),
        "part": head.part.shape == head.triangles.shape[:1]
        and _are_below(head.part, len(head.part_names)),
        "colours": head.colours.shape == (points, 3),
        "delta_start": starts.shape == (len(head.shape_names) + 1,)
        and (starts[0], starts[-1]) == (0, moved)
        and bool((np.diff(starts) >= 0).all()),
        "delta_vertex": head.delta_vertex.shape == (moved,)
        and _are_below(head.delta_vertex, points),
        "delta_cm": head.delta_cm.shape == (moved, 3) and bool(np.isfinite(head.delta_cm).all()),
    }
    wrong = [name for name, fit in fits.items() if not fit]
    if wrong:
        raise ValueError(f"{wrong[0]} does not fit the other arrays")


def _are_below(numbers: NDArray[np.integer[Any]], count: int) -> bool:
    return numbers.size > 0 and int(numbers.min()) >= 0 and int(numbers.max()) < count


@lru_cache(maxsize=1)
def load_head() -> Head:
    """Return the head that ships with Facewire; read once.

    Raises:
        BundleError: it is missing or spoilt.
    """
    return read_head(data_folder("models") / "head" / FILE_NAME)
