"""What there is to say of a bundle, as plain values for `--json`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
    from facewire.bundles.detect import NvidiaBundle
    from facewire.bundles.installed import InstalledModel
    from facewire.tools.models.finding import Found

_RATE_HZ = 16_000


def described(found: Found) -> dict[str, Any]:
    """Return everything `show` tells of a model.

    Raises:
        BundleError: its bundle cannot be used; the error names file and key.
    """
    answer: dict[str, Any] = {"name": found.name, "state": found.state}
    if found.folder is None:
        return answer | _published(found)
    told = contents(found.folder)
    return (
        answer
        | {"folder": str(found.folder)}
        | told
        | variants(found.folder, told["family"])
        | (_origin(found))
    )


def variants(folder: Path, family: str) -> dict[str, Any]:
    """Return the variants of a bundle's network that `models optimise` made; {} where none can."""
    if family == "direct":
        return {}
    from facewire.bundles.detect import read_bundle
    from facewire.tools.optimising.keeping import kept

    return {"variants": kept(read_bundle(folder))}


def contents(folder: Path) -> dict[str, Any]:
    """Return family, version, identities, sizes, look-ahead and files of a bundle's folder.

    Raises:
        BundleError: it cannot be used.
    """
    from facewire.bundles.detect import detect_family, read_bundle

    direct = detect_family(folder) == "direct"
    told = _direct(folder) if direct else _nvidia(read_bundle(folder))
    files: list[dict[str, Any]] = [
        {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return told | {"bytes": sum(each["bytes"] for each in files), "files": files}


def licence_of(found: Found) -> dict[str, Any]:
    """Return the licence: its name ("" where Facewire knows none), where its text is."""
    from facewire.bundles.manifest import read_manifest
    from facewire.bundles.shipped import data_folder
    from facewire.tools.models.finding import has_network_of

    if found.state == "shipped":
        entry = read_manifest(data_folder("models"))[found.name]
        return {"name": entry.licence, "text": "", "accepted": True, "only_with": []}
    name = found.added.licence if found.added else ""
    licence = found.published.licence if found.published else None
    if not name and found.folder and found.published:
        licence = licence if has_network_of(found.folder, found.published) else None
    return {
        "name": name or (licence.name if licence else ""),
        "text": licence_text(found) if licence else "",
        "accepted": bool(found.added and found.added.licence_accepted),
        "only_with": list(licence.only_with) if licence else [],
    }


def licence_text(found: Found) -> str:
    """Return where the licence of a published model can be read."""
    assert found.published
    url = found.published.licence.url
    if "://" in url:
        return url
    return f"{url} in {found.published.repo} on the Hugging Face hub"


def pairs(model: InstalledModel) -> dict[str, list[str]]:
    """Return which face models an emotion model drives, or which emotion models drive a face."""
    from facewire.bundles.user_models import drives, emotions_for, user_models

    others = user_models().values()
    if model.family == "emotion":
        return {"drives": [each.name for each in others if drives(model, each)]}
    return {"driven_by": [each.name for each in emotions_for(model, others)]}


def drives_nothing(model: InstalledModel, others: Iterable[InstalledModel]) -> str:
    """Return why an emotion model that was added for some faces drives none of them; "" else."""
    from facewire.bundles.user_models import drives

    if not model.paired_with or any(drives(model, each) for each in others):
        return ""
    return f"it was added for {', '.join(model.paired_with)} alone, not on the list any more"


def variants_of(model: InstalledModel) -> list[dict[str, str]]:
    """Return name, class and problem of each variant of a model's network; [] of a broken one."""
    from facewire.bundles.folder import BundleFolder
    from facewire.bundles.variants import CLASSES, find_variant

    if model.family == "direct":
        return []
    try:
        folder = BundleFolder.at(model.folder)
        _, network = folder.network_of(folder.model())
    except BundleError:
        return []  # `verify` says what is wrong
    found = []
    for name, variant_class in CLASSES.items():
        told = {"variant": name, "class": variant_class, "problem": ""}
        try:
            is_there = find_variant(network, name, quick=True) is not None
        except BundleError as error:
            found.append(told | {"problem": error.text})
        else:
            found += [told] * is_there
    return found


def _published(found: Found) -> dict[str, Any]:
    model = found.published
    assert model
    return {
        "family": model.family,
        "version": model.version,
        "identities": list(model.identities),
        "repo": model.repo,
        "revision": model.revision,
        "gated": model.gated,
        "bytes": known_bytes(found),
        "bytes_are_all": all(file.size is not None for file in model.files),
        "files": [{"path": file.path, "bytes": file.size} for file in model.files],
        "licence": licence_of(found),
    }


def known_bytes(found: Found) -> int | None:
    """Return the bytes of the files whose size is known; None when none is."""
    assert found.published
    sizes = [file.size for file in found.published.files if file.size is not None]
    return sum(sizes) if sizes else None


def _origin(found: Found) -> dict[str, Any]:
    from facewire.bundles.user_models import user_models

    told: dict[str, Any] = {"licence": licence_of(found)}
    if found.published:
        told["resembles"] = found.published.name
    if found.added:
        told |= {"repo": found.added.repo, "revision": found.added.revision}
        told |= pairs(found.added)
        if found.added.family == "emotion":
            told["paired_with"] = list(found.added.paired_with)
            told["drives_nothing"] = drives_nothing(found.added, user_models().values())
    return told


def _direct(folder: Path) -> dict[str, Any]:
    from facewire.bundles import load_bundle
    from facewire.inference.direct import DirectFamily

    bundle = load_bundle(folder)
    family = DirectFamily.from_bundle(bundle)
    return {
        "family": bundle.family,
        "version": bundle.version,
        "identities": [],
        "window_ms": _ms(family.window_samples),
        "look_ahead_ms": _ms(family.look_ahead_samples),
        "curves": len(family.columns),
    }


def _nvidia(bundle: NvidiaBundle) -> dict[str, Any]:
    from facewire.bundles.a2e import EmotionBundle
    from facewire.bundles.a2f import RegressionBundle

    if isinstance(bundle, EmotionBundle):
        return {
            "family": bundle.family,
            "version": "",
            "identities": [],
            "emotions": list(bundle.info.emotions),
        }
    info = bundle.info
    face = bundle.face if isinstance(bundle, RegressionBundle) else bundle.faces[0]
    told = {
        "family": bundle.family,
        "version": info.version,
        "identities": list(bundle.identities),
        "emotions": list(info.emotions),
        "window_ms": _ms(info.window_samples),
        "look_ahead_ms": _ms(_look_ahead_samples(bundle)),
        "curves": len(face.pose_names),
        "skin_vertices": info.skin_vertices,
        "tongue_vertices": info.tongue_vertices,
    }
    if isinstance(bundle, RegressionBundle):
        shapes = {
            "skin_shapes": bundle.info.skin_shapes,
            "tongue_shapes": bundle.info.tongue_shapes,
        }
        return told | shapes
    return told | {"frames_per_window": bundle.info.frames_kept}


def _look_ahead_samples(bundle: RegressionBundle | DiffusionBundle) -> int:
    """Return the family's look-ahead, which follows from its numbers: no array is read."""
    import numpy as np

    from facewire.bundles.a2f import RegressionBundle
    from facewire.inference.solved_family import DiffusionFamily, RegressionFamily

    if isinstance(bundle, RegressionBundle):
        none = np.empty(0, np.float32)
        return RegressionFamily(
            network="",
            faces=(),
            numbers=bundle.info,
            implicit_emotion=none,
        ).look_ahead_samples
    return DiffusionFamily(network="", faces=(), numbers=bundle.info).look_ahead_samples


def _ms(samples: int) -> float:
    return float(Fraction(samples * 1000, _RATE_HZ))
