"""`CurveMapper`: face rows in, rows of a rig's curves out.

Every step is elementwise over frames and adds term by term, in float64, so that a row does not
depend on how many rows come with it, and C++ gives the same bits (no fused multiply-add there).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.columns import Source, renamed_columns
from facewire.mapping.inputs import GAZE_ANGLES
from facewire.mapping.steps import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.mapping.table import CurveRule, MappingTable

MouthClose = Literal["arkit", "a2f"]
"""What a source means by mouthClose: relative to an open jaw, or with the jaw in it."""

_BLOCK_FRAMES: Final = 1024
"""Longer input is mapped in blocks: the float64 work arrays then stay in the cache."""


class CurveMapper:
    """A table made ready for one kind of source; holds no state, so that threads may share it."""

    def __init__(
        self,
        table: MappingTable,
        *,
        inputs: Sequence[str] = FACE_CURVES,
        mouth_close: MouthClose = "arkit",
        gaze: bool = False,
        mirror: bool = False,
    ) -> None:
        """Prepare the table.

        Args:
            table: The rig's curves and their rules.
            inputs: What the columns of a face row are called, in camelCase or PascalCase. Names
                that are no input are passed over; inputs that are not among them read 0.
            mouth_close: What the source means by mouthClose.
            gaze: Whether gaze angles come with the face rows.
            mirror: Swap the sides of the face first.

        Raises:
            ValueError: an input is named twice.
        """
        self.table = table
        self.names = table.names
        """Curve names in the order of a row."""
        self._gaze = gaze and any(map(_reads_angles, table.curves))
        conversion = _conversion(table, mouth_close)
        source = Source(inputs, gaze=self._gaze, mirror=mirror, makes_jaw=bool(conversion))
        self._width = len(inputs)
        renamed = renamed_columns(table, source, conversion)
        self._map = renamed.apply if renamed else compiled(table, source, conversion).apply

    def apply(
        self, face: NDArray[np.float32], eyes: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return float32[frames, len(names)].

        Args:
            face: float32[frames, len(inputs)]; what is not finite reads 0.
            eyes: float32[frames, 4] degrees as `GAZE_ANGLES`, looked at when made with gaze; None
                reads as zeros.

        Raises:
            ValueError: the arrays do not fit the inputs or each other.
        """
        face = np.asarray(face, np.float32)
        if face.ndim != 2 or face.shape[1] != self._width:
            raise ValueError(f"a face row has {self._width} values, not {face.shape[1:]}")
        if self._gaze:
            face = _with_eyes(face, eyes)
        if len(face) <= _BLOCK_FRAMES:
            return self._map(face)
        rows = np.empty((len(face), len(self.names)), np.float32)
        for start in range(0, len(face), _BLOCK_FRAMES):
            rows[start : start + _BLOCK_FRAMES] = self._map(face[start : start + _BLOCK_FRAMES])
        return rows


def _conversion(table: MappingTable, mouth_close: MouthClose) -> float:
    """Return what jawOpen gains of mouthClose: 1 from A2F to ARKit, -1 back, 0 for nothing."""
    if table.mouth_close in ("any", mouth_close):
        return 0.0
    return 1.0 if mouth_close == "a2f" else -1.0


def _reads_angles(rule: CurveRule) -> bool:
    names = [term.input for term in rule.terms]
    if rule.ratio is not None:
        names += [rule.ratio.of, rule.ratio.to]
    return not set(names).isdisjoint(GAZE_ANGLES)


def _with_eyes(face: NDArray[np.float32], eyes: NDArray[np.float32] | None) -> NDArray[np.float32]:
    angles = np.zeros((len(face), 4), np.float32) if eyes is None else np.asarray(eyes, np.float32)
    if angles.shape != (len(face), 4):
        raise ValueError(f"{len(face)} face rows need gaze angles of shape ({len(face)}, 4)")
    return np.concatenate((face, angles), axis=1)
