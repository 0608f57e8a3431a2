"""Writes a curve table as a person's editor does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from facewire.animation.curves import FACE_CURVES

if TYPE_CHECKING:
    from pathlib import Path


def write_table(
    path: Path, *curves: tuple[str, str, float], name: str = "mine", **changes: Any
) -> None:
    """Write a table of (curve, input, gain), as an editor does: all of it, then in place."""
    used = {source for _, source, _ in curves}
    table = {
        "schema": "facewire-mapping/1",
        "name": name,
        "version": "1.0.0",
        "title": "A test's rig",
        "about": "For a test.",
        "mouth_close": "arkit",
        "sides": [],
        "sources": {"test": "a test"},
        "curves": [{"name": c, "from": {source: gain}, "by": "test"} for c, source, gain in curves],
        "drops": {each: "not needed" for each in FACE_CURVES if each not in used},
    } | changes
    new = path.with_suffix(".new")
    new.write_text(json.dumps(table))
    new.replace(path)
