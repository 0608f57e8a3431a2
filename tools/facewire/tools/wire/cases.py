"""One golden case and how it is written down (`bridge_protocol/vectors/README.md`)."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any

from facewire.protocol.fields import rules_of
from facewire.protocol.limits import PROTOCOL_VERSION
from facewire.protocol.rules import ListRule, RecordRule

if TYPE_CHECKING:
    from facewire.protocol.messages import Message
    from facewire.protocol.rules import Rule

Pieces = list[tuple[bytes, int]]
"""Bytes as pieces, each so many times over."""
SEQUENCE = 7
"""Sequence number of every case that is not about sequence numbers."""
_RUN = re.compile(rb"(.{1,80}?)\1{15,}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One multipart and what a decoder must make of it: `expect` or `error`."""

    name: str
    to: str
    parts: list[Pieces]
    expect: dict[str, Any] | None = None
    canonical: bool = False
    error: str = ""

    def json(self) -> dict[str, Any]:
        """Return the case as README describes it."""
        written = [[[piece.hex(), times] for piece, times in part] for part in self.parts]
        head = {"name": self.name, "to": self.to, "parts": written}
        if self.expect is None:
            return {**head, "error": self.error}
        return {**head, "canonical": self.canonical, "expect": self.expect}


def pieces(content: bytes) -> Pieces:
    """Return `content` as pieces, long repetitions said once."""
    found: Pieces = []
    at = 0
    for run in _RUN.finditer(content):
        if run.start() > at:
            found.append((content[at : run.start()], 1))
        found.append((run[1], len(run[0]) // len(run[1])))
        at = run.end()
    if at < len(content):
        found.append((content[at:], 1))
    return found


def joined(part: Pieces) -> bytes:
    """Return the bytes of a part."""
    return b"".join(piece * times for piece, times in part)


def receiver(cls: type[Message]) -> str:
    """Return the side a message goes to, `daemon` where both take it."""
    return "daemon" if cls.TO_DAEMON else "client"


def head(kind: str, *, sequence: int = SEQUENCE) -> dict[str, Any]:
    """Return the common keys of a header."""
    return {"type": kind, "version": list(PROTOCOL_VERSION), "sequence": sequence}


def defaults(cls: type[Message]) -> dict[str, Any]:
    """Return every field with its default, MISSING where it has none, in wire order."""
    found = {
        item.name: item.default if item.default_factory is MISSING else item.default_factory()
        for item in fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass
    }
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in found.items()
    }


def expected(cls: type[Message], values: dict[str, Any], **common: Any) -> dict[str, Any]:
    """Return what a decoder must read: `values`, and the defaults of all other fields."""
    complete = {name: values.get(name, default) for name, default in defaults(cls).items()}
    rules = rules_of(cls)
    filled = {name: _filled(rules[name], value) for name, value in complete.items()}
    return {**head(cls.TYPE), **common, "fields": filled}


def _filled(rule: Rule, value: Any) -> Any:
    """Return `value` with the members said that a record inside it left at their default."""
    if isinstance(rule, ListRule) and isinstance(value, list):
        return [_filled(rule.item, entry) for entry in value]
    if isinstance(rule, RecordRule) and isinstance(value, dict):
        said = {**rule.defaults, **value}
        return {key: _filled(member, said[key]) for key, member in rule.members.items()}
    return value


def in_wire_order(cls: type[Message], values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` as the encoder writes them: ordered, without fields at their default."""
    return {
        name: values[name]
        for name, default in defaults(cls).items()
        if name in values and values[name] != default
    }


def text(cases: list[dict[str, Any]]) -> str:
    """Return a JSON array with one case per line; non-finite numbers never appear."""
    lines = (json.dumps(case, allow_nan=False, ensure_ascii=False) for case in cases)
    return "[\n" + ",\n".join(lines) + "\n]\n"
