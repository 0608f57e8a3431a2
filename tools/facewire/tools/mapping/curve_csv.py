"""CSV files of curves: what `animate` and NVIDIA's client write, and what phone apps write."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TextIO

import numpy as np

from facewire.mapping.inputs import same_name
from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_PREFIX: Final = "blendShapes."
_BLOCK_ROWS: Final = 512
_NO_CURVES: Final = frozenset({"", "frame", "index", "timecode", "time", "blendshapecount"})
"""Columns of files without the prefix that are no curves, in small letters."""


class CurveFileError(FacewireError):
    """A CSV that cannot be read, or holds no curves."""


@dataclass(frozen=True)
class CurveFile:
    """An open CSV whose header has been read."""

    path: Path
    names: tuple[str, ...]
    """Curves in the order of their columns, without the prefix."""
    columns: tuple[int, ...]
    stamp_column: int | None
    """Where `timeCode` is."""
    width: int
    rows: Iterator[list[str]]

    def without(self, names: Sequence[str]) -> CurveFile:
        """Return the file without some of its curves."""
        kept = [(name, at) for name, at in zip(self.names, self.columns, strict=True)
                if name not in names]  # fmt: skip
        return replace(
            self, names=tuple(name for name, _ in kept), columns=tuple(at for _, at in kept)
        )

    def blocks(self) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Yield time codes as they are written (all "" without any) and float32[rows, curves].

        Raises:
            CurveFileError: a row is too short or long, or a cell is no number.
        """
        stamps: list[str] = []
        values: list[list[float]] = []
        for number, row in enumerate(_lines(self.path, self.rows), 2):
            if not row:
                continue
            if len(row) != self.width:
                text = f"has {len(row)} cells in line {number}, its header {self.width}."
                raise CurveFileError(f"{self.path.name} {text}", hint="Was it cut off?")
            stamps.append("" if self.stamp_column is None else row[self.stamp_column])
            values.append([self._number(row, at, number) for at in self.columns])
            if len(values) == _BLOCK_ROWS:
                yield stamps, _float32(values, len(self.columns))
                stamps, values = [], []
        if values:
            yield stamps, _float32(values, len(self.columns))

    def _number(self, row: list[str], column: int, line: int) -> float:
        try:
            return float(row[column] or "nan")  # what is empty reads 0, as nan does
        except ValueError:
            name = self.names[self.columns.index(column)]
            raise CurveFileError(
                f"{self.path.name}: {row[column][:40]!r} in line {line} is no number.",
                hint=f"It stands in the column of {name!r}.",
            ) from None


@contextmanager
def open_curves(path: Path) -> Iterator[CurveFile]:
    """Open a CSV and read its header.

    Curves are the columns `blendShapes.<Name>`; where there are none of these, all columns but time
    and counters.

    Raises:
        CurveFileError: it cannot be read, or has no curves, or one of them twice.
    """
    try:
        stream = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CurveFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    with stream:
        rows = csv.reader(stream)
        header = next(_lines(path, rows), [])
        prefixed = [at for at, name in enumerate(header) if name.startswith(_PREFIX)]
        bare = [at for at, name in enumerate(header) if same_name(name) not in _NO_CURVES]
        columns = prefixed or bare
        names = tuple(header[at].removeprefix(_PREFIX) for at in columns)
        _check_names(path, names)
        stamps = [at for at, name in enumerate(header) if same_name(name) == "timecode"]
        stamp = stamps[0] if stamps else None
        yield CurveFile(path, names, tuple(columns), stamp, len(header), rows)


class CurveCsvWriter:
    """Writes the layout of `animate`: an index without a name, `timeCode`, the rig's own curves."""

    def __init__(self, stream: TextIO, names: Sequence[str]) -> None:
        self._rows = csv.writer(stream, lineterminator="\n")
        self._rows.writerow(["", "timeCode", *(f"{_PREFIX}{name}" for name in names)])
        self.frames = 0

    def write(self, stamps: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Write one line per row, its values rounded to 1e-6."""
        rounded = np.round(rows.astype(np.float64), 6).tolist()
        for stamp, row in zip(stamps, rounded, strict=True):
            self._rows.writerow([self.frames, stamp, *map(repr, row)])
            self.frames += 1


def _lines(path: Path, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except UnicodeDecodeError:
        raise CurveFileError(f"{path.name} is not a text file.") from None
    except csv.Error as error:
        raise CurveFileError(f"{path.name} is not a CSV file: {error}.") from None
    except OSError as error:
        raise CurveFileError(f"{path} cannot be read: {error.strerror or error}.") from None


def _check_names(path: Path, names: Sequence[str]) -> None:
    if not names:
        raise CurveFileError(
            f"{path.name} holds no curves.",
            hint="Its first line names them, such as `,timeCode,blendShapes.JawOpen`.",
        )
    seen: set[str] = set()
    for name in names:
        if same_name(name) in seen:
            raise CurveFileError(f"{path.name} has the curve {name!r} twice.")
        seen.add(same_name(name))


def _float32(values: list[list[float]], width: int) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what float32 cannot hold is not finite there: it reads 0
        return np.array(values, np.float64).reshape(-1, width).astype(np.float32)
