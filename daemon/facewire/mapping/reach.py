"""How far the rules of a table can drive its curves, by their numbers alone."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from facewire.mapping.inputs import GAZE_ANGLES, SIGNED_INPUTS

if TYPE_CHECKING:
    from facewire.mapping.table import CurveRule, MappingTable

_TOLERANCE = 1e-6
_WIDEST_GAZE_DEG = 90.0


def used_inputs(table: MappingTable) -> set[str]:
    """Return the inputs that reach some curve."""
    used = {term.input for rule in table.curves for term in rule.terms if term.gain}
    ratios = [rule.ratio for rule in table.curves if rule.ratio is not None]
    return used | {name for ratio in ratios for name in (ratio.of, ratio.to)}


def excess(rule: CurveRule) -> float | None:
    """Return the sum with which the inputs push a rule out of its range; None when they cannot.

    It is what they reach with every helping input at 1 (angles do not count), above the range or
    the last point of the response; or below the range, but only where that goes below zero:
    elsewhere a negative gain is there to take away from the others.
    """
    low, high = rule.limits or (float("-inf"), float("inf"))
    if rule.response:
        low, high = rule.response[0][0], rule.response[-1][0]
    highest, lowest = _sum(rule, 1.0), -_sum(rule, -1.0)
    if highest > high + _TOLERANCE:
        return highest
    return lowest if low < 0.0 and lowest < low - _TOLERANCE else None


def reach(rule: CurveRule) -> tuple[float, float]:
    """Return the lowest and the highest value a curve can have."""
    low = high = rule.offset
    for term in rule.terms:
        span = _WIDEST_GAZE_DEG if term.input in GAZE_ANGLES else 1.0
        ends = (term.gain * (-span if term.input in SIGNED_INPUTS else 0.0), term.gain * span)
        low, high = low + min(ends), high + max(ends)
    if rule.ratio is not None:
        low, high = low + min(rule.ratio.gain, 0.0), high + max(rule.ratio.gain, 0.0)
    if rule.response:
        inside = [result for given, result in rule.response if low < given < high]
        results = [_response(rule.response, low), _response(rule.response, high), *inside]
        low, high = min(results), max(results)
    floor, ceiling = rule.limits or (low, high)
    return min(max(low, floor), ceiling), min(max(high, floor), ceiling)


def _sum(rule: CurveRule, direction: float) -> float:
    total = direction * rule.offset
    for term in rule.terms:
        if term.input not in GAZE_ANGLES:
            gain = direction * term.gain
            total += abs(gain) if term.input in SIGNED_INPUTS else max(gain, 0.0)
    if rule.ratio is not None:
        total += max(direction * rule.ratio.gain, 0.0)
    return total


def _response(points: tuple[tuple[float, float], ...], value: float) -> float:
    place = bisect_right([given for given, _ in points], value)
    if place in (0, len(points)):
        return points[max(place - 1, 0)][1]
    (x0, y0), (x1, y1) = points[place - 1 : place + 1]
    return y0 + (value - x0) * ((y1 - y0) / (x1 - x0))
