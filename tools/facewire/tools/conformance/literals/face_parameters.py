"""Ranges and defaults of the face parameters, and what their setters refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.face_parameters import (
    FACE_PARAMETERS,
    EyesParameters,
    SkinParameters,
    TeethParameters,
    TongueParameters,
    changed,
)
from facewire.protocol.errors import SettingsError
from facewire.tools.conformance.outcomes import differing, differs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.animation.face_parameters import Group

_EYE_OFFSETS: Final = {
    f"{side}{axis}": f"{side}EyeballRotationOffset{axis}"
    for side in ("right", "left")
    for axis in "XY"
}
"""What the cases call the offsets, and what they are called on the wire."""


def _names(group: str) -> list[str]:
    return [name for name, row in FACE_PARAMETERS.items() if row.group == group]


def _ranges(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    for name, bounds in expected.items():
        row = FACE_PARAMETERS[name]
        found = [row.default, row.minimum, row.maximum]
        wanted = [bounds["default"], bounds["min"], bounds["max"]]
        yield differing(np.array(found, np.float32), np.array(wanted, np.float32))


def _answer(parameters: Group, changes: dict[str, float]) -> str:
    try:
        changed(parameters, changes)
    except SettingsError as error:
        return "not_a_number" if "is not a number" in error.text else "out_of_range"
    return "ok"


def _skin(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    # As the SDK's Init: what a bundle brings is not checked.
    given = {FACE_PARAMETERS[name].attribute: value for name, value in inputs["initial"].items()}
    parameters = SkinParameters(**given)
    found = [_answer(parameters, {name: float(value)}) for name, value in inputs["sets"]]
    yield differs(found, expected["results"])


def _tongue(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    names = _names("tongue")
    initial = dict(zip(names, inputs["initial"], strict=True))
    parameters = changed(TongueParameters(), initial)
    found = [
        _answer(
            parameters, dict(zip(names, value, strict=True)) if name == "all" else {name: value}
        )
        for name, value in inputs["sets"]
    ]
    yield differs(found, expected["results"])


def _teeth(inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    names = _names("teeth")
    parameters = changed(TeethParameters(), dict(zip(names, inputs["valid"], strict=True)))
    found = [_answer(parameters, {name: value}) for name, value in inputs["invalid"]]
    yield differs(found, ["out_of_range"] * len(inputs["invalid"]))


def _eyes(inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    valid = dict(zip(_names("eyes"), inputs["valid"], strict=True))
    parameters = changed(EyesParameters(eyeballs_strength=-1.0), valid)
    found = [
        _answer(parameters, {_EYE_OFFSETS.get(name, name): value})
        for name, value in inputs["invalid"]
    ]
    yield differs(found, ["out_of_range"] * len(inputs["invalid"]))


COMPARED: Final = {
    "range_": _ranges,
    "skin_setter_validation": _skin,
    "tongue_setter_validation": _tongue,
    "teeth_setter_validation": _teeth,
    "eyes_setter_validation": _eyes,
}
