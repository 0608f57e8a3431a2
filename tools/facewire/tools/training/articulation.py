"""Phones to pseudo-labels: tongue and jaw thrust, and phone activity on the tick grid.

No camera saw a tongue, so those channels follow textbook articulation: an amount per phone, blended
over neighbours by a short kernel (the tongue tip moves in about 60 ms). Amounts are in [0, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.training.channels import SPOKEN

if TYPE_CHECKING:
    import numpy.typing as npt

SILENCE = "SIL"
PHONES = (
    SILENCE, "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G",
    "HH", "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH",
    "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
BILABIALS = ("P", "B", "M")

_ALVEOLAR = {"tongueTipUp": 0.75, "tongueUp": 0.25}
_PALATAL = {"tongueUp": 0.55, "tongueRollUp": 0.3, "tongueWide": 0.3, "jawForward": 0.6}
_VELAR = {"tongueUp": 0.65, "tongueIn": 0.45, "tongueTipDown": 0.35}
_FRICATIVE = {"tongueTipUp": 0.4, "tongueUp": 0.3, "tongueWide": 0.3, "jawForward": 0.3}
_DENTAL = {"tongueOut": 0.3, "tongueStretch": 0.5, "tongueTipUp": 0.25, "tongueWide": 0.2}
_FRONT_HIGH = {"tongueUp": 0.45, "tongueWide": 0.4, "tongueTipDown": 0.3}
_BACK_ROUND = {"tongueIn": 0.4, "tongueUp": 0.25, "tongueNarrow": 0.35}
_LOW = {"tongueDown": 0.6, "tongueTipDown": 0.25, "tongueRollDown": 0.15}
_RHOTIC = {"tongueRollUp": 0.55, "tongueIn": 0.4, "tongueNarrow": 0.25}

TABLE: dict[str, dict[str, float]] = {
    "T": _ALVEOLAR, "D": _ALVEOLAR, "N": _ALVEOLAR,
    "L": {"tongueTipUp": 0.9, "tongueNarrow": 0.35, "tongueStretch": 0.2},
    "S": _FRICATIVE, "Z": _FRICATIVE,
    "SH": _PALATAL, "ZH": _PALATAL, "CH": _PALATAL, "JH": _PALATAL,
    "TH": _DENTAL, "DH": {**_DENTAL, "tongueOut": 0.2},
    "K": _VELAR, "G": _VELAR, "NG": _VELAR,
    "R": _RHOTIC, "ER": _RHOTIC,
    "IY": _FRONT_HIGH, "Y": _FRONT_HIGH,
    "IH": {"tongueUp": 0.3, "tongueWide": 0.25, "tongueTipDown": 0.2},
    "EY": {"tongueUp": 0.3, "tongueWide": 0.25, "tongueTipDown": 0.25},
    "EH": {"tongueDown": 0.25, "tongueWide": 0.2, "tongueTipDown": 0.25},
    "AE": {"tongueDown": 0.5, "tongueWide": 0.2, "tongueTipDown": 0.3},
    "AA": _LOW, "AY": _LOW, "AW": _LOW,
    "AH": {"tongueDown": 0.3},
    "AO": {"tongueDown": 0.4, "tongueIn": 0.3, "tongueNarrow": 0.2},
    "OW": _BACK_ROUND, "OY": _BACK_ROUND, "UW": _BACK_ROUND, "UH": _BACK_ROUND, "W": _BACK_ROUND,
}  # fmt: skip
"""Amount per phone; phones without an entry leave the tongue at rest."""

_BLEND_TICKS = 4.0
"""Standard deviation of the coarticulation kernel, 40 ms."""

Phone = tuple[str, float, float]


def activity(phones: list[Phone], ticks: int, tick_s: float) -> npt.NDArray[np.float32]:
    """Return which phone is spoken at each tick, as [ticks, len(PHONES)] of 0 and 1.

    Args:
        phones: (name, start, end) in seconds, in order; a later phone wins where two overlap.
        ticks: Number of ticks; tick t stands at t * tick_s.
        tick_s: Spacing in seconds.
    """
    index = np.zeros(ticks, np.int64)
    times = np.arange(ticks) * tick_s
    for name, start, end in phones:
        index[(times >= start) & (times < end)] = PHONES.index(name) if name in PHONES else 0
    return np.eye(len(PHONES), dtype=np.float32)[index]


def blended(values: npt.NDArray[np.float32], sigma_ticks: float) -> npt.NDArray[np.float32]:
    """Return values [ticks, n] convolved along time with a Gaussian, edges held."""
    reach = int(np.ceil(3 * sigma_ticks))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_ticks) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(values)
    for k, weight in enumerate(kernel):
        out += np.float32(weight) * padded[k : k + len(values)]
    return out


def spoken_targets(spoken: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the SPOKEN channels [ticks, len(SPOKEN)] for a phone activity."""
    table = np.zeros((len(PHONES), len(SPOKEN)), np.float32)
    for name, amounts in TABLE.items():
        for channel, amount in amounts.items():
            table[PHONES.index(name), SPOKEN.index(channel)] = amount
    return blended(spoken @ table, _BLEND_TICKS)
