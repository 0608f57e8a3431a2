"""What a curve table may read: the 71 face curves and four gaze angles; and names in general."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from facewire.animation.curves import FACE_CURVES, HEAD_3, mirrored

if TYPE_CHECKING:
    from collections.abc import Iterable

GAZE_ANGLES: Final = ("eyePitchRight", "eyeYawRight", "eyePitchLeft", "eyeYawLeft")
"""Degrees, in the order of the wire's `eyes`: pitch > 0 looks down, yaw > 0 to the face's left."""

INPUTS: Final = FACE_CURVES + GAZE_ANGLES
"""Every name that `from` may hold."""

SIGNED_INPUTS: Final = frozenset((*HEAD_3, *GAZE_ANGLES))
"""These go both ways from zero; all others are weights in [0, 1]."""

_KNOWN: Final = frozenset(INPUTS)
_TURNED: Final = frozenset({"headRoll", "headYaw", "eyeYawRight", "eyeYawLeft"})


def camel_case(name: str) -> str:
    """Return an input's name as tables write it: `JawOpen` -> `jawOpen`."""
    return name[:1].lower() + name[1:]


def known_input(name: str) -> str | None:
    """Return the input that a name in camelCase or PascalCase means; None for no input."""
    camel = camel_case(name)
    return camel if camel in _KNOWN else None


def mirrored_input(name: str) -> tuple[str, float]:
    """Return the input of the other side of the face, and -1 where its value changes sign."""
    sign = -1.0 if name in _TURNED else 1.0
    if name in GAZE_ANGLES:
        side, other = ("Left", "Right") if name.endswith("Left") else ("Right", "Left")
        return name.removesuffix(side) + other, sign
    return mirrored(name), sign


def is_eye_look(name: str) -> bool:
    """Say whether an input is one of the eight `eyeLook*` weights."""
    return name.startswith("eyeLook")


def same_name(name: str) -> str:
    """Return a key that is equal for names which differ only in the case of ASCII letters."""
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a mistyped one in any case; None if none is."""
    by_key = {same_name(each): each for each in known}
    near = get_close_matches(same_name(name), by_key, 1)
    return by_key[near[0]] if near else None
