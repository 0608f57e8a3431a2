"""The Unreal plugin's protocol version, in a checkout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from facewire.protocol.limits import PROTOCOL_VERSION
from facewire.tools.diagnosis.report import Finding, failed, ok, skipped

HEADER: Final = Path("ue_plugin/Facewire/Source/FacewireCore/Public/FacewireCore/Limits.h")


def stated_version(header: str) -> tuple[int, int]:
    """Return (major, minor) of the constants in the plugin's `Limits.h`.

    Raises:
        ValueError: they are not there.
    """
    numbers = []
    for part in ("Major", "Minor"):
        match = re.search(rf"\b\w*Protocol{part}\w*\s*[={{]\s*(\d+)", header)
        if match is None:
            raise ValueError(f"no protocol {part.lower()} version in {HEADER.name}")
        numbers.append(int(match[1]))
    return numbers[0], numbers[1]


def protocol_version() -> Finding:
    """Compare the plugin's sources with this package; nothing to compare outside a checkout."""
    checkout = Path(__file__).resolve().parents[4]
    header = checkout / HEADER
    if not header.is_file() or not (checkout / "pyproject.toml").is_file():
        return skipped("no checkout with the plugin's sources")
    found = stated_version(header.read_text(encoding="utf-8"))
    said = f"the plugin's sources speak {found[0]}.{found[1]}"
    if found[0] != PROTOCOL_VERSION[0]:
        return failed(
            f"{said}, this package {PROTOCOL_VERSION[0]}.{PROTOCOL_VERSION[1]}",
            "Build the plugin from the same release as the daemon.",
        )
    return ok(said)
