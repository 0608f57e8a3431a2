"""A curve table as a definition of Unreal's RigMapper plugin (experimental in 5.7 and 5.8).

The layout was learned from public copies of the plugin's source: what its asset reads and writes
as JSON, and how its nodes are evaluated. No engine was run; the tests evaluate a definition by the
same rules. Four things there shape what is written here:

* A `weighted_sum` adds weight * input and holds the sum between `min` and `max`. Both are always
  written: what an absent bound means depends on a default of the engine.
* An `sdk` is a piecewise linear curve of one input whose ends hold; also the way to a constant.
* A `multiply` is a product. Division came with `math_op`, which 5.7 does not have; without it a
  quotient is the product with a piecewise linear 1 / x.
* Names ignore case, and a feature may not be called like an input: all ours begin with `fw:`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.inputs import GAZE_ANGLES, same_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.mapping.mapper import MouthClose
    from facewire.mapping.table import CurveRule, MappingTable, Ratio, Share

_PREFIX: Final = "fw:"
_NO_LIMIT: Final = 1e6
_SEGMENTS: Final = 64
"""Of a piecewise linear 1 / x."""
_REACH: Final = 2.0
"""Largest weight it is made for: a jaw of ARKit's meaning can pass 1 a little."""
_SHARE_REACH: Final = 16.0
"""Likewise the largest sum of a share, in limits."""


@dataclass(frozen=True)
class RigMapperExport:
    """A definition and what is different in it from the table."""

    definition: dict[str, Any]
    """What the plugin imports: inputs, features, parameters, outputs, null_outputs."""
    notes: tuple[str, ...]
    """Sentences; () when the definition says all that the table says."""


def rigmapper_definition(
    table: MappingTable, *, mouth_close: MouthClose = "arkit", math_ops: bool = False
) -> RigMapperExport:
    """Return the RigMapper definition that does what the table does.

    Its inputs are the face curves the table reads, in camelCase (Unreal's names ignore case). They
    must all be there as curves: the plugin leaves an output at 0 while none of its inputs is set.

    Args:
        table: The rig.
        mouth_close: What the curves that come in mean by mouthClose.
        math_ops: Divide with math operations: exact, but engine 5.7 cannot load it.
    """
    export = _Export(table, mouth_close=mouth_close, math_ops=math_ops)
    values = {rule.name: export.curve(rule) for rule in table.curves}
    for number, share in enumerate(table.shares, 1):
        export.share(share, f"share{number}", values)
    outputs = {name: feature for name, feature in values.items() if feature is not None}
    definition = {
        "inputs": [name for name in FACE_CURVES if name in export.inputs],
        "features": export.features,
        "parameters": {},
        "outputs": outputs,
        "null_outputs": [name for name, feature in values.items() if feature is None],
    }
    return RigMapperExport(definition, tuple(export.notes))


