"""The names a face has: 52 ARKit shapes, 16 tongue poses, 3 head angles, in bundle order."""

from __future__ import annotations

from typing import Final

ARKIT_52: Final[tuple[str, ...]] = tuple(
    """
    eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft
    eyeWideLeft eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight
    eyeSquintRight eyeWideRight jawForward jawLeft jawRight jawOpen mouthClose mouthFunnel
    mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight
    mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower
    mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight
    mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft
    browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft
    cheekSquintRight noseSneerLeft noseSneerRight tongueOut
    """.split()  # noqa: SIM905 - 52 quoted names would hide their order
)
"""NVIDIA's bundle order (a2f_runtime §1.7); not ARKit's alphabetical one."""

TONGUE_16: Final[tuple[str, ...]] = tuple(
    """
    tongueTipUp tongueTipDown tongueTipLeft tongueTipRight tongueRollUp tongueRollDown
    tongueRollLeft tongueRollRight tongueUp tongueDown tongueLeft tongueRight tongueIn
    tongueStretch tongueWide tongueNarrow
    """.split()  # noqa: SIM905 - as above
)

HEAD_3: Final = ("headRoll", "headPitch", "headYaw")
"""Not weights: angles in units of 50 degrees, the factor of Epic's Live Link graph."""

FACE_CURVES: Final = ARKIT_52 + TONGUE_16 + HEAD_3
"""All 71 curves of a face row."""

CURVE_INDEX: Final = {name: index for index, name in enumerate(FACE_CURVES)}

TONGUE_CURVES: Final = frozenset((*TONGUE_16, "tongueOut"))
UPPER_CURVES: Final = frozenset(name for name in ARKIT_52 if name.startswith(("eye", "brow")))
"""Moved by `upperFaceStrength`; what is neither here nor tongue nor head is the lower face."""
LOWER_CURVES: Final = frozenset(ARKIT_52) - UPPER_CURVES - TONGUE_CURVES


def pascal_case(name: str) -> str:
    """Return the name as the NIM writes it: `jawOpen` -> `JawOpen`."""
    return name[:1].upper() + name[1:]


def mirrored(name: str) -> str:
    """Return the curve of the other side of the face; the name itself where there is none."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side) and (pair := name.removesuffix(side) + other) in CURVE_INDEX:
            return pair
    return name
