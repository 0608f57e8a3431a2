"""A folder in place of the network: a bundle's, a mirror of repositories, or a hub's cache."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from facewire.protocol.errors import BundleError
from facewire.tools.models.fetching import Piece
from facewire.tools.models.parts import copy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from facewire.bundles.catalogue import PublishedModel
    from facewire.tools.models.progress import Told

_FIRST = "model.json"


class Mirror:
    """The files of a model in a folder; see `Source`."""

    def __init__(self, folder: Path, model: PublishedModel) -> None:
        """Find the bundle in the folder.

        Raises:
            BundleError: it is not there.
        """
        self._model = model
        self.folder = _bundle_in(folder, model)

    @property
    def revision(self) -> str:
        """The commit that a snapshot in a hub's cache is of; else nobody says."""
        return self.folder.name if self.folder.parent.name == "snapshots" else ""

    @property
    def when_another(self) -> str:
        """Pulling again would copy the same file."""
        return (
            f"Put the published file into {self.folder}, then pull again; or, if you trust the "
            f"folder as it is, `facewire models add {self.folder}`."
        )

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """The model's files that are in the folder; its reader says what it misses."""
        found = ((file.path, self.folder / file.path) for file in self._model.files)
        return [
            Piece(path=path, size=place.stat().st_size, local=place)
            for path, place in found
            if place.is_file()
        ]

    def fetch(self, piece: Piece, target: Path, told: Told) -> None:
        """Copy a file from its beginning."""
        assert piece.local is not None
        copy(piece.local, target, told)


def _bundle_in(folder: Path, model: PublishedModel) -> Path:
    owner, _, repo = model.repo.partition("/")
    snapshots = folder / f"models--{owner}--{repo}" / "snapshots"
    places = [folder, folder / model.name, folder / model.repo, folder / repo]
    places += [snapshots / model.revision] if model.revision else sorted(snapshots.glob("*"))[-1:]
    for place in places:
        if (place / _FIRST).is_file():
            return place
    raise BundleError(
        f"{folder} does not hold {model.name}.",
        hint=f"Looked for {_FIRST} there and in {model.name}, {model.repo} and {repo} under it.",
    )
