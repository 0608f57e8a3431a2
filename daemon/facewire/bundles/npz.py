"""NPZ files without pickle: every size is checked against the zip directory before it is read."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZipFile

import numpy as np

from facewire.bundles.npy_header import read_header
from facewire.bundles.place import Place, reading_hint
from facewire.bundles.zip_directory import ZIP_ERRORS, arrays_of, check_end

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO
    from zipfile import ZipInfo

    from numpy.typing import NDArray

    from facewire.bundles.npy_header import ArrayHeader

_CHUNK_BYTES: Final = 1 << 20
_KINDS: Final = {"f": "float16, float32 or float64", "iu": "whole numbers", "SU": "texts"}


@dataclass(frozen=True)
class _Stamp:
    """What changes when a file is replaced or written to."""

    device: int
    inode: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, stream: IO[bytes]) -> _Stamp:
        status = os.fstat(stream.fileno())
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class Archive:
    """The arrays of one NPZ file. Values are read when asked for and not kept.

    Making one opens the file and reads its directory, no values: all sizes are known before memory
    is taken. The file is closed between reads and must not change in the meantime. It is not
    mapped into memory: a download that cuts a mapped file short would end the process.
    """

    def __init__(self, path: Path, file: str) -> None:
        """Open a file and read its directory; `file` is what messages call it.

        Raises:
            BundleError: it is no honest archive.
        """
        self.path = path
        self.place = Place(file)
        self._stamp: _Stamp | None = None
        self._headers: dict[str, ArrayHeader] = {}
        with self._opened(self.place) as (_, members):
            self._members = members

    @property
    def names(self) -> tuple[str, ...]:
        """All array names, in file order."""
        return tuple(self._members)

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def at(self, key: str) -> Place:
        """Return the place of an array."""
        return Place(self.place.file, key)

    def header(self, key: str) -> ArrayHeader:
        """Return what an array claims to be.

        Raises:
            BundleError: it is missing, its header is wrong, or it holds Python objects.
        """
        known = self._headers.get(key)
        if known is not None:
            return known
        if key not in self._members:
            raise self.at(key).wrong("is missing", "an array of that name")
        member, place = self._members[key], self.at(key)
        with self._opened(place) as (archive, _), archive.open(member) as stream:
            found = read_header(stream, member.file_size, place)
        self._headers[key] = found
        return found

    def expect(self, key: str, shape: tuple[int | None, ...], kinds: str = "f") -> ArrayHeader:
        """Check an array's header: the shape, where None stands for any length, and the type.

        Args:
            key: Name of the array.
            shape: Expected lengths of the axes.
            kinds: `f`, `iu` or `SU`, the numpy kinds that will do.

        Raises:
            BundleError: it is another.
        """
        header = self.header(key)
        if header.dtype.kind not in kinds or (kinds == "f" and header.dtype.itemsize > 8):
            raise self.at(key).wrong(f"holds {header.dtype}", _KINDS[kinds])
        fits = len(shape) == len(header.shape) and all(
            axis is None or axis == found for axis, found in zip(shape, header.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if axis is None else str(axis) for axis in shape)
            raise self.at(key).wrong(f"has the shape {list(header.shape)}", f"the shape [{wanted}]")
        return header

    def floats(self, key: str, shape: tuple[int | None, ...]) -> NDArray[np.float32]:
        """Return an array as float32 in row order, every value finite.

        Raises:
            BundleError: it has another shape or type, is damaged, or holds NaN or infinity.
        """
        header = self.expect(key, shape)
        with self._values(key, header) as stream:
            values = self._read(key, stream, header.dtype, header.count)
        rows = values.reshape(header.shape, order="F" if header.fortran_order else "C")
        return self._checked(key, rows)

    def blocks(
        self, key: str, shape: tuple[int | None, ...], rows: int
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield an array by blocks of `rows` of its first axis, each with its first row's index.

        What is folded once need never be held whole: the skin basis of 204 MB is read this way in
        a few MB.

        Raises:
            BundleError: as `floats`.
        """
        header = self.expect(key, shape)
        if header.fortran_order:  # its rows are not consecutive
            whole = self.floats(key, shape)
            for first in range(0, len(whole), rows):
                yield first, whole[first : first + rows]
            return
        row = header.count // max(header.shape[0], 1)
        with self._values(key, header) as stream:
            for first in range(0, header.shape[0], rows):
                count = min(rows, header.shape[0] - first)
                values = self._read(key, stream, header.dtype, count * row)
                yield first, self._checked(key, values.reshape(count, *header.shape[1:]), first)

    def integers(self, key: str, shape: tuple[int | None, ...]) -> NDArray[np.int64]:
        """Return an array of whole numbers as int64.

        Raises:
            BundleError: it has another shape or type, is damaged, or a value is over int64.
        """
        values = self._plain(key, shape, "iu")
        if values.dtype.kind == "u" and values.size and int(values.max()) > np.iinfo(np.int64).max:
            raise self.at(key).wrong(f"holds {values.max()}", "whole numbers of 63 bits")
        return values.astype(np.int64)

    def texts(self, key: str, shape: tuple[int | None, ...]) -> tuple[str, ...]:
        """Return an array of bytes (S) or of Unicode (U) as texts.

        Raises:
            BundleError: it has another shape or type, is damaged, or is not UTF-8.
        """
        values = self._plain(key, shape, "SU").reshape(-1)
        try:
            return tuple(
                each.decode("utf-8") if isinstance(each, bytes) else str(each)
                for each in values.tolist()
            )
        except UnicodeDecodeError:
            raise self.at(key).wrong("holds bytes that are not UTF-8", "names in UTF-8") from None

    def _plain(self, key: str, shape: tuple[int | None, ...], kinds: str) -> NDArray[Any]:
        header = self.expect(key, shape, kinds)
        with self._values(key, header) as stream:
            values = self._read(key, stream, header.dtype, header.count)
        return values.reshape(header.shape, order="F" if header.fortran_order else "C")

    @contextmanager
    def _values(self, key: str, header: ArrayHeader) -> Iterator[IO[bytes]]:
        """Open an array's member and leave it where the values start."""
        member = self._members[key]
        with self._opened(self.at(key)) as (archive, _), archive.open(member) as stream:
            stream.read(header.start)
            yield stream

    def _read(self, key: str, stream: IO[bytes], dtype: np.dtype[Any], count: int) -> NDArray[Any]:
        """Return the next values; `zipfile` compares the member's CRC when it comes to its end."""
        try:
            values = np.empty(count, dtype)
        except MemoryError:
            size = count * dtype.itemsize
            raise self.at(key).wrong(f"takes {size} bytes", "what this machine has free") from None
        target = values.view(np.uint8) if values.nbytes else np.empty(0, np.uint8)
        at = 0
        while at < len(target):
            read = stream.read(min(_CHUNK_BYTES, len(target) - at))
            if not read:
                raise self.at(key).wrong(f"ends after {at} bytes", f"{len(target)}")
            target[at : at + len(read)] = np.frombuffer(read, np.uint8)
            at += len(read)
        return values

    def _checked(self, key: str, values: NDArray[Any], first: int = 0) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinity, refused below
            found = np.ascontiguousarray(values, np.float32).reshape(values.shape)
        flat = found.reshape(-1)
        step = _CHUNK_BYTES
        for start in range(0, flat.size, step):
            finite = np.isfinite(flat[start : start + step])
            if not finite.all():
                at = np.unravel_index(start + int(np.argmin(finite)), found.shape)
                where = [int(at[0]) + first, *map(int, at[1:])] if at else []
                raise self.at(key).wrong(
                    f"holds {flat[start + int(np.argmin(finite))]} at {where}", "finite float32"
                )
        return found

    @contextmanager
    def _opened(self, place: Place) -> Iterator[tuple[ZipFile, dict[str, ZipInfo]]]:
        """Open the file; what `zipfile` raises inside becomes one BundleError about `place`."""
        try:
            with self.path.open("rb") as stream:
                stamp = _Stamp.of(stream)
                if self._stamp not in (None, stamp):
                    raise self.place.wrong("changed while it was being read", "a file left alone")
                check_end(stream, stamp.size, self.place)
                with ZipFile(stream) as archive:
                    members = arrays_of(archive, stamp.size, self.place)
                    self._stamp = stamp
                    yield archive, members
        except (OSError, *ZIP_ERRORS) as error:
            why = getattr(error, "strerror", None) or error
            raise place.wrong(
                f"cannot be read ({why})", "a whole NPZ archive", reading_hint(error)
            ) from None
