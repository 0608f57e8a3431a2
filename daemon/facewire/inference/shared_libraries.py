"""Which libraries a file of machine code needs, and which of those this machine lacks.

onnxruntime only logs why a provider did not load, to the console. So we look for ourselves, and
before it tries: then the error can name every missing library, and the console stays quiet. The
provider's own file is read, never loaded: loaded before onnxruntime has set it up, it would stay
broken for the whole process.
"""

from __future__ import annotations

import ctypes
import struct
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRING_TABLE = 1, 5
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_ENTRY: Final = struct.Struct("<qQ")
_LONGEST_NAME: Final = 256


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def needed_libraries(file: Path) -> tuple[str, ...]:
    """Return the libraries that a 64-bit little-endian ELF file names, in its order.

    Empty for any other file, a missing or a damaged one: nothing can then be said.
    """
    try:
        with file.open("rb") as stream:
            return _needed(stream)
    except (OSError, OverflowError, ValueError, struct.error):
        return ()


def missing_libraries(file: Path) -> tuple[str, ...]:
    """Return those of `needed_libraries` that the system's loader does not find.

    onnxruntime's own lie beside the file and are left out.
    """
    return tuple(
        name
        for name in needed_libraries(file)
        if not (file.parent / name).exists() and not _loads(name)
    )


def _needed(stream: BinaryIO) -> tuple[str, ...]:
    header = _HEADER.unpack(stream.read(_HEADER.size))
    magic, table_offset, count = header[0], header[5], header[10]
    if magic[:6] != b"\x7fELF\x02\x01":
        return ()
    stream.seek(table_offset)
    segments = []
    for _ in range(count):
        kind, _, offset, address, _, size, _, _ = _SEGMENT.unpack(stream.read(_SEGMENT.size))
        segments.append(_Segment(kind, offset, address, size))
    dynamic = next((each for each in segments if each.kind == _DYNAMIC), None)
    if dynamic is None:
        return ()
    stream.seek(dynamic.offset)
    entries = list(_ENTRY.iter_unpack(stream.read(dynamic.size // _ENTRY.size * _ENTRY.size)))
    strings = next((value for tag, value in entries if tag == _STRING_TABLE), 0)
    start = next(
        (
            strings - each.address + each.offset
            for each in segments
            if each.kind == _LOAD and each.address <= strings < each.address + each.size
        ),
        None,
    )
    if start is None:
        return ()
    return tuple(_name(stream, start + value) for tag, value in entries if tag == _NEEDED)


def _name(stream: BinaryIO, offset: int) -> str:
    stream.seek(offset)
    return stream.read(_LONGEST_NAME).split(b"\0", 1)[0].decode("ascii")


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
