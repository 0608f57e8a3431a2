"""One entry of a table's `curves`, read and checked."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, Literal

from facewire.mapping.fields import Fields, Place, a_kind, a_name, a_number
from facewire.mapping.inputs import INPUTS, known_input
from facewire.mapping.table import CurveRule, Mirror, Ratio, Term

CURVE_KEYS: Final = (
    "name", "from", "ratio", "offset", "response", "range", "by", "why", "mirror",
)  # fmt: skip
MAX_TERMS: Final = 64
MAX_POINTS: Final = 32
MIN_STEP: Final = 1e-6
"""Between two points of a response: the slope of a smaller one can be infinite."""
MIN_FLOOR: Final = 1e-6
"""Of a ratio: what it divides by at least."""


def curve_rule(value: Any, table: Place, number: int) -> CurveRule:
    """Return the rule an entry of `curves` holds.

    Args:
        value: The entry.
        table: The place of the table.
        number: Which entry it is, from 1: what an entry without a name is called.

    Raises:
        MappingError: it breaks a rule of the format.
    """
    name = value.get("name") if isinstance(value, dict) else None
    place = table.inside(f"curve {name!r}" if isinstance(name, str) else f"curve number {number}")
    fields = Fields(value, place, CURVE_KEYS)
    return CurveRule(
        name=a_name(fields.required("name"), fields.at("name")),
        terms=_terms(fields) if "from" in fields else (),
        ratio=_ratio(fields) if "ratio" in fields else None,
        offset=fields.number("offset", 0.0),
        response=_response(fields) if "response" in fields else (),
        limits=_limits(fields) if "range" in fields else (0.0, 1.0),
        by=fields.text("by"),
        why=fields.text("why"),
        mirror=_mirror(fields) if "mirror" in fields else "auto",
    )


def input_name(name: str, place: Place) -> str:
    """Return the input a name means, in camelCase; MappingError with the nearest for none."""
    known = known_input(name)
    if known is None:
        raise place.unknown(
            "input", name, INPUTS, "Inputs are ARKit's names, such as 'jawOpen', and gaze angles."
        )
    return known


def _terms(fields: Fields) -> tuple[Term, ...]:
    place = fields.at("from")
    entries = fields.entries("from")
    if not 0 < len(entries) <= MAX_TERMS:
        raise place.wrong(
            f"names 1 to {MAX_TERMS} inputs, here {len(entries)}.",
            "A curve that stays at rest has no key 'from'.",
        )
    terms = tuple(_term(input_name(name, place), gain, place) for name, gain in entries.items())
    names = [term.input for term in terms]
    for name in names:
        if names.count(name) > 1:
            raise place.wrong(f"the input {name!r} is there twice.", "Add the two gains.")
    return terms


def _term(name: str, value: Any, place: Place) -> Term:
    here = place.inside(repr(name))
    if not isinstance(value, dict):
        return Term(name, a_number(value, here))
    fields = Fields(value, here, ("gain", "by", "why"))
    fields.required("gain")
    return Term(name, fields.number("gain", 0.0), fields.text("by"), fields.text("why"))


def _ratio(fields: Fields) -> Ratio:
    here = fields.at("ratio")
    parts = Fields(fields.value["ratio"], here, ("of", "to", "floor", "gain"))
    parts.required("of")
    parts.required("to")
    floor = parts.number("floor", 0.05)
    if floor < MIN_FLOOR:
        raise parts.at("floor").wrong(f"{floor:g} must be at least {MIN_FLOOR:g}.")
    return Ratio(
        of=input_name(parts.text("of"), parts.at("of")),
        to=input_name(parts.text("to"), parts.at("to")),
        floor=floor,
        gain=parts.number("gain", 1.0),
    )


def _response(fields: Fields) -> tuple[tuple[float, float], ...]:
    place = fields.at("response")
    points = tuple(_pair(point, place) for point in fields.items("response"))
    if not 2 <= len(points) <= MAX_POINTS:
        raise place.wrong(f"has 2 to {MAX_POINTS} points, here {len(points)}.")
    for before, after in pairwise(points):
        if after[0] - before[0] < MIN_STEP:
            raise place.wrong(
                f"the points go from {before[0]:g} to {after[0]:g}.",
                f"The first number of each point must be {MIN_STEP:g} or more above that of the "
                "point before.",
            )
    return points


def _limits(fields: Fields) -> tuple[float, float] | None:
    if fields.value["range"] is None:
        return None
    low, high = _pair(fields.value["range"], fields.at("range"))
    if low >= high:
        raise fields.at("range").wrong(f"goes from {low:g} to {high:g}.", "The lower comes first.")
    return low, high


def _pair(value: Any, place: Place) -> tuple[float, float]:
    numbers = [a_number(each, place) for each in a_kind(value, list, place)]
    if len(numbers) != 2:
        raise place.wrong(f"must hold two numbers, not {len(numbers)}.")
    return numbers[0], numbers[1]


def _mirror(fields: Fields) -> Mirror | Literal["auto"] | None:
    value = fields.value["mirror"]
    here = fields.at("mirror")
    if value is None:
        return None
    if isinstance(value, str):
        return Mirror(a_name(value, here))
    parts = Fields(value, here, ("curve", "sign"))
    sign = parts.number("sign", 1.0)
    if abs(sign) != 1.0:
        raise parts.at("sign").wrong(f"{sign:g} must be 1 or -1.")
    return Mirror(a_name(parts.required("curve"), parts.at("curve")), sign)
