"""From a name or a folder to a model that runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from facewire.bundles import list_bundles, load_bundle
from facewire.bundles.families import MODEL_FILE
from facewire.bundles.user_models import find_user_model
from facewire.inference.direct import DirectFamily
from facewire.inference.model import EmotionModel, Model
from facewire.inference.running import Running
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from facewire.bundles.installed import InstalledModel
    from facewire.inference.running import Progress

Noise = Literal["constant", "varying"]
NOISES: Final = ("constant", "varying")
"""Of a diffusion model: the same noise in every window, or fresh in each."""


def load_model(
    name: str | Path = "embedded",
    provider: str = "cpu",
    *,
    threads: int = 1,
    models: Path | None = None,
    emotion: str | Path | EmotionModel | None = None,
    noise: Noise = "constant",
    variant: str = "",
    on_progress: Progress | None = None,
) -> Model:
    """Return a model by its name, or from a folder of the user's own given as a `Path`.

    A name is that of a shipped model or of one the user has added, where capitals do not matter;
    `NAME@int8` asks for a variant of its network, `NAME@original` for none. A text is never taken
    for a path, so that names from the wire reach no file system.

    A folder may hold a bundle of Facewire's own or one in NVIDIA's layout (a `model.json`), of the
    regression or the diffusion family; a variant may stand behind its path likewise. A folder that
    is called as a shipped model is goes by that name with `-folder` behind it.

    Args:
        name: Which one.
        provider: What runs the networks.
        threads: Of each network.
        models: The shipped models' folder, in place of Facewire's own.
        emotion: What hears emotions for it: a name, a folder, or one that is loaded already, which
            any number of faces share. None: nothing does.
        noise: Of a diffusion model.
        variant: As behind the @.
        on_progress: Called every second, from another thread, while an engine is built or read.

    Raises:
        BundleError: unknown, altered or malformed; of a family this version cannot run; or the
            emotion model is none, or may not drive this one.
        ProviderError: the provider asked for by name is not there.
        SettingsError: the model makes no noise.
    """
    if noise not in NOISES:
        raise SettingsError(f"Noise cannot be {noise!r}.", field="noise", hint="constant, varying")
    running = Running(provider, threads, on_progress)
    model = _face(name, running, models, noise, variant)
    if emotion is None:
        return model
    if not isinstance(emotion, EmotionModel):
        from facewire.bundles.a2e import require_pairing

        require_pairing(model.name, model.family_name)  # before a large network is read
        emotion = load_emotion_model(emotion, provider, threads=threads, on_progress=on_progress)
    return with_emotion(model, emotion)


def with_emotion(model: Model, emotion: EmotionModel) -> Model:
    """Return the model with what hears emotions for it.

    Raises:
        BundleError: the licence of Audio2Emotion, or the user, does not let it drive this one.
    """
    from facewire.bundles.a2e import require_pairing

    require_pairing(model.name, model.family_name)
    if emotion.paired_with and model.name not in emotion.paired_with:
        raise BundleError(
            f"The emotion model {emotion.name!r} was added for {', '.join(emotion.paired_with)} "
            f"alone, not for {model.name!r}.",
            hint=f"Add it again: `facewire models rm {emotion.name}`, then `facewire models add` "
            "with another --with, or without any.",
            key="emotion",
        )
    return replace(model, emotion=emotion)


def load_emotion_model(
    name: str | Path,
    provider: str = "cpu",
    *,
    threads: int = 1,
    variant: str = "",
    on_progress: Progress | None = None,
) -> EmotionModel:
    """Return an Audio2Emotion model by the name the user gave it, or from a folder.

    Args:
        name: A name; or a folder, as a `Path`. `@VARIANT` may stand behind either.
        provider: What runs the network.
        threads: Of the network.
        variant: As behind the @.
        on_progress: As of `load_model`.

    Raises:
        BundleError: unknown, malformed, or a model of a face.
        ProviderError: the provider asked for by name is not there.
    """
    from facewire.inference.nvidia_loading import emotion_model

    running = Running(provider, threads, on_progress)
    plain, variant = split_model(name, variant)
    if isinstance(plain, Path):
        return emotion_model(plain, running, variant, _as_path(plain))
    added = find_user_model(plain)
    if added is None:
        raise BundleError(
            f"The model {plain[:64]!r} is a face, and hears no emotions.",
            hint="Name an Audio2Emotion model; `facewire models list` shows those you have.",
        )
    loaded = emotion_model(added.folder, running, variant, added.name)
    return replace(loaded, name=added.name, licence=added.licence, paired_with=added.paired_with)


def _face(
    name: str | Path, running: Running, models: Path | None, noise: Noise, variant: str
) -> Model:
    added: InstalledModel | None = None
    name, variant = split_model(name, variant)
    if isinstance(name, str):
        added = find_user_model(name) if models is None else None
    place = added.folder if added else name
    listed = added is not None and added.family != "direct"  # its model.json may be lost by now
    if isinstance(place, Path) and (
        listed or place.name == MODEL_FILE or (place / MODEL_FILE).is_file()
    ):
        from facewire.inference.nvidia_loading import face_model

        model = face_model(place, running, noise, variant, added.name if added else _as_path(place))
    else:
        _refuse_choices(str(name), noise, variant)
        model = _direct_model(place, running, models)
    if added:
        return replace(model, name=added.name, licence=added.licence)
    if isinstance(name, Path) and model.name in list_bundles():
        return replace(model, name=f"{model.name}-folder")
    return model


def _as_path(folder: Path) -> str:
    """Return a path so that a command line takes it for no name."""
    text = str(folder)
    return text if os.sep in text else f"{os.curdir}{os.sep}{text}"


def split_model(name: str | Path, variant: str = "") -> tuple[str | Path, str]:
    """Return a model without the variant that stands behind it, and that variant.

    Args:
        name: As of `load_model`. A folder with an @ of its own in its name is itself.
        variant: What was asked for besides; "": nothing.

    Raises:
        BundleError: there is no such variant, or both ask for one.
    """
    text = name if isinstance(name, str) else name.name
    plain, _, named = text.rpartition("@")
    if "@" not in text:
        return name, variant
    if isinstance(name, Path) and (
        name.exists() or not plain or not name.with_name(plain).exists()
    ):
        return name, variant
    from facewire.bundles.variants import split_variant

    _, named = split_variant(f"{plain.replace('@', '')}@{named.casefold()}")
    if variant not in ("", named):
        raise BundleError(f"{text!r} names one variant and {variant!r} is another.")
    return (plain if isinstance(name, str) else name.with_name(plain)), named


def _refuse_choices(name: str, noise: Noise, variant: str) -> None:
    """Refuse what a model of Facewire's own does not have."""
    if noise != "constant":
        raise no_noise(name)
    if variant not in ("", "original"):
        raise BundleError(
            f"The model {name!r} has no variant {variant!r}.",
            hint="Variants are made of NVIDIA's bundles, with `facewire models optimise`.",
        )