class _Export:
    """Gathers the features of one definition; a method returns the name of what it made."""

    def __init__(self, table: MappingTable, *, mouth_close: MouthClose, math_ops: bool) -> None:
        self.inputs: set[str] = set()
        self.features: dict[str, dict[str, Any]] = {}
        self.notes: list[str] = []
        self._math_ops = math_ops
        self._taken: set[str] = set()
        self._made: dict[object, str] = {}
        self._jaw_gains = 0.0
        if table.mouth_close not in ("any", mouth_close):
            self._jaw_gains = 1.0 if mouth_close == "a2f" else -1.0

    def curve(self, rule: CurveRule) -> str | None:
        """Add what makes a curve; None for one that rests at 0."""
        terms = self._terms(rule)
        if rule.ratio is not None:
            terms.append((self._ratio(rule.ratio), rule.ratio.gain))
        if not terms and not rule.offset and not rule.response:
            return None
        if rule.offset or not terms:
            terms.append((self._constant(terms[0][0] if terms else "jawOpen"), rule.offset))
        low, high = rule.limits or (-_NO_LIMIT, _NO_LIMIT)
        if not rule.response:
            if terms == [(terms[0][0], 1.0)] and rule.limits is None:
                return terms[0][0]
            return self._sum(rule.name, terms, low, high)
        mix = self._sum(f"{rule.name}:mix", terms)
        results = [result for _, result in rule.response]
        if low <= min(results) and max(results) <= high:
            return self._keys(rule.name, mix, rule.response)
        bent = self._keys(f"{rule.name}:response", mix, rule.response)
        return self._sum(rule.name, [(bent, 1.0)], low, high)

    def share(self, share: Share, name: str, values: dict[str, str | None]) -> None:
        """Hold the sum of some curves to a limit; `values` gets their new features."""
        parts = {curve: made for curve in share.curves if (made := values[curve]) is not None}
        if not parts:
            return
        total = self._sum(f"{name}:total", [(made, 1.0) for made in parts.values()])
        scale = self._share_scale(total, share.limit, name)
        for curve, made in parts.items():
            values[curve] = self._product(f"{curve}:{name}", (made, scale))
        if share.rest is not None:
            points = ((0.0, share.limit), (share.limit, 0.0))
            values[share.rest] = self._keys(f"{share.rest}:{name}", total, points)

    def _terms(self, rule: CurveRule) -> list[tuple[str, float]]:
        angles = [term.input for term in rule.terms if term.input in GAZE_ANGLES]
        if angles and not rule.has_gaze_choice:
            self.notes.append(
                f"{rule.name} is fed by {', '.join(angles)}, which are no curves: left out."
            )
        return [
            (self._input(term.input), term.gain)
            for term in rule.terms
            if term.input not in GAZE_ANGLES and term.gain
        ]

    def _input(self, name: str) -> str:
        self.inputs.add(name)
        if name != "jawOpen" or not self._jaw_gains:
            return name
        self.inputs.add("mouthClose")
        if "jaw" not in self._made:
            low = 0.0 if self._jaw_gains < 0 else -_NO_LIMIT
            mix = [("jawOpen", 1.0), ("mouthClose", self._jaw_gains)]
            self._made["jaw"] = self._sum("jawOpen", mix, low)
        return self._made["jaw"]

    def _constant(self, beside: str) -> str:
        """Add a 1 that is there whenever the feature or input `beside` is."""
        if beside == "jawOpen":
            beside = self._input("jawOpen")
        key = ("one", beside)
        if key not in self._made:
            self._made[key] = self._keys(f"one:{beside}", beside, ((0.0, 1.0), (1.0, 1.0)))
        return self._made[key]

    def _ratio(self, ratio: Ratio) -> str:
        if ratio not in self._made:
            of, to = self._input(ratio.of), self._input(ratio.to)
            name = f"{ratio.of}/{ratio.to}:{ratio.floor:g}"
            if self._math_ops:
                at_least = self._math(f"{name}:divisor", "max", (to, ratio.floor))
                quotient = self._math(f"{name}:quotient", "divide", (of, at_least))
            else:
                points = self._reciprocal(
                    f"{ratio.of} / {ratio.to}", ratio.floor, max(_REACH, 2.0 * ratio.floor)
                )
                inverse = self._keys(f"{name}:inverse", to, points)
                quotient = self._product(f"{name}:quotient", (of, inverse))
            self._made[ratio] = self._sum(name, [(quotient, 1.0)], 0.0, 1.0)
        return self._made[ratio]

    def _share_scale(self, total: str, limit: float, name: str) -> str:
        """Add limit / max(total, limit)."""
        if self._math_ops:
            at_least = self._math(f"{name}:divisor", "max", (total, limit))
            return self._math(f"{name}:scale", "divide", (limit, at_least))
        points = self._reciprocal(f"limit / sum of {name}", limit, _SHARE_REACH * limit)
        return self._keys(f"{name}:scale", total, [(x, limit * y) for x, y in points])

    def _reciprocal(self, what: str, low: float, high: float) -> list[tuple[float, float]]:
        """Return points of 1 / x from low to high, spaced so that the relative error is even."""
        step = (high / low) ** (1.0 / _SEGMENTS)
        # A chord of 1 / x from a to a * step is highest above the curve half-way between.
        error = (step - 1.0) ** 2 / (4.0 * step)
        self.notes.append(f"{what} is piecewise linear, at most {error:.2%} above the exact value.")
        return [(x, 1.0 / x) for x in (low * step**index for index in range(_SEGMENTS + 1))]

    def _sum(
        self,
        name: str,
        terms: Sequence[tuple[str, float]],
        low: float = -_NO_LIMIT,
        high: float = _NO_LIMIT,
    ) -> str:
        # One input can come twice (jawOpen and what is made of it cannot): a map there keeps one.
        weights: dict[str, float] = {}
        for feature, gain in terms:
            weights[feature] = weights.get(feature, 0.0) + gain
        params = {"weights": list(weights.values()), "min": low, "max": high}
        return self._add(name, "weighted_sum", list(weights), params)

    def _keys(self, name: str, of: str, points: Sequence[tuple[float, float]]) -> str:
        given, results = ([point[axis] for point in points] for axis in (0, 1))
        return self._add(name, "sdk", [of], {"in_val": given, "out_val": results})

    def _product(self, name: str, of: tuple[str, str]) -> str:
        return self._add(name, "multiply", list(of), {})

    def _math(self, name: str, operation: str, of: tuple[str | float, str | float]) -> str:
        names = [each if isinstance(each, str) else "" for each in of]
        constants = [0.0 if isinstance(each, str) else each for each in of]
        made = self._add(name, "math_op", names, {"constants": constants})
        self.features[made]["operation"] = operation
        return made

    def _add(self, name: str, kind: str, of: list[str], params: dict[str, Any]) -> str:
        name = _PREFIX + name
        while same_name(name) in self._taken:
            name += "'"
        self._taken.add(same_name(name))
        self.features[name] = {
            "type": kind, "input_features": of, "input_params": [], "params": params,
        }  # fmt: skip
        return name
