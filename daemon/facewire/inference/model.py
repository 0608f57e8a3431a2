"""A model ready to run: bundle, backend and family put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.bundles import load_bundle
from facewire.inference.backend import Backend, OrtBackend, ProviderFallback
from facewire.inference.direct import DirectFamily
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from facewire.inference.family import Family


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a stream needs; any number of streams share one."""

    name: str
    version: str
    licence: str
    family_name: str
    """`direct`; `regression` and `diffusion` take the same place."""
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
        return ()


def load_model(
    name: str | Path = "embedded",
    provider: str = "cpu",
    *,
    threads: int = 1,
    models: Path | None = None,
) -> Model:
    """Return a model by its manifest name, or from a folder of the user's own given as a `Path`.

    Raises:
        BundleError: unknown, altered or malformed; or of a family this version cannot run.
        ProviderError: the provider asked for by name is not there.
    """
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
