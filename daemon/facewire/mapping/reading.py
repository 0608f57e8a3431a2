"""Curve tables out of JSON files.

What is misspelt, out of limits or cannot be evaluated is refused here, with the place and the
nearest known name. Whether a table is complete and consistent is another question: `checking`.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.fields import Fields, Place, a_kind, a_name, a_number, a_text, json_value
from facewire.mapping.inputs import same_name
from facewire.mapping.rules import curve_rule, input_name
from facewire.mapping.table import SCHEMA, MappingTable, MouthMeaning, Share
from facewire.protocol.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from facewire.mapping.table import CurveRule

MAX_FILE_BYTES: Final = 1024 * 1024
MAX_CURVES: Final = 1024

KEYS: Final = (
    "$schema", "schema", "name", "version", "title", "about", "mouth_close", "sides", "sources",
    "curves", "at_rest", "drops", "sums", "shares", "reverse",
)  # fmt: skip
"""`$schema` is for editors: it names `mappings/schema.json`."""
MOUTH_MEANINGS: Final = ("arkit", "a2f", "any")
NAME_PATTERN: Final = "[a-z][a-z0-9_]{0,63}"

_VERSION_PATTERN: Final = r"[0-9]+\.[0-9]+\.[0-9]+"


def read_table(path: str | Path) -> MappingTable:
    """Return the table of a JSON file.

    Raises:
        MappingError: it cannot be read, is not JSON, or breaks a rule of the format.
    """
    path = Path(path)
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise MappingError(
                    f"{path} is not a file.", hint="A curve table is a file that ends in .json."
                )
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise MappingError(
            f"{path} cannot be read: {error.strerror or error}.",
            hint="Check the path; `facewire mapping list` shows the tables that come along.",
        ) from None
    return parse_table(content, path.name)


def parse_table(content: str | bytes, where: str = "the table") -> MappingTable:
    """Return the table that a JSON text holds.

    Args:
        content: The text, or its bytes in UTF-8, of at most 1 MiB.
        where: What messages call it: the file's name.

    Raises:
        MappingError: as `read_table`.
    """
    place = Place(where)
    fields = Fields(json_value(_decoded(content, place), place), place, KEYS)
    _check_schema(fields)
    rules = _curves(fields)
    names = _by_key(rules, place)
    _check_mirrors(rules, names, place)
    return MappingTable(
        name=_matching(fields, "name", NAME_PATTERN, "small letters, digits and underscores"),
        version=_matching(fields, "version", _VERSION_PATTERN, "three numbers such as 1.0.0"),
        mouth_close=_mouth_close(fields),
        curves=rules,
        title=fields.text("title"),
        about=fields.text("about"),
        sides=_sides(fields),
        sources=_texts(fields, "sources"),
        at_rest=fields.text("at_rest"),
        drops=_drops(fields),
        sums=_sums(fields, names),
        shares=_shares(fields, {rule.name: rule for rule in rules}),
        reverse=_reverse(fields, names),
    )


def _without_waiting(path: str, flags: int) -> int:
    # A pipe that nobody writes to would keep whoever opens it, the daemon's only loader too.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decoded(content: str | bytes, place: Place) -> str:
    if isinstance(content, str):
        return content
    if len(content) > MAX_FILE_BYTES:
        raise place.wrong("is larger than 1 MiB.", "Is it a curve table at all?")
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise place.wrong(f"is not UTF-8 text at line {line}.", "Save it as UTF-8.") from None


def _check_schema(fields: Fields) -> None:
    fields.text("$schema")
    schema = fields.required("schema")
    if schema != SCHEMA:
        raise fields.at("schema").wrong(
            f"says {schema!r}, this Facewire reads {SCHEMA!r}.",
            f'A table begins with {{"schema": "{SCHEMA}"}}; a newer one needs a newer Facewire.',
        )


def _curves(fields: Fields) -> tuple[CurveRule, ...]:
    fields.required("curves")
    entries = fields.items("curves")
    if not 0 < len(entries) <= MAX_CURVES:
        raise fields.at("curves").wrong(
            f"a table has 1 to {MAX_CURVES} curves, this one {len(entries)}."
        )
    return tuple(curve_rule(entry, fields.place, number) for number, entry in enumerate(entries, 1))


def _by_key(rules: Sequence[CurveRule], place: Place) -> dict[str, str]:
    """Return the curves' names, refusing two that a game would take for one."""
    seen: dict[str, str] = {}
    for rule in rules:
        other = seen.setdefault(same_name(rule.name), rule.name)
        if other is not rule.name:
            differs = "" if other == rule.name else f" as {other!r}, which differs only in case"
            raise place.inside(f"curve {rule.name!r}").wrong(
                f"is there twice{differs}.", "Unreal's names ignore case: keep one of the two."
            )
    return {rule.name: rule.name for rule in rules}


