"""From face rows to the rows of the rig that a person asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.animation.curves import FACE_CURVES, pascal_case
from facewire.mapping.gains import Gain, apply_gains
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

PLAIN_RIGS = frozenset({"a2f", "a2f_68", "arkit", "arkit_head"})
"""Rigs whose CSV spells the curves as NVIDIA's client does: `blendShapes.JawOpen`."""


class Retarget:
    """Gains per face curve, then a curve table."""

    def __init__(self, rig: str, gains: Mapping[str, Gain]) -> None:
        """Args: `rig` is the name of a shipped table, or the path of a table's JSON file.

        Raises:
            MappingError: there is no such table, or it is not valid.
        """
        self.table = load_table(rig)
        self.curves = self.table.names
        self._gains = gains
        self._mapper = CurveMapper(self.table, gaze=True)

    @property
    def csv_names(self) -> tuple[str, ...]:
        """The curves as the columns of a CSV spell them."""
        if self.table.name in PLAIN_RIGS:
            return tuple(pascal_case(name) for name in self.curves)
        return self.curves

    def rows(
        self, face: NDArray[np.float32], eyes: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """Return float32[frames, curves].

        Args:
            face: float32[frames, 71] in ARKit's mouthClose convention, or as the model has it for
                tables that pass it on.
            eyes: float32[frames, 4] degrees; None reads as zeros.
        """
        tuned = apply_gains(face, FACE_CURVES, self._gains) if self._gains else face
        return self._mapper.apply(tuned, eyes)
