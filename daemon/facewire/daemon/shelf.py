"""The models that are loaded, and the loading of others without stopping the voices."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facewire.bundles.families import PAIRED_FAMILIES
from facewire.daemon.logs import log
from facewire.inference.loading import load_emotion_model, load_model, with_emotion
from facewire.protocol.errors import BundleError, FacewireError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facewire.daemon.worker import Job
    from facewire.inference.loading import Noise
    from facewire.inference.model import EmotionModel, Model


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

    def load_default(self, others: Sequence[str] = ()) -> Model:
        """Load and warm up the default model, and others, now, before anyone is served.

        Args:
            others: Names or folders.

        Raises:
            BundleError: one of them cannot be loaded, or two have the same name.
            ProviderError: the provider asked for by name is not there.
        """
        if self._emotion_name:
            self.emotion = warm_emotion_model(_location(self._emotion_name), self._provider)
        model = self._load(self.default)
        self._models[model.name] = model
        self.default = model.name  # a folder goes by its name from here on
        for other in others:
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
        return self.load_by_name(_location(text))

    def load_by_name(self, name: str | Path) -> Model:
        """Load a model as this daemon runs them; on any thread.

        Raises:
            BundleError: it cannot be loaded.
            ProviderError: the provider asked for by name is not there.
        """
        return load_warm(name, self._provider, emotion=self.emotion, noise=self._noise)

    @property
    def models(self) -> list[Model]:
        """The loaded models."""
        return list(self._models.values())

    def request(self, name: str, then: Callable[[Model | FacewireError, float], None]) -> None:
        """Call `then` with a model and the milliseconds its loading took, 0 if it was loaded.

        `then` gets the error instead when it cannot be loaded; it may be called at once.
        """
        name = name or self.default
        if name in self._models:
            then(self._models[name], 0.0)
            return
        waiting = self._waiting.setdefault(name, [])
        waiting.append(then)
        if len(waiting) > 1:
            return
        try:
            self._start(_LoadJob(self, name))
        except Exception as error:  # noqa: BLE001 - no descriptor or thread left: the next may get one
            log().error("cannot start loading", exc_info=error, extra={"key": "no-loader"})
            self.take_in(name, FacewireError(f"the model {name} cannot be loaded now."), 0.0)

    def take_in(self, name: str, loaded: Model | FacewireError, load_ms: float) -> None:
        """Put a model on the shelf and tell who waits for it; or tell them that it failed."""
        if isinstance(loaded, FacewireError):
            log().warning("cannot load a model: %s", loaded, extra={"key": f"load-{name[:64]}"})
        else:
            self._models[name] = loaded
            log().info("loaded the model %s in %.0f ms on %s", name, load_ms, loaded.backend.name)
        for then in self._waiting.pop(name, []):
            then(loaded, load_ms)


def _location(text: str) -> str | Path:
    """Return a path when the text can only be one, else the name of a model."""
    is_path = os.sep in text or (os.altsep is not None and os.altsep in text)
    return Path(text).expanduser() if is_path else text


def load_warm(
    name: str | Path,
    provider: str,
    *,
    emotion: EmotionModel | None = None,
    noise: Noise = "constant",
) -> Model:
    """Load a model and run it once on silence, so that the first utterance has no hitch.

    Args:
        name: A name, also with a variant (`mark@int8`), or a folder.
        provider: What runs the network.
        emotion: What hears emotions for it, if its licence and the user allow it.
        noise: Of a diffusion model; others have none.

    Raises:
        BundleError: it cannot be loaded.
        ProviderError: the provider asked for by name is not there.
    """
    try:
        model = load_model(name, provider, noise=noise)
    except SettingsError as error:
        if error.field != "noise":
            raise
        model = load_model(name, provider)
    if emotion is not None and model.family_name in PAIRED_FAMILIES:
        try:
            model = with_emotion(model, emotion)
        except BundleError as error:
            log().warning("%s", error)
    if isinstance(name, str) and "@" in name:
        model = replace(model, name=name)  # what it was asked for by, and is not its original
    for text in (model.refused_variant, model.fallback.text if model.fallback else ""):
        if text:
            log().warning("%s", text)
    _hear_silence(model)
    return model


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


def warm_emotion_model(name: str | Path, provider: str) -> EmotionModel:
    """Load an emotion model and run it once on silence.

    Raises:
        BundleError: it cannot be loaded.
        ProviderError: the provider asked for by name is not there.
    """
    emotion = load_emotion_model(name, provider)
    silence = np.zeros((1, emotion.window_limits_samples[1]), np.float32)
    emotion.backend.run({"input_values": silence})  # NaN on silence is usual, and mended later
    return emotion


class _LoadJob:
    """See `worker.Job`."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._shelf = shelf
        self._name = name
        self._loaded: Model | FacewireError = FacewireError("loading did not end")
        self._load_ms = 0.0

    def run(self) -> None:
        begun_ns = time.monotonic_ns()
        try:
            self._loaded = self._shelf.load_by_name(self._name)
        except FacewireError as error:
            self._loaded = error
        except Exception as error:  # noqa: BLE001 - a model that fails oddly must not end the worker
            self._loaded = FacewireError(f"the model {self._name} failed while loading: {error!r}.")
        self._load_ms = (time.monotonic_ns() - begun_ns) / 1e6

    def land(self) -> None:
        self._shelf.take_in(self._name, self._loaded, self._load_ms)
