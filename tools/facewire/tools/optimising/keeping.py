"""Where variants are kept: written whole with their report, listed, and taken away."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from facewire.bundles.variant_report import SCHEMA, Fingerprint, sealed
from facewire.bundles.variants import CLASSES, find_variant, variant_file, variant_folders
from facewire.protocol.errors import BundleError
from facewire.tools.atomic import OutputError, atomic_part, atomic_text

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.bundles.variants import Networked
    from facewire.tools.optimising.maker import Made, VariantReport


def keep(bundle: Networked, made: Made, *, forced: bool) -> Path:
    """Put a variant where it is found; return its network's path.

    The report is written last and an old one goes first, so a half-written variant is never found.

    Raises:
        OutputError: neither the bundle nor the user's cache can be written to.
    """
    import json

    folder = _writable(bundle.network)
    name = made.report.name
    proof = folder / variant_file(bundle.network, name, ".json")
    with suppress(FileNotFoundError):
        proof.unlink()
    files = []
    for source in (made.network, *made.companions):
        path = folder / variant_file(bundle.network, name, source.suffix)
        with atomic_part(path) as part:
            shutil.copyfile(source, part)
        files.append(path)
    written = _written(bundle, made.report, files, forced=forced)
    with atomic_text(proof) as stream:
        stream.write(json.dumps(written, indent=1) + "\n")
    if made.report.variant_class == "exact" and made.report.within_limits:
        from facewire.inference.variant_check import remember

        # More was compared than loading would compare: it need not do so again.
        remember([each["sha256"] for each in (written["source"], *written["files"])])
    return files[0]


def kept(bundle: Networked) -> list[dict[str, Any]]:
    """Return the variants there are: name, class, path, bytes, report and what is wrong with it."""
    found = []
    for name, variant_class in CLASSES.items():
        told: dict[str, Any] = {"variant": name, "class": variant_class, "problem": ""}
        try:
            variant = find_variant(bundle.network, name, quick=True)
        except BundleError as error:
            found.append(told | {"problem": error.text, "hint": error.hint})
            continue
        if variant is not None:
            files = (variant.network, *variant.companions)
            total = sum(path.stat().st_size for path in files)
            found.append(
                told
                | {"path": str(variant.network), "bytes": total, "report": dict(variant.report)}
            )
    return found


def remove(network: Path, name: str) -> list[Path]:
    """Take a variant away, wherever it lies; return the files that are gone."""
    gone = []
    for folder in variant_folders(network):
        proof = folder / variant_file(network, name, ".json")
        others = sorted(folder.glob(f"{network.stem}.{name}.*")) if folder.is_dir() else []
        for path in (proof, *(each for each in others if each != proof)):
            if path.is_file():
                path.unlink()
                gone.append(path)
        with suppress(OSError):
            folder.rmdir()  # only when nothing is left in it
    return gone


def _writable(network: Path) -> Path:
    beside, cache = variant_folders(network)
    # A file of a hub's cache has no name of its own there, and no folder either.
    if network.suffix == ".onnx" and _may_write(network.parent):
        try:
            beside.mkdir(exist_ok=True)
        except OSError:
            pass
        else:
            return beside
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Neither {beside} nor {cache} can be written: {error.strerror}.",
            hint="Set FACEWIRE_VARIANTS to a folder of yours.",
        ) from None
    return cache


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _written(
    bundle: Networked, report: VariantReport, files: list[Path], *, forced: bool
) -> dict[str, Any]:
    """Return the report as its file has it."""
    told = {
        "schema": SCHEMA,
        "variant": report.name,
        "class": report.variant_class,
        "source": asdict(Fingerprint.of(bundle.network)),
        "files": [asdict(Fingerprint.of(path)) for path in files],
        "providers": list(report.providers),
        **measured(report),
        "forced": forced,
    }
    return sealed(told)


def measured(report: VariantReport) -> dict[str, Any]:
    """Return what was measured, for programs."""
    return {
        "difference": asdict(report.difference),
        "limits": dict(report.limits),
        "over": list(report.over),
        "speed": asdict(report.speed) | {"ratio": report.speed.ratio},
        "patterns": [asdict(each) for each in report.patterns],
        "face": dict(report.face),
        "notes": list(report.notes),
        "versions": dict(report.versions),
    }
