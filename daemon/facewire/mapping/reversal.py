"""Back from a rig's curves to a face row, for the inputs that can be read off the rig."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.mapping.inputs import GAZE_ANGLES, SIGNED_INPUTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.mapping.mapper import MouthClose
    from facewire.mapping.table import CurveRule, MappingTable, Ratio


@dataclass(frozen=True)
class Readback:
    """How an input is read off the rig: input = (sum of gain * curve) / divisor.

    With a ratio, that times max(to, floor): what turns `of / max(to, floor)` round.
    """

    mix: tuple[tuple[str, float], ...]
    divisor: float = 1.0
    ratio: Ratio | None = None
    is_given: bool = False
    """True when the table's `reverse` says so; False when it follows from a rule."""


def readbacks(table: MappingTable) -> dict[str, Readback]:
    """Return input -> how to read it, for those of FACE_CURVES that can be read, in their order."""
    found = {
        **_plain(table),
        **{
            name: Readback(tuple(mix.items()), is_given=True) for name, mix in table.reverse.items()
        },
    }
    for rule in table.curves:
        ratio = rule.ratio
        if ratio is None or rule.terms or rule.response or rule.offset or ratio.of in found:
            continue
        divisor = found.get(ratio.to)
        if divisor is not None and divisor.ratio is None and _moves(rule.limits, ratio.gain, ""):
            found[ratio.of] = Readback(((rule.name, 1.0),), ratio.gain, ratio)
    return {name: found[name] for name in FACE_CURVES if name in found}


def to_face(
    table: MappingTable, rows: NDArray[np.float32]
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return float32[frames, 71] read off a rig, and the inputs that cannot be read and are 0.

    The rows mean by mouthClose what `mouth_close_of` says.

    Args:
        table: The rig.
        rows: float32[frames, curves of the table]; what is not finite reads 0.
    """
    curves = np.asarray(rows, np.float64)
    curves = np.where(np.isfinite(curves), curves, 0.0)
    face = np.zeros((len(curves), len(FACE_CURVES)))
    readable = readbacks(table)
    for name, readback in sorted(readable.items(), key=lambda item: item[1].ratio is not None):
        total = np.zeros(len(curves))
        for curve, gain in readback.mix:
            total += gain * curves[:, table.column[curve]]
        value = total / readback.divisor
        if readback.ratio is not None:
            value *= np.maximum(face[:, CURVE_INDEX[readback.ratio.to]], readback.ratio.floor)
        # One axis of a rig may hold two weights: below zero it is the other one that moves.
        face[:, CURVE_INDEX[name]] = value if name in SIGNED_INPUTS else np.maximum(value, 0.0)
    limit = float(np.finfo(np.float32).max)
    lost = tuple(name for name in FACE_CURVES if name not in readable)
    return np.clip(face, -limit, limit).astype(np.float32), lost


def mouth_close_of(table: MappingTable) -> MouthClose:
    """Return the mouthClose convention of a face row read off the rig."""
    return "a2f" if table.mouth_close == "a2f" else "arkit"


def _plain(table: MappingTable) -> dict[str, Readback]:
    """Return the inputs that feed some curve alone and linearly: the first such curve of each."""
    found: dict[str, Readback] = {}
    for rule in table.curves:
        terms = [term for term in rule.terms if not _is_other_gaze(rule, term.input)]
        if len(terms) != 1 or rule.ratio or rule.response or rule.offset:
            continue
        if _moves(rule.limits, terms[0].gain, terms[0].input):
            found.setdefault(terms[0].input, Readback(((rule.name, 1.0),), terms[0].gain))
    return found


def _is_other_gaze(rule: CurveRule, name: str) -> bool:
    return rule.has_gaze_choice and name in GAZE_ANGLES


def _moves(limits: tuple[float, float] | None, gain: float, name: str) -> bool:
    """Say whether a curve follows its input out of zero within its range, both ways if need be."""
    low, high = limits or (-np.inf, np.inf)
    if not low <= 0.0 <= high or gain == 0.0:
        return False
    if name in SIGNED_INPUTS:
        return low < 0.0 < high
    return high > 0.0 if gain > 0.0 else low < 0.0
