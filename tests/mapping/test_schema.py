"""`mappings/schema.json`, for editors, agrees with the reader, which is the authority."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.mapping.kit import content
from tests.mapping.test_reading import CORRUPTIONS

from facewire.animation.curves import pascal_case
from facewire.bundles.shipped import data_folder
from facewire.mapping.inputs import INPUTS
from facewire.mapping.reading import KEYS, MOUTH_MEANINGS
from facewire.mapping.rules import CURVE_KEYS
from facewire.mapping.shipped import shipped_names

SCHEMA = json.loads((data_folder("mappings") / "schema.json").read_bytes())

_SAID = {"description", "title", "default", "$schema", "$defs"}
_KINDS: dict[str, type] = {"object": dict, "array": list, "string": str, "null": type(None)}

ONLY_THE_READER_KNOWS = {
    "two of a name", "an input twice", "a long name", "a tab in a name", "half a character",
    "points that go back", "points too close for a slope", "a range upside down",
    "a mirror of nothing", "a side twice",
    "a sum of nothing", "a share of nothing", "a rest with a rule", "a rest of itself",
    "a reverse of nothing", "a reverse of an angle",
}  # fmt: skip
"""Mistakes that a schema cannot say, or not without saying every name twice."""


def problems(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """Return where a value breaks a schema; knows the words our schema uses, and no others."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return problems(value, SCHEMA["$defs"][name], at)
    if "anyOf" in schema:
        if all(problems(value, option, at) for option in schema["anyOf"]):
            return [f"{at}: none of the kinds it may be"]
        return []
    found = []
    for word, said in schema.items():
        if word not in _SAID:
            found += _broken(word, said, value, schema, at)
    return found


def _broken(word: str, said: Any, value: Any, schema: dict[str, Any], at: str) -> list[str]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    tests: dict[str, Any] = {
        "type": lambda: is_number if said == "number" else isinstance(value, _KINDS[said]),
        "const": lambda: value == said,
        "enum": lambda: value in said,
        "pattern": lambda: not isinstance(value, str) or re.search(said, value) is not None,
        "minLength": lambda: not isinstance(value, str) or len(value) >= said,
        "maxLength": lambda: not isinstance(value, str) or len(value) <= said,
        "minimum": lambda: not is_number or value >= said,
        "maximum": lambda: not is_number or value <= said,
        "exclusiveMinimum": lambda: not is_number or value > said,
        "minItems": lambda: not isinstance(value, list) or len(value) >= said,
        "maxItems": lambda: not isinstance(value, list) or len(value) <= said,
        "uniqueItems": lambda: not isinstance(value, list) or len(set(value)) == len(value),
        "minProperties": lambda: not isinstance(value, dict) or len(value) >= said,
        "maxProperties": lambda: not isinstance(value, dict) or len(value) <= said,
        "required": lambda: not isinstance(value, dict) or set(said) <= set(value),
    }
    if word in tests:
        return [] if tests[word]() else [f"{at}: {word}"]
    return _broken_inside(word, said, value, schema, at)


def _broken_inside(word: str, said: Any, value: Any, schema: dict[str, Any], at: str) -> list[str]:
    inside: list[tuple[str, Any, dict[str, Any]]] = []
    if word == "items":
        entries = value if isinstance(value, list) else []
        inside = [(str(k), each, said) for k, each in enumerate(entries)]
    elif not isinstance(value, dict):
        return []
    elif word == "properties":
        inside = [(key, value[key], said[key]) for key in said if key in value]
    elif word == "propertyNames":
        inside = [(key, key, said) for key in value]
    elif word == "additionalProperties":
        others = [key for key in value if key not in schema.get("properties", {})]
        if said is False:
            return [f"{at}: no key {key}" for key in others]
        inside = [(key, value[key], said) for key in others]
    else:
        raise AssertionError(f"the schema uses {word!r}, which this test does not know")
    return [each for key, part, rule in inside for each in problems(part, rule, f"{at}/{key}")]


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_table_is_as_the_schema_says(name: str) -> None:
    table = json.loads((data_folder("mappings") / f"{name}.json").read_bytes())

    assert problems(table, SCHEMA) == []


def test_the_schema_has_the_readers_keys_and_inputs() -> None:
    defined = SCHEMA["$defs"]

    assert set(SCHEMA["properties"]) == set(KEYS)
    assert set(defined["curve"]["properties"]) == set(CURVE_KEYS)
    assert defined["input"]["anyOf"][0]["enum"] == list(INPUTS)
    assert SCHEMA["properties"]["mouth_close"]["enum"] == list(MOUTH_MEANINGS)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_an_editor_sees_the_mistakes_that_a_schema_can_tell(name: str) -> None:
    whole, _ = CORRUPTIONS[name]

    assert bool(problems(whole, SCHEMA)) == (name not in ONLY_THE_READER_KNOWS)


def test_an_input_in_pascal_case_is_fine_for_both() -> None:
    curve = {"name": "x", "from": {pascal_case("jawOpen"): {"gain": 1, "why": "so"}}}

    assert problems(content(curve), SCHEMA) == []
