"""Changes to a solver, told by the names of poses and strengths."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from facewire.inference.face_solver import SolverBlock
    from facewire.solving.settings import SolverSettings

STRENGTHS: Final = ("l1", "l2", "symmetry", "temporal")


def changed_settings(
    block: SolverBlock,
    multipliers: Mapping[str, float],
    offsets: Mapping[str, float],
    strengths: Mapping[str, float],
) -> SolverSettings:
    """Return the block's settings with some values replaced.

    Args:
        block: Whose poses are named.
        multipliers: Gain of a pose's weight, by its name.
        offsets: What is added after the gain, by the pose's name.
        strengths: Some of STRENGTHS.

    Raises:
        SettingsError: an unknown pose or strength (the nearest is named), or a value that is out of
            range or not finite.
    """
    for name in strengths:
        _known(name, STRENGTHS, "strength of a solver")
    changed: dict[str, Any] = {
        **strengths,
        "multipliers": _with(block.names, block.settings.multipliers, multipliers),
        "offsets": _with(block.names, block.settings.offsets, offsets),
    }
    return replace(block.settings, **changed)


def _with(
    names: Sequence[str], values: NDArray[np.float32], changes: Mapping[str, float]
) -> NDArray[np.float32]:
    changed = values.copy()
    for name, value in changes.items():
        _known(name, names, "pose")
        changed[names.index(name)] = value
    return changed


def _known(name: str, names: Sequence[str], what: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, 1)
        raise SettingsError(
            f"There is no {what} called {name!r}.",
            field="solver",
            hint=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(names)}.",
        )
