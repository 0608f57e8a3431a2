"""Which family a folder holds, and its bundle, read by that family's reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.bundles.a2e import EmotionBundle, read_emotion
from facewire.bundles.a2f import (
    DiffusionBundle,
    RegressionBundle,
    read_diffusion,
    read_regression,
)
from facewire.bundles.families import MODEL_FILE
from facewire.bundles.folder import BundleFolder
from facewire.bundles.network_info import DiffusionInfo, RegressionInfo, read_network_info
from facewire.bundles.place import Place
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.bundles.network_info import NetworkInfo

NvidiaBundle = RegressionBundle | DiffusionBundle | EmotionBundle

_OWN_FILE = "bundle.json"


def detect_family(path: Path) -> str:
    """Return `direct`, `regression`, `diffusion` or `emotion` for a bundle's folder.

    Args:
        path: The folder, or its `model.json`.

    Raises:
        BundleError: it is no folder of a bundle.
    """
    folder = BundleFolder.at(path)
    own = (folder.root / _OWN_FILE).is_file() and not (folder.root / MODEL_FILE).is_file()
    if own:
        return folder.json(_OWN_FILE, Place(_OWN_FILE)).text("family")
    return _family(read_network_info(folder.json_of(folder.model(), "networkInfoPath")))


def read_bundle(path: Path, *, allow_outside: bool = False) -> NvidiaBundle:
    """Return the bundle in a folder of NVIDIA's layout.

    Every file is found, every JSON file read, every array's header and the network's ports are
    checked. Large arrays are read when they are asked for; `check_contents` reads them all.

    Args:
        path: The folder, or its `model.json`.
        allow_outside: Follow paths and links of the bundle that lead out of its folder.

    Raises:
        BundleError: with `file` and `key` of what is wrong.
    """
    folder = BundleFolder.at(path, allow_outside=allow_outside)
    if (folder.root / _OWN_FILE).is_file() and not (folder.root / MODEL_FILE).is_file():
        raise BundleError(
            f"{folder.root} holds a bundle of Facewire's own, not of NVIDIA's layout.",
            hint="Name it as the model: own bundles are loaded by themselves.",
            file=_OWN_FILE,
        )
    model = folder.model()
    info = read_network_info(folder.json_of(model, "networkInfoPath"))
    if isinstance(info, RegressionInfo):
        return read_regression(folder, model, info)
    if isinstance(info, DiffusionInfo):
        return read_diffusion(folder, model, info)
    return read_emotion(folder, model, info)


def _family(info: NetworkInfo) -> str:
    if isinstance(info, RegressionInfo):
        return RegressionBundle.family
    return DiffusionBundle.family if isinstance(info, DiffusionInfo) else EmotionBundle.family
