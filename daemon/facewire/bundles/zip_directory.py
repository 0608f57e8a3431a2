"""The directory of an NPZ archive, checked before any value of it is read."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import IO

    from facewire.bundles.place import Place

MAX_ARRAYS: Final = 4096
MAX_BYTES: Final = 2 << 30
"""Of all arrays together, unpacked. The largest published file has 204 MB."""
ZIP_ERRORS: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, IndexError,
)  # fmt: skip
"""What `zipfile` raises over damaged archives, OSError aside."""

_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_MAX_COMMENT: Final = 65535
_WIDE_LOCATOR: Final = b"PK\x06\x07"
_WIDE_LOCATOR_BYTES: Final = 20
_MAX_DIRECTORY_BYTES: Final = 1 << 20
_ENCRYPTED: Final = 1


def arrays_of(archive: zipfile.ZipFile, size: int, place: Place) -> dict[str, zipfile.ZipInfo]:
    """Return the arrays of an archive of `size` bytes by name, in file order.

    Raises:
        BundleError: two have one name, one is encrypted or packed in an uncommon way, or the sizes
            are not those of one honest archive.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in found:
            raise place.inside(name).wrong("is there twice", "every array once")
        if member.flag_bits & _ENCRYPTED or member.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise place.inside(name).wrong(
                "is encrypted or packed in an uncommon way", "an array stored plain or deflated"
            )
        found[name] = member
    packed = sum(member.compress_size for member in found.values())
    if packed > size:
        raise place.wrong(
            f"claims {packed} packed bytes in a file of {size}", "arrays that lie side by side"
        )
    unpacked = sum(member.file_size for member in found.values())
    if unpacked > MAX_BYTES:
        raise place.wrong(f"unpacks to {unpacked} bytes", f"{MAX_BYTES} at most")
    return found


def check_end(stream: IO[bytes], size: int, place: Place) -> None:
    """Check the record at the end of an archive, which says how long its directory is.

    Python's `zipfile` makes an object of every entry; a directory of millions must not get there.

    Raises:
        BundleError: there is no such record (most often a download that was cut off), or it claims
            more than any bundle has.
    """
    stream.seek(max(0, size - _END_BYTES - _MAX_COMMENT - _WIDE_LOCATOR_BYTES))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise place.wrong(
            f"is no NPZ archive, or {size} bytes are not all of it",
            "an archive with its directory at the end",
        )
    entries, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
    wide = tail[max(0, at - _WIDE_LOCATOR_BYTES) : at].startswith(_WIDE_LOCATOR)
    if wide or entries > MAX_ARRAYS or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise place.wrong("claims a directory larger than any bundle has", "a few dozen arrays")
