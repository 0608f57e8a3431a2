"""Cases of every message type: at the edges of each field, and just past them."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any

import msgpack

from facewire.protocol import limits, messages
from facewire.protocol.messages import MESSAGES, Message
from facewire.tools.wire.bases import BASES, COUPLED, FULL, payload_for
from facewire.tools.wire.cases import Case, expected, head, in_wire_order, pieces, receiver
from facewire.tools.wire.samples import samples

if TYPE_CHECKING:
    from collections.abc import Iterator


def message_cases(cls: type[Message]) -> list[Case]:
    """Return all cases of one message type."""
    base = BASES[cls]
    return [
        _accepted(cls, "as usual", base, canonical=True),
        *_whole_message_cases(cls, base),
        *_field_cases(cls, base),
        *_joint_cases(cls),
    ]


def _whole_message_cases(cls: type[Message], base: dict[str, Any]) -> Iterator[Case]:
    usual = expected(cls, base)["fields"]
    said = {name: value for name, value in usual.items() if value is not None}
    if said != base:
        yield _accepted(cls, "every default said", said, base)
    if cls in FULL:
        yield _accepted(cls, "everything said", FULL[cls], canonical=True)
    unknown = {**base, "x_future": {"a": [1, None, "é", {"b": 0.5}]}, "x_empty": []}
    yield _accepted(cls, "unknown keys", unknown, base)
    yield _case(
        cls,
        "keys in reverse",
        dict(reversed([*head(cls.TYPE).items(), *base.items()])),
        {"expect": expected(cls, base)},
        payload_for(cls, base),
    )
    newer = {**head(cls.TYPE), "version": [1, 9], **base}
    reading = {"expect": expected(cls, base, version=[1, 9])}
    yield _case(cls, "a higher minor version", newer, reading, payload_for(cls, base))
    older = {**head(cls.TYPE), "version": [2, 0], **base}
    refusal = {"error": "version_refused"}
    yield _case(cls, "another major version", older, refusal, payload_for(cls, base))
    if not cls.TO_CLIENT or not cls.TO_DAEMON:
        other = "client" if receiver(cls) == "daemon" else "daemon"
        case = _refused(cls, "to the wrong side", base, "unsupported")
        yield replace(case, to=other)
    else:
        yield replace(_accepted(cls, "to the client", base, canonical=True), to="client")


def _field_cases(cls: type[Message], base: dict[str, Any]) -> Iterator[Case]:
    for item in fields(cls):  # type: ignore[arg-type]  # every subclass is a dataclass
        name = item.name
        found = samples(item.metadata["rule"])
        if item.default is MISSING and item.default_factory is MISSING:
            rest = {key: value for key, value in base.items() if key != name}
            yield _refused(cls, f"{name} missing", rest, "malformed")
        yield _refused(cls, f"{name} nil", {**base, name: None}, "malformed")
        for words, value, code in found.faults:
            yield _refused(cls, f"{name} {words}", {**base, name: value}, code)
        if name in COUPLED.get(cls, ()):
            continue  # a valid value alone would contradict the other fields: see _joint_cases
        for words, value in found.edges:
            usual = expected(cls, base)["fields"][name]
            if value != usual:
                yield _accepted(cls, f"{name} {words}", {**base, name: value}, canonical=True)


def _joint_cases(cls: type[Message]) -> Iterator[Case]:
    if cls is messages.OpenStream:
        yield from _frame_rate_cases()
    if cls is messages.Audio:
        yield from _audio_cases()
    if cls is messages.Frames:
        yield from _frames_cases()


def _frame_rate_cases() -> Iterator[Case]:
    cls = messages.OpenStream
    base = BASES[cls]
    good = [(1, 1), (240, 1), (30_000, 1001), (1_000_000, 1_000_000), (1_000_000, 4167)]
    for fps in good:
        name = "fps {} / {}".format(*fps)
        yield _accepted(cls, name, {**base, "fps": list(fps)}, canonical=True)
    for fps in [(241, 1), (1, 2), (999_999, 1_000_000), (1_000_000, 4166)]:
        yield _refused(cls, "fps {} / {}".format(*fps), {**base, "fps": list(fps)}, "out_of_range")


def _audio_cases() -> Iterator[Case]:
    cls = messages.Audio
    short = {"stream": 1, "generation": 0, "samples": 1}
    most = limits.MAX_AUDIO_BYTES
    for words, samples_count, size_bytes in (
        ("int16 mono", 1, 2),
        ("float32 mono or int16 stereo", 1, 4),
        ("float32 stereo", 1, 8),
        ("as much as allowed", most // 2, most),
    ):
        values = {**short, "samples": samples_count}
        yield _accepted(cls, f"inline, {words}", values, canonical=True, payload=bytes(size_bytes))
        placed = {**values, "offset": 64, "length_bytes": size_bytes}
        yield _accepted(cls, f"in the ring, {words}", placed, canonical=True, payload=None)
    far = {**short, "offset": 2**53 - 1, "length_bytes": 8}
    yield _accepted(cls, "in the ring, far", far, canonical=True, payload=None)
    for words, size_bytes, code in (
        ("empty", 0, "malformed"),
        ("three bytes a sample", 3, "malformed"),
        ("sixteen bytes a sample", 16, "malformed"),
    ):
        yield _refused(cls, f"inline, {words}", short, code, payload=bytes(size_bytes))
    long = {**short, "samples": most // 2 + 1}
    yield _refused(cls, "inline, too much", long, "too_large", payload=bytes(most + 2))
    yield from _place_cases(cls, short, bytes(2))


def _frames_cases() -> Iterator[Case]:
    cls = messages.Frames
    one = {"stream": 1, "generation": 0, "first": 0, "count": 1, "curves": 1, "timestamps": [0]}
    most = limits.MAX_FRAMES_PER_MESSAGE
    many = {**one, "count": most, "timestamps": [0] * most}
    fitting = limits.MAX_PART_BYTES // 4 // most
    for words, values, size_bytes in (
        ("one curve", one, 4),
        ("one curve and eyes", {**one, "eyes": True}, 20),
        ("one curve and emotion", {**one, "emotion": True}, 44),
        ("one curve and jaw", {**one, "jaw": True}, 68),
        ("one curve and skin", {**one, "geometry": [6, 0]}, 28),
        ("one curve and tongue", {**one, "geometry": [0, 3]}, 16),
        (
            "most geometry",
            {**one, "geometry": [limits.MAX_GEOMETRY_FLOATS - 1, 0]},
            limits.MAX_PART_BYTES,
        ),
        ("most curves", {**one, "curves": limits.MAX_CURVES}, limits.MAX_CURVES * 4),
        ("most frames", many, most * 4),
        ("as much as allowed", {**many, "curves": fitting}, limits.MAX_PART_BYTES),
    ):
        yield _accepted(cls, f"inline, {words}", values, canonical=True, payload=bytes(size_bytes))
        placed = {**values, "offset": 64, "length_bytes": size_bytes}
        yield _accepted(cls, f"in the ring, {words}", placed, canonical=True, payload=None)
    yield _refused(cls, "fewer timestamps than frames", {**one, "timestamps": []}, "malformed")
    yield _refused(cls, "more timestamps than frames", {**one, "timestamps": [0, 1]}, "malformed")
    for words, size_bytes in (("empty", 0), ("a byte short", 3), ("eyes unannounced", 20)):
        yield _refused(cls, f"inline, {words}", one, "malformed", payload=bytes(size_bytes))
    too_much = {**many, "curves": fitting + 1}
    size_bytes = most * 4 * (fitting + 1)
    yield _refused(cls, "inline, too much", too_much, "too_large", payload=bytes(size_bytes))
    wide = {**one, "geometry": [limits.MAX_GEOMETRY_FLOATS] * 2}
    size_bytes = 4 + 8 * limits.MAX_GEOMETRY_FLOATS
    yield _refused(cls, "inline, too much geometry", wide, "too_large", payload=bytes(size_bytes))
    for words, value in (("emotion", True), ("jaw", True), ("geometry", [3, 0])):
        size_bytes = 4  # what the curve alone would be
        values = {**one, words: value}
        yield _refused(
            cls, f"inline, {words} announced alone", values, "malformed", payload=bytes(size_bytes)
        )
    yield from _place_cases(cls, one, bytes(4))


def _place_cases(cls: type[Message], base: dict[str, Any], payload: bytes) -> Iterator[Case]:
    """Yield what may go wrong between the payload and its place in the ring."""
    placed = {**base, "offset": 64, "length_bytes": len(payload)}
    yield _refused(cls, "both inline and in the ring", placed, "malformed", payload=payload)
    yield _refused(cls, "neither inline nor in the ring", base, "malformed", payload=None)
    for name in ("offset", "length_bytes"):
        half = {key: value for key, value in placed.items() if key != name}
        yield _refused(cls, f"in the ring without {name}", half, "malformed", payload=None)
    wrong = {**placed, "length_bytes": len(payload) + 1}
    yield _refused(cls, "in the ring, wrong length", wrong, "malformed", payload=None)


_FITTING: Any = object()


def _accepted(
    cls: type[Message],
    words: str,
    values: dict[str, Any],
    reads_as: dict[str, Any] | None = None,
    *,
    canonical: bool = False,
    payload: bytes | None = _FITTING,
) -> Case:
    reading = expected(cls, values if reads_as is None else reads_as)
    fitting = payload_for(cls, values) if payload is _FITTING else payload
    outcome = {"expect": reading, "canonical": canonical}
    wire = in_wire_order(cls, values) if canonical else values
    return _case(cls, words, {**head(cls.TYPE), **wire}, outcome, fitting)


def _refused(
    cls: type[Message],
    words: str,
    values: dict[str, Any],
    code: str,
    *,
    payload: bytes | None = _FITTING,
) -> Case:
    fitting = payload_for(cls, BASES[cls]) if payload is _FITTING else payload
    return _case(cls, words, {**head(cls.TYPE), **values}, {"error": code}, fitting)


def _case(
    cls: type[Message],
    words: str,
    wire: dict[str, Any],
    outcome: dict[str, Any],
    payload: bytes | None,
) -> Case:
    parts = [msgpack.packb(wire)] + ([] if payload is None else [payload])
    return Case(
        name=f"{cls.TYPE}: {words}",
        to=receiver(cls),
        parts=[pieces(part) for part in parts],
        **outcome,
    )


def all_message_cases() -> dict[str, list[Case]]:
    """Return the cases of every message type by its wire name."""
    return {name: message_cases(cls) for name, cls in MESSAGES.items()}
