"""The models a user has added: a name for a folder, and what its files were when it was added.

The file has the same shape as the shipped `manifest.json`: entries with size and SHA-256 of every
file. Each has a folder besides, and the licence that was accepted.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.catalogue import FileReport, sha256_of
from facewire.bundles.lenient_json import Fields, as_fields, parse_json
from facewire.bundles.manifest import NAME, SUFFIXES, BundleFile
from facewire.bundles.place import reading_hint
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SCHEMA: Final = 1
_MAX_FILE_BYTES: Final = 1 << 40
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, kw_only=True)
class InstalledModel:
    """One model of the user's."""

    name: str
    family: str
    folder: Path
    """Absolute, or relative to the folder of the list."""
    placed: bool = False
    """Facewire put the files there, and deletes them with the model."""
    licence: str = ""
    """Name of the licence; "" where Facewire knows none."""
    licence_accepted: bool = False
    """The user was shown it and said yes."""
    repo: str = ""
    """Where it was fetched from; "" for a folder of the user's own."""
    revision: str = ""
    """The commit that was fetched."""
    paired_with: tuple[str, ...] = ()
    """Of an emotion model: the face models it may drive; empty: any that its licence allows."""
    files: tuple[BundleFile, ...] = ()
    """Paths are relative to `folder`."""


def read_installed(path: Path) -> dict[str, InstalledModel]:
    """Return the models of a file that `write_installed` wrote, by name; {} when there is none.

    Raises:
        BundleError: it cannot be read or is malformed; the text says which file it is.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BundleError(
            f"The list of your models, {path}, cannot be read: {error.strerror}.",
            hint=reading_hint(error),
            file=path.name,
        ) from None
    try:
        return _models(content, path)
    except BundleError as error:
        raise BundleError(
            f"The list of your models, {path}, is damaged: {error.text}",
            hint=f"Mend it; or move {path.name} elsewhere, then `facewire models add` each model's "
            "folder again: no file of a model is touched.",
            file=error.file,
            key=error.key,
        ) from None


def _models(content: bytes, path: Path) -> dict[str, InstalledModel]:
    found = parse_json(content, path.name)
    place = found.at("bundles")
    entries = [as_fields(each, place.entry(at)) for at, each in enumerate(found.entries("bundles"))]
    return {model.name: model for model in map(_model, entries)}


def write_installed(path: Path, models: Mapping[str, InstalledModel]) -> None:
    """Write the models; a reader sees the old file or the new one, never half of one.

    Raises:
        BundleError: it cannot be written; the old file is as it was.
    """
    entries = [asdict(model) | {"folder": str(model.folder)} for model in models.values()]
    text = json.dumps({"schema": _SCHEMA, "bundles": entries}, indent=1) + "\n"
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as stream:
            temporary = Path(stream.name)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise BundleError(
            f"{path} cannot be written: {error.strerror}.",
            hint=f"Free some disk space, then do it again: {path.name} is as it was."
            if error.errno in _FULL
            else f"Check that you may write {path.parent}, or name another folder in "
            "FACEWIRE_MODELS.",
            file=path.name,
        ) from None


def with_model(
    models: Mapping[str, InstalledModel], model: InstalledModel, *, taken: Collection[str] = ()
) -> dict[str, InstalledModel]:
    """Return the models with one more.

    Args:
        models: Those there are.
        model: The new one.
        taken: Names that are not free for other reasons: those of the shipped models.

    Raises:
        BundleError: the name is none, or taken.
    """
    if not NAME.fullmatch(model.name):
        raise BundleError(
            f"{model.name[:64]!r} is no name for a model.",
            hint="Use lower-case letters, digits, dots, dashes and underscores, 64 at most.",
            key="name",
        )
    if model.name in models or model.name in taken:
        raise BundleError(
            f"There is a model called {model.name!r} already.",
            hint=f"Choose another name, or remove it first: `facewire models rm {model.name}`.",
            key="name",
        )
    return {**models, model.name: model}


def without_model(models: Mapping[str, InstalledModel], name: str) -> dict[str, InstalledModel]:
    """Return the models without one.

    Raises:
        BundleError: it is not among them.
    """
    if name not in models:
        known = ", ".join(models) or "none"
        raise BundleError(
            f"No model called {name[:64]!r} was added.", hint=f"Added: {known}.", key="name"
        )
    return {each: model for each, model in models.items() if each != name}


def with_files(model: InstalledModel) -> InstalledModel:
    """Return the model with size and SHA-256 of every file of its folder that is ever read.

    Raises:
        BundleError: a file cannot be read.
    """
    paths = sorted(path for path in model.folder.rglob("*") if path.suffix in SUFFIXES)
    files = tuple(
        BundleFile(
            path=path.relative_to(model.folder).as_posix(),
            size=path.stat().st_size,
            sha256=sha256_of(path),
        )
        for path in paths
        if path.is_file()
    )
    return replace(model, files=files)


def changes(model: InstalledModel) -> tuple[FileReport, ...]:
    """Return how the model's files compare with what they were when it was added.

    Raises:
        BundleError: a file is there and cannot be read.
    """
    return tuple(_change(model.folder / file.path, file) for file in model.files)


def _change(path: Path, file: BundleFile) -> FileReport:
    if not path.is_file():
        return FileReport(path=file.path, state="missing")
    size, digest = path.stat().st_size, sha256_of(path)
    state = "as added" if (size, digest) == (file.size, file.sha256) else "differs"
    return FileReport(path=file.path, state=state, size=size, sha256=digest)


def _model(fields: Fields) -> InstalledModel:
    name = fields.text("name")
    if not NAME.fullmatch(name):
        raise fields.at("name").wrong(f"is {name!r}", "a name of a model")
    place = fields.at("files")
    return InstalledModel(
        name=name,
        family=fields.text("family"),
        folder=Path(fields.text("folder")),
        placed=fields.flag("placed") if "placed" in fields else False,
        licence=_optional(fields, "licence"),
        licence_accepted=fields.flag("licence_accepted"),
        repo=_optional(fields, "repo"),
        revision=_optional(fields, "revision"),
        paired_with=fields.names("paired_with") if "paired_with" in fields else (),
        files=tuple(
            _file(as_fields(each, place.entry(at)))
            for at, each in enumerate(fields.entries("files"))
        ),
    )


def _file(fields: Fields) -> BundleFile:
    return BundleFile(
        path=fields.text("path"),
        size=fields.integer("size", 0, _MAX_FILE_BYTES),
        sha256=fields.text("sha256"),
    )


def _optional(fields: Fields, key: str) -> str:
    value: Any = fields.values.get(key, "")
    return fields.text(key) if value else ""
