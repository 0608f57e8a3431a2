"""A CSV of curves read, mapped and written, block by block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.gains import apply_gains
from facewire.mapping.inputs import GAZE_ANGLES, camel_case, known_input, same_name
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reversal import mouth_close_of, to_face
from facewire.tools.atomic import atomic_text
from facewire.tools.mapping.curve_csv import CurveCsvWriter, CurveFileError, open_curves
from facewire.tools.mapping.motion import Motion, listed, unreached
from facewire.tools.mapping.recognition import recognised

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.mapping.gains import Gain
    from facewire.mapping.mapper import MouthClose
    from facewire.mapping.table import MappingTable
    from facewire.tools.mapping.curve_csv import CurveFile

_READ_WELL = 0.01
"""A curve whose motion the face read off the rig explains this well is not lost."""


@dataclass(frozen=True)
class Result:
    """What was written and what a person should know about it."""

    rig: str
    source: str
    """The rig that was read; "" for the face itself."""
    frames: int
    ignored: tuple[str, ...]
    """Columns that are no curves of the source."""
    lost: tuple[str, ...]
    """What moves in the file and has no way into the result."""

    @property
    def notes(self) -> list[str]:
        """What to tell, one line each."""
        notes = []
        if self.ignored:
            of = self.source or "the face"
            notes.append(f"passed over, since they are no curves of {of}: {listed(self.ignored)}")
        if self.lost:
            notes.append(f"lost on the way to {self.rig}: {listed(self.lost)}")
        return notes


def apply_table(
    source: Path,
    table: MappingTable,
    output: Path,
    *,
    gains: Mapping[str, Gain],
    mirror: bool,
    mouth_close: MouthClose,
) -> Result:
    """Write the curves of a rig for a CSV of face curves.

    Raises:
        CurveFileError: the file cannot be read or has none of the face curves.
        OutputError: the result cannot be written.
    """
    with open_curves(source) as file, atomic_text(output) as stream:
        face = _FaceColumns(file)
        mapper = CurveMapper(
            _settled(table),
            inputs=face.names,
            mouth_close=mouth_close,
            gaze=face.has_gaze,
            mirror=mirror,
        )
        writer = CurveCsvWriter(stream, table.names)
        motion = Motion(face.names)
        for stamps, values in file.blocks():
            motion.see(values)
            tuned = apply_gains(values, face.names, gains) if gains else values
            writer.write(stamps, mapper.apply(tuned, face.eyes(values)))
    lost = unreached(motion.moving(), table, mirror=mirror)
    return Result(table.name, "", writer.frames, face.ignored, tuple(lost))


def convert_rig(
    source: Path, rig: MappingTable | None, table: MappingTable, output: Path, *, mirror: bool
) -> Result:
    """Write the curves of `table` for a CSV of the curves of `rig`; None: found by its columns.

    Raises:
        CurveFileError: the file cannot be read or has none of the rig's curves.
        MappingError: no table has the file's columns.
        OutputError: the result cannot be written.
    """
    with open_curves(source) as file, atomic_text(output) as stream:
        columns = _RigColumns(file, rig or recognised(file.names))
        rig = columns.rig
        mapper = CurveMapper(_settled(table), mouth_close=mouth_close_of(rig), mirror=mirror)
        writer = CurveCsvWriter(stream, table.names)
        again = CurveMapper(rig, mouth_close=mouth_close_of(rig))
        unread, read = Motion(rig.names, still=_READ_WELL), Motion(FACE_CURVES)
        for stamps, values in file.blocks():
            rows = columns.rows(values)
            face, _ = to_face(rig, rows)
            unread.see(rows - again.apply(face))
            read.see(face)
            writer.write(stamps, mapper.apply(face))
    lost = (*unread.moving(), *unreached(read.moving(), table, mirror=mirror))
    return Result(table.name, rig.name, writer.frames, columns.ignored, lost)


def _settled(table: MappingTable) -> MappingTable:
    """Return the table with a meaning of mouthClose: nobody can ask a file which one came."""
    return replace(table, mouth_close="arkit") if table.mouth_close == "any" else table


class _FaceColumns:
    """The columns of a file that are inputs."""

    def __init__(self, file: CurveFile) -> None:
        self.ignored = tuple(name for name in file.names if known_input(name) is None)
        if len(self.ignored) == len(file.names):
            raise CurveFileError(
                f"{file.path.name} has none of the 71 face curves, but {listed(self.ignored, 3)}.",
                hint="If these are the curves of a rig: `facewire mapping convert`.",
            )
        self.names = tuple(map(camel_case, file.names))
        self._angles = [self.names.index(name) for name in GAZE_ANGLES if name in self.names]
        self.has_gaze = len(self._angles) == len(GAZE_ANGLES)

    def eyes(self, values: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Return float32[rows, 4] degrees; None when the file lacks an angle."""
        return values[:, self._angles] if self.has_gaze else None


class _RigColumns:
    """The columns of a file that are curves of a rig."""

    def __init__(self, file: CurveFile, rig: MappingTable) -> None:
        self.rig = rig
        places = {same_name(name): place for place, name in enumerate(rig.names)}
        found = [places.get(same_name(name)) for name in file.names]
        self.ignored = tuple(
            name for name, place in zip(file.names, found, strict=True) if place is None
        )
        if len(self.ignored) == len(file.names):
            raise CurveFileError(
                f"{file.path.name} has no curve of {rig.name}, but {listed(file.names, 3)}.",
                hint="Say which rig it is with --from, or leave --from out.",
            )
        self._columns = [at for at, place in enumerate(found) if place is not None]
        self._places = [place for place in found if place is not None]

    def rows(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[rows, curves of the rig]; what the file lacks is zero."""
        rows = np.zeros((len(values), len(self.rig.names)), np.float32)
        rows[:, self._places] = values[:, self._columns]
        return rows
