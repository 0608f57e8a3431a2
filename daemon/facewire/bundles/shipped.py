"""Where the data folders that come with Facewire lie: `models` and `mappings`."""

from __future__ import annotations

from pathlib import Path

from facewire.protocol.errors import BundleError


def data_folder(name: str) -> Path:
    """Return the folder `models` or `mappings`: of the checkout this runs from, else of the wheel.

    The checkout comes first since an editable install keeps a stale copy.

    Raises:
        BundleError: it is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    for folder in (checkout / name, package / "daemon" / "_data" / name):
        inside_checkout = folder.parent == checkout
        if folder.is_dir() and (not inside_checkout or (checkout / "pyproject.toml").is_file()):
            return folder
    raise BundleError(
        f"The shipped folder {name!r} is missing.", hint="Reinstall Facewire, or check it out anew."
    )
