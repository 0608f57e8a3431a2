"""`facewire models pull`: a published model, from the hub or from a folder."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facewire.protocol.errors import BundleError
from facewire.tools.models.options import as_json, print_json, size

if TYPE_CHECKING:
    from facewire.bundles.catalogue import PublishedModel
    from facewire.bundles.installed import InstalledModel
    from facewire.tools.models.fetching import Source


@click.command()
@click.argument("name")
@click.option(
    "--accept-licence", "accepted", metavar="NAME",
    help="The licence of this NAME, or of the model NAME, was read and accepted.",
)  # fmt: skip
@click.option(
    "--from", "folder", metavar="DIR",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Take the files from this folder, a bundle or a mirror, and not from the network.",
)  # fmt: skip
@as_json
def pull(name: str, *, accepted: str | None, folder: Path | None, as_json: bool) -> None:
    """Fetch a model of `facewire models list` from the Hugging Face hub.

    Its licence is shown first. A pull that is interrupted goes on where it stopped. With
    HF_HUB_OFFLINE set the hub's own cache is all that is looked at.
    """
    from facewire.bundles.user_models import user_models

    model = _published(name)
    here = user_models().get(model.name)
    if here is not None:
        _require_published(here, model)
    if here is None:
        pulled, absent = _pull(model, accepted, folder)
        _tell(pulled, model, absent, "installed", as_json=as_json)
    else:
        _tell(here, model, [], "already here", as_json=as_json)


def _require_published(here: InstalledModel, model: PublishedModel) -> None:
    """Refuse to call a folder of the user's own, which has a published name, the published model.

    Raises:
        BundleError: its network is another, or not known to be the published one.
    """
    from facewire.tools.models.finding import has_network_of

    if here.repo == model.repo or has_network_of(here.folder, model):
        return
    total = sum(file.size for file in here.files)
    raise BundleError(
        f"{here.name} is on your list already: a folder you added, {here.folder} ({size(total)}), "
        "whose network is not known to be the published one. Nothing was fetched.",
        hint=f"To fetch the published one take yours off first: `facewire models rm {here.name}`, "
        "its files stay; `facewire models add FOLDER --name OTHER` brings it back.",
    )


def _published(name: str) -> PublishedModel:
    from facewire.bundles.catalogue import read_published
    from facewire.bundles.naming import plain_name
    from facewire.bundles.shipped import data_folder
    from facewire.tools.models.parts import shipped_names

    known, plain = read_published(data_folder("models")), plain_name(name)
    if plain in known:
        return known[plain]
    if plain in shipped_names():
        raise BundleError(
            f"{plain} comes with Facewire and need not be fetched.",
            hint=f"Use it: `facewire animate --model {plain}`.",
        )
    near = get_close_matches(plain, known, 1)
    raise BundleError(
        f"No model called {name!r} can be fetched.",
        hint=f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}.",
    )


def _pull(
    model: PublishedModel, accepted: str | None, folder: Path | None
) -> tuple[InstalledModel, list[str]]:
    """Return the installed model, and the paths of published files that were not there."""
    from facewire.bundles.detect import detect_family
    from facewire.tools.models.checking import check_folder
    from facewire.tools.models.fetching import fill
    from facewire.tools.models.licences import require_accepted
    from facewire.tools.models.parts import install, part
    from facewire.tools.models.progress import working

    source = _source(model, folder)
    require_accepted(model, _licence_text(model, folder), accepted)
    pieces = source.pieces
    with part(model.name, f"{type(source).__name__} {source.revision}") as filled:
        fill(filled, model, source)
        with working(f"reading every file of {model.name}"):
            check_folder(filled)
            line = _line(model, source, family=detect_family(filled))
            installed = install(filled, replace(line, folder=filled))
    there = {piece.path for piece in pieces}
    return installed, [file.path for file in model.files if file.path not in there]


def _source(model: PublishedModel, folder: Path | None) -> Source:
    if folder is None:
        from facewire.tools.models.hub import Hub

        return Hub(model)
    from facewire.tools.models.mirror import Mirror

    return Mirror(folder, model)


def _licence_text(model: PublishedModel, folder: Path | None) -> str:
    from facewire.tools.models.describing import licence_text
    from facewire.tools.models.finding import Found

    if folder is None and "://" not in model.licence.url:
        from facewire.tools.models.hub import page

        return f"{page(model)}/blob/main/{model.licence.url}"
    return licence_text(Found(name=model.name, published=model))


def _line(model: PublishedModel, source: Source, *, family: str) -> InstalledModel:
    from facewire.bundles.installed import InstalledModel

    if family != model.family:
        raise BundleError(
            f"What was fetched as {model.name} is of the family {family!r}, not {model.family!r}.",
            hint="Fetch it from where it is published.",
        )
    return InstalledModel(
        name=model.name,
        family=family,
        folder=Path(model.name),
        licence=model.licence.name,
        licence_accepted=model.licence.must_accept,
        repo=model.repo,
        revision=source.revision,
    )


def _tell(
    here: InstalledModel, model: PublishedModel, absent: list[str], state: str, *, as_json: bool
) -> None:
    from facewire.tools.models.describing import pairs

    total = sum(file.size for file in here.files)
    if as_json:
        answer: dict[str, Any] = {
            "name": here.name, "family": here.family, "state": state, "folder": str(here.folder),
            "bytes": total, "licence": here.licence, "repo": here.repo, "revision": here.revision,
            "not_there": absent,
        }  # fmt: skip
        print_json(answer | pairs(here))
        return
    click.echo(f"{here.name} {state}: {size(total)} in {here.folder}")
    for path in absent:
        click.echo(f"{path} is not published any more, and was not needed.", err=True)
    if model.family != "emotion":
        click.echo(f"Use it: facewire animate clip.wav -o clip.csv --model {here.name}", err=True)
    elif not pairs(here)["drives"]:
        click.echo("It drives Audio2Face models alone, and none is here yet.", err=True)
