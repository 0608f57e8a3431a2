"""The models of this user: where they lie, which there are, and which may drive which.

`models.json` in the models folder lists them (see `installed`). A model that Facewire fetched or
copied has a folder of its name beside that file; one that was added as it lies stays where it is.
"""

from __future__ import annotations

import os
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facewire.bundles.catalogue import read_published
from facewire.bundles.families import PAIRED_FAMILIES
from facewire.bundles.installed import InstalledModel, read_installed, write_installed
from facewire.bundles.manifest import NAME, read_manifest
from facewire.bundles.naming import plain_name
from facewire.bundles.shipped import data_folder
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE: Final = "FACEWIRE_MODELS"
_INDEX: Final = "models.json"


def models_folder() -> Path:
    """Return the folder of the user's models: FACEWIRE_MODELS, or the system's usual place.

    It need not exist.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("facewire") / "models"


def user_models(folder: Path | None = None) -> dict[str, InstalledModel]:
    """Return the user's models by name, each with an absolute folder.

    Args:
        folder: The models folder; `models_folder()` by default.

    Raises:
        BundleError: their list cannot be read or is malformed.
    """
    home = folder or models_folder()
    found = read_installed(home / _INDEX)
    return {name: replace(model, folder=home / model.folder) for name, model in found.items()}


def write_user_models(models: Mapping[str, InstalledModel], folder: Path | None = None) -> None:
    """Write the list; folders inside the models folder are named from there, so that it can move.

    Raises:
        BundleError: it cannot be written; the old list is as it was.
    """
    home = folder or models_folder()
    written = {
        name: replace(model, folder=Path(name)) if is_ours(model, home) else model
        for name, model in models.items()
    }
    write_installed(home / _INDEX, written)


def is_ours(model: InstalledModel, folder: Path | None = None) -> bool:
    """Return whether Facewire put the model's files where they are, and may delete them."""
    return model.placed and model.folder == (folder or models_folder()) / model.name


def find_user_model(name: str) -> InstalledModel | None:
    """Return the user's model of a name, or None when the name is that of a shipped model.

    Args:
        name: Its name; capitals do not matter, and `nvidia/` may stand before it.

    Raises:
        BundleError: there is no such model, shipped or the user's, or its folder is gone; the hint
            says what to do.
    """
    shipped = data_folder("models")
    known, plain = list(read_manifest(shipped)), plain_name(name)
    if plain in known or not NAME.fullmatch(plain):
        return None  # a name that is none is told by whoever looks among the shipped
    models = user_models()
    if plain not in models:
        raise _unknown(name, [*known, *models], read_published(shipped))
    model = models[plain]
    if not model.folder.is_dir():
        raise gone(model)
    return model


def gone(model: InstalledModel) -> BundleError:
    """Return the error of a model whose folder is not where it was."""
    return BundleError(
        f"The folder of the model {model.name!r} is not there any more.",
        hint=f"`facewire models show {model.name}` says where it was: bring it back, or take the "
        f"model off the list with `facewire models rm {model.name}`.",
    )


def drives(emotion: InstalledModel, face: InstalledModel) -> bool:
    """Return whether an emotion model is to drive a face's model.

    The licence of Audio2Emotion allows Audio2Face models alone; the user may have named some.
    """
    return (
        emotion.family == "emotion"
        and face.family in PAIRED_FAMILIES
        and (not emotion.paired_with or face.name in emotion.paired_with)
    )


def emotions_for(face: InstalledModel, models: Iterable[InstalledModel]) -> list[InstalledModel]:
    """Return the emotion models that may drive a face's model."""
    return [model for model in models if drives(model, face)]


def _unknown(name: str, known: list[str], published: Iterable[str]) -> BundleError:
    fetchable = [each for each in published if each not in known]
    plain = plain_name(name)
    if plain in fetchable:
        hint = f"Fetch it: `facewire models pull {plain}`."
    elif near := _near(plain, [*known, *fetchable]):
        hint = f"Did you mean {near!r}?"
    else:
        hint = f"Known: {', '.join(known)}. `facewire models list` shows what can be fetched."
    return BundleError(f"There is no model called {name!r}.", hint=hint)


def _near(name: str, names: list[str]) -> str:
    """Return the name that is most like another, or has it as its end: `claire`; "" for none."""
    near = get_close_matches(name, names, 1) or [each for each in names if each.endswith(name)]
    return near[0] if near else ""