def no_noise(name: str) -> SettingsError:
    """Return the error of asking a model for noise that makes none."""
    return SettingsError(
        f"The model {name!r} has no noise to vary.",
        field="noise",
        hint="Only diffusion models do; leave it out.",
    )


def _direct_model(name: str | Path, running: Running, models: Path | None) -> Model:
    """Return the model of a bundle of Facewire's own."""
    if isinstance(name, Path):
        _check_folder(name)
    bundle = load_bundle(name, models=models)
    if bundle.family != "direct":
        raise BundleError(f"The family {bundle.family!r} of {bundle.name!r} cannot be run yet.")
    family = DirectFamily.from_bundle(bundle)
    backend = running.backend(bundle.file(family.network))
    expected = backend.inputs.get(family.input_name)
    if expected is None or tuple(expected[1:]) != (family.window_samples,):
        raise BundleError(
            f"The network of {bundle.name!r} does not read [batch, {family.window_samples}]."
        )
    return Model(
        name=bundle.name,
        version=bundle.version,
        licence=bundle.licence,
        family_name=bundle.family,
        family=family,
        backend=backend,
        fallback=backend.fallback,
    )


def _check_folder(folder: Path) -> None:
    """Refuse a path that is plainly no bundle, saying what would be one.

    Raises:
        BundleError: it is not there, a file, or a folder without a bundle.
    """
    wanted = f"Give the folder of a bundle: the one with its {MODEL_FILE}."
    if not folder.exists():
        raise BundleError(
            f"{folder} is not a folder: there is nothing of that name.",
            hint=f"{wanted} Or a model's name, which has no {os.sep}: `facewire models list`.",
        )
    if folder.is_file():
        raise BundleError(f"{folder} is a file, not a folder.", hint=wanted)
    if folder.is_dir() and not (folder / "bundle.json").is_file():
        found = [each.parent.name for each in sorted(folder.glob(f"*/{MODEL_FILE}"))[:3]]
        if found:
            wanted = f"There is one in {folder / found[0]}."
        state = "holds no bundle" if any(folder.iterdir()) else "is empty"
        raise BundleError(
            f"The folder {folder} {state}: it has no {MODEL_FILE} and no bundle.json.", hint=wanted
        )
