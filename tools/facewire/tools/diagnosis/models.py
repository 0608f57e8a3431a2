"""The model files against the hashes of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.tools.diagnosis.report import Finding, failed, ok

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1024 * 1024


def hashes(models: Path | None = None) -> Finding:
    """Read every model; each file must have the size and SHA-256 the manifest pins.

    Args:
        models: The models folder; the shipped one by default.
    """
    from facewire.bundles import list_bundles, load_bundle

    names = list_bundles(models)
    if not names:
        return failed("the manifest names no model", "Reinstall Facewire.")
    bundles = [load_bundle(name, models=models) for name in names]
    size = sum(len(content) for bundle in bundles for content in bundle.files.values())
    said = ", ".join(f"{bundle.name} {bundle.version}" for bundle in bundles)
    return ok(f"{said}: hashes right, {size / _MIB:.1f} MiB")
