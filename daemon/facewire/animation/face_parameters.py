"""The face parameters of NVIDIA's bundles: names, ranges, defaults (a2f_runtime §4.1).

Attributes are called as the keys of a bundle's `model_config`; on the wire the camelCase names of
the SDK are used. A group is built from a bundle without checks, as the SDK does it; what is changed
afterwards is checked, and a refused change leaves every old value in place.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from math import inf
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class FaceParameter:
    """One row of the table: bounds are inclusive and, as the SDK's, meant in float32."""

    name: str
    """On the wire: `lipOpenOffset`."""
    attribute: str
    """In its group and in `model_config`: `lip_open_offset`."""
    group: str
    """`skin`, `tongue`, `teeth` or `eyes`."""
    minimum: float
    maximum: float
    default: float
    """The SDK's; a bundle brings its own."""
    unit: str
    """`s`, `cm`, `deg`, `row` of the table of saccades, or "" for a factor."""
    in_config: bool
    """False for what only the host sets: `blinkOffset`."""


def _row(
    name: str,
    default: float,
    bounds: tuple[float, float],
    unit: str = "",
    *,
    in_config: bool = True,
) -> Any:
    """Return a dataclass field that carries the parameter's row of the table."""
    return field(
        default=default,
        metadata={
            "name": name,
            "default": default,
            "bounds": bounds,
            "unit": unit,
            "in_config": in_config,
        },
    )


@dataclass(frozen=True, kw_only=True)
class SkinParameters:
    """Smoothing half-lives in seconds, strengths and mask without unit, offsets as pose shares."""

    lower_face_smoothing: float = _row("lowerFaceSmoothing", 0.0023, (0.0, 0.1), "s")
    upper_face_smoothing: float = _row("upperFaceSmoothing", 0.001, (0.0, 0.1), "s")
    lower_face_strength: float = _row("lowerFaceStrength", 1.3, (0.0, 2.0))
    upper_face_strength: float = _row("upperFaceStrength", 1.0, (0.0, 2.0))
    face_mask_level: float = _row("faceMaskLevel", 0.6, (0.0, 1.0))
    face_mask_softness: float = _row("faceMaskSoftness", 0.0085, (0.001, 0.5))
    skin_strength: float = _row("skinStrength", 1.0, (0.0, 2.0))
    blink_strength: float = _row("blinkStrength", 1.0, (0.0, 2.0))
    eyelid_open_offset: float = _row("eyelidOpenOffset", 0.06, (-1.0, 1.0))
    lip_open_offset: float = _row("lipOpenOffset", -0.03, (-0.2, 0.2))
    blink_offset: float = _row("blinkOffset", 0.0, (0.0, 1.0), in_config=False)


@dataclass(frozen=True, kw_only=True)
class TongueParameters:
    """A factor, and shifts along y and z in scene units."""

    tongue_strength: float = _row("tongueStrength", 1.5, (0.0, 3.0))
    tongue_height_offset: float = _row("tongueHeightOffset", 0.2, (-3.0, 3.0), "cm")
    tongue_depth_offset: float = _row("tongueDepthOffset", 0.13, (-3.0, 3.0), "cm")


@dataclass(frozen=True, kw_only=True)
class TeethParameters:
    """A factor, and shifts along y and z in scene units."""

    lower_teeth_strength: float = _row("lowerTeethStrength", 1.0, (0.0, 2.0))
    lower_teeth_height_offset: float = _row("lowerTeethHeightOffset", 0.0, (-3.0, 3.0), "cm")
    lower_teeth_depth_offset: float = _row("lowerTeethDepthOffset", 0.0, (-3.0, 3.0), "cm")


