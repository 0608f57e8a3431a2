"""From what a person names to a bundle: NAME of a shipped or own model, or DIR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facewire.bundles.catalogue import PublishedModel
    from facewire.bundles.installed import InstalledModel

_SMALL_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Found:
    """A model that is named: at least one of the three is there."""

    name: str
    """"" for a folder."""
    folder: Path | None = None
    """Of its bundle; None: it is published and not here."""
    added: InstalledModel | None = None
    """The user's entry."""
    published: PublishedModel | None = None
    """Which published model it is, or seems to be by its small files."""

    @property
    def state(self) -> str:
        """`shipped`, `installed`, `published` or `folder`."""
        if self.added:
            return "installed"
        if self.folder is None:
            return "published"
        return "shipped" if self.name else "folder"


def find(text: str) -> Found:
    """Return what a NAME or DIR means; a name comes before a folder of the same name.

    Capitals of a name do not matter, unless there is a folder that is called just so.

    Raises:
        BundleError: there is no such model and no such folder.
    """
    from facewire.bundles.catalogue import read_published
    from facewire.bundles.manifest import read_manifest
    from facewire.bundles.naming import located, plain_name
    from facewire.bundles.shipped import data_folder
    from facewire.bundles.user_models import find_user_model, user_models

    shipped = data_folder("models")
    published = read_published(shipped)
    if isinstance(located(text), str) and text not in (".", ".."):
        name = plain_name(text)
        is_folder = Path(text).is_dir()
        if name != text and is_folder:
            return Found(name="", folder=Path(text), published=recognised(Path(text)))
        if name in read_manifest(shipped):
            return Found(name=name, folder=shipped / name)
        if added := user_models().get(name):
            return Found(
                name=name,
                folder=added.folder,
                added=added,
                published=_source(added, published.values()),
            )
        if name in published:
            return Found(name=name, published=published[name])
        if not is_folder:
            find_user_model(text)  # says that there is none, and which there are
    folder = Path(text).expanduser()
    return Found(name="", folder=folder, published=recognised(folder))


def recognised(folder: Path) -> PublishedModel | None:
    """Return the published model whose small files a folder holds most of; None: of none any.

    Files that cannot be read say nothing here: whoever reads the bundle is told of them.
    """
    from facewire.bundles.catalogue import read_published
    from facewire.bundles.shipped import data_folder

    known = read_published(data_folder("models")).values()
    paths = {file.path for model in known for file in model.files if file.known}
    found = {path: told for path in paths if (told := _size_and_hash(folder / path))}
    score = {
        model.name: sum(
            file.known and file.path in found and file.agrees(*found[file.path])
            for file in model.files
        )
        for model in known
    }
    best = max(known, key=lambda model: score[model.name], default=None)
    return best if best and score[best.name] else None


def _size_and_hash(path: Path) -> tuple[int, str] | None:
    """Return them of a small file; None where there is none that can be read."""
    from facewire.bundles.catalogue import sha256_of

    try:
        if not path.is_file() or path.stat().st_size > _SMALL_BYTES:
            return None
        return path.stat().st_size, sha256_of(path)
    except (BundleError, OSError):
        return None


def has_network_of(folder: Path, model: PublishedModel) -> bool:
    """Return whether a folder's network is that of a published model, as far as that is known.

    The small files alone do not make it the publisher's: a network trained anew has the same.

    Raises:
        BundleError: it cannot be read.
    """
    from facewire.bundles.catalogue import sha256_of

    for file in model.files:
        path = folder / file.path
        if path.suffix == ".onnx" and file.known and path.is_file():
            size = path.stat().st_size
            return file.size in (None, size) and file.agrees(size, sha256_of(path))
    return False


def _source(added: InstalledModel, published: Iterable[PublishedModel]) -> PublishedModel | None:
    for model in published:
        if model.repo == added.repo:
            return model
    return recognised(added.folder) if added.folder.is_dir() else None
