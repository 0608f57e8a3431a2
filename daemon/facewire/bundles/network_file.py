"""A bundle's network: found, and checked against what the bundle says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.bundles.onnx_contract import check_contract, check_external_data
from facewire.bundles.onnx_file import ports_of_file

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.bundles.folder import BundleFolder
    from facewire.bundles.lenient_json import Fields
    from facewire.bundles.network_info import NetworkInfo


def checked_network(folder: BundleFolder, model: Fields, info: NetworkInfo) -> Path:
    """Return the ONNX file of a bundle.

    Raises:
        BundleError: it is missing, cut off, keeps weights outside the folder, or its ports are not
            those that `network_info.json` promises.
    """
    name, path = folder.network_of(model)
    ports = ports_of_file(path, name)
    check_external_data(ports, folder, name)
    check_contract(ports, info, name)
    return path
