"""The parameters of a stream: names, ranges, defaults (REGISTRY §parameters)."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ParameterRange:
    """Bounds of one parameter, inclusive, and its default."""

    minimum: float
    maximum: float
    default: float
    whole: bool = False
    """Only whole numbers: a count or a switch."""


PARAMETERS: Final[Mapping[str, ParameterRange]] = {
    "lowerFaceStrength": ParameterRange(0.0, 2.0, 1.0),
    "upperFaceStrength": ParameterRange(0.0, 2.0, 1.0),
    "tongueStrength": ParameterRange(0.0, 3.0, 1.0),
    "blinkStrength": ParameterRange(0.0, 2.0, 1.0),
    "gazeStrength": ParameterRange(0.0, 2.0, 1.0),
    "browStrength": ParameterRange(0.0, 2.0, 1.0),
    "emotionStrength": ParameterRange(0.0, 1.0, 1.0),
}
"""camelCase as NVIDIA's parameters are; blink, gaze and brow at 0 switch the idle motion off."""

OF_AUTOMATIC_EMOTION: Final = (
    "emotionContrast", "maxEmotions", "liveBlendCoef", "enablePreferredEmotion",
    "preferredEmotionStrength", "liveTransitionTime",
)  # fmt: skip
"""What only a stream with automatic emotion may set, besides its own meaning of emotionStrength."""

IDLE_OFF: Final = {"blinkStrength": 0.0, "gazeStrength": 0.0, "browStrength": 0.0}


def checked_parameters(
    changes: Mapping[str, float], known: Mapping[str, ParameterRange] = PARAMETERS
) -> dict[str, float]:
    """Return the changes as they came, all of them known to the model and in range.

    Raises:
        SettingsError: an unknown name (the nearest one is named), or a value out of range or not
            finite; no value is then taken.
    """
    for name, value in changes.items():
        if name not in known:
            raise _unknown(name, known)
        bounds = known[name]
        if not (isfinite(value) and bounds.minimum <= value <= bounds.maximum):
            raise SettingsError(
                f"{name} is {value}; it must lie in [{bounds.minimum:g}, {bounds.maximum:g}].",
                field="parameters",
            )
        if bounds.whole and value != int(value):
            raise SettingsError(
                f"{name} is {value}; it must be a whole number.", field="parameters"
            )
    return dict(changes)


def _unknown(name: str, known: Mapping[str, ParameterRange]) -> SettingsError:
    if name in OF_AUTOMATIC_EMOTION:
        return SettingsError(
            f"{name} is a parameter of automatic emotion, which is not asked for here.",
            field="parameters",
            hint="It goes with `facewire animate --auto-emotion`, or a stream with "
            "`automatic_emotion`.",
        )
    near = get_close_matches(name, known, 1)
    return SettingsError(
        f"There is no parameter called {name!r}.",
        field="parameters",
        hint=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}.",
    )


def default_parameters(known: Mapping[str, ParameterRange] = PARAMETERS) -> dict[str, float]:
    """Return every parameter at its default."""
    return {name: bounds.default for name, bounds in known.items()}
