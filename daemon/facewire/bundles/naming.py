"""How people spell what has a name here, and a name told from a path.

Names in the list of models are lower-case. NVIDIA writes `Audio2Face-3D-v3.0`, and its repository
on the hub is `nvidia/Audio2Face-3D-v3.0`: both mean `audio2face-3d-v3.0`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facewire.bundles.manifest import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

_OWNER: Final = "nvidia/"
"""Whose repositories all the published models are; their names are those of the models."""


def plain_name(text: str) -> str:
    """Return a model's name as the list has it, also with a variant behind it: no file is read."""
    return text.casefold().removeprefix(_OWNER)


def spellings(text: str, known: Iterable[str]) -> list[str]:
    """Return which of the known names a text means.

    Returns:
        The one that is written so; else all that differ in capitals alone, mostly one or none.
    """
    names = list(known)
    if text in names:
        return [text]
    return [each for each in names if each.casefold() == text.casefold()]


def located(text: str) -> str | Path:
    """Return a path when the text can only be one, else the name of a model.

    `nvidia/NAME` is a path where there is one.
    """
    if os.sep not in text and (os.altsep is None or os.altsep not in text):
        return text
    path = Path(text).expanduser()
    is_repository = NAME.fullmatch(plain_name(text).partition("@")[0]) is not None
    return text if is_repository and not path.exists() else path
