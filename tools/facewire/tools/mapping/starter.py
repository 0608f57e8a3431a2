"""The text of a table to begin with, from the names of a rig's curves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.inputs import SIGNED_INPUTS, mirrored_input
from facewire.mapping.table import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIDES = {"l": "left", "r": "right", "lt": "left", "rt": "right"}
_BY_KEY = {name.lower(): name for name in FACE_CURVES}


def input_called(name: str) -> str | None:
    """Return the input that a rig's curve is called after; None when there is none.

    Case, underscores and prefixes do not matter; L and R stand for sides, in front or behind:
    `Head.eyeBlink_L`, `L_eye_blink` and `EyeBlinkLeft` are all eyeBlinkLeft.
    """
    words = _words(name)
    for start in range(len(words)):
        own = words[start:]
        turned = [*own[1:], own[0]]  # the side may come first
        for order in (own, turned):
            found = _BY_KEY.get("".join(order))
            if found is not None and (order is own or own[0] in _SIDES.values()):
                return found
    return None


def _words(name: str) -> list[str]:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    return [_SIDES.get(word.lower(), word.lower()) for word in words]


def _perhaps(name: str) -> str | None:
    """Return the one input that ends as the name does (`Smile_L`: mouthSmileLeft): a guess."""
    words = _words(name)
    for start in range(len(words)):
        end = words[start:]
        if end[0] in _SIDES.values():
            break
        found = [whole for key, whole in _BY_KEY.items() if key.endswith("".join(end))]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def starter_text(table_name: str, names: Sequence[str]) -> str:
    """Return the JSON of a table for these curves, one curve per line."""
    inputs = {name: input_called(name) for name in names}
    curves = [_curve(name, inputs[name]) for name in names]
    used = set(inputs.values())
    table: dict[str, Any] = {
        "schema": SCHEMA,
        "name": table_name,
        "version": "0.1.0",
        "title": f"{table_name}: say in one line which rig this is",
        "about": "Say for whom this table is and how it is used.",
        "mouth_close": "arkit",
        "sides": [["Left", "Right"], ["left", "right"], ["_L", "_R"], ["_l", "_r"], ["L", "R"]],
        "sources": {"name": "One-to-one, because the curve is called the same."},
        "curves": curves,
    }
    if None in used:
        table["sources"]["ours"] = "Our own choice, by eye."
        table["at_rest"] = "Not looked at yet: no ARKit curve is called like them."
    drops = [name for name in FACE_CURVES if name not in used]
    if drops:
        table["drops"] = dict.fromkeys(drops, "No curve of the rig is called like it.")
    return _written(table)


def _curve(name: str, source: str | None) -> dict[str, Any]:
    if source is None:
        near = _perhaps(name)
        guess = f'"from": {{"{near}": 1}} perhaps' if near else "what moves it"
        return {"name": name, "by": "ours", "why": f"To do: add {guess}, or leave it at rest."}
    rule: dict[str, Any] = {"name": name, "from": {source: 1}}
    if source in SIGNED_INPUTS:
        rule["range"] = None
    if mirrored_input(source) == (source, -1.0):
        rule["mirror"] = {"curve": name, "sign": -1}
    return {**rule, "by": "name"}


def _written(table: Mapping[str, Any]) -> str:
    lines = []
    for key, value in table.items():
        if key == "curves":
            rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in value)
            text = f"[\n{rows}\n  ]"
        elif key == "drops":
            rows = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            text = f"{{\n{rows}\n  }}"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
