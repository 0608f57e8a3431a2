"""What a header value may be: one small class per kind of field.

A rule's `check` takes what MessagePack gave (or what a caller put into a message), refuses it with
a `ProtocolError`, or returns it in its one Python form (pairs as tuples, numbers as floats).
Wrong types are `malformed`, values outside their range `out_of_range`, too many bytes or items
`too_large`. `words` is the rule in SPEC's language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any, NoReturn

from facewire.protocol import limits
from facewire.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

EMOTION_COUNT = 10
"""Emotions of an A2F emotion vector."""
_U53 = 2**53 - 1


class Rule(ABC):
    """Base of all rules."""

    words: str
    """The rule as SPEC says it."""

    @abstractmethod
    def check(self, value: Any, name: str) -> Any:
        """Return `value` in its one Python form.

        Raises:
            ProtocolError: it breaks the rule; `name` is the header key put into it.
        """

    def to_wire(self, value: Any, name: str) -> Any:
        """Return what the encoder writes of `value`. Raises as `check`."""
        return self.check(value, name)


class IntegerRule(Rule):
    """Whole number in [minimum, maximum]; a boolean or a float is none."""

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.words = f"integer, {range_words(minimum, maximum)}"

    def check(self, value: Any, name: str) -> int:
        """See `Rule.check`."""
        if type(value) is not int:
            _wrong_type(name, "a whole number", value)
        if not self.minimum <= value <= self.maximum:
            _out_of_range(name, self.minimum, self.maximum, value)
        return value


class NumberRule(Rule):
    """Finite number in [minimum, maximum]; integers are taken too, for encoders that shrink 1.0."""

    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.words = f"number, {range_words(minimum, maximum)}"

    def check(self, value: Any, name: str) -> float:
        """See `Rule.check`."""
        if type(value) is not float and type(value) is not int:
            _wrong_type(name, "a number", value)
        if not self.minimum <= value <= self.maximum:  # also false for NaN
            _out_of_range(name, self.minimum, self.maximum, value)
        return float(value)


class BooleanRule(Rule):
    """True or false; 0 and 1 are none."""

    words = "boolean"

    def check(self, value: Any, name: str) -> bool:
        """See `Rule.check`."""
        if type(value) is not bool:
            _wrong_type(name, "true or false", value)
        return value


class StringRule(Rule):
    """Text of at most `max_bytes` UTF-8 bytes, one of `choices` when there are some."""

    def __init__(
        self, *, max_bytes: int = limits.MAX_STRING_BYTES, choices: tuple[str, ...] = ()
    ) -> None:
        self.max_bytes = max_bytes
        self.choices = choices
        quoted = ", ".join(f"`{choice}`" for choice in choices)
        self.words = f"one of {quoted}" if choices else f"string, ≤ {max_bytes} bytes"

    def check(self, value: Any, name: str) -> str:
        """See `Rule.check`."""
        if type(value) is not str:
            _wrong_type(name, "a string", value)
        if len(value) * 4 > self.max_bytes:  # shorter ones fit whatever their characters are
            size_bytes = _utf8_bytes(value, name)
            if size_bytes > self.max_bytes:
                _too_large(name, "UTF-8 bytes", self.max_bytes, size_bytes)
        if self.choices and value not in self.choices:
            raise ProtocolError(
                "out_of_range", f"`{name}` must be one of {', '.join(self.choices)}.", field=name
            )
        return value


class ListRule(Rule):
    """List of values that keep one rule."""

    def __init__(
        self,
        item: Rule,
        *,
        min_items: int = 0,
        max_items: int = limits.MAX_ITEMS,
        known: tuple[str, ...] = (),
    ) -> None:
        self.item = item
        self.min_items = min_items
        self.max_items = max_items
        self.known = known
        some = f"{min_items} to {max_items}" if min_items else f"≤ {max_items}"
        quoted = " (known: " + ", ".join(f"`{name}`" for name in known) + ")" if known else ""
        self.words = f"list of {some} of ({item.words}){quoted}"

    def check(self, value: Any, name: str) -> list[Any]:
        """See `Rule.check`."""
        _check_items(value, name, self.min_items, self.max_items)
        check = self.item.check
        return [check(entry, name) for entry in value]

    def to_wire(self, value: Any, name: str) -> list[Any]:
        """See `Rule.to_wire`."""
        _check_items(value, name, self.min_items, self.max_items)
        return [self.item.to_wire(entry, name) for entry in value]


class IntegersRule(Rule):
    """List of whole numbers; checked in bulk, as `frames` carries one per frame."""

    def __init__(self, minimum: int, maximum: int, *, max_items: int) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.max_items = max_items
        self.words = f"list of ≤ {max_items} of (integer, {range_words(minimum, maximum)})"

    def check(self, value: Any, name: str) -> list[int]:
        """See `Rule.check`."""
        _check_items(value, name, 0, self.max_items)
        if not value:
            return []
        if not set(map(type, value)) <= {int}:
            _wrong_type(name, "a list of whole numbers", value)
        for end in (min(value), max(value)):
            if not self.minimum <= end <= self.maximum:
                _out_of_range(name, self.minimum, self.maximum, end)
        return list(value)


class PairRule(Rule):
    """Two whole numbers in [minimum, maximum], read as a tuple."""

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self._item = IntegerRule(minimum, maximum)
        self.words = f"[integer, integer], each {range_words(minimum, maximum)}"

    def check(self, value: Any, name: str) -> tuple[int, int]:
        """See `Rule.check`."""
        if type(value) not in (list, tuple) or len(value) != 2:
            _wrong_type(name, "two whole numbers", value)
        return self._item.check(value[0], name), self._item.check(value[1], name)


class MapRule(Rule):
    """Names to values that keep one rule."""

    def __init__(self, value: Rule, *, max_items: int) -> None:
        self.value = value
        self.name = StringRule(max_bytes=128)
        self.max_items = max_items
        self.words = f"map of ≤ {max_items} of (string, ≤ 128 bytes → {value.words})"

    def check(self, value: Any, name: str) -> dict[str, Any]:
        """See `Rule.check`."""
        _check_map(value, name, self.max_items)
        return {
            self.name.check(key, name): self.value.check(entry, name)
            for key, entry in value.items()
        }


class RecordRule(Rule):
    """Map with fixed keys; all but those with a default are needed, unknown ones passed over."""

    def __init__(
        self, members: dict[str, Rule], defaults: Mapping[str, object] | None = None
    ) -> None:
        self.members = members
        self.defaults = dict(defaults or {})
        inside = ", ".join(
            f"`{key}`{'?' if key in self.defaults else ''}: {rule.words}"
            for key, rule in members.items()
        )
        self.words = f"map {{{inside}}}"

    def check(self, value: Any, name: str) -> dict[str, Any]:
        """See `Rule.check`."""
        _check_map(value, name, limits.MAX_ITEMS)
        found = {**self.defaults, **value}
        missing = [key for key in self.members if key not in found]
        if missing:
            raise ProtocolError("malformed", f"`{name}` lacks `{missing[0]}`.", field=name)
        return {key: rule.check(found[key], name) for key, rule in self.members.items()}

    def to_wire(self, value: Any, name: str) -> dict[str, Any]:
        """Return the checked map without members that hold their default."""
        return {
            key: entry
            for key, entry in self.check(value, name).items()
            if key not in self.defaults or entry != self.defaults[key]
        }


class EmotionKeysRule(Rule):
    """Emotion keys [time, ten weights], times strictly increasing."""

    def __init__(self) -> None:
        self.time = IntegerRule(0, _U53)
        self.weight = NumberRule(0.0, 1.0)
        self.max_items = limits.MAX_EMOTION_KEYS
        self.words = (
            f"list of 1 to {self.max_items} of [integer, {range_words(0, _U53)}; list of "
            f"{EMOTION_COUNT} of (number, 0 to 1)], times strictly increasing"
        )

    def check(self, value: Any, name: str) -> list[tuple[int, list[float]]]:
        """See `Rule.check`."""
        _check_items(value, name, 1, self.max_items)
        checked = [self._check_key(key, name) for key in value]
        times = [time for time, _ in checked]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ProtocolError("out_of_range", f"Times of `{name}` must increase.", field=name)
        return checked

    def _check_key(self, key: Any, name: str) -> tuple[int, list[float]]:
        if type(key) not in (list, tuple) or len(key) != 2:
            _wrong_type(name, "pairs of time and weights", key)
        time, weights = key
        _check_items(weights, name, EMOTION_COUNT, EMOTION_COUNT)
        return self.time.check(time, name), [self.weight.check(entry, name) for entry in weights]


class TreeRule(Rule):
    """Free map of figures, as deep as a header allows."""

    words = "map of anything: maps, lists, strings, integers, finite numbers, booleans, nil"
    _text = StringRule()

    def check(self, value: Any, name: str) -> dict[str, Any]:
        """See `Rule.check`."""
        if type(value) is not dict:
            _wrong_type(name, "a map", value)
        self._check_node(value, name, limits.MAX_DEPTH - 1)  # the header itself is one level
        return value

    def _check_node(self, value: Any, name: str, levels: int) -> None:
        if type(value) in (dict, list, tuple):
            self._check_branch(value, name, levels)
        elif type(value) is str:
            self._text.check(value, name)
        elif type(value) is float:
            if not isfinite(value):
                raise ProtocolError("out_of_range", f"`{name}` must be finite.", field=name)
        elif type(value) is int:
            if not -(2**63) <= value <= 2**63 - 1:
                _out_of_range(name, -(2**63), 2**63 - 1, value)
        elif value is not None and type(value) is not bool:
            _wrong_type(name, "figures and text", value)

    def _check_branch(self, value: Any, name: str, levels: int) -> None:
        if not levels:
            _too_large(name, "levels", limits.MAX_DEPTH, limits.MAX_DEPTH + 1)
        if len(value) > limits.MAX_ITEMS:
            _too_large(name, "items", limits.MAX_ITEMS, len(value))
        if type(value) is dict:
            for key in value:
                self._text.check(key, name)
        for entry in value.values() if type(value) is dict else value:
            self._check_node(entry, name, levels - 1)


def range_words(minimum: float, maximum: float) -> str:
    """Return the words of a range, such as "0 to 2^53-1"."""
    return f"{_number_words(minimum)} to {_number_words(maximum)}"


def _number_words(value: float) -> str:
    powers: dict[float, str] = {
        2**32 - 1: "2^32-1",
        _U53: "2^53-1",
        2**63 - 1: "2^63-1",
        1e9: "10^9",
        -1e9: "-10^9",
    }
    if value in powers:
        return powers[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check_items(value: Any, name: str, min_items: int, max_items: int) -> None:
    if type(value) not in (list, tuple):
        _wrong_type(name, "a list", value)
    if len(value) > max_items:
        _too_large(name, "items", max_items, len(value))
    if len(value) < min_items:
        raise ProtocolError(
            "out_of_range",
            f"`{name}` needs at least {min_items} items, not {len(value)}.",
            field=name,
            limit=min_items,
            got=len(value),
        )


def _check_map(value: Any, name: str, max_items: int) -> None:
    if type(value) is not dict:
        _wrong_type(name, "a map", value)
    if len(value) > max_items:
        _too_large(name, "entries", max_items, len(value))


def _utf8_bytes(value: str, name: str) -> int:
    try:
        return len(value.encode())
    except UnicodeEncodeError as error:
        raise ProtocolError("malformed", f"`{name}` is not valid Unicode.", field=name) from error


def _wrong_type(name: str, wanted: str, value: Any) -> NoReturn:
    raise ProtocolError(
        "malformed", f"`{name}` must be {wanted}, not {type(value).__name__}.", field=name
    )


def _out_of_range(name: str, minimum: float, maximum: float, value: float) -> NoReturn:
    limit = maximum if value > maximum else minimum
    text = f"`{name}` must be {range_words(minimum, maximum)}, not {value}."
    raise ProtocolError("out_of_range", text, field=name, limit=limit, got=value)


def _too_large(name: str, what: str, limit: int, got: int) -> NoReturn:
    raise ProtocolError(
        "too_large", f"`{name}` has {got} {what}; {limit} are allowed.", field=name,
        limit=limit, got=got,
    )  # fmt: skip
