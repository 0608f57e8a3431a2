"""The models that are loaded, and the loading of others without stopping the voices."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facewire.bundles.families import PAIRED_FAMILIES
from facewire.bundles.naming import located, plain_name
from facewire.daemon.load_words import TELL_EVERY_MS, LoadWords
from facewire.daemon.logs import log
from facewire.inference.loading import (
    load_emotion_model,
    load_model,
    split_model,
    with_emotion,
)
from facewire.protocol.errors import BundleError, FacewireError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facewire.daemon.worker import Job
    from facewire.inference.loading import Noise
    from facewire.inference.model import EmotionModel, Model
    from facewire.inference.running import Progress


class Shelf:
    """Loaded models by name. Owned by the I/O thread."""

    def __init__(
        self,
        default: str,
        provider: str,
        start: Callable[[Job], None],
        *,
        emotion: str = "",
        noise: Noise = "constant",
    ) -> None:
        """Prepare an empty shelf.

        Args:
            default: Model used where no name is given: a name, or the path of a bundle's folder.
                Clients can ask for names only.
            provider: What runs the networks.
            start: Runs a job on another thread.
            emotion: What hears emotions for all models that may have it: a name or a folder.
                Empty: nothing does.
            noise: Of diffusion models.
        """
        self.default = default
        self.emotion: EmotionModel | None = None
        self._emotion_name = emotion
        self._provider = provider
        self._noise: Noise = noise
        self._start = start
        self._models: dict[str, Model] = {}
        self._waiting: dict[str, list[Callable[[Model | FacewireError, float], None]]] = {}
        self._tell: dict[str, list[Callable[[str], None]]] = {}
        self._words: dict[str, LoadWords] = {}
        self._tell_due_ns = 0

    def load_default(self, others: Sequence[str] = ()) -> Model:
        """Load and warm up the default model, and others, now, before anyone is served.

        Args:
            others: Names or folders.

        Raises:
            BundleError: one of them cannot be loaded, or two have the same name.
            ProviderError: the provider asked for by name is not there.
        """
        if self._emotion_name:
            self.emotion = warm_emotion_model(
                located(self._emotion_name), self._provider, LoadWords(self._emotion_name)
            )
        first = self.default
        model = self._load(first)
        self._models[model.name] = model
        self.default = model.name  # a folder goes by its name from here on
        known = {_place(self.default), _place(first)}
        for other in others:
            if _place(other) in known:  # named twice, perhaps by another way to its folder
                continue
            known.add(_place(other))
            loaded = self._load(other)
            if loaded.name in self._models:
                raise BundleError(
                    f"Two of the models to load are called {loaded.name!r}.",
                    hint="Rename one of the folders, or add it under a name of its own: "
                    "`facewire models add FOLDER --name NAME`.",
                )
            self._models[loaded.name] = loaded
        return model

    def _load(self, text: str) -> Model:
        return self.load_by_name(located(text), LoadWords(text))

    def load_by_name(self, name: str | Path, on_progress: Progress) -> Model:
        """Load a model as this daemon runs them; on any thread.

        Args:
            name: A name or a folder.
            on_progress: See `load_model`.

        Raises:
            BundleError: it cannot be loaded.
            ProviderError: the provider asked for by name is not there.
        """
        shared = self._loaded_as(name)
        if shared is not None:
            return shared
        return load_warm(
            name, self._provider, emotion=self.emotion, noise=self._noise, on_progress=on_progress
        )

    def _loaded_as(self, name: str | Path) -> Model | None:
        """Return what is loaded under the name without a variant, if that variant is what runs."""
        plain, variant = split_model(name)
        known = self._models.get(plain_name(plain)) if isinstance(plain, str) and variant else None
        if known is None or (known.variant or "original") != variant:
            return None
        return replace(known, name=f"{known.name}@{variant}")

    @property
    def models(self) -> list[Model]:
        """The loaded models."""
        return list(self._models.values())

    def request(
        self,
        name: str,
        then: Callable[[Model | FacewireError, float], None],
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Call `then` with a model and the milliseconds its loading took, 0 if it was loaded.

        `then` gets the error instead when it cannot be loaded; it may be called at once. `tell`
        gets a sentence every `TELL_EVERY_MS` while an engine is built for it.

        Capitals do not matter, as far as that leaves one of the loaded models.
        """
        try:
            name = self._spelled(name or self.default)
        except BundleError as error:
            then(error, 0.0)
            return
        if name in self._models:
            then(self._models[name], 0.0)
            return
        waiting = self._waiting.setdefault(name, [])
        waiting.append(then)
        self._tell.setdefault(name, []).append(tell)
        if len(waiting) > 1:
            return
        self._words[name] = LoadWords(name)
        try:
            self._start(_LoadJob(self, name, self._words[name]))
        except Exception as error:  # noqa: BLE001 - no descriptor or thread left: the next may get one
            log().error("cannot start loading", exc_info=error, extra={"key": "no-loader"})
            self.take_in(name, FacewireError(f"the model {name} cannot be loaded now."), 0.0)

    def _spelled(self, name: str) -> str:
        """Return a model's name as it is here: a folder's own, or as the list of models has it.

        Raises:
            BundleError: two loaded models are called so but for capitals.
        """
        if name in self._models:
            return name
        plain = plain_name(name)
        alike = [each for each in self._models if plain_name(each) == plain]
        if len(alike) > 1:
            raise BundleError(
                f"Two models here are called {name!r} but for capitals.",
                hint=f"Name one of {', '.join(alike)}.",
            )
        return alike[0] if alike else plain

    def tick(self, now_ns: int) -> None:
        """Tell who waits for a model how far it is."""
        if now_ns < self._tell_due_ns:
            return
        self._tell_due_ns = now_ns + TELL_EVERY_MS * 1_000_000
        for name, words in self._words.items():
            if words.latest:
                for tell in self._tell[name]:
                    tell(words.latest)

    def take_in(self, name: str, loaded: Model | FacewireError, load_ms: float) -> None:
        """Put a model on the shelf and tell who waits for it; or tell them that it failed."""
        if isinstance(loaded, FacewireError):
            log().warning("cannot load a model: %s", loaded, extra={"key": f"load-{name[:64]}"})
        else:
            self._models[name] = loaded
            log().info("loaded the model %s in %.0f ms on %s", name, load_ms, loaded.backend.name)
        self._words.pop(name, None)
        self._tell.pop(name, None)
        for then in self._waiting.pop(name, []):
            then(loaded, load_ms)


