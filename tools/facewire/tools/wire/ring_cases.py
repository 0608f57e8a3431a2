"""Ring files with records to read, laid out by hand from SPEC and not by the code under test."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

from facewire.tools.wire.cases import joined, pieces

_SIZE_BYTES: Final = 4096
_SESSION: Final = "5f2c9d1e"


def ring_cases() -> list[dict[str, Any]]:
    """Return every ring case as README describes it."""
    return [_two_records(), _fresh(), *_refused_files()]


def _two_records() -> dict[str, Any]:
    """A ring with two whole records, one with a broken byte, and every way to ask wrongly."""
    greeting, tone = b"hello", struct.pack("<4h", 0, 1, -1, 32767)
    first = _record(generation=1, sequence=3, payload=greeting)
    second = _record(generation=2**32 - 1, sequence=2**53 - 1, payload=tone)
    broken = _record(generation=1, sequence=5, payload=b"abcd")[:-1] + b"e"
    at_second, at_broken = 64 + 32, 64 + 32 + 32
    last = _record(generation=1, sequence=9, payload=b"end!")
    at_last = _SIZE_BYTES - 32
    content = _file(
        {64: first, at_second: second, at_broken: broken, at_last: last, 512: b"FWRC"}, _SIZE_BYTES
    )
    reads = [
        _read("the first", 64, 5, 1, 3, payload=greeting),
        _read("highest numbers", at_second, 8, 2**32 - 1, 2**53 - 1, payload=tone),
        _read("the last place", at_last, 4, 1, 9, payload=b"end!"),
        _read("another generation", 64, 5, 2, 3),
        _read("another sequence", 64, 5, 1, 4),
        _read("shorter than it is", 64, 4, 1, 3),
        _read("longer than it is", 64, 6, 1, 3),
        _read("a broken payload", at_broken, 4, 1, 5),
        _read("between two records", 72, 5, 1, 3),
        _read("no multiple of eight", 65, 5, 1, 3),
        _read("inside the file header", 0, 5, 1, 3),
        _read("just before the records", 56, 5, 1, 3),
        _read("nothing there", 1024, 5, 1, 3),
        _read("only a magic there", 512, 5, 1, 3),
        _read("record header past the end", _SIZE_BYTES - 16, 4, 1, 9),
        _read("payload past the end", at_last, 9, 1, 9),
        _read("at the end", _SIZE_BYTES, 4, 1, 9),
        _read("far past the end", 2**53 - 8, 4, 1, 9),
        _read("as long as a part may be", 64, 2 * 1024 * 1024, 1, 3),
    ]
    return _case("two records", content, reads=reads)


def _fresh() -> dict[str, Any]:
    return _case("fresh, no record", _file({}, _SIZE_BYTES), reads=[_read("any", 64, 4, 1, 1)])


def _refused_files() -> list[dict[str, Any]]:
    good = _file({}, _SIZE_BYTES)
    other_size = _file({}, 2 * _SIZE_BYTES)
    return [
        _case("empty file", b"", opens=False),
        _case("header cut", good[:63], opens=False),
        _case("shorter than announced", good[:-1], opens=False),
        _case("longer than announced, made so", other_size, opens=False),
        _case("longer than announced, grown since", good + bytes(8)),
        _case("made for another size", other_size[:_SIZE_BYTES], opens=False),
        _case("another magic", b"FWRING2\0" + good[8:], opens=False),
        _case("another layout version", _file({}, _SIZE_BYTES, version=2), opens=False),
        _case("checksum wrong", good[:60] + bytes(4) + good[64:], opens=False),
        _case("session changed", good[:32] + b"x" + good[33:], opens=False),
        _case("zeros", bytes(_SIZE_BYTES), opens=False),
    ]


def _file(contents: dict[int, bytes], size_bytes: int, *, version: int = 1) -> bytes:
    """Return a ring file that holds `contents` at their offsets."""
    session = _SESSION.encode()
    header = struct.pack("<8sIIQQ24sI", b"FWRING1\0", version, 4242, size_bytes, 1, session, 0)
    file = bytearray(size_bytes)
    file[:64] = header + struct.pack("<I", zlib.crc32(header))
    for offset, content in contents.items():
        file[offset : offset + len(content)] = content
    return bytes(file)


def _record(*, generation: int, sequence: int, payload: bytes) -> bytes:
    crc = zlib.crc32(payload)
    return struct.pack("<4sIQII", b"FWRC", generation, sequence, len(payload), crc) + payload


def _read(
    name: str,
    offset: int,
    length_bytes: int,
    generation: int,
    sequence: int,
    *,
    payload: bytes | None = None,
) -> dict[str, Any]:
    asked = {
        "name": name,
        "offset": offset,
        "length_bytes": length_bytes,
        "generation": generation,
        "sequence": sequence,
    }
    if payload is None:
        return {**asked, "error": "ring_mismatch"}
    return {**asked, "payload": _written(payload)}


def _case(
    name: str, content: bytes, *, opens: bool = True, reads: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "size_bytes": _SIZE_BYTES,
        "opens": opens,
        "file": _written(content),
        "reads": reads or [],
    }


def _written(content: bytes) -> list[list[Any]]:
    found = pieces(content)
    if joined(found) != content:
        raise AssertionError("pieces lose bytes")
    return [[piece.hex(), times] for piece, times in found]
