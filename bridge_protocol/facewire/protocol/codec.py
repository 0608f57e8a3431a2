"""Messages to bytes and back.

A header is one MessagePack map: `type`, `version`, `sequence`, then the fields of the message;
fields that hold their default are left out. A multipart is the header and, for `audio` and
`frames` that do not use the ring, the payload. Nothing but `ProtocolError` leaves `decode` and
`unpack`, whatever the bytes.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgpack

from facewire.protocol import limits
from facewire.protocol.errors import ProtocolError
from facewire.protocol.messages import MESSAGES, U53, Audio, Message
from facewire.protocol.rules import IntegerRule, PairRule, Rule, StringRule
from facewire.protocol.structure import check_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

Side = Literal["daemon", "client"]
Buffer = bytes | bytearray | memoryview

_TYPE = StringRule(max_bytes=64)
_VERSION = PairRule(0, 2**32 - 1)
_SEQUENCE = IntegerRule(0, U53)


class Envelope(NamedTuple):
    """A decoded header."""

    message: Message
    sequence: int
    """The sender's message number in this session, from 1."""
    version: tuple[int, int]
    """(major, minor) the sender wrote it in."""


def encode(
    message: Message, *, sequence: int, version: tuple[int, int] = limits.PROTOCOL_VERSION
) -> bytes:
    """Return the header bytes of `message`.

    Raises:
        ProtocolError: a field breaks its rule, or the header would pass `MAX_HEADER_BYTES`.
    """
    wire: dict[str, Any] = {
        "type": message.TYPE,
        "version": _VERSION.check(version, "version"),
        "sequence": _SEQUENCE.check(sequence, "sequence"),
    }
    for name, rule, default in _PLANS[type(message)]:
        value = getattr(message, name)
        if default is MISSING or value != default or type(value) is not type(default):
            wire[name] = rule.to_wire(value, name)
    message.check_together()
    try:
        header: bytes = msgpack.packb(wire)
    except (ValueError, OverflowError) as error:  # lone surrogates
        raise ProtocolError("malformed", f"The header cannot be packed: {error}.") from error
    _check_header_bytes(len(header))
    if len(header) > limits.MAX_VALUES:  # a shorter one cannot hold too many values
        check_structure(header)
    return header


def decode(header: Buffer, *, to: Side) -> Envelope:
    """Return the message in `header`, sent to the side named by `to`.

    Unknown keys are passed over within the size limits.

    Raises:
        ProtocolError: `malformed`, `too_large`, `out_of_range`, `version_refused` (another major
            version) or `unsupported` (a type this side does not take).
    """
    _check_header_bytes(len(header))
    wire = _map_from_bytes(bytes(header))
    kind = _TYPE.check(_needed(wire, "type"), "type")
    version = _VERSION.check(_needed(wire, "version"), "version")
    if version[0] != limits.PROTOCOL_VERSION[0]:
        raise _version_refused(version)
    cls = MESSAGES.get(kind)
    if cls is None or not (cls.TO_DAEMON if to == "daemon" else cls.TO_CLIENT):
        raise ProtocolError("unsupported", f"The {to} takes no `{kind[:64]}`.", field="type")
    sequence = _SEQUENCE.check(_needed(wire, "sequence"), "sequence")
    values = {}
    for name, rule, default in _PLANS[cls]:
        if name in wire:
            values[name] = rule.check(wire[name], name)
        elif default is MISSING:
            raise _missing(name)
    message = cls(**values)
    message.check_together()
    return Envelope(message, sequence, version)


def pack(
    message: Message,
    payload: Buffer | None = None,
    *,
    sequence: int,
    version: tuple[int, int] = limits.PROTOCOL_VERSION,
) -> list[Buffer]:
    """Return the parts of one multipart; `payload` is not copied.

    Raises:
        ProtocolError: the message or its payload breaks a rule.
    """
    _check_payload(message, payload)
    header = encode(message, sequence=sequence, version=version)
    return [header] if payload is None else [header, payload]


