"""The header of an array in an NPZ file, read without numpy's loader: it may not allocate yet."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.bundles.place import shown

if TYPE_CHECKING:
    from typing import IO

    from facewire.bundles.place import Place

_MAGIC: Final = b"\x93NUMPY"
_MAX_HEADER_BYTES: Final = 4096
_MAX_AXES: Final = 8


@dataclass(frozen=True)
class ArrayHeader:
    """What an array claims to be; its size has been checked against the archive's directory."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    start: int
    """Bytes before the values."""

    @property
    def count(self) -> int:
        """How many values there are."""
        return math.prod(self.shape)


def read_header(stream: IO[bytes], size: int, place: Place) -> ArrayHeader:
    """Return the header at the start of a member of `size` bytes.

    Raises:
        BundleError: it is none, holds Python objects, or claims other than the size.
    """
    head = stream.read(10)
    version = head[6] if len(head) == 10 and head.startswith(_MAGIC) else 0
    if version not in (1, 2, 3):
        raise place.wrong("does not start as an array does", "an array in the NPY format")
    wide = head[8:] + (stream.read(2) if version > 1 else b"")
    length = int.from_bytes(wide, "little")
    if length > _MAX_HEADER_BYTES:
        raise place.wrong(f"has a header of {length} bytes", "a plain NPY header")
    text = stream.read(length)
    header = _parsed(text, start=8 + len(wide) + length, place=place)
    claimed = header.start + header.count * header.dtype.itemsize
    if claimed != size:
        raise place.wrong(
            f"claims the shape {list(header.shape)} of {header.dtype}, {claimed} bytes in all, "
            f"and has {size}",
            "as many bytes as its header says",
        )
    return header


def _parsed(text: bytes, *, start: int, place: Place) -> ArrayHeader:
    try:
        fields = ast.literal_eval(text.decode("latin1"))
        descr, order, shape = fields["descr"], fields["fortran_order"], fields["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError):
        raise place.wrong("has a header that cannot be read", "a plain NPY header") from None
    if not _is_shape(shape) or not isinstance(order, bool):
        raise place.wrong(f"claims the shape {shown(shape)}", "whole numbers that are not negative")
    return ArrayHeader(_dtype(descr, place), shape, order, start)


def _dtype(descr: Any, place: Place) -> np.dtype[Any]:
    try:
        dtype = np.dtype(descr) if isinstance(descr, str) else None
    except (TypeError, ValueError, SyntaxError):
        dtype = None
    if dtype is None or dtype.hasobject or dtype.kind not in "biufSU":
        raise place.wrong(
            f"holds values of the type {shown(descr)}",
            "numbers or texts",
            "An array of Python objects can run code when it is loaded and is never read; "
            "save it again with a plain type, such as float32 or S32.",
        )
    return dtype


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= _MAX_AXES
        and all(type(axis) is int and axis >= 0 for axis in shape)
    )
