"""Values over vertices as sums of narrow values times constant matrices: no vertex is computed.

Of a value [batch, frames, width] each stretch of its width is

    sum over terms of (narrow[batch, frames, r] @ matrix[r, width]) * gain + constant

where gain and constant may differ between identities, and the constant between frames, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Double = NDArray[np.float64]

ONE: Final = np.ones((1, 1, 1))
ZERO: Final = np.zeros((1, 1, 1))
_BLOCK: Final = 8192
"""Columns multiplied at once, in float64."""


class NotAffineError(Exception):
    """What was asked of a form is no sum of matrices; the text says what."""


@dataclass(frozen=True)
class Term:
    """(narrow @ matrix) * gain."""

    narrow: str
    """A value of the new network: [batch, `frames`, rows]."""
    frames: int
    """1 where it is the same for all."""
    rows: int
    matrix: NDArray[Any] | None
    """[rows, width]; None: the identity, and the width is `rows`."""
    gain: Double
    """[identities or 1, 1, width or 1]."""

    def columns(self, picked: slice | NDArray[np.int64]) -> Term:
        """Return some of the columns; there is a matrix."""
        assert self.matrix is not None
        gain = self.gain if self.gain.shape[2] == 1 else self.gain[:, :, picked]
        return replace(self, matrix=self.matrix[:, picked], gain=gain)

    def with_matrix(self) -> Term:
        """Return the same with the identity written out."""
        if self.matrix is not None:
            return self
        return replace(self, matrix=np.eye(self.rows, dtype=np.float32))

    def times(self, gain: Double) -> Term:
        """Return the term times [identities or 1, 1, width or 1]."""
        return replace(self, gain=squeezed(self.gain * gain))


@dataclass(frozen=True)
class Stretch:
    """A run of numbers of a frame."""

    width: int
    terms: tuple[Term, ...]
    constant: Double
    """[identities or 1, frames or 1, width or 1]."""

    def columns(self, picked: slice | NDArray[np.int64]) -> Stretch:
        """Return some of the columns."""
        width = len(np.arange(self.width)[picked])
        constant = self.constant if self.constant.shape[2] == 1 else self.constant[:, :, picked]
        whole = width == self.width and isinstance(picked, slice)
        terms = tuple(term if whole else term.with_matrix().columns(picked) for term in self.terms)
        return Stretch(width, terms, constant)

    def times(self, gain: Double) -> Stretch:
        """Return it times [identities or 1, frames or 1, width or 1]; terms want one frame."""
        terms = [] if not np.any(gain) else [term.times(gain) for term in self.terms]
        if terms and gain.shape[1] > 1:
            raise NotAffineError("it scales vertices by another factor in each frame.")
        return Stretch(self.width, tuple(terms), squeezed(self.constant * gain))

    def times_matrix(self, matrix: NDArray[Any]) -> Stretch:
        """Return it @ matrix[width, out], computed in float64."""
        out = matrix.shape[1]
        terms = tuple(_through(term, matrix) for term in self.terms)
        if not np.any(self.constant):
            return Stretch(out, terms, ZERO)
        constant = np.broadcast_to(self.constant, (*self.constant.shape[:2], self.width))
        return Stretch(out, terms, _product(constant, matrix))


@dataclass(frozen=True)
class Form:
    """A value [batch, frames, width]."""

    frames: int
    stretches: tuple[Stretch, ...]

    @property
    def width(self) -> int:
        """Numbers of a frame."""
        return sum(stretch.width for stretch in self.stretches)

    @property
    def is_constant(self) -> bool:
        """Whether nothing of it depends on the sound."""
        return not any(stretch.terms for stretch in self.stretches)

    def each(self, change: Callable[[Stretch, slice], Stretch]) -> Form:
        """Return it with every stretch changed; `change` is told where the stretch lies."""
        changed, start = [], 0
        for stretch in self.stretches:
            changed.append(change(stretch, slice(start, start + stretch.width)))
            start += stretch.width
        return replace(self, stretches=tuple(changed))

    def columns(self, picked: slice | NDArray[np.int64]) -> Form:
        """Return some columns: a run of them, or any of one stretch or another."""
        wanted = np.arange(self.width)[picked]
        found: list[Stretch] = []
        starts = np.cumsum([0, *(stretch.width for stretch in self.stretches)])
        homes = np.searchsorted(starts, wanted, side="right") - 1
        cuts = [0, *(np.flatnonzero(np.diff(homes)) + 1).tolist(), len(wanted)]
        for first, last in pairwise(cuts):
            if first == last:
                continue
            home = int(homes[first])
            inside = wanted[first:last] - starts[home]
            found.append(self.stretches[home].columns(_as_slice(inside)))
        return replace(self, stretches=tuple(found))

    def times(self, gain: Double) -> Form:
        """Return it times [identities or 1, frames or 1, width or 1]."""
        return self.each(lambda stretch, at: stretch.times(columns_of(gain, at)))

    def times_matrix(self, matrix: NDArray[Any]) -> Form:
        """Return it @ matrix[width, out]."""
        start = 0
        found: list[Stretch] = []
        for stretch in self.stretches:
            found.append(stretch.times_matrix(matrix[start : start + stretch.width]))
            start += stretch.width
        return replace(self, stretches=(_sum(found),))

    def plus(self, other: Form) -> Form:
        """Return the sum; either may be one wide or one frame long and is spread then."""
        width = max(self.width, other.width)
        one, two = self.spread(width), other.spread(width)
        starts = sorted({*_ends(one), *_ends(two)})
        stretches, first = [], 0
        for last in starts:
            parts = [each.columns(slice(first, last)) for each in (one, two)]
            stretches.append(_sum([part.stretches[0] for part in parts]))
            first = last
        return Form(max(self.frames, other.frames), tuple(stretches))

    def spread(self, width: int) -> Form:
        """Return it `width` wide: itself, or its only column repeated."""
        if self.width == width:
            return self
        if self.width != 1:
            raise NotAffineError(f"it joins {self.width} numbers with {width}.")
        only = self.stretches[0]
        terms = []
        for term in only.terms:
            matrix = np.ones((1, 1), np.float32) if term.matrix is None else term.matrix
            terms.append(replace(term, matrix=np.broadcast_to(matrix, (term.rows, width))))
        return replace(self, stretches=(Stretch(width, tuple(terms), only.constant),))


def constant_form(values: Double, frames: int, width: int) -> Form:
    """Return a form that is [identities or 1, frames or 1, width or 1] whatever is heard."""
    return Form(frames, (Stretch(width, (), values),))


def side_by_side(forms: Iterable[Form]) -> Form:
    """Return the forms joined along the width."""
    joined = list(forms)
    return Form(
        max(form.frames for form in joined),
        tuple(stretch for form in joined for stretch in form.stretches),
    )


def columns_of(values: Double, at: slice) -> Double:
    """Return the columns of [., ., width or 1]."""
    return values if values.shape[2] == 1 else values[:, :, at]


def squeezed(values: Double) -> Double:
    """Return it with each axis on which all is the same cut down to one."""
    for axis in range(3):
        first = values.take([0], axis=axis)
        if values.shape[axis] > 1 and np.array_equal(np.broadcast_to(first, values.shape), values):
            values = first
    return values


def _as_slice(picked: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Return a run as a slice, of which arrays give views."""
    if np.array_equal(picked, np.arange(picked[0], picked[0] + len(picked))):
        return slice(int(picked[0]), int(picked[0]) + len(picked))
    return picked


