"""The channels the embedded network predicts, and how they become ARKit curves.

The network predicts one value for a left/right pair: speech is symmetrical, and the recordings
cannot teach a difference. `mouthClose` is not predicted as such: the network gives the jaw and the
share of its opening that the lips take back, so that the lip aperture `jawOpen - mouthClose` can
neither go negative nor lose its zero when ranges are scaled.
"""

from __future__ import annotations

JAW = "jawOpen"
CLOSE = "mouthClose"
APERTURE = "lipAperture"
"""Landmark measure with a loss of its own: what `jawOpen - mouthClose` must follow."""

PAIRED = (
    "mouthSmile",
    "mouthFrown",
    "mouthDimple",
    "mouthStretch",
    "mouthPress",
    "mouthLowerDown",
    "mouthUpperUp",
)
SINGLE = (
    "mouthFunnel",
    "mouthPucker",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
)
SEEN = (JAW, CLOSE, *SINGLE, *PAIRED)
"""Channels learnt from faces (video or animator), one value per left/right pair."""

SPOKEN = (
    "jawForward",
    "tongueOut",
    "tongueTipUp",
    "tongueTipDown",
    "tongueRollUp",
    "tongueRollDown",
    "tongueUp",
    "tongueDown",
    "tongueIn",
    "tongueStretch",
    "tongueWide",
    "tongueNarrow",
)
"""Channels no camera saw: learnt from phone times and an articulation table."""

HEADS = (*SEEN, *SPOKEN)
TARGETS = (*HEADS, APERTURE)


def curve_sources() -> list[tuple[str, str]]:
    """Return (curve, head) for every ARKit curve of the bundle, in bundle order.

    Returns:
        One entry per curve; both curves of a left/right pair name the same head.
    """
    out: list[tuple[str, str]] = []
    for head in HEADS:
        if head in PAIRED:
            out += [(head + "Left", head), (head + "Right", head)]
        else:
            out.append((head, head))
    return out
