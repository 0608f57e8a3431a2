"""All checks in the order they are printed."""

from __future__ import annotations

from functools import partial

from facewire.tools.diagnosis import installation, models, plugin, remote, routes, runtime, solve
from facewire.tools.diagnosis.report import Check


def checks(instance: str, provider: str, model: str) -> list[Check]:
    """Return the checks for a daemon instance and the provider and model it is configured for."""
    return [
        Check("python", installation.python),
        Check("packages", installation.packages),
        Check("onnxruntime", installation.onnxruntime),
        Check("configuration", installation.configuration),
        Check("provider", partial(installation.provider, provider, model)),
        Check("models", models.hashes),
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
        Check("weights", partial(routes.weights, model)),
        Check("plugin", plugin.protocol_version),
    ]
