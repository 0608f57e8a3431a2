"""A table compiled to a few array operations over [curves, frames], in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.mapping.columns import ABSENT, limits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.mapping.columns import Source
    from facewire.mapping.table import CurveRule, MappingTable, Ratio, Share, Term

    Float64 = NDArray[np.float64]
    Index = NDArray[np.intp]


@dataclass(frozen=True)
class Steps:
    """What `compiled` makes of a table; the curves are sorted by how many terms they have."""

    load: _Load
    offsets: Float64
    mixes: tuple[_Mix, ...]
    ratios: _Ratios | None
    responses: _Responses | None
    low: Float64
    high: Float64
    shares: tuple[_Share, ...]
    order: Index
    """Place in the table -> place in the sorted curves."""

    def apply(self, face: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[frames, curves] of float32[frames, columns of the source]."""
        inputs = self.load.apply(face)
        values = np.empty((len(self.offsets), len(face)), np.float64)
        values[:] = self.offsets
        for mix in self.mixes:
            mix.apply(inputs, values)
        if self.ratios is not None:
            self.ratios.apply(inputs, values)
        if self.responses is not None:
            self.responses.apply(values)
        np.maximum(values, self.low, out=values)
        np.minimum(values, self.high, out=values)
        for share in self.shares:
            share.apply(values)
        rows = np.empty((len(face), len(self.order)), np.float32)
        rows.T[:] = values.take(self.order, axis=0)
        return rows


@dataclass(frozen=True)
class _Load:
    """Picks the inputs that a table reads out of a face row, and converts mouthClose."""

    columns: Index
    signs: Float64 | None
    jaw_open: int
    mouth_close: int
    conversion: float

    def apply(self, face: NDArray[np.float32]) -> Float64:
        """Return float64[inputs, frames]."""
        inputs = np.empty((len(self.columns), len(face)), np.float64)
        inputs[:] = face.take(self.columns, axis=1).T
        finite = np.isfinite(inputs)
        if not finite.all():
            inputs[~finite] = 0.0
        if self.signs is not None:
            inputs *= self.signs
        if self.conversion:
            jaw = inputs[self.jaw_open]
            jaw += self.conversion * inputs[self.mouth_close]
            if self.conversion < 0:
                np.maximum(jaw, 0.0, out=jaw)
        return inputs


@dataclass(frozen=True)
class _Mix:
    """Adds the k-th term of every curve that has so many: those are the first of the sorted."""

    rows: Index
    gains: Float64

    def apply(self, inputs: Float64, values: Float64) -> None:
        added = inputs.take(self.rows, axis=0)
        added *= self.gains
        fed = values[: len(self.rows)]
        fed += added


@dataclass(frozen=True)
class _Ratios:
    """value += gain * clamp(of / max(to, floor), 0, 1) of some curves."""

    places: Index
    of: Index
    to: Index
    floors: Float64
    gains: Float64

    def apply(self, inputs: Float64, values: Float64) -> None:
        part = inputs.take(self.of, axis=0)
        part /= np.maximum(inputs.take(self.to, axis=0), self.floors)
        np.maximum(part, 0.0, out=part)
        np.minimum(part, 1.0, out=part)
        part *= self.gains
        values[self.places] += part


@dataclass(frozen=True)
class _Responses:
    """Piecewise linear curves; short ones repeat their last point, which changes nothing."""

    places: Index
    points: Float64
    """[points, 3, curves, 1]: value, result, and the slope behind it."""

    def apply(self, values: Float64) -> None:
        given = values[self.places]
        result = np.empty_like(given)
        result[:] = self.points[0, 1]
        for at, start, slope in self.points:
            np.copyto(result, start + (given - at) * slope, where=given >= at)
        values[self.places] = result


@dataclass(frozen=True)
class _Share:
    """Scales curves down to a sum; what is left of it goes to another."""

    places: Index
    limit: float
    rest: int | None

    def apply(self, values: Float64) -> None:
        listed = values[self.places]
        total = np.add.accumulate(listed, axis=0)[-1]  # one by one, in their order
        scale = np.ones_like(total)
        np.divide(self.limit, total, out=scale, where=total > self.limit)
        values[self.places] = listed * scale
        if self.rest is not None:
            values[self.rest] = self.limit - np.minimum(np.maximum(total, 0.0), self.limit)


