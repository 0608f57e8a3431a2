"""Loading a model's folder: looked up by name, verified, parsed into a `Bundle`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facewire.bundles.manifest import NAME, read_manifest, verified_bytes
from facewire.bundles.naming import plain_name
from facewire.bundles.shipped import data_folder
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A model's verified content."""

    name: str
    version: str
    family: str
    """`direct`, `regression` or `diffusion`."""
    licence: str
    description: Mapping[str, Any]
    """`bundle.json`, parsed."""
    files: Mapping[str, bytes]
    """The other files by their path inside the bundle."""

    def file(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            BundleError: the bundle has no such file.
        """
        try:
            return self.files[path]
        except KeyError:
            raise BundleError(f"The bundle {self.name!r} has no file {path!r}.") from None


def list_bundles(models: Path | None = None) -> list[str]:
    """Return the names of the models in the manifest, in its order."""
    return list(read_manifest(models or data_folder("models")))


def load_bundle(name: str | Path, *, models: Path | None = None) -> Bundle:
    """Return a bundle, every file of it verified before it is parsed.

    Args:
        name: A name of the manifest, where capitals do not matter; or, as a `Path`, a folder of the
            user's own with a `bundle.json` in it, which no manifest pins. A text is never taken for
            a path, so that names from the wire reach no file system.
        models: The models folder; the shipped one by default.

    Raises:
        BundleError: unknown name, missing, altered or malformed files.
    """
    if isinstance(name, Path):
        return _folder_bundle(name)
    plain = plain_name(name)
    if not NAME.fullmatch(plain):
        raise BundleError(
            f"{name[:64]!r} is no name of a model.",
            hint="`facewire models list` shows the names there are.",
        )
    folder = models or data_folder("models")
    manifest = read_manifest(folder)
    if plain not in manifest:
        near = get_close_matches(name, manifest, 1)
        raise BundleError(
            f"There is no model called {name!r}.",
            hint=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(manifest)}.",
        )
    entry = manifest[plain]
    contents = {
        pinned.path.partition("/")[2]: verified_bytes(folder, pinned) for pinned in entry.files
    }
    return _bundle(contents, name=entry.name, licence=entry.licence)


def _folder_bundle(folder: Path) -> Bundle:
    if not folder.is_dir():
        raise BundleError(f"{folder} is not a folder.")
    contents = {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.suffix in (".json", ".onnx", ".npz") and path.is_file()
    }
    return _bundle(contents, name=folder.resolve().name, licence="")


def _bundle(contents: dict[str, bytes], *, name: str, licence: str) -> Bundle:
    try:
        description = json.loads(contents.pop("bundle.json"))
        return Bundle(
            name=name,
            version=str(description["version"]),
            family=str(description["family"]),
            licence=licence,
            description=description,
            files=contents,
        )
    except KeyError as error:
        raise BundleError(f"The bundle {name!r} lacks {error.args[0]!r}.") from None
    except (ValueError, TypeError) as error:
        raise BundleError(f"The bundle.json of {name!r} is malformed: {error}.") from None
