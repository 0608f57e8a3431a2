from __future__ import annotations

from dataclasses import fields, replace
from functools import singledispatch
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facewire.protocol import limits, messages, rules
from facewire.protocol.codec import Envelope, decode, encode, pack, unpack
from facewire.protocol.fields import rules_of
from facewire.protocol.messages import MESSAGES, Message

SEQUENCES = st.integers(0, messages.U53)
VERSIONS = st.tuples(st.just(limits.PROTOCOL_VERSION[0]), st.integers(0, messages.U32))


@pytest.mark.parametrize("cls", MESSAGES.values(), ids=MESSAGES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawing=st.data())
def test_a_message_comes_back_as_it_was_sent(cls: type[Message], drawing: st.DataObject) -> None:
    message = drawing.draw(message_of(cls))
    sequence = drawing.draw(SEQUENCES)
    version = drawing.draw(VERSIONS)

    header = encode(message, sequence=sequence, version=version)

    for side in sides(cls):
        assert decode(header, to=side) == Envelope(message, sequence, version)
    assert encode(message, sequence=sequence, version=version) == header


@settings(max_examples=40, deadline=None)
@given(drawing=st.data())
def test_a_payload_travels_beside_its_header(drawing: st.DataObject) -> None:
    cls = drawing.draw(st.sampled_from([messages.Audio, messages.Frames]))
    drawn = drawing.draw(message_of(cls))
    inline: Any = replace(drawn, offset=None, length_bytes=None)  # type: ignore[type-var]
    payload = bytes(payload_bytes(inline))

    envelope, found = unpack(pack(inline, payload, sequence=3), to=sides(cls)[0])

    assert envelope == Envelope(inline, 3, limits.PROTOCOL_VERSION)
    assert found == payload


def sides(cls: type[Message]) -> list[Any]:
    return ["daemon"] * cls.TO_DAEMON + ["client"] * cls.TO_CLIENT


def payload_bytes(message: Any) -> int:
    if isinstance(message, messages.Frames):
        return message.payload_bytes
    return int(message.samples) * 2


@st.composite
def message_of(draw: st.DrawFn, cls: type[Message]) -> Message:
    values = {name: draw(values_of(rule)) for name, rule in rules_of(cls).items()}
    names = {item.name for item in fields(cls) if item.default is None}  # type: ignore[arg-type]
    for name in sorted(names - {"offset", "length_bytes"}):
        values[name] = draw(st.none() | st.just(values[name]))
    if cls is messages.OpenStream:
        denominator = draw(st.integers(1, 1_000_000 // limits.MAX_FPS))
        values["fps"] = (
            draw(st.integers(denominator, denominator * limits.MAX_FPS)),
            denominator,
        )
    if cls is messages.Audio:
        values["samples"] = draw(st.integers(1, limits.MAX_AUDIO_BYTES // 8))
        values |= draw(place_of(values["samples"] * draw(st.sampled_from([2, 4, 8]))))
    if cls is messages.Frames:
        values["count"] = max(len(values["timestamps"]), 1)
        values["timestamps"] = values["timestamps"] or [0]
        values["geometry"] = draw(st.tuples(st.integers(0, 64), st.integers(0, 64)))
        sides = 4 * values["eyes"] + 10 * values["emotion"] + 16 * values["jaw"]
        columns = values["curves"] + sides + sum(values["geometry"])
        values |= draw(place_of(values["count"] * columns * 4))
    return cls(**values)


def place_of(size_bytes: int) -> st.SearchStrategy[Any]:
    inline = {"offset": None, "length_bytes": None}
    places = st.integers(0, messages.U53).map(lambda at: {"offset": at, "length_bytes": size_bytes})
    return st.one_of(st.just(inline), places)


@singledispatch
def values_of(rule: rules.Rule) -> st.SearchStrategy[Any]:
    raise TypeError(rule)


@values_of.register
def _(rule: rules.IntegerRule) -> st.SearchStrategy[Any]:
    return st.integers(rule.minimum, rule.maximum)


@values_of.register
def _(rule: rules.NumberRule) -> st.SearchStrategy[Any]:
    return st.floats(rule.minimum, rule.maximum)


@values_of.register
def _(_: rules.BooleanRule) -> st.SearchStrategy[Any]:
    return st.booleans()


@values_of.register
def _(rule: rules.StringRule) -> st.SearchStrategy[Any]:
    if rule.choices:
        return st.sampled_from(rule.choices)
    characters = st.characters(exclude_categories=["Cs"])
    return st.text(characters, max_size=rule.max_bytes // 4)


@values_of.register
def _(rule: rules.ListRule) -> st.SearchStrategy[Any]:
    most = min(rule.max_items, 6)
    return st.lists(values_of(rule.item), min_size=rule.min_items, max_size=most)


@values_of.register
def _(rule: rules.IntegersRule) -> st.SearchStrategy[Any]:
    most = min(rule.max_items, 60)
    return st.lists(st.integers(rule.minimum, rule.maximum), max_size=most)


@values_of.register
def _(rule: rules.PairRule) -> st.SearchStrategy[Any]:
    number = st.integers(rule.minimum, rule.maximum)
    return st.tuples(number, number)


@values_of.register
def _(rule: rules.MapRule) -> st.SearchStrategy[Any]:
    return st.dictionaries(values_of(rule.name), values_of(rule.value), max_size=6)


@values_of.register
def _(rule: rules.RecordRule) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({name: values_of(rule) for name, rule in rule.members.items()})


@values_of.register
def _(rule: rules.EmotionKeysRule) -> st.SearchStrategy[Any]:
    weights = st.lists(
        values_of(rule.weight), min_size=rules.EMOTION_COUNT, max_size=rules.EMOTION_COUNT
    )
    times = st.lists(values_of(rule.time), min_size=1, max_size=8, unique=True).map(sorted)
    return times.flatmap(
        lambda found: st.lists(weights, min_size=len(found), max_size=len(found)).map(
            lambda rows: list(zip(found, rows, strict=True))
        )
    )


@values_of.register
def _(_: rules.TreeRule) -> st.SearchStrategy[Any]:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    node: st.SearchStrategy[Any] = st.none() | st.booleans() | numbers | text
    for _level in range(limits.MAX_DEPTH - 5):
        node = node | st.lists(node, max_size=3) | st.dictionaries(text, node, max_size=3)
    return st.dictionaries(text, node, max_size=4)
