"""A model ready to run: bundle, backend and family put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from facewire.bundles import load_bundle
from facewire.bundles.families import MODEL_FILE
from facewire.bundles.user_models import find_user_model
from facewire.inference.backend import Backend, OrtBackend, ProviderFallback
from facewire.inference.direct import DirectFamily
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from fractions import Fraction

    from facewire.inference.family import Family


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a stream needs; any number of streams share one."""

    name: str
    version: str
    licence: str
    family_name: str
    """`direct`, `regression` or `diffusion`."""
    family: Family
    backend: Backend
    fallback: ProviderFallback | None = None
    """Set when provider `auto` had to leave an accelerator."""

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples."""
        return self.family.look_ahead_samples

    def burst_frames(self, fps: Fraction) -> int:
        """Return the most frames one window gives at once."""
        return self.family.burst_frames(fps)

    @property
    def identities(self) -> tuple[str, ...]:
        """Faces inside the bundle; empty where it has but one without a name."""
        return self.family.identities

    def check_identity(self, identity: str) -> None:
        """Refuse a face that is not in the bundle; "" is the first or only one.

        Raises:
            SettingsError: there is no such face; the hint says which there are.
        """
        if identity and identity not in self.identities:
            raise SettingsError(
                f"The model {self.name!r} has no face {identity!r}.",
                field="identity",
                hint=f"It has {', '.join(self.identities) or 'one face without a name'}.",
            )


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
