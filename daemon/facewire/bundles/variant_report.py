"""The report that a variant of a network is kept with: written once, and read with suspicion."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.catalogue import sha256_of
from facewire.bundles.folder import MAX_JSON_BYTES
from facewire.bundles.lenient_json import as_fields, parse_json
from facewire.bundles.place import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.bundles.lenient_json import Fields

SCHEMA: Final = 1
_MOST: Final = (1 << 63) - 1
_MEASURED: Final = "a report as it was measured"


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What a file was when a proof was written."""

    file: str
    """Its name, without a folder."""
    size: int
    """Bytes."""
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Return the fingerprint of a file.

        Raises:
            BundleError: it cannot be read.
        """
        digest = sha256_of(path)
        status = path.stat()
        return cls(file=path.name, size=status.st_size, mtime_ns=status.st_mtime_ns, sha256=digest)

    def is_of(self, path: Path, *, quick: bool = False) -> bool:
        """Return whether a file is still the same: all of it is hashed, at about 1 GB/s.

        Args:
            path: The file.
            quick: Take a file of the same size and time for the same, for lists that run nothing.
                Bundles of one architecture have equal sizes, and archives give all files one time.

        Raises:
            BundleError: it is there and cannot be read.
        """
        try:
            status = path.stat()
        except (OSError, ValueError):
            return False
        if not stat.S_ISREG(status.st_mode) or status.st_size != self.size:
            return False
        if quick and status.st_mtime_ns == self.mtime_ns:
            return True
        return sha256_of(path) == self.sha256


def sealed(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a proof with its seal, which changes when anything in it is altered."""
    bare = {key: value for key, value in report.items() if key != "seal"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return {**bare, "seal": hashlib.sha256(text.encode()).hexdigest()}


def sealed_fields(proof: Path) -> Fields:
    """Return a report as it was written.

    Raises:
        BundleError: it cannot be read, is none, or was altered.
    """
    place = Place(proof.name)
    try:
        with proof.open("rb") as stream:
            content = stream.read(MAX_JSON_BYTES + 1)
    except OSError as error:
        raise place.wrong(f"cannot be read ({error.strerror})", "a readable file") from None
    if len(content) > MAX_JSON_BYTES:
        raise place.wrong(f"is longer than {MAX_JSON_BYTES} bytes", "the report of a variant")
    fields = parse_json(content, proof.name)
    schema = fields.integer("schema")
    if schema != SCHEMA:
        raise fields.at("schema").wrong(f"is {schema}", f"{SCHEMA}, which this version reads")
    try:
        seal = sealed(fields.values)["seal"]
    except (ValueError, RecursionError):  # 1e999 is JSON, and infinity when it is read
        raise place.wrong("holds a number over float64 or is nested too deep", _MEASURED) from None
    if fields.text("seal") != seal:
        raise place.wrong("was altered after it was written", _MEASURED)
    return fields


def objects(fields: Fields, key: str) -> list[Fields]:
    """Return the objects of a list."""
    place = fields.at(key)
    return [as_fields(each, place.entry(at)) for at, each in enumerate(fields.entries(key))]


def fingerprint(fields: Fields) -> Fingerprint:
    """Return the fingerprint of a file in the report's own folder."""
    file = fields.text("file")
    if file != Path(file).name or "\\" in file or file.startswith("."):
        raise fields.at("file").wrong(f"is {file[:64]!r}", "a plain file name")
    return Fingerprint(
        file=file,
        size=fields.integer("size", 0, _MOST),
        mtime_ns=fields.integer("mtime_ns", -_MOST, _MOST),
        sha256=fields.text("sha256"),
    )
