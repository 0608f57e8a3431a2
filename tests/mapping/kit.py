"""Small tables for tests, and the rules of evaluation written as plainly as they can be."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.inputs import GAZE_ANGLES, mirrored_input
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reading import parse_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.mapping.table import CurveRule, MappingTable


def content(*curves: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Return the JSON value of a table with these curves; None leaves a key out."""
    whole = {
        "schema": "facewire-mapping/1",
        "name": "rig",
        "version": "1.0.0",
        "title": "A rig",
        "about": "For tests.",
        "mouth_close": "arkit",
        "sources": {"test": "made up"},
        "curves": list(curves) or [{"name": "open", "from": {"jawOpen": 1}, "by": "test"}],
        **keys,
    }
    return {key: value for key, value in whole.items() if value is not None}


def table(*curves: dict[str, Any], **keys: Any) -> MappingTable:
    """Return a table with these curves."""
    return parse_table(json.dumps(content(*curves, **keys)), "rig.json")


def face(**values: float) -> NDArray[np.float32]:
    """Return float32[1, 71] with some inputs set."""
    row = np.zeros((1, len(FACE_CURVES)), np.float32)
    for name, value in values.items():
        row[0, FACE_CURVES.index(name)] = value
    return row


def mapped(rig: MappingTable, **values: float) -> dict[str, float]:
    """Return what a table makes of one face row, by curve."""
    row = CurveMapper(rig).apply(face(**values))[0]
    return dict(zip(rig.names, row.tolist(), strict=True))


def plainly_mapped(
    rig: MappingTable,
    inputs: Mapping[str, float],
    *,
    mouth_close: str = "arkit",
    gaze: bool = False,
    mirror: bool = False,
) -> list[float]:
    """Return one row by the contract, one Python float at a time: the oracle of the mapper."""
    read = {name: float(np.float32(value)) for name, value in inputs.items()}
    read = {name: value if isfinite(value) else 0.0 for name, value in read.items()}
    read = {
        name: 0.0 if name in GAZE_ANGLES and not gaze else value for name, value in read.items()
    }
    if mirror:
        read = {name: sign * read.get(other, 0.0) for name in (*FACE_CURVES, *GAZE_ANGLES)
                for other, sign in [mirrored_input(name)]}  # fmt: skip
    if rig.mouth_close not in ("any", mouth_close):
        jaw, close = read.get("jawOpen", 0.0), read.get("mouthClose", 0.0)
        read["jawOpen"] = jaw + close if mouth_close == "a2f" else max(jaw - close, 0.0)
    values = {rule.name: _value(rule, read, gaze=gaze) for rule in rig.curves}
    for share in rig.shares:
        total = values[share.curves[0]]
        for name in share.curves[1:]:
            total = total + values[name]
        if total > share.limit:
            for name in share.curves:
                values[name] *= share.limit / total
        if share.rest is not None:
            values[share.rest] = share.limit - min(max(total, 0.0), share.limit)
    return [float(np.float32(value)) for value in values.values()]


def _value(rule: CurveRule, read: Mapping[str, float], *, gaze: bool) -> float:
    value = rule.offset
    for term in rule.terms:
        skipped = term.input.startswith("eyeLook") if gaze else term.input in GAZE_ANGLES
        if not (rule.has_gaze_choice and skipped):
            value = value + term.gain * read.get(term.input, 0.0)
    if rule.ratio is not None:
        quotient = read.get(rule.ratio.of, 0.0) / max(
            read.get(rule.ratio.to, 0.0), rule.ratio.floor
        )
        value = value + rule.ratio.gain * min(max(quotient, 0.0), 1.0)
    if rule.response:
        value = _bent(rule.response, value)
    low, high = rule.limits or (-3.4028234663852886e38, 3.4028234663852886e38)
    return min(max(value, low), high)


def _bent(points: tuple[tuple[float, float], ...], value: float) -> float:
    if value < points[0][0]:
        return points[0][1]
    if value >= points[-1][0]:
        return points[-1][1]
    at = max(index for index, point in enumerate(points) if value >= point[0])
    (x0, y0), (x1, y1) = points[at], points[at + 1]
    return y0 + (value - x0) * ((y1 - y0) / (x1 - x0))
