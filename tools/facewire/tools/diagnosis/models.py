"""The model files: the shipped ones, those the user added, and the one that hears emotions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.protocol.errors import FacewireError
from facewire.tools.diagnosis.report import Finding, failed, ok, skipped, warning

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


def added() -> Finding:
    """Read everything in the models the user added, and compare it with what was added."""
    from facewire.bundles.installed import changes
    from facewire.bundles.user_models import user_models
    from facewire.tools.models.checking import check_folder

    models = user_models()
    if not models:
        return skipped("none was added; `facewire models list` shows which there are")
    broken, altered = {}, {}
    for name, model in models.items():
        try:
            check_folder(model.folder)
            others = [each.path for each in changes(model) if each.state != "as added"]
        except FacewireError as error:
            broken[name] = f"{name}: {error.text}"
            continue
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            altered[name] = f"{name}: {others[0]}{more}"
    if broken:
        fix = f"See `facewire models verify {' '.join(broken)}`; then add or fetch them again."
        return failed("; ".join(broken.values()), fix)
    if altered:
        fix = f"See `facewire models verify {' '.join(altered)}`."
        return warning(f"changed since added: {'; '.join(altered.values())}", fix)
    return ok(f"{', '.join(models)}: every file can be read, and is as it was added")


def emotion(model: str, provider: str) -> Finding:
    """Load what is configured to hear emotions."""
    from facewire.inference.loading import load_emotion_model
    from facewire.tools.model_place import located, path_hint

    if not model:
        return skipped("none is configured; `facewire serve --emotion-model NAME` takes one")
    with path_hint(model):
        loaded = load_emotion_model(located(model), provider)
    if loaded.refused_variant:
        return warning(loaded.refused_variant, f"Run `facewire models optimise {model}`.")
    variant = f" ({loaded.variant})" if loaded.variant else ""
    name = f"{loaded.name} {loaded.version}".rstrip()
    return ok(f"{name}{variant} on {loaded.backend.name}")