def _known_curve(name: str, names: Mapping[str, Any], place: Place) -> str:
    if name not in names:
        raise place.unknown("curve", name, names, "Name a curve of this table.")
    return name


def _check_mirrors(rules: Sequence[CurveRule], names: Mapping[str, str], place: Place) -> None:
    for rule in rules:
        if rule.mirror is not None and rule.mirror != "auto":
            at = place.inside(f"curve {rule.name!r}").inside("key 'mirror'")
            _known_curve(rule.mirror.curve, names, at)


def _matching(fields: Fields, key: str, pattern: str, words: str) -> str:
    fields.required(key)
    text = fields.text(key)
    if not re.fullmatch(pattern, text, re.ASCII):
        raise fields.at(key).wrong(f"{text!r} does not fit.", f"It is made of {words}.")
    return text


def _mouth_close(fields: Fields) -> MouthMeaning:
    fields.required("mouth_close")
    word = fields.text("mouth_close")
    if word not in MOUTH_MEANINGS:
        raise fields.at("mouth_close").unknown(
            "meaning", word, MOUTH_MEANINGS, f"It is one of {', '.join(MOUTH_MEANINGS)}."
        )
    return cast("MouthMeaning", word)


def _sides(fields: Fields) -> tuple[tuple[str, str], ...]:
    if "sides" not in fields:
        return (("Left", "Right"),)
    pairs = []
    for entry in fields.items("sides"):
        words = [
            a_name(word, fields.at("sides")) for word in a_kind(entry, list, fields.at("sides"))
        ]
        if len(words) != 2 or words[0] == words[1]:
            raise fields.at("sides").wrong('each side is a pair such as ["Left", "Right"].')
        pairs.append((words[0], words[1]))
    return tuple(pairs)


def _texts(fields: Fields, key: str) -> dict[str, str]:
    return {
        name: a_text(text, fields.at(key).inside(repr(name)))
        for name, text in fields.entries(key).items()
    }


def _drops(fields: Fields) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, why in _texts(fields, "drops").items():
        known = input_name(name, fields.at("drops"))
        if known in found:
            raise fields.at("drops").wrong(f"the input {known!r} is there twice.")
        found[known] = why
    return found


def _sums(fields: Fields, names: Mapping[str, str]) -> dict[str, float]:
    at = fields.at("sums")
    return {
        _known_curve(name, names, at): a_number(value, at.inside(repr(name)))
        for name, value in fields.entries("sums").items()
    }


def _shares(fields: Fields, rules: Mapping[str, CurveRule]) -> tuple[Share, ...]:
    shares = []
    for number, entry in enumerate(fields.items("shares"), 1):
        place = fields.place.inside(f"share {number}")
        share = Fields(entry, place, ("curves", "limit", "rest"))
        share.required("curves")
        listed = tuple(
            _known_curve(a_name(name, place), rules, share.at("curves"))
            for name in share.items("curves")
        )
        if not listed or len(set(listed)) != len(listed):
            raise share.at("curves").wrong("must name at least one curve, and none twice.")
        share.required("limit")
        limit = share.number("limit", 1.0)
        if limit <= 0:
            raise share.at("limit").wrong(f"{limit:g} must be above zero.")
        rest = share.value.get("rest")
        if rest is not None:
            _known_curve(a_name(rest, share.at("rest")), rules, share.at("rest"))
        shares.append(Share(listed, limit, rest))
    _check_rests(shares, rules, fields.at("shares"))
    return tuple(shares)


def _check_rests(shares: Sequence[Share], rules: Mapping[str, CurveRule], place: Place) -> None:
    listed = {name for share in shares for name in share.curves}
    rests = [share.rest for share in shares if share.rest is not None]
    for name in rests:
        rule = rules[name]
        if name in listed or rests.count(name) > 1:
            raise place.wrong(f"{name!r} can be the rest of one share, and a part of none.")
        if rule.is_fed or rule.offset or rule.response:
            raise place.wrong(
                f"{name!r} is what the other curves leave: it cannot have a rule of its own.",
                f"Take 'from', 'ratio', 'offset' and 'response' from {name!r}.",
            )


def _reverse(fields: Fields, names: Mapping[str, str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    at = fields.at("reverse")
    for name, mix in fields.entries("reverse").items():
        known = input_name(name, at)
        if known in found:
            raise at.wrong(f"the input {known!r} is there twice.")
        if known not in FACE_CURVES:
            raise at.wrong(f"{known!r} is an angle: only face curves are read back.")
        here = at.inside(repr(name))
        entries = a_kind(mix, dict, here)
        if not entries:
            raise here.wrong("must name at least one curve.")
        found[known] = {
            _known_curve(curve, names, here): a_number(gain, here.inside(repr(curve)))
            for curve, gain in entries.items()
        }
    return found
