"""Filling the part of a published model from a source, file by file, each checked once there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from facewire.bundles.catalogue import sha256_of
from facewire.protocol.errors import BundleError
from facewire.tools.models.parts import folder_bytes, require_room
from facewire.tools.models.progress import transfer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from facewire.bundles.catalogue import PublishedFile, PublishedModel
    from facewire.tools.models.progress import Told

UNFINISHED = ".unfinished"
"""Suffix of the file at work."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file that a source has."""

    path: str
    """In the repository and in the bundle's folder."""
    size: int
    """Bytes."""
    sha256: str = ""
    """What the source says of it, 64 hex digits; "" when it says nothing."""
    local: Path | None = None
    """Where it lies on this machine already."""


class Source(Protocol):
    """Where the files of a model come from."""

    @property
    def revision(self) -> str:
        """The commit that its files are of; "" where that is not known."""

    @property
    def when_another(self) -> str:
        """What to do about a file that is not the one that was published."""

    @property
    def pieces(self) -> Sequence[Piece]:
        """The files that are there, of those the model is published with."""

    def fetch(self, piece: Piece, target: Path, told: Told) -> None:
        """Write a file; go on after the bytes that `target` has, where that is possible."""


def fill(part: Path, model: PublishedModel, source: Source) -> None:
    """Bring every piece into the part; those that are there already are not fetched again.

    Raises:
        BundleError: the source fails, or a file is not the published one; it is thrown away, the
            others stay.
        OutputError: the disk has no room.
    """
    pieces = source.pieces
    published = {file.path: file for file in model.files}
    for piece in pieces:  # before gigabytes are fetched in vain
        if published[piece.path].size not in (None, piece.size):
            raise _another(model, published[piece.path], source, piece.size, "")
    total = sum(piece.size for piece in pieces)
    done = folder_bytes(part)
    require_room(max(0, total - done))
    with transfer(model.name, total, done) as told:
        for piece in pieces:
            target = part / piece.path
            if target.is_file() and target.stat().st_size == piece.size:
                continue
            _bring(piece, target, model, published[piece.path], source, told)


def _bring(
    piece: Piece,
    target: Path,
    model: PublishedModel,
    published: PublishedFile,
    source: Source,
    told: Told,
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}{UNFINISHED}")
    source.fetch(piece, unfinished, told)
    size, digest = unfinished.stat().st_size, sha256_of(unfinished)
    if not published.agrees(size, digest) or piece.sha256 not in ("", digest):
        unfinished.unlink()
        raise _another(model, published, source, size, digest, piece.sha256)
    unfinished.replace(target)


def _another(
    model: PublishedModel,
    published: PublishedFile,
    source: Source,
    size: int,
    digest: str,
    expected: str = "",
) -> BundleError:
    """Return the error of a file that is not the published one, by its size or its hash."""
    wrong, right = f"{size} bytes", f"{published.size}"
    if digest:
        wrong, right = f"the SHA-256 {digest}", published.sha256 or expected
    return BundleError(
        f"{published.path} is not the file that {model.name} is published with: it has {wrong}; "
        f"expected {right}.",
        hint=source.when_another,
        file=published.path,
    )
