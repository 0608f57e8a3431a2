"""Curve tables for tests: random ones that are valid, and mutations that mostly are not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from facewire.mapping.inputs import INPUTS

if TYPE_CHECKING:
    import random

STRANGE_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e-6, 9e-7, 1000, 1000.5, -1001, 10**400, 1e300, "",
    "x", "a" * 64, "a" * 65, "a" * 128, "a" * 129, "é" * 64, "é" * 65, "a\n", "\x7f", "\x80", "any",
    "a2f", "arkit", "1.0.0", "1.0", "jawOpen", "JawOpen", "JAWOPEN", "headYaw", "eyeYawLeft", "sil",
    "SIL", "Curve_0", "Curve_1", "curve_1", "Äußerstes", "äußerstes", [], [1], [0, 1], [1, 0],
    [1, 1], [0, 1, 2], ["L", "R"], ["L", "L"], [["L", "R"]], [[0, 0]], [[0, 0], [1, 1]],
    [[0, 0], [0, 1]], [[i, 0] for i in range(32)], [[i, 0] for i in range(33)], ["Curve_0"],
    ["Curve_0", "sil"], {}, {"jawOpen": 1}, {"JawOpen": 1, "jawOpen": 1}, {"jaw": 1}, {"gain": 1},
    {"gain": 1, "by": "x"}, {"gain": None}, {"of": "jawOpen", "to": "headYaw"}, {"of": "jawOpen"},
    {"of": "jawOpen", "to": "jawOpen", "floor": 0}, {"curve": "sil"}, {"curve": "sil", "sign": 2},
    {"curve": "sil", "sign": -1}, {"name": "new"}, {"name": "SIL"}, {"jawOpen": {"Curve_0": 1}},
    {"jawOpen": {"none": 1}}, {"curves": ["Curve_1"], "limit": 1}, {"Curve_0": 2},
    [{"curves": ["Curve_1"], "limit": 1, "rest": "sil"}], [{"curves": ["sil"], "limit": 1}],
    [{"curves": ["Curve_1"], "limit": 1, "rest": None}], dict.fromkeys(INPUTS[:64], 0.1),
    dict.fromkeys(INPUTS[:65], 0.1), [{"name": f"n{i}"} for i in range(1025)], [[[[[[[1]]]]]]],
    [[[[[[[[1]]]]]]]],
]  # fmt: skip
"""Values at and past the limits of some key; most keys refuse most of them."""
STRANGE_KEYS = [
    "x", "", "name", "from", "ratio", "offset", "response", "range", "by", "why", "mirror", "gain",
    "of", "to", "floor", "curve", "sign", "curves", "limit", "rest", "$schema", "title", "sides",
    "jawOpen", "JawOpen", "eyeYawLeft", "tongueOut", "Curve_0", "curve_0", "sil",
]  # fmt: skip


def table_text(*curves: dict[str, Any], **keys: Any) -> str:
    head = {"schema": "facewire-mapping/1", "name": "test", "version": "1.0.0"}
    return json.dumps({**head, "mouth_close": "arkit", "curves": curves, **keys})


def random_table(dice: random.Random, curves: int = 40) -> dict[str, Any]:
    """Return a valid table in which every kind of rule occurs."""
    rows = [_random_curve(dice, f"Curve_{number}") for number in range(curves)]
    rows += [{"name": "sil"}, {"name": "Äußerstes"}]
    listed = [row["name"] for row in dice.sample(rows[:curves], 2)]
    table: dict[str, Any] = json.loads(table_text(*rows))
    return {
        **table,
        "mouth_close": dice.choice(["arkit", "a2f", "any"]),
        "sides": [["Left", "Right"]],
        "sources": {"ours": "tests"},
        "shares": [
            {"curves": listed, "limit": _gain(dice) ** 2 + 0.01, "rest": "sil"},
            {"curves": [rows[0]["name"]], "limit": 0.5},
        ],
        "drops": {"tongueOut": "no tongue"},
        "sums": {rows[0]["name"]: 1.5},
        "reverse": {"jawOpen": {rows[0]["name"]: 1.25}},
    }


def _random_curve(dice: random.Random, name: str) -> dict[str, Any]:
    curve: dict[str, Any] = {"name": name}
    if dice.random() < 0.9:
        inputs = dice.sample(INPUTS, dice.choice([1, 1, 2, 5]))
        if dice.random() < 0.3:
            inputs += ["eyeLookDownLeft", "eyePitchLeft"]
        curve["from"] = {each: _gain(dice) for each in inputs}
    if dice.random() < 0.3:
        of, to = dice.sample(INPUTS, 2)
        curve["ratio"] = {"of": of, "to": to, "gain": _gain(dice), "floor": abs(_gain(dice)) + 0.1}
    if dice.random() < 0.3:
        curve["offset"] = _gain(dice)
    if dice.random() < 0.3:
        values = sorted(dice.sample(range(-300, 500), dice.randint(2, 6)))
        curve["response"] = [[value / 300, _gain(dice)] for value in values]
    if dice.random() < 0.3:
        curve["range"] = dice.choice([None, [-1, 1], [0, 0.1], [-45.5, 45.5]])
    if dice.random() < 0.3:
        curve |= {"by": "ours", "why": "to \u00e9xercise", "mirror": dice.choice([None, name])}
    return curve


def _gain(dice: random.Random) -> float:
    return dice.choice([1.0, dice.uniform(-2, 2), round(dice.uniform(-1, 1), 2)])


def with_bytes_changed(dice: random.Random, table: bytes) -> bytes:
    """Return a table's text with one to three places replaced, removed or copied elsewhere."""
    pieces = [
        b'"', b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"0", b"-0.0", b"1e3", b"1e-400",
        b"1001", b"1e400", b"NaN", b"null", b"true", b"\\", b"\\u0041", b"\\ud800", b"\xc3\xa9",
        b"\xff", b"\x00", b'"name"', b'"from"', b'"jawOpen"', b'"JawOpen"', b'"limit"', b"{}",
        b"[]",
    ]  # fmt: skip
    changed = bytearray(table)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(changed) + 1)
        end = at + dice.randrange(dice.choice([2, 8]))
        copied = dice.randrange(len(changed) + 1)
        new = [dice.choice(pieces), b"", changed[copied : copied + 20], changed[at : at + 1] * 2]
        changed[at:end] = dice.choice(new)
    return bytes(changed)


