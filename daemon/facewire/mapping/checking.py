"""Whether a table that can be read is also complete and consistent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.mapping.inputs import nearest
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.mirrors import difference, mirrored_rule, mirrors
from facewire.mapping.reach import excess, reach, used_inputs
from facewire.mapping.reversal import mouth_close_of, readbacks, to_face

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facewire.mapping.table import CurveRule, MappingTable

_AMOUNT = 0.25
"""Of an input in the round trip: small, so that a gain above 1 does not reach the range's end."""
_SUM_CLOSE = 5e-4


@dataclass(frozen=True)
class Finding:
    """Something about a table; an error makes `facewire mapping check` fail."""

    level: Literal["error", "warning"]
    curve: str
    """The curve or input it is about; "" for the table as a whole."""
    text: str


def check_table(table: MappingTable) -> list[Finding]:
    """Return what is wrong or odd about a table, errors first; [] when all is well."""
    checks: tuple[Callable[[MappingTable], Iterator[Finding]], ...] = (
        _words, _sources, _at_rest, _drops, _movements, _sums, _mirrors, _round_trip,
    )  # fmt: skip
    findings = [finding for check in checks for finding in check(table)]
    return sorted(findings, key=lambda finding: finding.level)


def _words(table: MappingTable) -> Iterator[Finding]:
    for key, text in (("title", table.title), ("about", table.about)):
        if not text.strip():
            yield Finding("warning", "", f"The key {key!r} is empty: nobody learns what it is for.")


def _sources(table: MappingTable) -> Iterator[Finding]:
    used: set[str] = set()
    for rule in table.curves:
        named = [term.by for term in rule.terms if term.by]
        if (rule.is_fed or rule.offset or rule.response) and not rule.by:
            text = "It does not say where its numbers come from: add 'by' with a key of sources."
            yield Finding("error", rule.name, text)
        named.append(rule.by)
        for by in sorted(set(named) - {""} - table.sources.keys()):
            near = nearest(by, table.sources)
            hint = f"; did you mean {near!r}?" if near else ": add it there with a sentence."
            yield Finding("error", rule.name, f"Its 'by' {by!r} is not among the sources{hint}")
        used.update(named)
    for unused in table.sources.keys() - used:
        yield Finding("warning", "", f"No curve has the source {unused!r}.")


def _at_rest(table: MappingTable) -> Iterator[Finding]:
    rests = {share.rest for share in table.shares}
    still = [rule.name for rule in table.curves if not rule.is_fed and rule.name not in rests]
    if still and not table.at_rest.strip():
        more = f" and {len(still) - 1} more" if len(still) > 1 else ""
        text = f"{still[0]!r}{more} stay at rest, and the key 'at_rest' does not say why."
        yield Finding("error", still[0], text)
    if table.at_rest.strip() and not still:
        yield Finding("warning", "", "The key 'at_rest' explains curves that do not exist.")


def _drops(table: MappingTable) -> Iterator[Finding]:
    used = used_inputs(table)
    for name in FACE_CURVES:
        if name not in used and not table.drops.get(name, "").strip():
            text = "It reaches no curve: use it, or give the reason in 'drops'."
            yield Finding("error", name, text)
    for name in table.drops:
        if name in used:
            text = "It is in 'drops', but a curve reads it: take it out of 'drops'."
            yield Finding("warning", name, text)


def _movements(table: MappingTable) -> Iterator[Finding]:
    for rule in table.curves:
        for term in rule.terms:
            if term.gain == 0.0:
                yield Finding("warning", rule.name, f"Its gain of {term.input!r} is zero.")
        low, high = reach(rule)
        if rule.is_fed and high - low < 1e-9:
            yield Finding("error", rule.name, f"No input can move it: it always is {low:g}.")
        if rule.limits is not None and not rule.response:
            # Below the range an offset is a threshold, but only where something gets over it.
            floor = float("-inf") if rule.is_fed else rule.limits[0]
            if not floor <= rule.offset <= rule.limits[1]:
                text = f"Its offset {rule.offset:g} lies outside of its range."
                yield Finding("warning", rule.name, text)


def _sums(table: MappingTable) -> Iterator[Finding]:
    for rule in table.curves:
        total, told = excess(rule), table.sums.get(rule.name)
        if total is None:
            if told is not None:
                yield Finding("warning", rule.name, "It is in 'sums', but stays in its range.")
        elif told is None:
            text = (
                f"Its gains sum to {total:g}, out of its range: lower them, or, if that is meant, "
                f'write "sums": {{"{rule.name}": {total:g}}} beside \'curves\'.'
            )
            yield Finding("error", rule.name, text)
        elif abs(told - total) > _SUM_CLOSE:
            yield Finding("error", rule.name, f"Its gains sum to {total:g}; 'sums' says {told:g}.")


def _mirrors(table: MappingTable) -> Iterator[Finding]:
    found = mirrors(table)
    for rule in table.curves:
        mirror = found[rule.name]
        if mirror is None:
            continue
        back = found[mirror.curve]
        if back is None or (back.curve, back.sign) != (rule.name, mirror.sign):
            to = "no curve" if back is None else f"{back.curve!r}, {back.sign:+g}"
            text = f"It mirrors {mirror.curve!r}, {mirror.sign:+g}, which mirrors {to}."
            yield Finding("error", rule.name, text)
        elif table.column[rule.name] <= table.column[mirror.curve]:
            yield from _disagreement(table, rule, mirror.curve, mirror.sign)


def _disagreement(
    table: MappingTable, rule: CurveRule, other: str, sign: float
) -> Iterator[Finding]:
    text = difference(mirrored_rule(rule, sign), table.rule(other))
    if text:
        if other == rule.name:
            text = (
                f"No curve is its other side, and it is not the mirror of itself: {text}. Name the "
                'other side ("mirror": "…"); if there is none, write "mirror": null.'
            )
        else:
            text = (
                f"It is not the mirror of {other!r}: there {text} "
                '(if that is meant: "mirror": null in both).'
            )
        yield Finding("error", rule.name, text)


def _round_trip(table: MappingTable) -> Iterator[Finding]:
    readable = readbacks(table)
    face = np.zeros((len(readable), len(FACE_CURVES)), np.float32)
    for row, (name, readback) in zip(face, readable.items(), strict=True):
        row[CURVE_INDEX[name]] = _AMOUNT
        if readback.ratio is not None:
            row[CURVE_INDEX[readback.ratio.to]] = 2.0 * _AMOUNT  # a shut jaw leaves no ratio
    rows = CurveMapper(table, mouth_close=mouth_close_of(table)).apply(face)
    wrong = to_face(table, rows)[0] - face
    for name, row in zip(readable, wrong, strict=True):
        own = row[CURVE_INDEX[name]]
        if abs(own) > 1e-4:
            text = f"{_AMOUNT:g} of it is read back as {_AMOUNT + own:.4g}: correct 'reverse'."
            yield Finding("error", name, text)
        row[CURVE_INDEX[name]] = 0.0
        other = int(np.abs(row).argmax())
        if abs(row[other]) > 0.01 and FACE_CURVES[other] in readable:
            text = f"{_AMOUNT:g} of it, read back, adds {row[other]:.2g} to {FACE_CURVES[other]!r}."
            yield Finding("warning", name, text)
