"""The models that are loaded, and the loading of others without stopping the voices."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facewire.daemon.logs import log
from facewire.inference.loading import load_model
from facewire.protocol.errors import BundleError, FacewireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.daemon.worker import Job
    from facewire.inference.model import Model


class Shelf:
    """Loaded models by name. Owned by the I/O thread."""

    def __init__(self, default: str, provider: str, start: Callable[[Job], None]) -> None:
        """Prepare an empty shelf.

        Args:
            default: Model used where no name is given: a name, or the path of a bundle's folder.
                Clients can ask for names only.
            provider: What runs the networks.
            start: Runs a job on another thread.
        """
        self.default = default
        self._provider = provider
        self._start = start
        self._models: dict[str, Model] = {}
        self._waiting: dict[str, list[Callable[[Model | FacewireError, float], None]]] = {}

    def load_default(self) -> Model:
        """Load and warm up the default model now, before anyone is served.

        Raises:
            BundleError: it cannot be loaded.
            ProviderError: the provider asked for by name is not there.
        """
        model = load_warm(_location(self.default), self._provider)
        self._models[model.name] = model
        self.default = model.name  # a folder goes by its name from here on
        return model

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
            self._start(_LoadJob(self, name, self._provider))
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


def load_warm(name: str | Path, provider: str) -> Model:
    """Load a model and run it once on silence, so that the first utterance has no hitch.

    Raises:
        BundleError: it cannot be loaded.
        ProviderError: the provider asked for by name is not there.
    """
    model = load_model(name, provider)
    if model.fallback is not None:
        log().warning("%s", model.fallback.text)
    silence = np.zeros(model.family.window_samples, np.float32)
    if not np.isfinite(model.backend.run(model.family.feeds(silence))).all():
        raise BundleError(
            f"The network of {model.name!r} answers silence with numbers that are none (NaN).",
            hint="Check the bundle with `facewire models verify`, or fetch it anew.",
        )
    return model


class _LoadJob:
    """See `worker.Job`."""

    def __init__(self, shelf: Shelf, name: str, provider: str) -> None:
        self._shelf = shelf
        self._name = name
        self._provider = provider
        self._loaded: Model | FacewireError = FacewireError("loading did not end")
        self._load_ms = 0.0

    def run(self) -> None:
        begun_ns = time.monotonic_ns()
        try:
            self._loaded = load_warm(self._name, self._provider)
        except FacewireError as error:
            self._loaded = error
        except Exception as error:  # noqa: BLE001 - a model that fails oddly must not end the worker
            self._loaded = FacewireError(f"the model {self._name} failed while loading: {error!r}.")
        self._load_ms = (time.monotonic_ns() - begun_ns) / 1e6

    def land(self) -> None:
        self._shelf.take_in(self._name, self._loaded, self._load_ms)
