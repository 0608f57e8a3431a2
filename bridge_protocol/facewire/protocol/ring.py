r"""Byte rings: files in which one side leaves payloads for the other.

A session has one ring each way, both made and removed by the daemon. The socket says where a
record lies and when it may be overwritten, so the ring needs no lock, no atomics and no polling.
Both sides of this implementation use pread and pwrite: a peer that truncates the file cannot
kill us with SIGBUS. Layout (little-endian, SPEC §ring)::

    file    0  8s  magic "FWRING1\0"       record   0  4s  magic "FWRC"
            8  u32 layout version, 1               4  u32 generation of the stream
           12  u32 process id of the daemon        8  u64 sequence of the message
           16  u64 size of the file               16  u32 bytes of the payload
           24  u64 generation of the ring         20  u32 crc32 of the payload
           32  24s session, zero-filled           24  the payload
           56  u32 zero
           60  u32 crc32 of bytes 0 to 59

Records begin at multiples of 8 from byte 64 and never wrap round the end of the file.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from facewire.protocol import limits
from facewire.protocol.errors import ProtocolError, RingError

if TYPE_CHECKING:
    from pathlib import Path

RING_MAGIC: Final = b"FWRING1\0"
RECORD_MAGIC: Final = b"FWRC"
LAYOUT_VERSION: Final = 1
FILE_HEADER: Final = struct.Struct("<8sIIQQ24sII")
RECORD_HEADER: Final = struct.Struct("<4sIQII")
FIRST_RECORD: Final = 64
ALIGNMENT: Final = 8
SESSION_BYTES: Final = 24
MIN_RING_BYTES: Final = 4096
SUPPORTED: Final = hasattr(os, "pread")
"""False on Windows, where this version offers no rings and payloads go inline."""


class RecordPlace(NamedTuple):
    """Where a record lies, as a message says it."""

    offset: int
    """Byte offset of the record's header in the file."""
    length_bytes: int
    """Bytes of the payload alone."""