_ANGLE: Final = (-10.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class EyesParameters:
    """Factors, angles in degrees, and the row of the saccade table to start at (fractional)."""

    eyeballs_strength: float = _row("eyeballsStrength", 1.0, (0.0, 2.0))
    saccade_strength: float = _row("saccadeStrength", 1.0, (0.0, 2.0))
    right_eye_rot_x_offset: float = _row("rightEyeballRotationOffsetX", 0.0, _ANGLE, "deg")
    right_eye_rot_y_offset: float = _row("rightEyeballRotationOffsetY", 0.0, _ANGLE, "deg")
    left_eye_rot_x_offset: float = _row("leftEyeballRotationOffsetX", 0.0, _ANGLE, "deg")
    left_eye_rot_y_offset: float = _row("leftEyeballRotationOffsetY", 0.0, _ANGLE, "deg")
    eye_saccade_seed: float = _row("saccadeSeed", 0.0, (0.0, 4999.0), "row")


_GROUPS: Final = {
    "skin": SkinParameters,
    "tongue": TongueParameters,
    "teeth": TeethParameters,
    "eyes": EyesParameters,
}
Group = TypeVar("Group", SkinParameters, TongueParameters, TeethParameters, EyesParameters)


def _rows_of(group: str) -> dict[str, FaceParameter]:
    rows = (
        FaceParameter(
            name=row.metadata["name"],
            attribute=row.name,
            group=group,
            minimum=row.metadata["bounds"][0],
            maximum=row.metadata["bounds"][1],
            default=row.metadata["default"],
            unit=row.metadata["unit"],
            in_config=row.metadata["in_config"],
        )
        for row in fields(_GROUPS[group])
    )
    return {row.name: row for row in rows}


FACE_PARAMETERS: Final[Mapping[str, FaceParameter]] = MappingProxyType(
    {name: row for group in _GROUPS for name, row in _rows_of(group).items()}
)
"""All 24 parameters by their wire names, in the order of the table."""


@dataclass(frozen=True, kw_only=True)
class FaceParameters:
    """All groups of one face."""

    skin: SkinParameters = SkinParameters()
    tongue: TongueParameters = TongueParameters()
    teeth: TeethParameters = TeethParameters()
    eyes: EyesParameters = EyesParameters()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> FaceParameters:
        """Return the parameters a bundle's `config` object holds; other keys are left alone.

        As in the SDK every key is needed and no range is checked.

        Raises:
            SettingsError: a key is missing, or its value is not a number.
        """
        groups: dict[str, dict[str, float]] = {group: {} for group in _GROUPS}
        for row in FACE_PARAMETERS.values():
            if not row.in_config:
                continue
            if row.attribute not in config:
                raise SettingsError(
                    f"{row.attribute} is missing from the face configuration.",
                    field=row.attribute,
                    hint="Every key of model_config is needed.",
                )
            groups[row.group][row.attribute] = _number(row.attribute, config[row.attribute])
        return cls(
            skin=SkinParameters(**groups["skin"]),
            tongue=TongueParameters(**groups["tongue"]),
            teeth=TeethParameters(**groups["teeth"]),
            eyes=EyesParameters(**groups["eyes"]),
        )

    def with_changes(self, changes: Mapping[str, float]) -> FaceParameters:
        """Return the parameters with some replaced, given by their wire names.

        Raises:
            SettingsError: as `changed` does; nothing is then taken.
        """
        _refuse_unknown(changes, FACE_PARAMETERS)
        parts: dict[str, dict[str, float]] = {group: {} for group in _GROUPS}
        for name, value in changes.items():
            parts[FACE_PARAMETERS[name].group][name] = value
        return FaceParameters(
            skin=changed(self.skin, parts["skin"]),
            tongue=changed(self.tongue, parts["tongue"]),
            teeth=changed(self.teeth, parts["teeth"]),
            eyes=changed(self.eyes, parts["eyes"]),
        )

    def on_wire(self) -> dict[str, float]:
        """Return every value by its wire name."""
        groups = asdict(self)
        return {name: groups[row.group][row.attribute] for name, row in FACE_PARAMETERS.items()}


def changed(group: Group, changes: Mapping[str, float]) -> Group:
    """Return a group with some values replaced, given by their wire names.

    Raises:
        SettingsError: a name the group does not have (the nearest is named), or a value that is
            not a number or out of range; the text says name, value and range.
    """
    known = {
        name: row for name, row in FACE_PARAMETERS.items() if isinstance(group, _GROUPS[row.group])
    }
    _refuse_unknown(changes, known)
    return replace(
        group,
        **{
            known[name].attribute: checked_value(
                name, value, known[name].minimum, known[name].maximum
            )
            for name, value in changes.items()
        },
    )


def checked_value(name: str, value: Any, minimum: float, maximum: float) -> float:
    """Return a value that lies in its range, bounds included.

    Bounds are widened to their own float32 rounding: what a client stored as float32(0.1) is 0.1.

    Raises:
        SettingsError: NaN, no number at all, or out of range.
    """
    number = _number(name, value)
    allowed = f"it must lie in [{minimum:g}, {maximum:g}]"
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        raise SettingsError(f"{name} is not a number (NaN); {allowed}.", field=name)
    if not min(minimum, _in_float32(minimum)) <= number <= max(maximum, _in_float32(maximum)):
        raise SettingsError(f"{name} is {number:g}; {allowed}.", field=name)
    return number


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise SettingsError(f"{name} is {value!r:.60}, which is not a number.", field=name)
    try:
        return float(value)
    except OverflowError:  # an integer past any float
        return inf


def _in_float32(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _refuse_unknown(changes: Mapping[str, float], known: Mapping[str, FaceParameter]) -> None:
    for name in changes:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            raise SettingsError(
                f"There is no face parameter called {name!r:.60} here.",
                field="parameters",
                hint=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}.",
            )
