"""Gains: a factor and an offset per curve, from a small JSON file an animator writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.curves import FACE_CURVES, HEAD_3
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Gain:
    """weight' = weight * gain + offset, then clamped."""

    gain: float = 1.0
    offset: float = 0.0


def read_gains(path: str | Path) -> dict[str, Gain]:
    """Return the gains of a file such as `{"jawOpen": 1.2, "cheekPuff": {"offset": 0.02}}`.

    Names are those of FACE_CURVES, in camelCase or PascalCase.

    Raises:
        SettingsError: the file is missing or malformed, a curve is unknown (the nearest is named),
            or a number is not finite.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise SettingsError(f"{path.name} is too large for a gains file.", field="gains")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", field="gains") from None
    except ValueError as error:
        raise SettingsError(f"{path.name} is not JSON: {error}.", field="gains") from None
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name} must hold one object of curves.", field="gains")
    return {_known(name): _gain(name, value) for name, value in content.items()}


def apply_gains(
    curves: NDArray[np.float32], names: Sequence[str], gains: Mapping[str, Gain]
) -> NDArray[np.float32]:
    """Return float32[frames, len(names)] with the gains applied, weights clamped to [0, 1].

    Head angles are no weights and are not clamped; gains of curves the rig lacks do nothing.
    """
    scale = np.array([gains.get(name, Gain()).gain for name in names], np.float32)
    shift = np.array([gains.get(name, Gain()).offset for name in names], np.float32)
    limit = np.array([np.inf if name in HEAD_3 else 1.0 for name in names], np.float32)
    floor = np.where(np.isinf(limit), -limit, np.float32(0.0))
    scaled: NDArray[np.float32] = np.clip(curves * scale + shift, floor, limit)
    return scaled


def _known(name: str) -> str:
    camel = name[:1].lower() + name[1:]
    if camel in FACE_CURVES:
        return camel
    near = get_close_matches(camel, FACE_CURVES, 1)
    raise SettingsError(
        f"There is no curve called {name!r}.",
        field="gains",
        hint=f"Did you mean {near[0]!r}?" if near else "Names are ARKit's, such as 'jawOpen'.",
    )


def _gain(name: str, value: Any) -> Gain:
    parts = value if isinstance(value, dict) else {"gain": value}
    numbers = {key: part for key, part in parts.items() if _is_number(part)}
    if len(numbers) != len(parts) or not set(parts) <= {"gain", "offset"}:
        raise SettingsError(
            f"The gain of {name} is {json.dumps(value)[:80]}.",
            field="gains",
            hint='Write a number, or {"gain": 1.2, "offset": 0.05}.',
        )
    return Gain(**{key: float(part) for key, part in numbers.items()})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
