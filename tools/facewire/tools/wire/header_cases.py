"""Cases that no single message owns: structure, limits, versions, bombs, parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgpack

from facewire.protocol import limits
from facewire.protocol.messages import Audio, CloseStream, Frames, Ping
from facewire.tools.wire.bases import BASES, payload_for
from facewire.tools.wire.cases import SEQUENCE, Case, Pieces, expected, head, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALL: Final = {"stream": 3}
_WIRE: Final = {**head(CloseStream.TYPE), **_SMALL}
_READS: Final = expected(CloseStream, _SMALL)
_PACKED: Final[bytes] = msgpack.packb(_WIRE)
_MORE: Final = bytes([_PACKED[0] + 1]) + _PACKED[1:]
"""The small message with room for one more key: bytes of `key value` may follow."""


def header_cases() -> list[Case]:
    """Return the cases in the order of the checks they are about."""
    return [
        *_part_cases(),
        *_structure_cases(),
        *_format_cases(),
        *_text_cases(),
        *_limit_cases(),
        *_bomb_cases(),
        *_common_key_cases(),
    ]


def _part_cases() -> Iterator[Case]:
    audio = msgpack.packb({**head(Audio.TYPE), **BASES[Audio]})
    samples = payload_for(Audio, BASES[Audio]) or b""
    frames = msgpack.packb({**head(Frames.TYPE), **BASES[Frames]})
    yield Case(name="parts: none", to="daemon", parts=[], error="malformed")
    three = [pieces(audio), pieces(samples), pieces(b"a")]
    yield Case(name="parts: three", to="daemon", parts=three, error="malformed")
    with_payload = [pieces(_PACKED), pieces(b"a")]
    yield Case(name="parts: unasked payload", to="daemon", parts=with_payload, error="malformed")
    with_empty: list[Pieces] = [pieces(_PACKED), []]
    yield Case(
        name="parts: unasked empty payload", to="daemon", parts=with_empty, error="malformed"
    )
    for to, header in (("daemon", audio), ("client", frames)):
        huge: list[Pieces] = [pieces(header), [(b"\0", limits.MAX_PART_BYTES + 1)]]
        yield Case(name=f"parts: huge payload, {to}", to=to, parts=huge, error="too_large")


def _structure_cases() -> Iterator[Case]:
    yield _refused("empty", b"")
    for words, value in (
        ("an array", ["type", "ping"]),
        ("a string", "ping"),
        ("an integer", 7),
        ("a float", 0.5),
        ("nil", None),
    ):
        yield _refused(f"{words} instead of a map", msgpack.packb(value))
    for length in range(1, len(_PACKED)):
        yield _refused(f"cut after {length} bytes", _PACKED[:length])
    yield _refused("a byte after the map", _PACKED + b"\0")
    yield _refused("two maps", _PACKED + _PACKED)
    yield _refused("one value too few", _MORE)
    yield _refused("a key without value", _MORE + b"\xa1x")
    for words, packed in (
        ("reserved type byte", b"\xc1"),
        ("bin 8", b"\xc4\x01a"),
        ("bin 16", b"\xc5\x00\x01a"),
        ("bin 32", b"\xc6\x00\x00\x00\x01a"),
        ("ext 8", b"\xc7\x01\x05a"),
        ("ext 16", b"\xc8\x00\x01\x05a"),
        ("ext 32", b"\xc9\x00\x00\x00\x01\x05a"),
        ("fixext 1", b"\xd4\x05a"),
        ("fixext 2", b"\xd5\x05ab"),
        ("fixext 4, a timestamp", b"\xd6\xff\x00\x00\x00\x01"),
        ("fixext 8", b"\xd7\xff" + bytes(8)),
        ("fixext 16", b"\xd8\x05" + bytes(16)),
    ):
        yield _refused(f"{words} in an unknown key", _MORE + b"\xa1x" + packed)
    for words, key in (
        ("integer", b"\x05"),
        ("nil", b"\xc0"),
        ("boolean", b"\xc3"),
        ("float", b"\xca\x00\x00\x00\x00"),
        ("binary", b"\xc4\x01x"),
        ("array", b"\x90"),
        ("map", b"\x80"),
    ):
        yield _refused(f"{words} as a key", _MORE + key + b"\x01")
        yield _refused(f"{words} as a key inside", _MORE + b"\xa1x\x81" + key + b"\x01")
    yield _refused("a key twice, same value", _MORE + b"\xa6stream\x03")
    yield _refused("a key twice, other value", _MORE + b"\xa6stream\x04")
    yield _refused("an unknown key twice inside", _MORE + b"\xa1x\x82\xa1a\x01\xa1a\x02")
    yield _refused("a key twice in two formats", _MORE + b"\xd9\x06stream\x03")


def _format_cases() -> Iterator[Case]:
    """Yield longer formats than needed: legal, though no encoder of ours writes them."""
    for words, number in (
        ("uint 8", b"\xcc\x03"),
        ("uint 16", b"\xcd\x00\x03"),
        ("uint 32", b"\xce\x00\x00\x00\x03"),
        ("uint 64", b"\xcf" + (3).to_bytes(8, "big")),
        ("int 8", b"\xd0\x03"),
        ("int 16", b"\xd1\x00\x03"),
        ("int 32", b"\xd2\x00\x00\x00\x03"),
        ("int 64", b"\xd3" + (3).to_bytes(8, "big")),
    ):
        yield _accepted(f"stream as {words}", _PACKED[:-1] + number)
    for words, number in (
        ("negative fixint", b"\xff"),
        ("int 8", b"\xd0\xff"),
        ("int 16", b"\xd1\xff\xff"),
        ("int 32", b"\xd2\xff\xff\xff\xff"),
        ("int 64", b"\xd3" + b"\xff" * 8),
    ):
        yield _refused(f"minus one as {words}", _PACKED[:-1] + number, "out_of_range")
    most = b"\xcf" + b"\xff" * 8
    yield _refused("stream as the largest uint 64", _PACKED[:-1] + most, "out_of_range")
    lowest = b"\xd3\x80" + bytes(7)
    yield _refused("stream as the lowest int 64", _PACKED[:-1] + lowest, "out_of_range")
    yield _refused("stream as float 32", _PACKED[:-1] + b"\xca\x40\x40\x00\x00")
    yield _refused("stream as float 64", _PACKED[:-1] + b"\xcb\x40\x08" + bytes(6))
    for words, key in (
        ("str 8", b"\xd9\x06stream"),
        ("str 16", b"\xda\x00\x06stream"),
        ("str 32", b"\xdb\x00\x00\x00\x06stream"),
    ):
        yield _accepted(f"key as {words}", _PACKED.replace(b"\xa6stream", key))
    body = _PACKED[1:]
    yield _accepted("map 16", b"\xde\x00\x04" + body)
    yield _accepted("map 32", b"\xdf\x00\x00\x00\x04" + body)
    version = bytes(limits.PROTOCOL_VERSION)
    for words, array in (("array 16", b"\xdc\x00\x02"), ("array 32", b"\xdd\x00\x00\x00\x02")):
        yield _accepted(words, _PACKED.replace(b"\x92" + version, array + version))


def _text_cases() -> Iterator[Case]:
    for words, content in (
        ("a lone continuation byte", b"\x80"),
        ("a cut sequence", b"\xc3"),
        ("an overlong slash", b"\xc0\xaf"),
        ("an overlong NUL", b"\xc0\x80"),
        ("an overlong three-byte form", b"\xe0\x80\xaf"),
        ("an overlong four-byte form", b"\xf0\x80\x80\xaf"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("a surrogate pair", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("past U+10FFFF", b"\xf4\x90\x80\x80"),
        ("byte 0xff", b"\xff"),
    ):
        string = bytes([0xA0 + len(content)]) + content
        yield _refused(f"{words} in an unknown value", _MORE + b"\xa1x" + string)
        yield _refused(f"{words} in a key", _MORE + string + b"\x01")
    for words, text in (
        ("empty", ""),
        ("NUL", "\0"),
        ("two to four bytes", "é€😀"),
        ("the last of each length", "\x7f\u07ff\uffff\U0010ffff"),
        ("around the surrogates", "\ud7ff\ue000"),
        ("with a byte order mark", "\ufeffa"),
    ):
        yield _accepted(f"{words} as an unknown value", _MORE + b"\xa1x" + msgpack.packb(text))
        yield _accepted(f"{words} as an unknown key", _MORE + msgpack.packb(text) + b"\x01")


def _limit_cases() -> Iterator[Case]:
    key = _MORE + b"\xa1x"
    levels = limits.MAX_DEPTH - 1  # the header is a level itself
    yield _accepted("deepest arrays", key + b"\x91" * (levels - 1) + b"\x90")
    yield _accepted("deepest maps", key + b"\x81\xa1a" * (levels - 1) + b"\x80")
    yield _refused("arrays too deep", key + b"\x91" * levels + b"\x90", "too_large")
    yield _refused("maps too deep", key + b"\x81\xa1a" * levels + b"\x80", "too_large")
    most = limits.MAX_ITEMS
    yield _accepted("longest array", key + b"\xdc" + most.to_bytes(2, "big") + b"\0" * most)
    more = (most + 1).to_bytes(2, "big")
    yield _refused("array too long", key + b"\xdc" + more + b"\0" * (most + 1), "too_large")
    yield _refused("map too long", key + b"\xde" + more + b"\xa1a\0" * (most + 1), "too_large")
    size = limits.MAX_STRING_BYTES
    longest = b"\xda" + size.to_bytes(2, "big") + b"a" * size
    yield _accepted("longest string", key + longest)
    long = b"\xda" + (size + 1).to_bytes(2, "big") + b"a" * (size + 1)
    yield _refused("string too long", key + long, "too_large")
    yield _accepted("longest key", _MORE + longest + b"\x01")
    yield _refused("key too long", _MORE + long + b"\x01", "too_large")
    yield _accepted("most values", key + _nested_values(limits.MAX_VALUES))
    yield _refused("too many values", key + _nested_values(limits.MAX_VALUES + 1), "too_large")
    yield _accepted("longest header", key + _padding(limits.MAX_HEADER_BYTES - len(key)))
    too_long = _padding(limits.MAX_HEADER_BYTES + 1 - len(key))
    yield _refused("header too long", key + too_long, "too_large")


def _nested_values(total: int) -> bytes:
    """Return an array of arrays with which the small message holds `total` values."""
    mine = 1 + 2 * 4 + 2 + 1  # map, its four pairs, the two of `version`, the unknown key
    left = total - mine - 1
    inner = []
    while left:
        count = min(left - 1, limits.MAX_ITEMS)
        inner.append(b"\xdc" + count.to_bytes(2, "big") + b"\0" * count)
        left -= count + 1
    return bytes([0x90 + len(inner)]) + b"".join(inner)


def _padding(size_bytes: int) -> bytes:
    """Return one array of strings that takes exactly `size_bytes`."""
    whole = b"\xda\x0f\xfd" + b"a" * 4093
    count, rest = divmod(size_bytes - 3, len(whole))
    last = b"\xda" + (rest - 3).to_bytes(2, "big") + b"a" * (rest - 3)
    return b"\xdc" + (count + 1).to_bytes(2, "big") + whole * count + last


def _bomb_cases() -> Iterator[Case]:
    """Yield small inputs that ask for much memory, time or stack."""
    key = _MORE + b"\xa1x"
    yield _refused("bomb: nested array headers", key + b"\xdc\x10\x00" * 20_000, "too_large")
    yield _refused("bomb: nested map headers", key + b"\xde\x10\x00\xa1a" * 13_000, "too_large")
    yield _refused("bomb: nested arrays of one", key + b"\x91" * 60_000, "too_large")
    maps = b"\x9f" + (b"\xdc\x0f\xff" + b"\x80" * 4095) * 15
    yield _refused("bomb: empty maps", key + maps, "too_large")
    yield _refused("bomb: empty arrays", key + maps.replace(b"\x80", b"\x90"), "too_large")
    for words, value, code in (
        ("array 32 of 2^32-1", b"\xdd" + b"\xff" * 4, "too_large"),
        ("map 32 of 2^32-1", b"\xdf" + b"\xff" * 4, "too_large"),
        ("str 32 of 2^32-1", b"\xdb" + b"\xff" * 4, "too_large"),
        ("bin 32 of 2^32-1", b"\xc6" + b"\xff" * 4, "malformed"),
        ("ext 32 of 2^32-1", b"\xc9" + b"\xff" * 4 + b"\x05", "malformed"),
    ):
        yield _refused(f"bomb: {words}", key + value, code)
    long = limits.MAX_HEADER_BYTES
    yield _refused("bomb: a mebibyte of empty maps", b"\x80" * (16 * long), "too_large")
    yield _refused("bomb: a mebibyte of nesting", b"\x91" * (16 * long), "too_large")


def _common_key_cases() -> Iterator[Case]:
    for name in ("type", "version", "sequence"):
        rest = {key: value for key, value in _WIRE.items() if key != name}
        yield _refused(f"{name} missing", msgpack.packb(rest))
        yield _with(name, None, "malformed", "nil")
    for words, value, code in (
        ("a number", 1, "malformed"),
        ("empty", "", "unsupported"),
        ("unknown", "x_future", "unsupported"),
        ("capitalised", "Close_Stream", "unsupported"),
        ("too long", "a" * 65, "too_large"),
    ):
        yield _with("type", value, code, words)
    for words, version, code in (
        ("a number", 1, "malformed"),
        ("one number", [1], "malformed"),
        ("three numbers", [1, 0, 0], "malformed"),
        ("of strings", ["1", "0"], "malformed"),
        ("of booleans", [True, False], "malformed"),
        ("below its range", [1, -1], "out_of_range"),
        ("above its range", [1, 2**32], "out_of_range"),
        ("major 0", [0, 0], "version_refused"),
        ("major 2", [2, 0], "version_refused"),
        ("highest major", [2**32 - 1, 0], "version_refused"),
    ):
        yield _with("version", version, code, words)
    both = {**_WIRE, "type": "x_future", "version": [2, 0]}
    yield _refused("unknown type of another major", msgpack.packb(both), "version_refused")
    highest = {**_WIRE, "version": [1, 2**32 - 1]}
    yield _accepted("highest minor", msgpack.packb(highest), version=[1, 2**32 - 1])
    for words, sequence, code in (
        ("negative", -1, "out_of_range"),
        ("above its range", 2**53, "out_of_range"),
        ("a float", 7.0, "malformed"),
        ("a boolean", True, "malformed"),
        ("a string", "7", "malformed"),
    ):
        yield _with("sequence", sequence, code, words)
    for sequence in (0, 127, 128, 2**16, 2**32, 2**53 - 1):
        header = msgpack.packb({**_WIRE, "sequence": sequence})
        yield _accepted(f"sequence {sequence}", header, canonical=True, sequence=sequence)
    nonce = 2**32
    yield Case(
        name="ping: sent_ns said although it is 0",
        to="client",
        parts=[pieces(msgpack.packb({**head(Ping.TYPE), "nonce": nonce, "sent_ns": 0}))],
        expect=expected(Ping, {"nonce": nonce}),
    )


def _with(name: str, value: Any, code: str, words: str) -> Case:
    return _refused(f"{name} {words}", msgpack.packb({**_WIRE, name: value}), code)


def _refused(words: str, header: bytes, code: str = "malformed") -> Case:
    return Case(name=f"header: {words}", to="daemon", parts=[pieces(header)], error=code)


def _accepted(words: str, header: bytes, *, canonical: bool = False, **common: Any) -> Case:
    reading = {**_READS, "sequence": SEQUENCE, **common}
    return Case(
        name=f"header: {words}",
        to="daemon",
        parts=[pieces(header)],
        expect=reading,
        canonical=canonical,
    )
