"""The manifest: which models there are, and the sizes and hashes their files must have."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
"""A model's name; matched in full before any file is touched."""
SUFFIXES: Final = (".json", ".npz", ".onnx")
"""The only files that are ever read as part of a bundle: data, no code."""


@dataclass(frozen=True, kw_only=True)
class BundleFile:
    """One file of a bundle, as the manifest pins it."""

    path: str
    """Relative to the models folder, forward slashes."""
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hex."""


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """One model of the manifest."""

    name: str
    version: str
    family: str
    """`direct`, `regression` or `diffusion`."""
    licence: str
    files: tuple[BundleFile, ...]


def read_manifest(models: Path) -> dict[str, ManifestEntry]:
    """Return the entries of `manifest.json` in the models folder, by name.

    Raises:
        BundleError: it is missing or malformed.
    """
    path = models / "manifest.json"
    try:
        content = json.loads(path.read_bytes())
        entries = [_entry(each) for each in content["bundles"]]
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path} is malformed: {error!r}.") from None
    return {entry.name: entry for entry in entries}


def verified_bytes(models: Path, pinned: BundleFile) -> bytes:
    """Return a file's content after its size and hash were found right.

    What is checked is what is used: nobody can swap the file in between.

    Raises:
        BundleError: the file leaves the models folder, is of a kind that is not read, is missing,
            or differs from the manifest.
    """
    path = (models / pinned.path).resolve()
    if not path.is_relative_to(models.resolve()) or path.suffix not in SUFFIXES:
        raise BundleError(f"The manifest names {pinned.path!r}, which is not read.")
    try:
        if path.stat().st_size != pinned.size:
            raise _altered(pinned, f"{path.stat().st_size} bytes instead of {pinned.size}")
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{pinned.path} cannot be read: {error.strerror}.") from None
    if hashlib.sha256(content).hexdigest() != pinned.sha256:
        raise _altered(pinned, "its SHA-256 is another")
    return content


def _entry(raw: dict[str, Any]) -> ManifestEntry:
    if not NAME.fullmatch(raw["name"]):
        raise ValueError(f"name {raw['name']!r}")
    files = tuple(
        BundleFile(path=str(each["path"]), size=int(each["size"]), sha256=str(each["sha256"]))
        for each in raw["files"]
    )
    return ManifestEntry(
        name=raw["name"],
        version=str(raw.get("version", "")),
        family=str(raw["family"]),
        licence=str(raw["licence"]),
        files=files,
    )


def _altered(pinned: BundleFile, why: str) -> BundleError:
    return BundleError(
        f"{pinned.path} is not the file the manifest pins: {why}.",
        hint="Restore it, or install Facewire anew.",
    )
