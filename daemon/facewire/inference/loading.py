"""From a name or a folder to a model that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from facewire.bundles import load_bundle
from facewire.bundles.families import MODEL_FILE
from facewire.bundles.user_models import find_user_model
from facewire.inference.backend import Backend, OrtBackend
from facewire.inference.direct import DirectFamily
from facewire.inference.model import Model
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from facewire.inference.family import Family


def load_model(
    name: str | Path = "embedded",
    provider: str = "cpu",
    *,
    threads: int = 1,
    models: Path | None = None,
) -> Model:
    """Return a model by its name, or from a folder of the user's own given as a `Path`.

    A name is that of a shipped model or of one the user has added. A text is never taken for a
    path, so that names from the wire reach no file system.

    A folder may hold a bundle of Facewire's own or one in NVIDIA's layout (a `model.json`), of the
    regression or the diffusion family.

    Raises:
        BundleError: unknown, altered or malformed; or of a family this version cannot run.
        ProviderError: the provider asked for by name is not there.
    """
    if isinstance(name, str) and models is None and (added := find_user_model(name)):
        loaded = load_model(added.folder, provider, threads=threads)
        return replace(loaded, name=added.name, licence=added.licence)
    if isinstance(name, Path) and (name.name == MODEL_FILE or (name / MODEL_FILE).is_file()):
        return _nvidia_model(name, provider, threads)
    return _direct_model(name, provider, threads, models)


def _direct_model(name: str | Path, provider: str, threads: int, models: Path | None) -> Model:
    """Return the model of a bundle of Facewire's own."""
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


def _nvidia_model(path: Path, provider: str, threads: int) -> Model:
    """Return the model of a folder in NVIDIA's layout; its reader has checked the network."""
    # Solvers and readers that the shipped model does not use: 25 ms of every start.
    from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
    from facewire.bundles.detect import read_bundle
    from facewire.inference.diffusion import DiffusionNetwork
    from facewire.inference.solved_family import DiffusionFamily, RegressionFamily

    bundle = read_bundle(path)
    name = bundle.root.name
    family: Family
    backend: Backend
    try:
        if isinstance(bundle, RegressionBundle):
            family = RegressionFamily.from_bundle(bundle)
            backend = run = OrtBackend(bundle.network, provider, threads=threads, output="result")
        elif isinstance(bundle, DiffusionBundle):
            family = DiffusionFamily.from_bundle(bundle)
            run = OrtBackend(bundle.network, provider, threads=threads)
            backend = DiffusionNetwork(run, bundle.info)
        else:
            raise BundleError(
                f"{name!r} is an Audio2Emotion bundle, which has no face.",
                hint="Name an Audio2Face bundle as the model.",
            )
    except SettingsError as error:  # the solver's settings come from the bundle
        raise BundleError(f"The solver of {name!r} is set wrong. {error.text}") from error
    return Model(
        name=name,
        version=bundle.info.version,
        licence="",
        family_name=bundle.family,
        family=family,
        backend=backend,
        fallback=run.fallback,
    )
