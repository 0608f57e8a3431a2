"""JSON as the published bundles write it, and its values taken with checks.

LF or CRLF, a byte order mark, no final newline: all fine. A key twice in one object is not, since
readers disagree on which one counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.place import Place, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NO_FLOAT32: Final = 2.0**128
"""float32 ends before this; a larger number would become infinity where it is used."""
_NO_INTEGER: Final = 2**31


class Fields:
    """The values of one JSON object."""

    def __init__(self, values: Mapping[str, Any], place: Place) -> None:
        self.values = values
        self.place = place

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def at(self, key: str) -> Place:
        """Return the place of a key's value."""
        return self.place.inside(key)

    def value(self, key: str, expected: str) -> Any:
        """Return the value of a key that must be there."""
        if key not in self.values:
            raise self.at(key).wrong("is missing", expected)
        return self.values[key]

    def fields(self, key: str) -> Fields:
        """Return the object under a key."""
        return as_fields(self.value(key, "an object"), self.at(key))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; one with a default may be absent."""
        if default is not None and key not in self.values:
            return default
        return as_text(self.value(key, "a text"), self.at(key))

    def texts(self, key: str, count: int | None = None) -> tuple[str, ...]:
        """Return a list of texts, `count` of them where that is given."""
        place = self.at(key)
        found = self.entries(key, count)
        return tuple(as_text(each, place.entry(index)) for index, each in enumerate(found))

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, each there once."""
        found, place = self.texts(key), self.at(key)
        for index, each in enumerate(found):
            if each in found[:index]:
                raise place.wrong(f"names {each!r} twice", "every name once")
        return found

    def integer(self, key: str, least: int = 0, most: int = _NO_INTEGER - 1) -> int:
        """Return a whole number in [least, most]."""
        return as_integer(self.value(key, "a whole number"), self.at(key), least, most)

    def integers(self, key: str, count: int, least: int) -> tuple[int, ...]:
        """Return a list of `count` whole numbers, none under `least`."""
        place = self.at(key)
        found = self.entries(key, count)
        return tuple(
            as_integer(each, place.entry(index), least, _NO_INTEGER - 1)
            for index, each in enumerate(found)
        )

    def number(self, key: str) -> float:
        """Return a number that float32 can hold."""
        return as_number(self.value(key, "a number"), self.at(key))

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """Return a list of `count` numbers."""
        place = self.at(key)
        found = self.entries(key, count)
        return tuple(as_number(each, place.entry(index)) for index, each in enumerate(found))

    def flag(self, key: str) -> bool:
        """Return true or false."""
        found = self.value(key, "true or false")
        if not isinstance(found, bool):
            raise self.at(key).wrong(f"is {shown(found)}", "true or false")
        return found

    def entries(self, key: str, count: int | None = None) -> list[Any]:
        """Return a list, of `count` entries where that is given."""
        found = self.value(key, "a list")
        if not isinstance(found, list):
            raise self.at(key).wrong(f"is {shown(found)}", "a list")
        if count is not None and len(found) != count:
            raise self.at(key).wrong(f"has {len(found)} entries", f"{count}")
        return found


def parse_json(content: bytes, file: str) -> Fields:
    """Return the object a JSON file holds.

    Raises:
        BundleError: it is no JSON object in UTF-8, or has a key twice.
    """
    place = Place(file)
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_unique(place),
            parse_constant=_no_number(place),
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise place.wrong(f"is not JSON ({error.msg} at {where})", "a JSON object") from None
    except UnicodeDecodeError as error:
        raise place.wrong(f"is not UTF-8 at byte {error.start}", "JSON in UTF-8") from None
    except (RecursionError, ValueError):  # ValueError: an integer of thousands of digits
        raise place.wrong("is nested too deep or holds an endless number", "plain JSON") from None
    return as_fields(value, place)


def as_fields(value: Any, place: Place) -> Fields:
    """Return an object's fields."""
    if not isinstance(value, dict):
        raise place.wrong(f"is {shown(value)}", "an object")
    return Fields(value, place)


def as_text(value: Any, place: Place) -> str:
    """Return a text that is not empty and can be written as UTF-8."""
    if not isinstance(value, str) or not value:
        raise place.wrong(f"is {shown(value)}", "a text that is not empty")
    if not value.isprintable():
        raise place.wrong(f"is {shown(value)}", "a text without control characters")
    return value


def as_integer(value: Any, place: Place, least: int, most: int) -> int:
    """Return a whole number in [least, most]; 3.0 is one."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(whole, int) or isinstance(whole, bool) or not least <= whole <= most:
        raise place.wrong(f"is {shown(value)}", f"a whole number from {least} to {most}")
    return whole


def as_number(value: Any, place: Place) -> float:
    """Return a number that float32 can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise place.wrong(f"is {shown(value)}", "a number")
    if not abs(value) < _NO_FLOAT32:
        raise place.wrong(f"is {shown(value)}", "a number that fits float32")
    return float(value)


def _unique(place: Place) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise place.inside(key).wrong("is there twice", "every key once in an object")
            found[key] = value
        return found

    return gathered


def _no_number(place: Place) -> Callable[[str], Any]:
    def refuse(constant: str) -> Any:
        raise place.wrong(f"holds {constant}", "numbers of JSON, which are finite")

    return refuse
