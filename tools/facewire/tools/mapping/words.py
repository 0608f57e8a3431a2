"""A table's rules in words and short formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.inputs import GAZE_ANGLES, SIGNED_INPUTS
from facewire.mapping.reach import used_inputs
from facewire.mapping.reversal import readbacks

if TYPE_CHECKING:
    from facewire.mapping.table import CurveRule, MappingTable

MOUTH_WORDS = {
    "arkit": "mouthClose is relative to an open jaw (ARKit)",
    "a2f": "mouthClose contains the open jaw (Audio2Face)",
    "any": "mouthClose passes as it comes",
}


def counts(table: MappingTable) -> dict[str, int]:
    """Return how many curves, used inputs and inputs that can be read back a table has."""
    used = used_inputs(table).intersection(FACE_CURVES)
    return {
        "curves": len(table.curves),
        "inputs_used": len(used),
        "inputs": len(FACE_CURVES),
        "read_back": len(readbacks(table)),
    }


def recipe(rule: CurveRule) -> str:
    """Return how a curve is made, such as `0.8 jawOpen - 0.2 mouthFunnel`."""
    parts = [_signed(term.gain, term.input) for term in rule.terms]
    if rule.ratio is not None:
        ratio = rule.ratio
        parts.append(_signed(ratio.gain, f"[{ratio.of} / max({ratio.to}, {ratio.floor:g})]"))
    if rule.offset:
        parts.append(_signed(rule.offset, ""))
    text = " ".join(parts).removeprefix("+ ") or "at rest"
    if rule.response:
        text += "  bent " + " ".join(f"{given:g}:{made:g}" for given, made in rule.response)
    if rule.limits is None:
        text += "  no limits"
    elif rule.limits != (0.0, 1.0):
        text += f"  in {rule.limits[0]:g} to {rule.limits[1]:g}"
    if rule.has_gaze_choice:
        text += "  (the angles when there are any, else the weights)"
    return text


def uses(table: MappingTable, name: str) -> list[tuple[CurveRule, str]]:
    """Return the curves that read an input, each with what they do with it."""
    found = []
    for rule in table.curves:
        gains = [_signed(term.gain, "").removeprefix("+ ") for term in rule.terms
                 if term.input == name]  # fmt: skip
        if gains:
            found.append((rule, f"x {gains[0]}"))
        elif rule.ratio is not None and name in (rule.ratio.of, rule.ratio.to):
            found.append((rule, recipe(rule)))
    return found


def readback_words(table: MappingTable, name: str) -> str:
    """Return how an input is read off the rig; what `convert` does."""
    readback = readbacks(table).get(name)
    if readback is None:
        return "cannot be read back"
    mix = " ".join(_signed(gain, curve) for curve, gain in readback.mix).removeprefix("+ ")
    text = f"is read back as {mix}" + (f" / {readback.divisor:g}" if readback.divisor != 1 else "")
    ratio = readback.ratio
    return text if ratio is None else f"{text} x max({ratio.to}, {ratio.floor:g})"


def unit(name: str) -> str:
    """Return what an input is measured in."""
    if name in GAZE_ANGLES:
        return "degrees"
    return "1 is 50 degrees" if name in SIGNED_INPUTS else "a weight, 0 to 1"


def _signed(gain: float, name: str) -> str:
    amount = "" if abs(gain) == 1.0 and name else f"{abs(gain):g}"
    return f"{'-' if gain < 0 else '+'} {amount}{' ' if amount and name else ''}{name}"
