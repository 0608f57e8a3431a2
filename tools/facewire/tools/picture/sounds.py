"""The sounds of speech as a reader sees them: how they are written, what they do to the lips."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["shut", "bite", "round", "open", "spread", "rest", "other"]

RESTS: Final = frozenset({"PAU", "SIL"})
KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("M", "B", "P"), "shut"),
    **dict.fromkeys(("F", "V"), "bite"),
    **dict.fromkeys(("UW", "OW", "UH", "W", "OY"), "round"),
    **dict.fromkeys(("AA", "AE", "AH", "AO", "AW", "AY"), "open"),
    **dict.fromkeys(("IY", "EY", "IH", "EH", "S", "Z"), "spread"),
    **dict.fromkeys(RESTS, "rest"),
}
"""ARPAbet -> what a viewer must see; sounds made behind the lips are not named."""

_SPELT: Final = {
    "AA": "ah", "AE": "a", "AH": "uh", "AO": "aw", "AW": "ow", "AX": "uh", "AY": "eye",
    "DH": "th", "EH": "eh", "ER": "er", "EY": "ay", "HH": "h", "IH": "ih", "IY": "ee",
    "JH": "j", "OW": "oh", "OY": "oy", "UH": "oo", "UW": "oo",
}  # fmt: skip


def kind(phone: str) -> Kind:
    """Return what the lips do in a sound."""
    return KINDS.get(phone, "other")


def spelt(phone: str) -> str:
    """Return a sound as an English reader would write it: UW is `oo`; a rest is empty."""
    return "" if phone in RESTS else _SPELT.get(phone, phone.lower())
