"""Values of a JSON object, taken with checks whose messages say where in the file they failed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facewire.mapping.inputs import nearest
from facewire.protocol.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_DEPTH: Final = 8
MAX_NUMBER: Final = 1000.0
MAX_NAME_BYTES: Final = 128

_MAX_STEP: Final = 80
_MAX_TEXT: Final = 400
"""Characters that a message takes over from a file, which may hold a name of a million."""

_KINDS: Final = {
    dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number",
    float: "a number", type(None): "null",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where in a file: its name and the way to a value, as a message tells it."""

    file: str
    at: str = ""

    def inside(self, step: str) -> Place:
        """Return the place one step further in."""
        step = _cut(step, _MAX_STEP)
        return Place(self.file, f"{self.at}, {step}" if self.at else step)

    def wrong(self, text: str, hint: str = "") -> MappingError:
        """Return the error to raise; `text` says what is wrong here."""
        where = f"{self.file}: {self.at}" if self.at else self.file
        return MappingError(printable(f"{where}: {_cut(text, _MAX_TEXT)}"), hint=printable(hint))

    def unknown(self, what: str, name: str, known: Iterable[str], otherwise: str) -> MappingError:
        """Return the error for a name that is none of `known`; its hint is the nearest of them."""
        near = nearest(name, known)
        return self.wrong(
            f"there is no {what} {_shown(name)}.",
            hint=f"Did you mean {near!r}?" if near else otherwise,
        )


class Fields:
    """The values of one JSON object whose keys are known."""

    def __init__(self, value: Any, place: Place, keys: Sequence[str]) -> None:
        """Refuse what is no object, and keys that are not among `keys`."""
        self.value: dict[str, Any] = a_kind(value, dict, place)
        self.place = place
        for key in self.value:
            if key not in keys:
                raise place.unknown("key", key, keys, f"Its keys are {', '.join(keys)}.")

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def at(self, key: str) -> Place:
        """Return the place of a key's value."""
        return self.place.inside(f"key {key!r}")

    def required(self, key: str) -> Any:
        """Return the value of a key that must be there."""
        if key not in self.value:
            raise self.place.wrong(f"the key {key!r} is missing.")
        return self.value[key]

    def text(self, key: str) -> str:
        """Return a text; "" when the key is absent."""
        return a_text(self.value.get(key, ""), self.at(key))

    def number(self, key: str, default: float) -> float:
        """Return a number of the allowed size."""
        return a_number(self.value.get(key, default), self.at(key))

    def entries(self, key: str) -> dict[str, Any]:
        """Return an object of any keys; {} when the key is absent."""
        found: dict[str, Any] = a_kind(self.value.get(key, {}), dict, self.at(key))
        return found

    def items(self, key: str) -> list[Any]:
        """Return a list; [] when the key is absent."""
        found: list[Any] = a_kind(self.value.get(key, []), list, self.at(key))
        return found


def a_kind(value: Any, kind: type, place: Place) -> Any:
    """Return a value of this JSON kind."""
    if not isinstance(value, kind):
        found = _KINDS.get(type(value), "something else")
        raise place.wrong(f"must be {_KINDS[kind]}, not {found}.")
    return value


def a_text(value: Any, place: Place) -> str:
    """Return a text that can be written as UTF-8."""
    text: str = a_kind(value, str, place)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise place.wrong("holds half a character (a lone surrogate).")
    return text


def a_name(value: Any, place: Place) -> str:
    """Return the name of a curve: 1 to 128 bytes of UTF-8 with no control character."""
    name = a_text(value, place)
    if not 0 < len(name.encode()) <= MAX_NAME_BYTES:
        raise place.wrong(f"a name has 1 to {MAX_NAME_BYTES} bytes, this one {len(name.encode())}.")
    if any(letter < " " or letter == "\x7f" for letter in name):
        raise place.wrong(f"the name {name!r} holds a control character.")
    return name


def a_number(value: Any, place: Place) -> float:
    """Return a finite number in [-1000, 1000] as a float; -0.0 as 0.0."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise place.wrong(f"must be a number, not {_shown(value)}.")
    if not abs(value) <= MAX_NUMBER:  # true of infinity too, and of integers no float can hold
        raise place.wrong(f"{_shown(value)} is out of range: -{MAX_NUMBER:g} to {MAX_NUMBER:g}.")
    return float(value) + 0.0


def json_value(text: str, place: Place) -> Any:
    """Return what a JSON text holds; duplicate keys and deep nesting are errors.

    Raises:
        MappingError: with line and column, or the key.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique(place), parse_constant=_no_number(place))
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise place.wrong(f"is not JSON: {error.msg} at {at}.", _json_hint(text, error)) from None
    except RecursionError:
        raise place.wrong(f"is nested more than {MAX_DEPTH} deep.") from None
    except ValueError:  # an integer of thousands of digits
        raise place.wrong("holds a number that is far too long.") from None
    _check_depth(value, place, MAX_DEPTH)
    return value


def _unique(place: Place) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            a_text(key, place)
            if key in found:
                owner = f" of {found['name']!r}" if isinstance(found.get("name"), str) else ""
                raise place.wrong(
                    f"the key {_shown(key)}{owner} is there twice in one object.",
                    "Keep one of the two.",
                )
            found[key] = value
        return found

    return gathered


def _no_number(place: Place) -> Callable[[str], Any]:
    def refuse(constant: str) -> Any:
        raise place.wrong(f"{constant} is no number of JSON.")

    return refuse


def _json_hint(text: str, error: json.JSONDecodeError) -> str:
    before = text[: error.pos].rstrip()
    rest = text[error.pos :].lstrip()
    if before.endswith(",") and rest[:1] in {"]", "}", ""}:
        return "JSON allows no comma after the last entry."
    if rest.startswith(("//", "#", "/*")):
        return "JSON has no comments; a curve has a key 'why' for that."
    if error.msg.startswith("Expecting property name") and rest.startswith("'"):
        return 'JSON writes names in double quotes: "jawOpen".'
    return ""


def _check_depth(value: Any, place: Place, left: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if (isinstance(value, dict | list)) and left == 0:
        raise place.wrong(f"is nested more than {MAX_DEPTH} deep.")
    for each in inner:
        _check_depth(each, place, left - 1)


def printable(text: str) -> str:
    """Return a text whose odd characters are written out: none may steer a terminal."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return _cut(text, 60)
