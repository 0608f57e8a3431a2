"""Values at the edges of each field rule, and values just past them."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any, NamedTuple

from facewire.protocol import limits, rules


class Edge(NamedTuple):
    """A value the rule takes."""

    words: str
    value: Any


class Fault(NamedTuple):
    """A value the rule refuses, and the code of the refusal."""

    words: str
    value: Any
    code: str


class Samples(NamedTuple):
    """What a rule takes and what it refuses; every list is in a fixed order."""

    edges: list[Edge]
    faults: list[Fault]


_NO_NUMBERS = [Fault("a boolean", True, "malformed"), Fault("a string", "1", "malformed")]  # noqa: FBT003
_NOT_FINITE = [
    Fault("NaN", math.nan, "out_of_range"),
    Fault("infinity", math.inf, "out_of_range"),
    Fault("minus infinity", -math.inf, "out_of_range"),
]


@singledispatch
def samples(rule: rules.Rule) -> Samples:
    """Return the samples of a rule; nil and absence are for the caller."""
    raise TypeError(f"no samples for {type(rule).__name__}")


@samples.register
def _(rule: rules.IntegerRule) -> Samples:
    faults = [
        Fault("below its range", rule.minimum - 1, "out_of_range"),
        Fault("above its range", rule.maximum + 1, "out_of_range"),
        Fault("a float", float(max(rule.minimum, 1)), "malformed"),
        *_NO_NUMBERS,
    ]
    return Samples([Edge("lowest", rule.minimum), Edge("highest", rule.maximum)], faults)


@samples.register
def _(rule: rules.NumberRule) -> Samples:
    faults = [
        Fault("below its range", rule.minimum - 0.5, "out_of_range"),
        Fault("above its range", rule.maximum + 0.5, "out_of_range"),
        *_NOT_FINITE,
        *_NO_NUMBERS,
    ]
    edges = [Edge("lowest", rule.minimum), Edge("highest", rule.maximum)]
    return Samples([*edges, Edge("a third", 1 / 3), Edge("smallest denormal", 5e-324)], faults)


@samples.register
def _(_: rules.BooleanRule) -> Samples:
    faults = [Fault("zero", 0, "malformed"), Fault("a string", "true", "malformed")]
    return Samples([Edge("true", True), Edge("false", False)], faults)  # noqa: FBT003


@samples.register
def _(rule: rules.StringRule) -> Samples:
    faults = [Fault("a number", 1, "malformed"), Fault("binary", b"a", "malformed")]
    if rule.choices:
        faults.append(Fault("an unknown choice", "x_other", "out_of_range"))
        return Samples([Edge(f"choice {name}", name) for name in rule.choices], faults)
    faults.append(Fault("too long", "a" * (rule.max_bytes + 1), "too_large"))
    wide = "é" * (rule.max_bytes // 2)
    faults.append(Fault("too long in bytes", wide + "é", "too_large"))
    longest = Edge("longest", "a" * rule.max_bytes)
    return Samples([Edge("empty", ""), longest, Edge("longest, two bytes each", wide)], faults)


@samples.register
def _(rule: rules.ListRule) -> Samples:
    inside = samples(rule.item)
    one, other = inside.edges[0].value, inside.edges[-1].value
    faults = [
        Fault("too many", [one] * (rule.max_items + 1), "too_large"),
        Fault("a map", {}, "malformed"),
        *(Fault(f"with {words}", [one, value], code) for words, value, code in inside.faults),
    ]
    edges = [Edge("two", [one, other])]
    if not isinstance(rule.item, rules.RecordRule):  # records would make the vectors large
        edges.append(Edge("as many as allowed", [one] * rule.max_items))
    if rule.min_items:
        faults.append(Fault("empty", [], "out_of_range"))
    else:
        edges.append(Edge("empty", []))
    return Samples(edges, faults)


@samples.register
def _(rule: rules.IntegersRule) -> Samples:
    edges = [
        Edge("empty", []),
        Edge("lowest and highest", [rule.minimum, rule.maximum]),
        Edge("as many as allowed", [rule.minimum] * rule.max_items),
    ]
    faults = [
        Fault("too many", [rule.minimum] * (rule.max_items + 1), "too_large"),
        Fault("with one below", [rule.maximum, rule.minimum - 1], "out_of_range"),
        Fault("with one above", [rule.maximum + 1, rule.minimum], "out_of_range"),
        Fault("with a float", [rule.minimum, 1.0], "malformed"),
        Fault("with a boolean", [True, 1], "malformed"),
        Fault("a number", 1, "malformed"),
    ]
    return Samples(edges, faults)


@samples.register
def _(rule: rules.PairRule) -> Samples:
    low, high = rule.minimum, rule.maximum
    faults = [
        Fault("one number", [high], "malformed"),
        Fault("three numbers", [high, high, high], "malformed"),
        Fault("below its range", [high, low - 1], "out_of_range"),
        Fault("above its range", [high + 1, high], "out_of_range"),
        Fault("with a boolean", [True, high], "malformed"),
        Fault("with a float", [high, 1.0], "malformed"),
        Fault("a string", "11", "malformed"),
    ]
    return Samples([Edge("lowest", [low, low]), Edge("highest", [high, high])], faults)


@samples.register
def _(rule: rules.MapRule) -> Samples:
    inside = samples(rule.value)
    one = inside.edges[0].value
    edges = [Edge("empty", {}), Edge("its values' edges", dict(inside.edges))]
    faults = [
        Fault("too many", {f"{index:x}": one for index in range(rule.max_items + 1)}, "too_large"),
        Fault("with a long name", {"a" * (rule.name.max_bytes + 1): one}, "too_large"),
        Fault("a list", [], "malformed"),
        *(Fault(f"with {words}", {"a": value}, code) for words, value, code in inside.faults),
    ]
    return Samples(edges, faults)


@samples.register
def _(rule: rules.RecordRule) -> Samples:
    inside = {key: samples(member) for key, member in rule.members.items()}
    needed = {key: found for key, found in inside.items() if key not in rule.defaults}
    least = {key: found.edges[0].value for key, found in needed.items()}
    edges = [Edge("least", least)]
    faults = [Fault("a list", [], "malformed")]
    for key, found in inside.items():
        edges += [Edge(f"{key} {words}", {**least, key: value}) for words, value in found.edges[1:]]
        if key in needed:
            without = {name: value for name, value in least.items() if name != key}
            faults.append(Fault(f"without {key}", without, "malformed"))
        faults += [
            Fault(f"{key} {words}", {**least, key: value}, code)
            for words, value, code in found.faults
        ]
    return Samples(edges, faults)


@samples.register
def _(rule: rules.EmotionKeysRule) -> Samples:
    rest, full = [0.0] * rules.EMOTION_COUNT, [1.0] * rules.EMOTION_COUNT
    edges = [
        Edge("one", [[0, rest]]),
        Edge("two, far apart", [[0, rest], [rule.time.maximum, full]]),
    ]
    # Integer weights keep this one short; they are taken as numbers.
    many = [[time, [0] * rules.EMOTION_COUNT] for time in range(rule.max_items + 1)]
    faults = [
        Fault("empty", [], "out_of_range"),
        Fault("too many", many, "too_large"),
        Fault("at one time", [[5, rest], [5, full]], "out_of_range"),
        Fault("back in time", [[5, rest], [4, full]], "out_of_range"),
        Fault("before the start", [[-1, rest]], "out_of_range"),
        Fault("with nine weights", [[0, rest[1:]]], "out_of_range"),
        Fault("with eleven weights", [[0, [*rest, 0.0]]], "too_large"),
        Fault("without weights", [[0]], "malformed"),
        Fault("with a third member", [[0, rest, 0]], "malformed"),
        Fault("with a float time", [[0.5, rest]], "malformed"),
        *(
            Fault(f"weight {words}", [[0, [value, *rest[1:]]]], code)
            for words, value, code in samples(rule.weight).faults
        ),
    ]
    return Samples(edges, faults)


@samples.register
def _(_: rules.TreeRule) -> Samples:
    deepest: Any = {}
    for _level in range(limits.MAX_DEPTH - 3):  # the header and two maps around are levels too
        deepest = {"a": deepest}
    plain = {"int": -(2**63), "top": 2**63 - 1, "float": 0.1, "text": "né", "no": None, "yes": True}
    edges = [
        Edge("empty", {}),
        Edge("of all kinds", {**plain, "list": [1, 1.0, [], {}]}),
        Edge("deepest", {"a": deepest}),
    ]
    faults = [
        Fault("a list", [], "malformed"),
        Fault("a string", "a", "malformed"),
        Fault("too deep", {"a": {"a": deepest}}, "too_large"),
        Fault("with a huge integer", {"a": 2**63}, "out_of_range"),
        Fault("with binary", {"a": b"a"}, "malformed"),
        *(Fault(f"with {words}", {"a": [value]}, code) for words, value, code in _NOT_FINITE),
    ]
    return Samples(edges, faults)