def compiled(table: MappingTable, source: Source, conversion: float) -> Steps:
    """Return the steps of a table for a source.

    Args:
        table: The table.
        source: Where inputs are; those it lacks read 0.
        conversion: What jawOpen gains of mouthClose.
    """
    terms = {rule.name: source.terms(rule) for rule in table.curves}
    rules = sorted(table.curves, key=lambda rule: -len(terms[rule.name]))
    places = {rule.name: place for place, rule in enumerate(rules)}
    inputs = _Inputs(source)
    mixes = _mixes([terms[rule.name] for rule in rules], inputs)
    ratios = _ratios(rules, inputs)
    low, high = limits_of(rules)
    return Steps(
        load=inputs.load(conversion),
        offsets=_column([rule.offset for rule in rules]),
        mixes=mixes,
        ratios=ratios,
        responses=_responses(rules),
        low=low[:, np.newaxis],
        high=high[:, np.newaxis],
        shares=tuple(_share(share, places) for share in table.shares),
        order=np.array([places[name] for name in table.names], np.intp),
    )


class _Inputs:
    """Gives each input that a table reads a row of its own."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows: dict[str, int] = {}
        self._found: list[tuple[int, float]] = []

    def row(self, name: str) -> int:
        """Return the row of an input, which stays zero when the source lacks it."""
        if name not in self._rows:
            self._rows[name] = len(self._found)
            self._found.append(self._source.find(name) or ABSENT)
        return self._rows[name]

    def load(self, conversion: float) -> _Load:
        """Return what loads the rows; to be called last."""
        jaw_open, mouth_close = self.row("jawOpen"), self.row("mouthClose")
        signs = [sign for _, sign in self._found]
        return _Load(
            columns=np.array([column for column, _ in self._found], np.intp),
            signs=None if min(signs) > 0 else _column(signs),
            jaw_open=jaw_open,
            mouth_close=mouth_close,
            conversion=conversion,
        )


def _mixes(terms: Sequence[Sequence[Term]], inputs: _Inputs) -> tuple[_Mix, ...]:
    most = len(terms[0])
    steps = []
    for rank in range(most):
        having = [each[rank] for each in terms if len(each) > rank]
        rows = np.array([inputs.row(term.input) for term in having], np.intp)
        steps.append(_Mix(rows, _column([term.gain for term in having])))
    return tuple(steps)


def _ratios(rules: Sequence[CurveRule], inputs: _Inputs) -> _Ratios | None:
    having: list[tuple[int, Ratio]] = [
        (place, rule.ratio) for place, rule in enumerate(rules) if rule.ratio is not None
    ]
    if not having:
        return None
    return _Ratios(
        places=np.array([place for place, _ in having], np.intp),
        of=np.array([inputs.row(ratio.of) for _, ratio in having], np.intp),
        to=np.array([inputs.row(ratio.to) for _, ratio in having], np.intp),
        floors=_column([ratio.floor for _, ratio in having]),
        gains=_column([ratio.gain for _, ratio in having]),
    )


def _responses(rules: Sequence[CurveRule]) -> _Responses | None:
    having = [(place, rule.response) for place, rule in enumerate(rules) if rule.response]
    if not having:
        return None
    longest = max(len(points) for _, points in having)
    points = [[_point(each, k) for _, each in having] for k in range(longest)]
    columns = np.array(points, np.float64).transpose(0, 2, 1)[..., np.newaxis]
    return _Responses(np.array([place for place, _ in having], np.intp), columns)


def _point(points: Sequence[tuple[float, float]], number: int) -> tuple[float, float, float]:
    if number >= len(points) - 1:
        return (*points[-1], 0.0)
    (x0, y0), (x1, y1) = points[number], points[number + 1]
    return x0, y0, (y1 - y0) / (x1 - x0)


def _share(share: Share, places: dict[str, int]) -> _Share:
    return _Share(
        places=np.array([places[name] for name in share.curves], np.intp),
        limit=share.limit,
        rest=None if share.rest is None else places[share.rest],
    )


def _column(values: Sequence[float]) -> Float64:
    return np.array(values, np.float64).reshape(-1, 1)