def with_a_value_changed(dice: random.Random, table: bytes) -> bytes:
    """Return a table with one value or key of it exchanged, removed or added."""
    whole: dict[str, Any] = json.loads(table)
    inside, place = _any_place(dice, whole)
    if isinstance(inside, list):
        inside[place : place + 1] = dice.choice([[], [dice.choice(STRANGE_VALUES)]])
    elif dice.random() < 0.3:
        moved = inside.pop(place, 1)
        if dice.random() < 0.7:
            inside[dice.choice(STRANGE_KEYS)] = moved
    else:
        inside[place] = dice.choice(STRANGE_VALUES)
    return json.dumps(whole, ensure_ascii=dice.random() < 0.5).encode()


def _any_place(dice: random.Random, whole: dict[str, Any]) -> tuple[Any, Any]:
    """Return a list or object in `whole` and an index or key of it, sometimes a new one."""
    inside: Any = whole
    while True:
        if isinstance(inside, dict):
            place: Any = dice.choice([*inside, dice.choice(STRANGE_KEYS)])
            deeper = inside.get(place)
        else:
            place = dice.randrange(len(inside) + 1)
            deeper = inside[place] if place < len(inside) else None
        if not isinstance(deeper, dict | list) or dice.random() < 0.1:
            return inside, place
        inside = deeper