class RingFile:
    """An open ring file; a context manager. Use `create` or `open`, never the constructor."""

    def __init__(self, path: Path, size_bytes: int, descriptor: int) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self.descriptor = descriptor

    @classmethod
    def create(cls, path: Path, size_bytes: int, session: str, generation: int) -> Self:
        """Make a ring file of mode 0600 with its space reserved; the daemon's part.

        Args:
            path: Must not exist; its folder must be ours alone.
            size_bytes: Of the whole file, at least `MIN_RING_BYTES`.
            session: Name of the session; its first 24 UTF-8 bytes are kept in the file.
            generation: Tells two rings of one daemon apart.

        Raises:
            RingError: there is no space, the file exists, or the system has no rings (Windows).
        """
        _require_support()
        if not MIN_RING_BYTES <= size_bytes <= limits.MAX_RINGS_BYTES:
            raise RingError(f"A ring of {size_bytes} bytes cannot be made.")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            ring_file = cls(path, size_bytes, os.open(path, flags, 0o600))
        except OSError as error:
            raise RingError(f"Cannot make the ring {path}: {error.strerror}.") from error
        try:
            _reserve(ring_file.descriptor, size_bytes)
            _write_all(ring_file.descriptor, [_file_header(size_bytes, session, generation)], 0)
        except (OSError, RingError) as error:
            ring_file.close()
            ring_file.unlink()
            reason = error.strerror if isinstance(error, OSError) else error
            raise RingError(f"Cannot reserve the ring {path}: {reason}.") from error
        return ring_file

    @classmethod
    def open(cls, path: Path, size_bytes: int, *, writable: bool = True) -> Self:
        """Open a ring that `welcome` announced with this size; the client's part.

        Raises:
            RingError: it is missing, not ours alone, too small, or not such a ring.
        """
        _require_support()
        access = os.O_RDWR if writable else os.O_RDONLY
        try:
            descriptor = os.open(path, access | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise RingError(f"Cannot open the ring {path}: {error}.") from error
        ring_file = cls(path, size_bytes, descriptor)
        try:
            _check_ring(descriptor, size_bytes)
        except (OSError, RingError) as error:
            ring_file.close()
            raise RingError(f"The ring {path} cannot be trusted: {error}.") from error
        return ring_file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptor; a second time does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def unlink(self) -> None:
        """Remove the file's name; the daemon's part. An open peer keeps what it has."""
        self.path.unlink(missing_ok=True)


class RingWriter:
    """Writes records into a ring and frees them in the order of their sequence numbers."""

    def __init__(self, ring_file: RingFile) -> None:
        self._ring = ring_file
        self._records: deque[tuple[int, int, int]] = deque()  # (sequence, start, end), oldest first
        self._last_sequence = -1

    @property
    def unreleased(self) -> int:
        """Records that the reader has not released."""
        return len(self._records)

    def write(
        self, payload: bytes | memoryview, *, generation: int, sequence: int
    ) -> RecordPlace | None:
        """Write one record.

        Args:
            payload: C-contiguous bytes, at least one.
            generation: Of the stream.
            sequence: Of the message that will name the record; greater than the last.

        Returns:
            Its place, or None when it does not fit now: the payload then goes inline.

        Raises:
            RingError: the file cannot be written any more.
        """
        if sequence <= self._last_sequence:
            raise RingError(f"Record {sequence} cannot follow record {self._last_sequence}.")
        content = memoryview(payload).cast("B")
        start = self._place(-(-(RECORD_HEADER.size + len(content)) // ALIGNMENT) * ALIGNMENT)
        if start is None or not content:
            return None
        header = RECORD_HEADER.pack(
            RECORD_MAGIC, generation, sequence, len(content), zlib.crc32(content)
        )
        try:
            _write_all(self._ring.descriptor, [header, content], start)
        except OSError as error:
            raise RingError(f"Cannot write the ring: {error.strerror}.") from error
        self._last_sequence = sequence
        end = start + RECORD_HEADER.size + len(content)
        self._records.append((sequence, start, -(-end // ALIGNMENT) * ALIGNMENT))
        return RecordPlace(start, len(content))

    def release(self, sequence: int) -> None:
        """Free every record up to `sequence`; an older number than last time does nothing."""
        while self._records and self._records[0][0] <= sequence:
            self._records.popleft()

    def _place(self, need_bytes: int) -> int | None:
        """Return where `need_bytes` fit in one piece, None where they do not."""
        size_bytes = self._ring.size_bytes
        if not self._records:  # start over: the first pages are the ones still in the cache
            return FIRST_RECORD if FIRST_RECORD + need_bytes <= size_bytes else None
        oldest_start = self._records[0][1]
        _, newest_start, newest_end = self._records[-1]
        if newest_start < oldest_start:  # the records in use already go round
            return newest_end if newest_end + need_bytes <= oldest_start else None
        if newest_end + need_bytes <= size_bytes:
            return newest_end
        return FIRST_RECORD if FIRST_RECORD + need_bytes <= oldest_start else None


class RingReader:
    """Reads the records that messages name."""

    def __init__(self, ring_file: RingFile) -> None:
        self._ring = ring_file

    def read(self, offset: int, length_bytes: int, *, generation: int, sequence: int) -> bytes:
        """Return the payload of one record.

        Args:
            offset: From the message.
            length_bytes: From the message.
            generation: From the message.
            sequence: Of the message itself.

        Raises:
            ProtocolError: `ring_mismatch`: the place is outside the ring, or what lies there is
                not this record whole.
        """
        end = offset + RECORD_HEADER.size + length_bytes
        inside = offset >= FIRST_RECORD and end <= self._ring.size_bytes
        if not (inside and length_bytes > 0):
            raise _mismatch("place", offset)
        if offset % ALIGNMENT:
            raise _mismatch("alignment", offset)
        try:
            record = os.pread(self._ring.descriptor, end - offset, offset)
        except OSError as error:
            raise _mismatch(f"file ({error.strerror})", offset) from error
        if len(record) != end - offset:
            raise _mismatch("file, which was cut short,", offset)
        found = RECORD_HEADER.unpack_from(record)
        if found[:4] != (RECORD_MAGIC, generation, sequence, length_bytes):
            raise _mismatch("record header", offset)
        payload = record[RECORD_HEADER.size :]
        if zlib.crc32(payload) != found[4]:
            raise _mismatch("checksum", offset)
        return payload


def rings_budget_bytes(folder: Path) -> int:
    """Return how many bytes all rings in `folder` together may take: 256 MiB or a tenth of it.

    Raises:
        RingError: the file system cannot be asked.
    """
    _require_support()
    try:
        space = os.statvfs(folder)
    except OSError as error:
        raise RingError(f"Cannot ask for the space of {folder}: {error.strerror}.") from error
    return min(limits.MAX_RINGS_BYTES, space.f_blocks * space.f_frsize // 10)


def _require_support() -> None:
    if not SUPPORTED:
        raise RingError("This system has no rings in this version; payloads go inline.")


def _file_header(size_bytes: int, session: str, generation: int) -> bytes:
    name = session.encode()[:SESSION_BYTES]
    fields = (RING_MAGIC, LAYOUT_VERSION, os.getpid(), size_bytes, generation, name, 0)
    plain = FILE_HEADER.pack(*fields, 0)
    return FILE_HEADER.pack(*fields, zlib.crc32(plain[:-4]))


def _check_ring(descriptor: int, size_bytes: int) -> None:
    """Raise `RingError` unless the open file is a private ring of this size."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RingError("it is not a plain file")
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise RingError("it is not ours alone")
    if status.st_size < size_bytes:
        raise RingError(f"it has {status.st_size} bytes, not {size_bytes}")
    header = os.pread(descriptor, FILE_HEADER.size, 0)
    if len(header) != FILE_HEADER.size:
        raise RingError("it was cut short")
    magic, version, _, size, _, _, _, crc = FILE_HEADER.unpack(header)
    if magic != RING_MAGIC or zlib.crc32(header[:-4]) != crc:
        raise RingError("it is no ring")
    if version != LAYOUT_VERSION:
        raise RingError(f"its layout is version {version}, not {LAYOUT_VERSION}")
    if size != size_bytes:
        raise RingError(f"it was made with {size} bytes, not {size_bytes}")


def _reserve(descriptor: int, size_bytes: int) -> None:
    """Take the space now: a sparse file on a full tmpfs fails only when it is written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size_bytes)
        return
    block = bytes(65_536)  # macOS: really write it
    for offset in range(0, size_bytes, len(block)):
        _write_all(descriptor, [block[: size_bytes - offset]], offset)


def _write_all(descriptor: int, pieces: list[bytes | memoryview], offset: int) -> None:
    wanted = sum(len(piece) for piece in pieces)
    if os.pwritev(descriptor, pieces, offset) != wanted:
        raise RingError("the file took only a part of a write")


def _mismatch(what: str, offset: int) -> ProtocolError:
    return ProtocolError(
        "ring_mismatch",
        f"The {what} of the ring record at {offset} is not what the message says.",
        field="offset",
        got=offset,
    )
