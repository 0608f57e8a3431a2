"""All checks in the order they are printed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from facewire.tools.diagnosis import (
    installation,
    models,
    plugin,
    providers,
    remote,
    routes,
    runtime,
    solve,
)
from facewire.tools.diagnosis.report import Check


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What a daemon would be started with."""

    instance: str
    provider: str
    models: tuple[str, ...]
    """Names and folders; the first is that of streams that name none."""
    emotion_model: str = ""
    """A name or a folder; "": none."""


def checks(configured: Configured) -> list[Check]:
    """Return the checks for a daemon's instance, and for what it is configured for."""
    instance, provider, served = configured.instance, configured.provider, configured.models
    return [
        Check("python", installation.python),
        Check("packages", installation.packages),
        Check("onnxruntime", installation.onnxruntime),
        Check("configuration", installation.configuration),
        Check("provider", partial(installation.provider, provider, served[0])),
        *providers.provider_checks(),
        Check("models", models.hashes),
        Check("user-models", models.added),
        Check("emotion-model", partial(models.emotion, configured.emotion_model, provider)),
        Check("runtime-folder", partial(runtime.folder, instance)),
        Check("leftovers", runtime.leftovers),
        Check("daemon", partial(runtime.daemon, instance)),
        Check("socket", partial(runtime.socket_mode, instance)),
        Check("curve", remote.curve),
        Check("strangers", remote.fails_closed),
        Check("ring-space", runtime.ring_space),
        Check("clock", runtime.clock),
        Check("disk", runtime.disk_space),
        Check("self-solve", solve.self_solve),
        Check("weights", partial(routes.all_weights, instance, served)),
        Check("plugin", plugin.protocol_version),
    ]
