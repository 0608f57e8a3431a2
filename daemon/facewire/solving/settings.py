"""What a solver may be told: which poses take part, their pairs, strengths and gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NO_PAIR: Final = -1
"""The pair id of a pose that belongs to no pair."""

_MINIMUM: Final = {
    "l1": 0.0,
    "l2": 0.0,
    "temporal": 0.0,
    "symmetry": 0.0,
    "template_size_cm": 1.0,
    "tolerance": 0.0,
}
"""Smallest value of each number, as the SDK has them."""

_LARGEST: Final = 1e6
"""The SDK has no such bound; beyond it float32 loses the poses in what the strengths add."""


@dataclass(frozen=True, eq=False)
class SolverSettings:
    """The `blendshape_params` of a bundle, checked and read-only (a2f_runtime §1.6, §5.1).

    The lists hold one entry per pose of the rig. `with_poses` makes a plain one to start from, and
    `dataclasses.replace` a changed one; both check.

    Raises:
        SettingsError: a number is out of range or not finite, a list has another length, no pose is
            active, or a pair id does not occur exactly twice; `field` names which.
    """

    active: NDArray[np.bool_]
    """bool[poses]: solved for; the others stay at their offset."""
    cancel_pairs: NDArray[np.int64]
    """int[poses]: two poses with one id exclude each other; -1 is no pair."""
    symmetry_pairs: NDArray[np.int64]
    """int[poses]: two poses with one id are drawn to the same weight; -1 is no pair."""
    multipliers: NDArray[np.float32]
    """float32[poses]: gain on a solved weight."""
    offsets: NDArray[np.float32]
    """float32[poses]: added after the gain, to inactive poses too."""
    l1: float = 1.0
    """Damps the square of the sum of all weights."""
    l2: float = 3.5
    """Damps each weight."""
    temporal: float = 0.0
    """Damps like L2, ten times as much, and pulls 1 % of that towards the frame before."""
    symmetry: float = 100.0
    """Draws the poses of a symmetry pair together."""
    template_size_cm: float = 54.7
    """Bounding-box diagonal of the face the strengths are meant for (`templateBBSize`)."""
    tolerance: float = 1e-10
    """Where `sdk-cpu` may stop early: its optimality, in units of the gradient."""

    def __post_init__(self) -> None:
        for name, kind in (
            ("active", np.bool_),
            ("cancel_pairs", np.int64),
            ("symmetry_pairs", np.int64),
            ("multipliers", np.float32),
            ("offsets", np.float32),
        ):
            object.__setattr__(self, name, self._row(name, kind))
        for name, minimum in _MINIMUM.items():
            _check_number(name, getattr(self, name), minimum)
        if not self.active.any():
            raise SettingsError("No pose is active.", field="active", hint="Leave at least one in.")
        for name in ("cancel_pairs", "symmetry_pairs"):
            _check_pairs(name, getattr(self, name))

    @classmethod
    def with_poses(cls, poses: int, **changes: Any) -> SolverSettings:
        """Return settings in which every pose is active and plain, but for `changes`."""
        plain: dict[str, Any] = {
            "active": np.ones(poses, np.bool_),
            "cancel_pairs": np.full(poses, NO_PAIR),
            "symmetry_pairs": np.full(poses, NO_PAIR),
            "multipliers": np.ones(poses, np.float32),
            "offsets": np.zeros(poses, np.float32),
        }
        return cls(**(plain | changes))

    def prepares_as(self, other: SolverSettings) -> bool:
        """Whether only multipliers and offsets differ, so that nothing need be prepared anew."""
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("active", "cancel_pairs", "symmetry_pairs", *_MINIMUM)
        )

    def _row(self, name: str, kind: type[np.generic]) -> NDArray[Any]:
        """Return one list as a read-only array of its own, checked for length and finiteness."""
        given: ArrayLike = getattr(self, name)
        with np.errstate(over="ignore"):  # too large for float32 is infinite, and refused below
            row = np.array(given, kind)
        poses = np.size(self.active)
        if row.shape != (poses,):
            raise SettingsError(
                f"{name} has the shape {row.shape}, but there are {poses} poses.",
                field=name,
                hint="Give one value per pose, in the rig's order.",
            )
        if not np.isfinite(row).all():
            raise SettingsError(f"{name} holds a value that is not a finite number.", field=name)
        row.setflags(write=False)
        return row


def _check_number(name: str, value: float, minimum: float) -> None:
    if not minimum <= value <= _LARGEST:
        raise SettingsError(
            f"{name} is {value}, but must be a number from {minimum:g} to {_LARGEST:g}.", field=name
        )


def _check_pairs(name: str, ids: NDArray[np.int64]) -> None:
    """Refuse an id that other than two poses carry, as the SDK does for poses active or not."""
    known, counts = np.unique(ids[ids != NO_PAIR], return_counts=True)
    odd = counts != 2
    if odd.any():
        raise SettingsError(
            f"{name} gives the id {known[odd][0]} to {counts[odd][0]} poses.",
            field=name,
            hint="A pair is two poses with the same id; -1 is for a pose without one.",
        )
