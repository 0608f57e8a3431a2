"""The wire format of protocol buffers, walked in place: what is not asked for is skipped unread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from facewire.bundles.place import Place
    from facewire.protocol.errors import BundleError

VARINT: Final = 0
BYTES: Final = 2
_FIXED: Final = {1: 8, 5: 4}
_MAX_FIELDS: Final = 4_000_000
"""The largest published network has some tens of thousands."""
_MAX_VARINT_BYTES: Final = 10


@dataclass(frozen=True)
class Field:
    """One field of a message."""

    number: int
    kind: int
    """VARINT, BYTES, or a fixed width."""
    value: int
    """Of a VARINT."""
    start: int
    """Where the BYTES lie in the file."""
    end: int


class Message:
    """A span of a file that holds one message."""

    def __init__(self, reader: Reader, start: int, end: int) -> None:
        self._reader = reader
        self._start = start
        self._end = end

    def __iter__(self) -> Iterator[Field]:
        at = self._start
        while at < self._end:
            field, at = self._reader.field(at, self._end)
            yield field

    def inner(self, field: Field) -> Message:
        """Return the message that a field of BYTES holds."""
        self._reader.require_bytes(field)
        return Message(self._reader, field.start, field.end)

    def text(self, field: Field) -> str:
        """Return the text that a field of BYTES holds."""
        return self._reader.text(field)

    def wrong(self, found: str, expected: str) -> BundleError:
        """Return the error to raise about the file."""
        return self._reader.place.wrong(found, expected)


class Reader:
    """Reads fields of a file at given places.

    Only spans that the enclosing message has room for are followed, and only so many fields: a
    damaged or hostile file ends in an error, soon.
    """

    def __init__(self, stream: IO[bytes], size: int, place: Place) -> None:
        self._stream = stream
        self._size = size
        self.place = place
        self._left = _MAX_FIELDS

    def whole(self) -> Message:
        """Return the file as one message."""
        return Message(self, 0, self._size)

    def field(self, at: int, end: int) -> tuple[Field, int]:
        """Return the field at a place, and where the next one starts.

        Raises:
            BundleError: there is none, or it does not end by `end`.
        """
        self._left -= 1
        if self._left < 0:
            raise self.place.wrong(f"has over {_MAX_FIELDS} fields", "a network")
        self._stream.seek(at)
        key, at = self._varint(at)
        number, kind = key >> 3, key & 7
        value, start, after = 0, at, at
        if kind == VARINT:
            value, after = self._varint(at)
        elif kind == BYTES:
            length, start = self._varint(at)
            after = start + length
        elif kind in _FIXED:
            after = at + _FIXED[kind]
        else:
            raise self._broken()
        if not number or after > end:
            raise self._broken()
        return Field(number, kind, value, start, after), after

    def text(self, field: Field, most: int = 4096) -> str:
        """Return a field's text."""
        self.require_bytes(field)
        if field.end - field.start > most:
            raise self.place.wrong(f"holds a name of over {most} bytes", "short names")
        self._stream.seek(field.start)
        try:
            return self._stream.read(field.end - field.start).decode()
        except UnicodeDecodeError:
            raise self._broken() from None

    def require_bytes(self, field: Field) -> None:
        """Raise unless a field holds BYTES."""
        if field.kind != BYTES:
            raise self._broken()

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for index in range(_MAX_VARINT_BYTES):
            byte = self._stream.read(1)
            if not byte:
                raise self._broken()
            value |= (byte[0] & 0x7F) << (7 * index)
            if byte[0] < 0x80:
                return value, at + index + 1
        raise self._broken()

    def _broken(self) -> BundleError:
        return self.place.wrong("is cut off or no ONNX file at all", "a whole ONNX network")
