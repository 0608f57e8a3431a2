"""`MappingTable`: the curves of a rig, each with the rule that makes it from a face row.

The order of evaluation is that of `mapper`; what each key means is told in `mappings/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from facewire.mapping.inputs import GAZE_ANGLES, is_eye_look

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = "facewire-mapping/1"

MouthMeaning = Literal["arkit", "a2f", "any"]
"""What a rig takes mouthClose for: relative to an open jaw, with the jaw in it, or as it comes."""


@dataclass(frozen=True)
class Term:
    """value += gain * input."""

    input: str
    """One of `INPUTS`, in camelCase."""
    gain: float
    by: str = ""
    """Where the number comes from, a key of the table's `sources`; "" as the curve's."""
    why: str = ""


@dataclass(frozen=True)
class Ratio:
    """value += gain * clamp(of / max(to, floor), 0, 1)."""

    of: str
    to: str
    floor: float = 0.05
    gain: float = 1.0


@dataclass(frozen=True)
class Mirror:
    """The curve of the rig's other side; its value is `sign` times as much there."""

    curve: str
    sign: float = 1.0


@dataclass(frozen=True)
class CurveRule:
    """One curve of the rig and how its value is made."""

    name: str
    terms: tuple[Term, ...] = ()
    ratio: Ratio | None = None
    offset: float = 0.0
    response: tuple[tuple[float, float], ...] = ()
    """Points (value, result), value rising; () leaves the value as it is."""
    limits: tuple[float, float] | None = (0.0, 1.0)
    """Lowest and highest value; None for an angle, which has none."""
    by: str = ""
    why: str = ""
    mirror: Mirror | Literal["auto"] | None = "auto"
    """None: the curve has no counterpart. "auto": found by the table's `sides`."""

    @property
    def is_fed(self) -> bool:
        """Whether an input moves it."""
        return bool(self.terms) or self.ratio is not None

    @property
    def is_copy(self) -> bool:
        """Whether it is a weight that passes on one input as it is, within the usual limits."""
        changed = self.ratio is not None or self.offset != 0.0 or self.response
        gains = [term.gain for term in self.terms]
        return not changed and gains == [1.0] and self.limits == (0.0, 1.0)

    @cached_property
    def has_gaze_choice(self) -> bool:
        """Whether it names both `eyeLook*` weights and gaze angles, of which one kind is read."""
        names = {term.input for term in self.terms}
        return any(map(is_eye_look, names)) and not names.isdisjoint(GAZE_ANGLES)


@dataclass(frozen=True)
class Share:
    """Curves whose sum is held to a limit; what is left of it may go to one more curve."""

    curves: tuple[str, ...]
    limit: float
    rest: str | None = None


@dataclass(frozen=True)
class MappingTable:
    """A rig's curves in the order of its rows, and what a reader should know about them."""

    name: str
    version: str
    mouth_close: MouthMeaning
    curves: tuple[CurveRule, ...]
    title: str = ""
    about: str = ""
    sides: tuple[tuple[str, str], ...] = (("Left", "Right"),)
    """How the rig spells left and right, most telling first."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Provenance: what each `by` stands for."""
    at_rest: str = ""
    """Why the curves without a rule stay at rest."""
    drops: Mapping[str, str] = field(default_factory=dict)
    """Inputs that reach no curve, each with the reason."""
    sums: Mapping[str, float] = field(default_factory=dict)
    """Curves whose gains may sum above their range, acknowledged with that sum."""
    shares: tuple[Share, ...] = ()
    reverse: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Input -> (curve -> gain): how to read the rig back where that is not plain."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Curve names in the order of a row."""
        return tuple(rule.name for rule in self.curves)

    @cached_property
    def column(self) -> Mapping[str, int]:
        """Curve name -> its place in a row."""
        return {name: index for index, name in enumerate(self.names)}

    def rule(self, name: str) -> CurveRule:
        """Return the rule of a curve; KeyError when the rig has none of this name."""
        return self.curves[self.column[name]]