def unpack(parts: Sequence[Buffer], *, to: Side) -> tuple[Envelope, Buffer | None]:
    """Return the envelope and the payload (None without one) of a received multipart.

    Raises:
        ProtocolError: as `decode`; also a wrong number of parts, or a payload that is missing, of
            the wrong size, or beside a ring record.
    """
    if not 1 <= len(parts) <= 2:
        raise ProtocolError(
            "malformed", f"A message has 1 or 2 parts, not {len(parts)}.", limit=2, got=len(parts)
        )
    payload = parts[1] if len(parts) == 2 else None
    if payload is not None and len(payload) > limits.MAX_PART_BYTES:
        raise _too_many_bytes("payload", limits.MAX_PART_BYTES, len(payload))
    envelope = decode(parts[0], to=to)
    _check_payload(envelope.message, payload)
    return envelope, payload


def choose_version(offered: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the version to speak with a peer that offers these: our major, the lower minor.

    Raises:
        ProtocolError: `version_refused`; the text names both sides' versions.
    """
    major, minor = limits.PROTOCOL_VERSION
    minors = [theirs for theirs_major, theirs in offered if theirs_major == major]
    if not minors:
        raise _version_refused(*offered)
    return major, min(minor, max(minors))


def _plan(cls: type[Message]) -> tuple[tuple[str, Rule, Any], ...]:
    """Return (key, rule, default) per field, MISSING where the key is needed."""
    return tuple(
        (
            item.name,
            item.metadata["rule"],
            item.default if item.default_factory is MISSING else item.default_factory(),
        )
        for item in fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass
    )


_PLANS = {cls: _plan(cls) for cls in MESSAGES.values()}


def _map_from_bytes(header: bytes) -> dict[str, Any]:
    check_structure(header)
    try:
        wire: dict[str, Any] = msgpack.unpackb(header, object_pairs_hook=_map_without_twins)
    except (ValueError, msgpack.UnpackException) as error:  # UTF-8, keys that are no strings
        raise ProtocolError("malformed", f"The header cannot be read: {error}.") from error
    return wire


def _map_without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProtocolError("malformed", "A key appears twice in a map of the header.")
    return found


def _check_payload(message: Message, payload: Buffer | None) -> None:
    """Refuse a payload that the header does not announce, and the reverse."""
    if not message.HAS_PAYLOAD:
        if payload is not None:
            raise ProtocolError("malformed", f"`{message.TYPE}` has no payload.")
        return
    in_ring = getattr(message, "offset", None) is not None
    if in_ring == (payload is not None):
        here = "both inline and in the ring" if in_ring else "missing"
        raise ProtocolError("malformed", f"The payload of `{message.TYPE}` is {here}.")
    if payload is None:
        return
    limit = limits.MAX_AUDIO_BYTES if isinstance(message, Audio) else limits.MAX_PART_BYTES
    if len(payload) > limit:
        raise _too_many_bytes("payload", limit, len(payload))
    message.check_payload_bytes(len(payload))


def _check_header_bytes(size_bytes: int) -> None:
    if size_bytes > limits.MAX_HEADER_BYTES:
        raise _too_many_bytes("header", limits.MAX_HEADER_BYTES, size_bytes)


def _needed(wire: dict[str, Any], name: str) -> Any:
    if name not in wire:
        raise _missing(name)
    return wire[name]


def _missing(name: str) -> ProtocolError:
    return ProtocolError("malformed", f"`{name}` is missing.", field=name)


def _too_many_bytes(what: str, limit: int, got: int) -> ProtocolError:
    return ProtocolError(
        "too_large", f"The {what} has {got} bytes; {limit} are allowed.", limit=limit, got=got
    )


def _version_refused(*theirs: tuple[int, int]) -> ProtocolError:
    named = ", ".join(f"{major}.{minor}" for major, minor in theirs[:16])
    ours = "{}.{}".format(*limits.PROTOCOL_VERSION)
    return ProtocolError(
        "version_refused",
        f"This side speaks protocol {ours}, the other {named}.",
        field="version",
        hint="Update the older of the two.",
    )
