"""Models that others publish: where they are, under which licence, and what their files are.

They stand in `manifest.json` under `published`, beside the `bundles` that come with Facewire. Not
one byte of them comes with Facewire.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.bundles.lenient_json import Fields, as_fields, parse_json
from facewire.bundles.manifest import NAME, SUFFIXES
from facewire.bundles.place import reading_hint
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES: Final = ("regression", "diffusion", "emotion")
_MANIFEST: Final = "manifest.json"
_REPO: Final = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_REVISION: Final = re.compile(r"[0-9a-f]{40}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{4,}\.\.\.[0-9a-f]{4,}")
_FILE: Final = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Licence:
    """Under what a model may be used; its text is the publisher's, at `url`."""

    name: str
    url: str
    """Of a page, or the path of a file in the model's repository."""
    must_accept: bool
    """It is shown and accepted before anything is fetched."""
    only_with: tuple[str, ...] = ()
    """Families it must be used together with; empty: any or none."""


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """A file of a published model, with what is known of it."""

    path: str
    """In the repository, and in the folder it is fetched into."""
    size: int | None = None
    """Bytes; None: not known."""
    sha256: str = ""
    """64 hex digits; or the first and the last around `...`; or "" where it is not known."""

    def agrees(self, size: int, digest: str) -> bool:
        """Return whether a file of this size and SHA-256 can be the published one."""
        first, _, last = self.sha256.partition("...")
        return (
            self.size in (None, size) and digest.startswith(first) and digest.endswith(last or "")
        )

    @property
    def known(self) -> bool:
        """Whether there is a hash to compare with."""
        return bool(self.sha256)


@dataclass(frozen=True, kw_only=True)
class PublishedModel:
    """A model in somebody's repository."""

    name: str
    family: str
    """One of FAMILIES."""
    version: str
    identities: tuple[str, ...]
    repo: str
    """Owner and name on the Hugging Face hub."""
    revision: str
    """Commit of 40 hex digits that the files were taken from; "": whichever is newest."""
    gated: bool
    """The hub gives the files only to an account that has accepted the licence there."""
    licence: Licence
    files: tuple[PublishedFile, ...]


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """How a file in a folder compares with the published one."""

    path: str
    state: str
    """`as published`, `differs`, `missing`, or `not known` when no hash was ever written down."""
    size: int | None = None
    sha256: str = ""


def read_published(models: Path) -> dict[str, PublishedModel]:
    """Return the published models of `manifest.json` in the models folder, by name.

    Raises:
        BundleError: it is missing or malformed.
    """
    try:
        content = (models / _MANIFEST).read_bytes()
    except OSError as error:
        raise BundleError(
            f"{models / _MANIFEST} cannot be read: {error.strerror}.", file=_MANIFEST
        ) from None
    manifest = parse_json(content, _MANIFEST)
    entries = manifest.entries("published") if "published" in manifest else []
    place = manifest.at("published")
    found = [_model(as_fields(each, place.entry(at))) for at, each in enumerate(entries)]
    return {model.name: model for model in found}


def compare(folder: Path, model: PublishedModel) -> tuple[FileReport, ...]:
    """Return how the files in a folder compare with those of a published model.

    This informs and refuses nothing: another revision of a model is no worse a model. What cannot
    be used, `read_bundle` refuses.

    Raises:
        BundleError: a file is there and cannot be read.
    """
    return tuple(_report(folder / file.path, file) for file in model.files)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex.

    Raises:
        BundleError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise BundleError(
            f"{path.name} cannot be read: {error.strerror}.",
            hint=reading_hint(error),
            file=path.name,
        ) from None
    return digest.hexdigest()


def _report(path: Path, file: PublishedFile) -> FileReport:
    if not path.is_file():
        return FileReport(path=file.path, state="missing")
    size, digest = path.stat().st_size, sha256_of(path)
    state = "differs"
    if file.agrees(size, digest):
        state = "as published" if file.known else "not known"
    return FileReport(path=file.path, state=state, size=size, sha256=digest)


def _model(fields: Fields) -> PublishedModel:
    family = fields.text("family")
    if family not in FAMILIES:
        raise fields.at("family").wrong(f"is {family!r}", f"one of {', '.join(FAMILIES)}")
    files = fields.entries("files")
    place = fields.at("files")
    return PublishedModel(
        name=_matching(fields, "name", NAME, "a name of a model"),
        family=family,
        version=fields.text("version"),
        identities=fields.names("identities"),
        repo=_matching(fields, "repo", _REPO, "owner/name"),
        revision=_matching(fields, "revision", _REVISION, "a commit", optional=True),
        gated=fields.flag("gated"),
        licence=_licence(fields.fields("licence")),
        files=tuple(_file(as_fields(each, place.entry(at))) for at, each in enumerate(files)),
    )


def _licence(fields: Fields) -> Licence:
    return Licence(
        name=fields.text("name"),
        url=fields.text("url"),
        must_accept=fields.flag("must_accept"),
        only_with=fields.names("only_with") if "only_with" in fields else (),
    )


def _file(fields: Fields) -> PublishedFile:
    path = _matching(fields, "path", _FILE, "a path of plain names")
    if not path.endswith(SUFFIXES):
        raise fields.at("path").wrong(f"is {path!r}", f"a file of {', '.join(SUFFIXES)}")
    return PublishedFile(
        path=path,
        size=fields.integer("size", 0, 1 << 40) if "size" in fields else None,
        sha256=_matching(fields, "sha256", _DIGEST, "hex digits", optional=True),
    )


def _matching(
    fields: Fields, key: str, pattern: re.Pattern[str], expected: str, *, optional: bool = False
) -> str:
    if optional and key not in fields:
        return ""
    text = fields.text(key)
    if not pattern.fullmatch(text):
        raise fields.at(key).wrong(f"is {text!r}", expected)
    return text
