"""Fields of wire messages: each constructor gives a dataclass field that carries its `Rule`.

`messages.py` reads as a table because of these; `codec` asks the rules, and so do SPEC's tables,
the vector generator and the fuzzers.
"""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from typing import TYPE_CHECKING, Any

from facewire.protocol import limits
from facewire.protocol.rules import (
    BooleanRule,
    EmotionKeysRule,
    IntegerRule,
    IntegersRule,
    ListRule,
    MapRule,
    NumberRule,
    PairRule,
    RecordRule,
    Rule,
    StringRule,
    TreeRule,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME_BYTES = 128
"""UTF-8 bytes of a name inside a list or map."""
MODEL_TEXTS = ("emotion", "provider", "variant")
"""Keys of a model that came with version 1.1: empty where there is nothing to say."""
_U32 = 2**32 - 1
_U53 = 2**53 - 1
_NAME = StringRule(max_bytes=NAME_BYTES)
_NEEDED: Any = MISSING  # no default: the key must be on the wire


def rule_of(cls: type, name: str) -> Rule:
    """Return the rule of field `name` of message class `cls`."""
    return rules_of(cls)[name]


def rules_of(cls: type) -> dict[str, Rule]:
    """Return the rules of all fields of message class `cls`, in wire order."""
    return {item.name: item.metadata["rule"] for item in fields(cls)}


def integer(minimum: int, maximum: int, *, default: Any = _NEEDED, optional: bool = False) -> Any:
    """Whole number in [minimum, maximum]; `optional`: absent reads as None."""
    return _field(IntegerRule(minimum, maximum), default, optional=optional)


def finite(minimum: float, maximum: float, *, default: Any = _NEEDED) -> Any:
    """Finite number in [minimum, maximum]."""
    return _field(NumberRule(minimum, maximum), default)


def boolean(*, default: Any = _NEEDED) -> Any:
    """True or false."""
    return _field(BooleanRule(), default)


def string(
    *,
    max_bytes: int = limits.MAX_STRING_BYTES,
    choices: Sequence[str] = (),
    default: Any = _NEEDED,
) -> Any:
    """UTF-8 text of at most `max_bytes`; one of `choices` when there are some."""
    return _field(StringRule(max_bytes=max_bytes, choices=tuple(choices)), default)


def strings(
    *, max_items: int = 256, known: Sequence[str] = (), default: Sequence[str] | Any = _NEEDED
) -> Any:
    """List of names. `known` ones are for SPEC: a receiver passes over those it does not know."""
    return _list_field(ListRule(_NAME, max_items=max_items, known=tuple(known)), default)


def versions() -> Any:
    """List of (major, minor), at least one."""
    return _field(ListRule(PairRule(0, _U32), min_items=1, max_items=16))


def pair(minimum: int, maximum: int, *, default: Any = _NEEDED) -> Any:
    """Two whole numbers, each in [minimum, maximum]."""
    return _field(PairRule(minimum, maximum), default)


def integers(minimum: int, maximum: int, *, max_items: int, optional: bool = False) -> Any:
    """List of whole numbers, each in [minimum, maximum]."""
    return _field(IntegersRule(minimum, maximum, max_items=max_items), optional=optional)


def float_map(
    *,
    minimum: float = -1e9,
    maximum: float = 1e9,
    default: Mapping[str, float] | Any = _NEEDED,
) -> Any:
    """Names to finite numbers in [minimum, maximum]."""
    return _map_field(MapRule(NumberRule(minimum, maximum), max_items=256), default)


def integer_map() -> Any:
    """Names to whole numbers from 0."""
    return _field(MapRule(IntegerRule(0, _U53), max_items=256))


def rings() -> Any:
    """`to_daemon` and `to_client`, each {path, size_bytes}; None when there are no rings."""
    ring = RecordRule({"path": StringRule(), "size_bytes": IntegerRule(1, limits.MAX_RINGS_BYTES)})
    return _field(RecordRule({"to_daemon": ring, "to_client": ring}), optional=True)


def models() -> Any:
    """List of models: what each is called, is made of, needs and runs on."""
    model = RecordRule(
        {
            "name": StringRule(max_bytes=64),
            "family": StringRule(max_bytes=64),
            "identities": ListRule(StringRule(max_bytes=64), max_items=256),
            "look_ahead_samples": IntegerRule(0, _U32),
            **dict.fromkeys(MODEL_TEXTS, StringRule(max_bytes=64)),
        },
        dict.fromkeys(MODEL_TEXTS, ""),
    )
    return _field(ListRule(model, max_items=256))


def stats() -> Any:
    """Free tree of figures: maps, lists, text, whole and finite numbers, booleans, nil."""
    return _map_field(TreeRule(), {})


def keys() -> Any:
    """Emotion keys: (time in 16 kHz samples, ten weights in [0, 1]), times strictly increasing."""
    return _field(EmotionKeysRule())


def _field(rule: Rule, default: Any = _NEEDED, *, optional: bool = False) -> Any:
    if optional:
        return field(default=None, metadata={"rule": rule})
    return field(default=default, metadata={"rule": rule})


def _list_field(rule: Rule, default: Any) -> Any:
    if default is MISSING:
        return _field(rule)
    return field(default_factory=lambda: list(default), metadata={"rule": rule})


def _map_field(rule: Rule, default: Any) -> Any:
    if default is MISSING:
        return _field(rule)
    return field(default_factory=lambda: dict(default), metadata={"rule": rule})
