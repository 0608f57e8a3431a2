"""`facewire models list` and `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facewire.tools.models.options import as_json, print_json, size

if TYPE_CHECKING:
    from facewire.bundles.installed import InstalledModel


@click.command("list")
@as_json
def list_models(*, as_json: bool) -> None:
    """List the models that are here and those that can be fetched."""
    from facewire.bundles.user_models import VARIABLE, models_folder

    rows = _rows()
    if as_json:
        print_json({"folder": str(models_folder()), "models": rows})
        return
    width = max(len(row["name"]) for row in rows)
    click.secho(f"{'name':{width}}  {'family':10}  {'state':9}  {'size':>9}  licence", bold=True)
    for row in rows:
        line = f"{row['name']:{width}}  {row['family']:10}  {row['state']:9}"
        at_least = ">" if row["bytes"] and not row["bytes_are_all"] else ""
        click.echo(f"{line}  {at_least + size(row['bytes']):>9}  {row['licence'] or 'not known'}")
        if row["fetched_bytes"]:
            told = f"{size(row['fetched_bytes'])} of it lie here: pull it again and it goes on"
            click.echo(f"{'':{width}}  {told}")
        if row["variants"]:
            click.echo(f"{'':{width}}  variants: {', '.join(map(_variant, row['variants']))}")
        if row["problem"]:
            click.secho(f"{'':{width}}  {row['problem']}", fg="red")
    click.echo(f"Your models lie in {models_folder()} ({VARIABLE} names another).", err=True)
    click.echo("Fetch one with `facewire models pull NAME`.", err=True)


@click.command()
@click.argument("model", metavar="NAME|DIR")
@as_json
def show(*, model: str, as_json: bool) -> None:
    """Show a model: family, faces, sizes, look-ahead, files and licence."""
    from facewire.tools.models.describing import described
    from facewire.tools.models.finding import find

    told = described(find(model))
    if as_json:
        print_json(told)
    else:
        _print(told)


def _variant(told: dict[str, str]) -> str:
    """Return a variant as a line of the list has it."""
    if told["problem"]:
        return f"{told['variant']} (refused, see `facewire models show`)"
    by_itself = "by itself" if told["class"] == "exact" else "where it is named"
    return f"{told['variant']} ({by_itself})"


def _rows() -> list[dict[str, Any]]:
    from facewire.bundles.catalogue import read_published
    from facewire.bundles.manifest import read_manifest
    from facewire.bundles.shipped import data_folder
    from facewire.bundles.user_models import user_models
    from facewire.tools.models.describing import known_bytes
    from facewire.tools.models.finding import Found
    from facewire.tools.models.parts import fetched_bytes

    shipped = data_folder("models")
    rows = [
        _row(entry.name, entry.family, "shipped")
        | {
            "bytes": sum(file.size for file in entry.files),
            "licence": entry.licence,
            "folder": str(shipped / entry.name),
        }
        for entry in read_manifest(shipped).values()
    ]
    added = user_models()
    rows += [_installed(model, added) for model in added.values()]
    repos = {model.repo for model in added.values()}
    for model in read_published(shipped).values():
        if model.name in added or model.repo in repos:
            continue
        rows.append(
            _row(model.name, model.family, "published")
            | {
                "bytes": known_bytes(Found(name=model.name, published=model)),
                "bytes_are_all": all(file.size is not None for file in model.files),
                "licence": model.licence.name,
                "repo": model.repo,
                "gated": model.gated,
                "fetched_bytes": fetched_bytes(model.name),
            }
        )
    return rows


def _installed(model: InstalledModel, others: dict[str, InstalledModel]) -> dict[str, Any]:
    from facewire.tools.models.describing import drives_nothing, variants_of

    there = model.folder.is_dir()
    return _row(model.name, model.family, "installed") | {
        "bytes": sum(file.size for file in model.files),
        "licence": model.licence,
        "folder": str(model.folder),
        "repo": model.repo,
        "variants": variants_of(model),
        "problem": drives_nothing(model, others.values())
        if there
        else f"its folder is gone: {model.folder}",
    }


def _row(name: str, family: str, state: str) -> dict[str, Any]:
    return {
        "name": name,
        "family": family,
        "state": state,
        "bytes": None,
        "bytes_are_all": True,
        "licence": "",
        "folder": None,
        "repo": "",
        "gated": False,
        "fetched_bytes": 0,
        "variants": [],
        "problem": "",
    }


_LABELS = {
    "state": "state",
    "folder": "folder",
    "repo": "repository",
    "revision": "revision",
    "resembles": "resembles",
    "window_ms": "hears, ms",
    "look_ahead_ms": "look-ahead, ms",
    "frames_per_window": "frames at once",
    "curves": "curves",
    "skin_vertices": "vertices, skin",
    "tongue_vertices": "vertices, tongue",
    "skin_shapes": "shapes, skin",
    "tongue_shapes": "shapes, tongue",
    "emotions": "emotions",
    "identities": "faces",
    "drives": "drives",
    "driven_by": "driven by",
}


def _print(told: dict[str, Any]) -> None:
    click.secho(f"{told['name'] or told['folder']}", bold=True, nl=False)
    click.echo(f"  {told['family']} {told['version']}".rstrip())
    for key, label in _LABELS.items():
        value = told.get(key)
        if value:
            text = ", ".join(value) if isinstance(value, list) else value
            click.echo(f"  {label:16}  {text}")
    if told.get("drives_nothing"):
        click.secho(f"  {'drives':16}  nothing: {told['drives_nothing']}", fg="red")
    licence = told["licence"]
    accepted = " (accepted)" if licence["accepted"] and told["state"] == "installed" else ""
    click.echo(f"  {'licence':16}  {licence['name'] or 'not known to Facewire'}{accepted}")
    if licence["text"]:
        click.echo(f"  {'':16}  {licence['text']}")
    if licence["only_with"]:
        click.echo(f"  {'':16}  only together with Audio2Face ({', '.join(licence['only_with'])})")
    if told.get("variants"):
        from facewire.tools.optimising.telling import line

        for at, variant in enumerate(told["variants"]):
            click.echo(f"  {'' if at else 'variants':16}  {line(variant)}")
    click.echo(f"  {'files':16}  {size(told['bytes'])} in {len(told['files'])}")
    for file in told["files"]:
        click.echo(f"  {size(file['bytes']):>16}  {file['path']}")
