"""From a name or a folder to a model that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from facewire.bundles import list_bundles, load_bundle
from facewire.bundles.families import MODEL_FILE
from facewire.bundles.user_models import find_user_model
from facewire.inference.backend import OrtBackend
from facewire.inference.direct import DirectFamily
from facewire.inference.model import EmotionModel, Model
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from facewire.bundles.installed import InstalledModel

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
) -> Model:
    """Return a model by its name, or from a folder of the user's own given as a `Path`.

    A name is that of a shipped model or of one the user has added; `NAME@int8` asks for a variant
    of its network, `NAME@original` for none. A text is never taken for a path, so that names from
    the wire reach no file system.

    A folder may hold a bundle of Facewire's own or one in NVIDIA's layout (a `model.json`), of the
    regression or the diffusion family. A folder that is called as a shipped model is goes by that
    name with `-folder` behind it.

    Args:
        name: Which one.
        provider: What runs the networks.
        threads: Of each network.
        models: The shipped models' folder, in place of Facewire's own.
        emotion: What hears emotions for it: a name, a folder, or one that is loaded already, which
            any number of faces share. None: nothing does.
        noise: Of a diffusion model.
        variant: As behind the @ of a name; for folders.

    Raises:
        BundleError: unknown, altered or malformed; of a family this version cannot run; or the
            emotion model is none, or may not drive this one.
        ProviderError: the provider asked for by name is not there.
        SettingsError: the model makes no noise.
    """
    if noise not in NOISES:
        raise SettingsError(f"Noise cannot be {noise!r}.", field="noise", hint="constant, varying")
    model = _face(name, provider, threads, models, noise, variant)
    if emotion is None:
        return model
    if not isinstance(emotion, EmotionModel):
        from facewire.bundles.a2e import require_pairing

        require_pairing(model.name, model.family_name)  # before a large network is read
        emotion = load_emotion_model(emotion, provider, threads=threads)
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
    name: str | Path, provider: str = "cpu", *, threads: int = 1, variant: str = ""
) -> EmotionModel:
    """Return an Audio2Emotion model by the name the user gave it, or from a folder.

    Args:
        name: A name, with `@VARIANT` behind it where one is asked for; or a folder, as a `Path`.
        provider: What runs the network.
        threads: Of the network.
        variant: As behind the @; for folders.

    Raises:
        BundleError: unknown, malformed, or a model of a face.
        ProviderError: the provider asked for by name is not there.
    """
    from facewire.inference.nvidia_loading import emotion_model

    if isinstance(name, Path):
        return emotion_model(name, provider, threads, variant)
    plain, variant = _split(name, variant)
    added = find_user_model(plain)
    if added is None:
        raise BundleError(
            f"The model {plain[:64]!r} is a face, and hears no emotions.",
            hint="Name an Audio2Emotion model; `facewire models list` shows those you have.",
        )
    loaded = emotion_model(added.folder, provider, threads, variant)
    return replace(loaded, name=added.name, licence=added.licence, paired_with=added.paired_with)


def _face(
    name: str | Path,
    provider: str,
    threads: int,
    models: Path | None,
    noise: Noise,
    variant: str,
) -> Model:
    added: InstalledModel | None = None
    if isinstance(name, str):
        name, variant = _split(name, variant)
        added = find_user_model(name) if models is None else None
    place = added.folder if added else name
    listed = added is not None and added.family != "direct"  # its model.json may be lost by now
    if isinstance(place, Path) and (
        listed or place.name == MODEL_FILE or (place / MODEL_FILE).is_file()
    ):
        from facewire.inference.nvidia_loading import face_model

        model = face_model(place, provider, threads, noise, variant)
    else:
        _refuse_choices(str(name), noise, variant)
        model = _direct_model(place, provider, threads, models)
    if added:
        return replace(model, name=added.name, licence=added.licence)
    if isinstance(name, Path) and model.name in list_bundles():
        return replace(model, name=f"{model.name}-folder")
    return model


def _split(name: str, variant: str) -> tuple[str, str]:
    if "@" not in name:
        return name, variant
    from facewire.bundles.variants import split_variant

    plain, named = split_variant(name)
    if variant not in ("", named):
        raise BundleError(f"{name!r} names one variant and {variant!r} is another.")
    return plain, named


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


def _direct_model(name: str | Path, provider: str, threads: int, models: Path | None) -> Model:
    """Return the model of a bundle of Facewire's own."""
    if isinstance(name, Path):
        _check_folder(name)
    bundle = load_bundle(name, models=models)
    if bundle.family != "direct":
        raise BundleError(f"The family {bundle.family!r} of {bundle.name!r} cannot be run yet.")
    family = DirectFamily.from_bundle(bundle)
    backend = OrtBackend(bundle.file(family.network), provider, threads=threads)
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
