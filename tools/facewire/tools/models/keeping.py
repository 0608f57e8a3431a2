"""`facewire models add` and `rm`: folders of the user's own."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facewire.protocol.errors import BundleError, FacewireError
from facewire.tools.models.options import as_json, print_json, size

if TYPE_CHECKING:
    from facewire.bundles.installed import InstalledModel

_SKIPPED = (".trt", ".engine", ".plan")
"""Engines are code for one GPU, built again where they are wanted."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.option("--name", metavar="NAME", help="What it is called here (default: the folder's name).")
@click.option("--copy", "copied", is_flag=True, help="Copy the files into your models folder.")
@click.option(
    "--with", "faces", metavar="FACE", multiple=True,
    help="Of an emotion model: the Audio2Face model it may drive (default: all); repeatable.",
)  # fmt: skip
@as_json
def add(
    folder: Path, *, name: str | None, copied: bool, faces: tuple[str, ...], as_json: bool
) -> None:
    """Give the bundle in DIR a name; every file of it is read once.

    The files stay where they are unless you say --copy. Audio2Emotion may drive Audio2Face models
    alone: its licence allows no other use.
    """
    root = (folder.parent if folder.is_file() else folder).resolve()
    model = _checked(root, name or default_name(root), faces)
    added = _copied(model) if copied else _registered(model)
    _tell(added, as_json=as_json)


@click.command("rm")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def remove(name: str, *, yes: bool, as_json: bool) -> None:
    """Take a model off the list, and delete its files if Facewire put them there.

    Files that you added as they lie stay. What an interrupted pull has left is deleted, too.
    """
    from facewire.bundles.installed import without_model
    from facewire.bundles.manifest import NAME
    from facewire.bundles.naming import plain_name
    from facewire.bundles.user_models import is_ours, user_models
    from facewire.tools.models.parts import (
        fetched_bytes,
        forget,
        forget_part,
        has_leftovers,
        shipped_names,
    )

    name = plain_name(name)
    if name in shipped_names():
        raise BundleError(f"{name} comes with Facewire and stays.")
    models = user_models()
    leftovers = bool(NAME.fullmatch(name)) and has_leftovers(name)
    unfinished = fetched_bytes(name) if leftovers else 0
    if name not in models and not leftovers:
        without_model(models, name)  # says that there is none, and which there are
    ours = name in models and is_ours(models[name])
    if (ours or unfinished) and not yes:
        _ask(name, sum(file.size for file in models[name].files) if ours else unfinished)
    if name in models:
        forget(name)
    if leftovers:
        forget_part(name)
    idle = _drive_nothing_without(name) if name in models else []
    kept = str(models[name].folder) if name in models and not ours else None
    if as_json:
        told = {"name": name, "removed": True, "files_deleted": kept is None, "kept": kept}
        print_json({**told, "drive_nothing": idle})
        return
    click.echo(f"{name} is off the list; its files stay in {kept}" if kept else f"{name} is gone")
    for emotion in idle:
        click.echo(f"{emotion} was added for it alone, and drives nothing now.", err=True)


def _drive_nothing_without(name: str) -> list[str]:
    """Return the emotion models that a face's going leaves with nothing to drive."""
    from facewire.bundles.user_models import user_models
    from facewire.tools.models.describing import drives_nothing

    models = user_models().values()
    return [
        each.name for each in models if name in each.paired_with and drives_nothing(each, models)
    ]


def default_name(folder: Path) -> str:
    """Return a name made of a folder's: that of the repository for a snapshot in a hub's cache."""
    own = folder.name
    if folder.parent.name == "snapshots":
        own = folder.parents[1].name.rpartition("--")[2]
    return re.sub(r"[^a-z0-9._-]+", "-", own.lower()).strip("-._")[:64]


def _checked(root: Path, name: str, faces: tuple[str, ...]) -> InstalledModel:
    """Return the entry of a bundle after reading everything in it."""
    from facewire.bundles.detect import detect_family
    from facewire.bundles.installed import InstalledModel, with_model
    from facewire.bundles.user_models import user_models
    from facewire.tools.models.checking import check_folder
    from facewire.tools.models.finding import has_network_of, recognised
    from facewire.tools.models.parts import shipped_names
    from facewire.tools.models.progress import working

    family = detect_family(root)
    published = recognised(root)
    same = published is not None and has_network_of(root, published)
    model = InstalledModel(
        name=name,
        family=family,
        folder=root,
        licence=published.licence.name if published and same else "",
        paired_with=_paired(family, faces),
    )
    with_model(user_models(), model, taken=shipped_names())  # before the work, not after it
    with working(f"reading every file of {root.name}"):
        check_folder(root)
    return model


def _paired(family: str, faces: tuple[str, ...]) -> tuple[str, ...]:
    """Return the faces an emotion model is for, after seeing that its licence allows them."""
    from facewire.bundles.a2e import require_pairing
    from facewire.tools.models.finding import find

    if faces and family != "emotion":
        raise click.UsageError(f"--with is for emotion models, and this one is {family}.")
    names = []
    for face in faces:
        found = find(face)
        names.append(found.name)
        if found.state == "shipped":
            require_pairing(face, "direct")
        elif found.added is None:
            raise BundleError(
                f"{face} is not in the list of models.", hint="Add or pull it first.", key="with"
            )
        else:
            require_pairing(face, found.added.family)
    return tuple(dict.fromkeys(names))


def _registered(model: InstalledModel) -> InstalledModel:
    from facewire.bundles.installed import with_files
    from facewire.tools.models.parts import register
    from facewire.tools.models.progress import working

    with working(f"noting what the files of {model.name} are"):
        whole = with_files(model)
    return register(whole)


def _copied(model: InstalledModel) -> InstalledModel:
    from facewire.tools.models.checking import check_folder
    from facewire.tools.models.parts import copy, install, part, require_room
    from facewire.tools.models.progress import transfer, working

    paths = _paths(model.folder)
    total = sum((model.folder / path).stat().st_size for path in paths)
    require_room(total)
    with part(model.name, f"copy of {model.folder}") as filled:
        try:
            with transfer(model.name, total) as told:
                for path in paths:
                    copy(model.folder / path, filled / path, told)
            with working(f"reading every file of {model.name}"):
                check_folder(filled)
                return install(filled, replace(model, folder=filled))
        finally:
            shutil.rmtree(filled, ignore_errors=True)  # a copy is begun anew, not gone on with


def _paths(root: Path) -> list[Path]:
    """Return the files to copy, relative: none that a link takes from outside the bundle."""
    from facewire.bundles.folder import BundleFolder
    from facewire.bundles.place import Place

    folder, paths = BundleFolder.at(root), []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.suffix.lower() in _SKIPPED or not path.is_file():
            continue
        folder.file(relative.as_posix(), Place(relative.as_posix()), path.suffix.lower())
        paths.append(relative)
    return paths


def _ask(name: str, total: int) -> None:
    from facewire.tools.models.licences import can_ask

    if not can_ask():
        raise BundleError(
            f"{size(total)} of {name} would be deleted, and nobody can be asked.",
            hint=f"`facewire models rm {name} --yes` does it.",
        )
    if not click.confirm(f"Delete {size(total)} of {name}?", err=True):
        raise FacewireError("Nothing was deleted.")


def _is_published(name: str) -> bool:
    from facewire.bundles.catalogue import read_published
    from facewire.bundles.shipped import data_folder

    return name in read_published(data_folder("models"))


def _tell(added: InstalledModel, *, as_json: bool) -> None:
    from facewire.tools.models.describing import pairs

    told: dict[str, Any] = {
        "name": added.name,
        "family": added.family,
        "folder": str(added.folder),
        "copied": added.placed,
        "bytes": sum(file.size for file in added.files),
        "licence": added.licence,
    }
    if as_json:
        print_json(told | pairs(added))
        return
    click.echo(f"{added.name} added: {added.family}, {size(told['bytes'])} in {added.folder}")
    if added.licence:
        click.echo(f"It is published under: {added.licence}", err=True)
    elif _is_published(added.name):
        click.echo(
            "That is the name of a published model, whose network this is not known to be: to "
            "`facewire models pull` that one, give this another with --name.",
            err=True,
        )
    if added.family == "emotion":
        drives = pairs(added)["drives"]
        text = f"It drives {', '.join(drives)}." if drives else "No Audio2Face model is here yet."
        click.echo(f"{text} Its licence allows no other use.", err=True)
    else:
        click.echo(f"Use it: facewire animate clip.wav -o clip.csv --model {added.name}", err=True)