def _ends(form: Form) -> list[int]:
    return [int(end) for end in np.cumsum([stretch.width for stretch in form.stretches])]


def _sum(stretches: Sequence[Stretch]) -> Stretch:
    constant = ZERO
    for stretch in stretches:
        if np.any(stretch.constant):
            constant = constant + stretch.constant
    terms = tuple(term for stretch in stretches for term in stretch.terms)
    return Stretch(stretches[0].width, terms, constant)


def _through(term: Term, matrix: NDArray[Any]) -> Term:
    """Return term @ matrix."""
    wide = term.gain.shape[2] > 1
    if wide and term.gain.shape[0] > 1:
        raise NotAffineError("it scales each vertex by its own factor for each identity.")
    outside = ONE if wide else term.gain
    if term.matrix is None:
        if not wide:
            return replace(term, matrix=matrix)
        scaled = matrix * term.gain.reshape(-1, 1)
        return replace(term, matrix=scaled, gain=outside)
    product = np.zeros((term.rows, matrix.shape[1]))
    for start in range(0, matrix.shape[0], _BLOCK):
        at = slice(start, start + _BLOCK)
        left = term.matrix[:, at].astype(np.float64)
        if wide:
            left *= term.gain[0, 0, at]
        product += left @ matrix[at].astype(np.float64)
    return replace(term, matrix=product, gain=outside)


def _product(values: Double, matrix: NDArray[Any]) -> Double:
    found = np.zeros((*values.shape[:2], matrix.shape[1]))
    for start in range(0, matrix.shape[0], _BLOCK):
        at = slice(start, start + _BLOCK)
        found += values[:, :, at] @ matrix[at].astype(np.float64)
    return found
