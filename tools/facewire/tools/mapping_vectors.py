"""`python -m facewire.tools.mapping_vectors [--check]`: what each table makes of eight face rows.

The C++ tests read the same files. All are little-endian float32 with no header: `faces.bin` holds
8 rows of the 71 face curves and 4 gaze angles; `<table>.bin` holds for each of `VARIANTS` 8 rows of
the table's curves.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.curves import FACE_CURVES
from facewire.bundles.shipped import data_folder
from facewire.mapping.inputs import INPUTS
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table, shipped_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.mapping.table import MappingTable

VARIANTS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"gaze": True},
    {"mouth_close": "a2f"},
    {"mouth_close": "a2f", "gaze": True, "mirror": True},
)
"""How the rows are taken, block by block: the keywords of `CurveMapper`."""

_FRAMES = 8


def faces() -> NDArray[np.float32]:
    """Return float32[8, 75]: at rest, full, four kinds of odd values, and two usual rows."""
    rows = np.zeros((_FRAMES, len(INPUTS)))
    rows[1] = 1.0
    usual = np.array(list(_numbers(4 * len(INPUTS)))).reshape(4, -1)
    rows[2] = usual[0]
    rows[2, ::3], rows[2, 1::9], rows[2, 2::9] = np.nan, np.inf, -np.inf
    rows[3] = -usual[1]
    rows[4] = 1.0 + 4.0 * usual[2]
    rows[5] = np.where(usual[3] < 0.3, -0.0, np.where(usual[3] > 0.8, 1e30, 0.25))
    rows[6] = usual[0] * usual[0] * usual[0]  # most weights of speech are small
    rows[7] = usual[1] * usual[2]
    rows[6:, len(FACE_CURVES) :] = 80.0 * usual[:2, len(FACE_CURVES) :] - 40.0
    return rows.astype(np.float32)


def vectors(table: MappingTable) -> NDArray[np.float32]:
    """Return float32[variants, 8, curves] of a table."""
    rows = faces()
    face, eyes = rows[:, : len(FACE_CURVES)], rows[:, len(FACE_CURVES) :]
    return np.stack([CurveMapper(table, **variant).apply(face, eyes) for variant in VARIANTS])


def outputs() -> dict[str, bytes]:
    """Return the bytes of every file of `mappings/vectors`, by name."""
    wanted = {f"{name}.bin": _bytes(vectors(load_table(name))) for name in shipped_names()}
    return {"faces.bin": _bytes(faces()), **wanted}


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m facewire.tools.mapping_vectors")
    parser.description = "Write mappings/vectors, from which the C++ and Python tests read."
    parser.add_argument("--check", action="store_true", help="change nothing, report differences")
    chosen = parser.parse_args(arguments)
    folder = data_folder("mappings") / "vectors"
    wanted = outputs()
    stale = [folder / name for name, content in wanted.items() if _read(folder / name) != content]
    extra = sorted(path for path in folder.glob("*.bin") if path.name not in wanted)
    if chosen.check:
        for path in [*stale, *extra]:
            print(f"{path.name} differs: run python -m facewire.tools.mapping_vectors")
        return 1 if stale or extra else 0
    folder.mkdir(exist_ok=True)
    for path in stale:
        path.write_bytes(wanted[path.name])
    for path in extra:
        path.unlink()
    print(f"{len(stale)} of {len(wanted)} files written, {len(extra)} removed.")
    return 0


def _numbers(count: int) -> Iterator[float]:
    """Yield numbers in [0, 1) that are the same in every version of numpy."""
    state = 20240
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        yield (state >> 8) / 2**23


def _bytes(values: NDArray[np.float32]) -> bytes:
    return values.astype("<f4").tobytes()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
