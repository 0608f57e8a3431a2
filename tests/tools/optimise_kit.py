"""What the tests of `facewire models optimise` share."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import soundfile
from tests.tools.models_kit import Shop

from facewire.tools.optimising import report
from facewire.tools.optimising.maker import Speed
from facewire.tools.synth.listening import speech_16k

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def quick_shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop whose machine is twice as fast with any variant."""
    monkeypatch.setattr(report, "speed", lambda *_: Speed(original_ms=2, variant_ms=1, windows=1))
    return Shop(folder / "shop", {"FACEWIRE_VARIANTS": str(folder / "cache")})


def mark_in(folder: Path, bundles: Path) -> Path:
    """Return a regression bundle that may be written to."""
    shutil.copytree(bundles / "mark", folder / "mark")
    return folder / "mark"


def second_in(folder: Path) -> str:
    """Return a file with a second of speech."""
    soundfile.write(folder / "a.wav", speech_16k()[20_000:36_000], 16_000)
    return str(folder / "a.wav")


def optimised(shop: Shop, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """Return what `facewire models optimise` says of each variant."""
    found: list[dict[str, Any]] = shop.told("optimise", *arguments, code=code)["variants"]
    return found
