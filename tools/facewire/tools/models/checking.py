"""`facewire models verify`: every array read, every file compared with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from facewire.protocol.errors import BundleError
from facewire.tools.models.options import as_json, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.tools.models.finding import Found

_NAMED: Final = 3
"""Files that a note names."""


@click.command()
@click.argument("models", metavar="[NAME|DIR]...", nargs=-1)
@as_json
def verify(*, models: tuple[str, ...], as_json: bool) -> int:
    """Read everything in a model's bundle and say what is wrong.

    Without NAME every model that is here is read.

    Files that differ from what their publisher had, or from what they were when you added them,
    are told and are no error: another revision is no worse. The exit status is 1 when a bundle
    cannot be used or is not here; the others are read all the same.
    """
    from facewire.tools.models.progress import working

    results = []
    for name in models or _all_names():
        with working(f"reading every file of {name}"):
            results.append(_result(name))
    if as_json:
        print_json({"models": results})
    else:
        for result in results:
            _print(result)
    return 0 if all(result["ok"] for result in results) else 1


def _result(name: str) -> dict[str, Any]:
    """Return what is to be said of a NAME or DIR, whatever is wrong with it."""
    from facewire.tools.models.finding import find

    try:
        return examined(name, find(name))
    except BundleError as error:
        return {
            "model": name, "folder": None, "ok": False, "error": _error(error), "files": [],
            "resembles": "",
        }  # fmt: skip


def examined(name: str, found: Found) -> dict[str, Any]:
    """Return what is wrong with a bundle, and which of its files differ from what is known.

    Raises:
        BundleError: the model is not here.
    """
    from facewire.bundles.user_models import gone

    if found.folder is None:
        raise BundleError(
            f"{name} is not here, so there is nothing to verify.",
            hint=f"Fetch it: `facewire models pull {found.name}`.",
        )
    if found.added and not found.folder.is_dir():
        raise gone(found.added)
    answer: dict[str, Any] = {"model": name, "folder": str(found.folder), "ok": True, "error": None}
    try:
        check(found)
        answer["files"] = _compared(found)
    except (BundleError, OSError) as error:
        answer |= {"ok": False, "error": _error(error), "files": _files_of_broken(found)}
    answer["resembles"] = found.published.name if found.published else ""
    return answer


def check(found: Found) -> None:
    """Read everything in a bundle once.

    Raises:
        BundleError: naming file and key of what is wrong.
    """
    assert found.folder is not None
    if found.state == "shipped":
        from facewire.bundles import load_bundle

        load_bundle(found.name)  # each file against size and hash
    check_folder(found.folder)


def check_folder(folder: Path) -> None:
    """Read everything in a bundle's folder once.

    Raises:
        BundleError: naming file and key of what is wrong.
    """
    from facewire.bundles import load_bundle
    from facewire.bundles.detect import detect_family, read_bundle
    from facewire.inference.direct import DirectFamily

    if detect_family(folder) == "direct":
        bundle = load_bundle(folder)
        bundle.file(DirectFamily.from_bundle(bundle).network)
    else:
        read_bundle(folder).check_contents()


def _compared(found: Found) -> list[dict[str, Any]]:
    """Return path, published and added state of each file; "" where nothing is known."""
    from facewire.bundles.catalogue import compare
    from facewire.bundles.installed import changes

    assert found.folder is not None
    published = compare(found.folder, found.published) if found.published else ()
    added = changes(found.added) if found.added else ()
    states: dict[str, dict[str, Any]] = {}
    for key, reports in (("as_published", published), ("as_added", added)):
        for report in reports:
            state = states.setdefault(report.path, _no_state(report.path))
            state |= {key: report.state, "bytes": report.size, "sha256": report.sha256}
    return list(states.values())


def _no_state(path: str) -> dict[str, Any]:
    return {"path": path, "as_published": "", "as_added": "", "bytes": None, "sha256": ""}


def _files_of_broken(found: Found) -> list[dict[str, Any]]:
    """Return how the files compare, which may tell what broke; [] when even that cannot be read."""
    try:
        return _compared(found)
    except (BundleError, OSError):
        return []


def _error(error: BundleError | OSError) -> dict[str, str]:
    if isinstance(error, OSError):  # a folder inside that may not be looked into
        from facewire.bundles.place import reading_hint

        text = f"{error.filename or 'A file'} cannot be read: {error.strerror or error}."
        return {"text": text, "hint": reading_hint(error), "file": "", "key": ""}
    return {"text": error.text, "hint": error.hint, "file": error.file, "key": error.key}


def _all_names() -> list[str]:
    from facewire.bundles.manifest import read_manifest
    from facewire.bundles.shipped import data_folder
    from facewire.bundles.user_models import user_models

    return [*read_manifest(data_folder("models")), *user_models()]


def _print(result: dict[str, Any]) -> None:
    if result["ok"]:
        click.secho("ok: ", fg="green", bold=True, nl=False)
        click.echo(f"{result['model']}: every file can be read and fits the others")
    else:
        click.secho("broken: ", fg="red", bold=True, nl=False)
        click.echo(f"{result['model']}: {result['error']['text']}")
        if result["error"]["hint"]:
            click.echo(f"  try: {result['error']['hint']}")
    for key, state, told in (
        ("as_added", "differs", "changed since the model was added"),
        ("as_added", "missing", "gone since the model was added"),
        ("as_published", "differs", f"not as published with {result['resembles']}"),
        ("as_published", "missing", f"not here, but published with {result['resembles']}"),
    ):
        paths = [file["path"] for file in result["files"] if file[key] == state]
        if paths:
            click.secho("  note: ", fg="yellow", nl=False)
            click.echo(f"{_count(paths)} {told}: {_few(paths)}")


def _count(paths: list[str]) -> str:
    return "1 file is" if len(paths) == 1 else f"{len(paths)} files are"


def _few(paths: list[str]) -> str:
    """Return the first of many; --json has them all."""
    more = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {more} more" if more > 0 else "")
