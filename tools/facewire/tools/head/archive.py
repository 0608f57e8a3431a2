"""Turn the finished sheet into `head.npz`: the same bytes at every build."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.head.lids import EYE_RADIUS_CM
from facewire.tools.head.sheet import PARTS, SHAPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.lids import Eye
    from facewire.tools.head.lips import LipLine
    from facewire.tools.head.sheet import Sheet

POINT_GRID_CM: Final = 2.0**-12
"""Positions are rounded to this: what differs in the last digits between machines is gone."""
DELTA_GRID_CM: Final = 2.0**-11
SMALLEST_CM: Final = 0.004
"""Offsets shorter than this are noise of the sources and are left out."""


def head_arrays(
    sheet: Sheet,
    line: LipLine,
    eyes: list[Eye],
    pivot: NDArray[np.float64],
    sources: tuple[str, ...],
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of `head.npz`; models/head/README.md says what each holds."""
    triangles, parts = sheet.triangles()
    starts, vertices, deltas = [0], [], []
    for name in SHAPES:
        offsets = np.round(sheet.shape(name) / DELTA_GRID_CM) * DELTA_GRID_CM
        moved = np.flatnonzero(np.linalg.norm(offsets, axis=1) >= SMALLEST_CM)
        vertices.append(moved)
        deltas.append(offsets[moved])
        starts.append(starts[-1] + len(moved))
    arrays: dict[str, NDArray[np.generic]] = {
        "vertices": _on_grid(sheet.points),
        "triangles": triangles,
        "part_names": np.array(PARTS),
        "part": parts,
        "colours": np.round(sheet.colours.clip(0, 1) * 255).astype(np.uint8),
        "shape_names": np.array(SHAPES),
        "delta_start": np.array(starts, np.int32),
        "delta_vertex": np.concatenate(vertices).astype(np.uint16),
        "delta_cm": np.concatenate(deltas).astype(np.float16),
        "inner_lip_upper": line.upper.astype(np.int32),
        "inner_lip_lower": line.lower.astype(np.int32),
        "lip_corners": line.corners.astype(np.int32),
        "eye_centre": _on_grid(np.array([eye.centre for eye in eyes])),
        "eye_radius_cm": np.full(2, EYE_RADIUS_CM, np.float32),
        "neck_pivot": _on_grid(pivot),
        "sources": np.array(sources),
    }
    for eye in eyes:
        arrays[f"lid_upper_{eye.side}"] = eye.upper.astype(np.int32)
        arrays[f"lid_lower_{eye.side}"] = eye.lower.astype(np.int32)
    return arrays


def _on_grid(points: NDArray[np.float64]) -> NDArray[np.float32]:
    # Adding 0 makes the -0.0 of a mirrored middle a plain 0.
    return (np.round(points / POINT_GRID_CM) * POINT_GRID_CM + 0.0).astype(np.float32)


def npz_bytes(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    """Return an NPZ file that holds nothing but the arrays: no time stamps."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.getvalue())
    return packed.getvalue()