def load_warm(
    name: str | Path,
    provider: str,
    *,
    emotion: EmotionModel | None = None,
    noise: Noise = "constant",
    on_progress: Progress | None = None,
) -> Model:
    """Load a model and run it once on silence, so that the first utterance has no hitch.

    Args:
        name: A name or a folder, also with a variant (`mark@int8`).
        provider: What runs the network.
        emotion: What hears emotions for it, if its licence and the user allow it.
        noise: Of a diffusion model; others have none.
        on_progress: See `load_model`.

    Raises:
        BundleError: it cannot be loaded.
        ProviderError: the provider asked for by name is not there.
    """
    try:
        model = load_model(name, provider, noise=noise, on_progress=on_progress)
    except SettingsError as error:
        if error.field != "noise":
            raise
        model = load_model(name, provider, on_progress=on_progress)
        if model.family_name == "diffusion":  # it has noise, which its variant cannot vary
            raise error from None
    if emotion is not None and model.family_name in PAIRED_FAMILIES:
        try:
            model = with_emotion(model, emotion)
        except BundleError as error:
            log().warning("%s", error)
    if variant := split_model(name)[1]:  # what it was asked for by, and is not its original
        model = replace(model, name=f"{model.name}@{variant}")
    for text in (model.refused_variant, model.fallback.text if model.fallback else ""):
        if text:
            log().warning("%s", text)
    _hear_silence(model)
    return model


def _place(text: str) -> str | Path:
    """Return a model's name or its folder, however that was written."""
    where = located(text)
    return where.resolve() if isinstance(where, Path) else plain_name(where)


def _hear_silence(model: Model) -> None:
    hint = "Check the bundle with `facewire models verify`, or fetch it anew."
    silence = np.zeros(model.family.window_samples, np.float32)
    try:
        answer = model.backend.run(model.family.feeds(silence))
    except Exception as error:  # onnxruntime raises classes of a private module
        told = f"The network of {model.name!r} loads but cannot run: {error}".rstrip()
        raise BundleError(told, hint=hint) from error
    if not np.isfinite(answer).all():
        told = f"The network of {model.name!r} answers silence with numbers that are none (NaN)."
        raise BundleError(told, hint=hint)


def warm_emotion_model(
    name: str | Path, provider: str, on_progress: Progress | None = None
) -> EmotionModel:
    """Load an emotion model and run it once on silence; arguments as of `load_warm`.

    Raises:
        BundleError: it cannot be loaded.
        ProviderError: the provider asked for by name is not there.
    """
    emotion = load_emotion_model(name, provider, on_progress=on_progress)
    if emotion.refused_variant:
        log().warning("%s", emotion.refused_variant)
    silence = np.zeros((1, emotion.window_limits_samples[1]), np.float32)
    emotion.backend.run({"input_values": silence})  # NaN on silence is usual, and mended later
    return emotion


class _LoadJob:
    """See `worker.Job`."""

    def __init__(self, shelf: Shelf, name: str, words: LoadWords) -> None:
        self._shelf = shelf
        self._words = words
        self._name = name
        self._loaded: Model | FacewireError = FacewireError("loading did not end")
        self._load_ms = 0.0

    def run(self) -> None:
        begun_ns = time.monotonic_ns()
        try:
            self._loaded = self._shelf.load_by_name(self._name, self._words)
        except FacewireError as error:
            self._loaded = error
        except Exception as error:  # noqa: BLE001 - a model that fails oddly must not end the worker
            self._loaded = FacewireError(f"the model {self._name} failed while loading: {error!r}.")
        self._load_ms = (time.monotonic_ns() - begun_ns) / 1e6

    def land(self) -> None:
        self._shelf.take_in(self._name, self._loaded, self._load_ms)
