"""Model folders: the manifest, their checks, and loading."""

from facewire.bundles.bundle import Bundle, list_bundles, load_bundle
from facewire.bundles.shipped import data_folder

__all__ = ["Bundle", "data_folder", "list_bundles", "load_bundle"]
