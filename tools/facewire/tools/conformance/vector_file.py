"""One vector file, read without trust: no pickle, and no value before its size is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZipFile

import numpy as np

from facewire.bundles.npy_header import read_header
from facewire.bundles.place import Place, shown
from facewire.bundles.zip_directory import ZIP_ERRORS, arrays_of, check_end
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO
    from zipfile import ZipInfo

    from numpy.typing import NDArray

_MAX_BYTES: Final = 256 << 20
"""Of all arrays of a file, unpacked; the largest known one has 3 MB."""
_HINT: Final = "Copy the vector file again, or write it as INDEX.md describes."


class VectorFile:
    """The arrays of one file, read-only, and its `config` as parsed JSON."""

    def __init__(self, path: Path) -> None:
        """Read a whole file.

        Raises:
            BundleError: it is no honest NPZ archive, holds Python objects, is too large, or has no
                `config` in JSON.
        """
        self.name = path.name
        self._arrays = _arrays(path)
        self.config = self._parsed_config()

    def __getitem__(self, key: str) -> NDArray[Any]:
        if key not in self._arrays:
            raise self.wrong(key, "is missing", "an array of that name")
        return self._arrays[key]

    def __contains__(self, key: object) -> bool:
        return key in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def cases(self, key: str = "cases") -> dict[str, dict[str, Any]]:
        """Return the cases that `config` lists under `key`, by their id.

        Raises:
            BundleError: there is no such list, or an entry has no id of its own.
        """
        listed = self.config.get(key)
        if not isinstance(listed, list) or not all(isinstance(case, dict) for case in listed):
            raise self.wrong("config", f"has no list of {key}", "one entry per case")
        found = {case.get("id"): case for case in listed}
        if len(found) != len(listed) or not all(isinstance(name, str) for name in found):
            raise self.wrong("config", f"has {key} without an id of their own", "one id per case")
        return {str(name): case for name, case in found.items()}

    def expect(self, key: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return an array whose shape `config` or another array decides; None: any length.

        What a file only claims must not set how long our loops are.

        Raises:
            BundleError: it is missing or of another shape.
        """
        array = self[key]
        fits = len(shape) == array.ndim and all(
            axis is None or axis == found for axis, found in zip(shape, array.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if axis is None else str(axis) for axis in shape)
            raise self.wrong(key, f"has the shape {list(array.shape)}", f"the shape [{wanted}]")
        return array

    def filled(self, key: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return an array as `expect` does, and not an empty one: that could claim any size.

        Raises:
            BundleError: as `expect`, or it is empty.
        """
        array = self.expect(key, shape)
        if not array.size:
            raise self.wrong(key, "is empty", "one value at least")
        return array

    def wrong(self, key: str, found: str, expected: str) -> BundleError:
        """Return the error to raise about an array or a number of `config`."""
        return Place(self.name, key).wrong(found, expected, _HINT)

    def _parsed_config(self) -> dict[str, Any]:
        config = self._arrays.pop("config", None)
        if config is None or config.dtype.kind != "U" or config.shape:
            raise self.wrong("config", "is missing or no text", "one text that holds JSON")
        try:
            parsed = json.loads(str(config[()]))
        except (ValueError, RecursionError):
            raise self.wrong("config", f"is {shown(str(config[()]))}", "JSON") from None
        if not isinstance(parsed, dict):
            raise self.wrong("config", f"is {shown(parsed)}", "a JSON object")
        return parsed


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        return _read(path, Place(path.name))
    except BundleError as error:  # it is said of bundles what to do about them
        raise BundleError(error.text, hint=_HINT, file=error.file, key=error.key) from None


def _read(path: Path, place: Place) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            check_end(stream, size, place)
            with ZipFile(stream) as archive:
                members = arrays_of(archive, size, place)
                unpacked = sum(member.file_size for member in members.values())
                if unpacked > _MAX_BYTES:
                    raise place.wrong(f"unpacks to {unpacked} bytes", f"{_MAX_BYTES} at most")
                return {name: _array(archive, member, Place(path.name, name))
                        for name, member in members.items()}  # fmt: skip
    except ZIP_ERRORS as error:
        raise place.wrong(f"is damaged ({error})", "a whole NPZ archive") from None
    except OSError as error:
        raise place.wrong(f"cannot be read ({error.strerror})", "a readable file") from None


def _array(archive: ZipFile, member: ZipInfo, place: Place) -> NDArray[Any]:
    with archive.open(member) as stream:
        header = read_header(stream, member.file_size, place)
        content = _content(stream, header.count * header.dtype.itemsize, place)
    values = np.frombuffer(content, header.dtype)
    return values.reshape(header.shape, order="F" if header.fortran_order else "C")


def _content(stream: IO[bytes], size: int, place: Place) -> bytes:
    content = stream.read(size)
    # One byte more than there is: `zipfile` compares the checksum where it meets the end.
    if len(content) != size or stream.read(1):
        raise place.wrong(f"has {len(content)} bytes", f"{size}")
    return content
