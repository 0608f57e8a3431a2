"""Left and right of a rig: which curve is the other side of which, and whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.mapping.inputs import mirrored_input, same_name
from facewire.mapping.table import CurveRule, Mirror, Ratio, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from facewire.mapping.table import MappingTable

_CLOSE = 1e-9


def mirrors(table: MappingTable) -> dict[str, Mirror | None]:
    """Return the counterpart of every curve; None where the table says that there is none.

    A curve in the middle of the face is its own. What the table does not say follows from its
    `sides`: one occurrence of a side's word in the name, from the end backwards, is replaced by the
    other word; the first result that is a curve is the counterpart.
    """
    by_key = {same_name(name): name for name in table.names}
    return {
        rule.name: Mirror(_other_side(table, rule.name, by_key))
        if rule.mirror == "auto"
        else rule.mirror
        for rule in table.curves
    }


def mirrored_rule(rule: CurveRule, sign: float) -> CurveRule:
    """Return the rule that the curve of the other side has when the two agree; unnamed."""
    ratio = None if rule.ratio is None else _mirrored_ratio(rule.ratio, sign)
    points = tuple((sign * given + 0.0, sign * result + 0.0) for given, result in rule.response)
    limits = rule.limits
    if limits is not None and sign < 0:
        limits = (0.0 - limits[1], 0.0 - limits[0])
    return CurveRule(
        name="",
        terms=tuple(_mirrored_term(term, sign) for term in rule.terms),
        ratio=ratio,
        offset=sign * rule.offset + 0.0,
        response=tuple(sorted(points)),
        limits=limits,
    )


def difference(rule: CurveRule, other: CurveRule) -> str:
    """Say in what two rules differ, apart from names and the order of terms; "" in nothing."""
    ours, theirs = _gains(rule), _gains(other)
    for name in dict.fromkeys((*ours, *theirs)):
        here, there = ours.get(name, 0.0), theirs.get(name, 0.0)
        if abs(here - there) > _CLOSE:
            return f"{name} counts {there:g} where it should count {here:g}"
    if rule.ratio != other.ratio:
        return "the ratios differ"
    if abs(rule.offset - other.offset) > _CLOSE:
        return f"the offset is {other.offset:g} where it should be {rule.offset:g}"
    if rule.response != other.response:
        return "the responses differ"
    if rule.limits != other.limits:
        return "the ranges differ"
    return ""


def _other_side(table: MappingTable, name: str, by_key: Mapping[str, str]) -> str:
    for left, right in table.sides:
        for word, replacement in ((left, right), (right, left)):
            for swapped in _swapped(name, word, replacement):
                found = by_key.get(same_name(swapped))
                if found is not None and found != name:
                    return found
    return name


def _swapped(name: str, word: str, replacement: str) -> Iterator[str]:
    at = name.rfind(word)
    while at >= 0:
        yield name[:at] + replacement + name[at + len(word) :]
        at = name.rfind(word, 0, at + len(word) - 1)


def _mirrored_term(term: Term, sign: float) -> Term:
    name, turned = mirrored_input(term.input)
    return Term(name, term.gain * turned * sign)


def _mirrored_ratio(ratio: Ratio, sign: float) -> Ratio:
    # An input that changes sign cannot be told from one that does not: rigs use weights here.
    return Ratio(
        mirrored_input(ratio.of)[0], mirrored_input(ratio.to)[0], ratio.floor, ratio.gain * sign
    )


def _gains(rule: CurveRule) -> dict[str, float]:
    return {term.input: term.gain for term in rule.terms}
