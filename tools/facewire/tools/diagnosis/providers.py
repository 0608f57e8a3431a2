"""Each execution provider on this machine: offered, loadable, running, or what it lacks."""

from __future__ import annotations

from functools import partial
from typing import Final

from facewire.protocol.errors import ProviderError
from facewire.tools.diagnosis.report import Check, Finding, ok, skipped, warning

_PROBE: Final = "embedded"
"""Model that is opened: small, and always there."""


def provider_checks() -> list[Check]:
    """Return a check for each provider, and one for the engines that TensorRT has built."""
    from facewire.inference.providers import PROVIDERS

    checks = [Check(name, partial(_look, name)) for name in PROVIDERS]
    return [*checks, Check("engine-cache", engine_cache)]


def engine_cache() -> Finding:
    """Say where TensorRT's engines lie, and what they take."""
    from facewire.inference.engine_cache import cache_folder, cache_size

    engines, size_bytes = cache_size()
    if not size_bytes:
        return skipped(f"no TensorRT engine was built; they would lie in {cache_folder()}")
    return ok(f"{engines} TensorRT engines, {size_bytes / 2**20:.0f} MiB in {cache_folder()}")


def _look(name: str) -> Finding:
    from facewire.inference.providers import RUN_HERE
    from facewire.inference.sessions import offered_providers, require_provider

    if name not in offered_providers():
        return skipped("not in this onnxruntime")
    try:
        require_provider(name)
        if name == "tensorrt":
            return ok(
                "its libraries are there; not tried, since that builds an engine for minutes "
                "(never run by Facewire's developers)"
            )
        _open(name)
    except ProviderError as error:  # a warning: `provider` fails where it is the one configured
        return warning(error.text, error.hint or "Use the provider `cpu`.")
    untested = "" if name in RUN_HERE else " (never run by Facewire's developers)"
    return ok(f"runs{untested}")


def _open(name: str) -> None:
    import numpy as np

    from facewire.bundles import load_bundle
    from facewire.inference.backend import OrtBackend

    bundle = load_bundle(_PROBE)
    backend = OrtBackend(bundle.file(bundle.description["network"]), name)
    backend.run(
        {
            each: np.zeros([size if isinstance(size, int) else 1 for size in shape], np.float32)
            for each, shape in backend.inputs.items()
        }
    )
