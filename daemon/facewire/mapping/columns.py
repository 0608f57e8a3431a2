"""Where a table's inputs lie in the rows of a source, and the short-cut for plain renames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.mapping.inputs import GAZE_ANGLES, is_eye_look, known_input, mirrored_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.mapping.table import CurveRule, MappingTable, Term

FLOAT32_MAX: Final = 3.4028234663852886e38
"""Holds the values of a curve without a range, so that they can be written as float32."""

ABSENT: Final = (0, 0.0)
"""The column and sign of an input that a source does not have: any column, times zero."""


class Source:
    """The columns of a source's rows: its face curves and, with gaze, four angles after them."""

    def __init__(self, inputs: Sequence[str], *, gaze: bool, mirror: bool, makes_jaw: bool) -> None:
        """Args: `makes_jaw` says that jawOpen is made of mouthClose, even where it is no column."""
        if not inputs:
            raise ValueError("a source has at least one input")
        self._column: dict[str, int] = {}
        for column, name in enumerate(map(known_input, inputs)):
            if name in self._column:
                raise ValueError(f"the input {name!r} is there twice")
            if name is not None and name not in GAZE_ANGLES:  # angles come as `eyes`
                self._column[name] = column
        if gaze:
            self._column.update((name, len(inputs) + k) for k, name in enumerate(GAZE_ANGLES))
        self._gaze = gaze
        self._mirror = mirror
        self._made = {"jawOpen"} if makes_jaw else set()

    def find(self, name: str) -> tuple[int, float] | None:
        """Return the column of an input and the sign to read it with; None: it reads 0."""
        sign = 1.0
        if self._mirror:
            name, sign = mirrored_input(name)
        column = self._column.get(name)
        return None if column is None else (column, sign)

    def terms(self, rule: CurveRule) -> list[Term]:
        """Return the terms of a curve that the source feeds, in their order."""
        skips_looks = self._gaze and rule.has_gaze_choice
        return [
            term
            for term in rule.terms
            if (self.find(term.input) or term.input in self._made)
            and not (skips_looks and is_eye_look(term.input))
        ]


class RenamedColumns:
    """A table whose every curve is one input as it is, or stays at rest: a choice of columns."""

    def __init__(
        self,
        columns: Sequence[int],
        signs: Sequence[float],
        limits: tuple[NDArray[np.float32], NDArray[np.float32]],
        mouth: tuple[int, int, float] | None,
    ) -> None:
        """Args: `mouth` holds the columns of jawOpen and mouthClose and what jawOpen gains."""
        self._columns = np.array(columns, np.intp)
        self._signs = None if min(signs) > 0 else np.array(signs, np.float32)
        self._low, self._high = limits
        self._mouth = mouth

    def apply(self, face: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[frames, curves] of float32[frames, inputs]."""
        finite = np.isfinite(face)
        if not finite.all():
            face = np.where(finite, face, np.float32(0.0))
        if self._mouth is not None:
            face = self._with_jaw(face, *self._mouth)
        rows = face.take(self._columns, axis=1)
        if self._signs is not None:
            rows *= self._signs
        rows += np.float32(0.0)  # -0.0 becomes 0.0, as in the sum of a mix
        np.maximum(rows, self._low, out=rows)
        np.minimum(rows, self._high, out=rows)
        return rows

    @staticmethod
    def _with_jaw(
        face: NDArray[np.float32], jaw_open: int, mouth_close: int, gain: float
    ) -> NDArray[np.float32]:
        # float32 gives what float64 rounded to float32 gives: 53 bits are twice 24 and two more.
        face = face.copy()
        with np.errstate(over="ignore"):  # infinity, which the range holds
            face[:, jaw_open] += np.float32(gain) * face[:, mouth_close]
        if gain < 0:
            face[:, jaw_open] = np.maximum(face[:, jaw_open], np.float32(0.0))
        return face


def renamed_columns(
    table: MappingTable, source: Source, conversion: float
) -> RenamedColumns | None:
    """Return the short-cut for a table of renames; None for any other table.

    Args:
        table: The table.
        source: Where inputs are.
        conversion: What jawOpen gains of mouthClose.
    """
    columns, signs = [], []
    for rule in table.curves:
        terms = source.terms(rule)
        if [term.gain for term in terms] not in ([], [1.0]):
            return None
        if rule.ratio or rule.offset or rule.response:
            return None
        column, sign = (terms and source.find(terms[0].input)) or ABSENT
        columns.append(column)
        signs.append(sign)
    jaw, close = source.find("jawOpen"), source.find("mouthClose")
    if table.shares or (conversion and not (jaw and close)):
        return None
    mouth = (jaw[0], close[0], conversion) if conversion and jaw and close else None
    low, high = limits_of(table.curves)
    return RenamedColumns(columns, signs, (low.astype(np.float32), high.astype(np.float32)), mouth)


def limits_of(rules: Sequence[CurveRule]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return float64[rules] lowest and float64[rules] highest values."""
    limits = [rule.limits or (-FLOAT32_MAX, FLOAT32_MAX) for rule in rules]
    low, high = np.array(limits, np.float64).T
    return low, high
