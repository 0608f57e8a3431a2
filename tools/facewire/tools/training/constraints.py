"""What a mouth must do for a phone, put on top of the average face of `pseudo`.

The linear map from phones to faces gives averages: half-shut lips for P, a hint of rounding for UW.
Voices without a camera get faces in which the lips do shut on P B M, the jaw is nearly shut and the
lower lip drawn in on F V, the lips are rounded on UW OW W and pushed out on SH CH, and AA AE AO are
open. Values are per-talker units: 1 is a talker's 95th percentile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.training.articulation import BILABIALS
from facewire.tools.training.channels import APERTURE, CLOSE, JAW
from facewire.tools.training.gates import LABIODENTALS, envelope
from facewire.tools.training.labels import COLUMNS

if TYPE_CHECKING:
    import numpy.typing as npt

    from facewire.tools.training.articulation import Phone

    Array = npt.NDArray[np.float32]

_SHAPES: tuple[tuple[tuple[str, ...], dict[str, float]], ...] = (
    (("AA", "AO"), {JAW: 1.15, "mouthLowerDown": 0.6}),
    (("AE", "AY", "AW"), {JAW: 1.1, "mouthLowerDown": 0.8}),
    (("AH", "EH", "EY"), {JAW: 0.85, "mouthLowerDown": 0.5}),
    (("UW",), {"mouthPucker": 1.7, "mouthFunnel": 0.7}),
    (("W",), {"mouthPucker": 1.9, "mouthFunnel": 0.3}),
    (("OW", "OY"), {"mouthPucker": 1.1, "mouthFunnel": 1.0}),
    (("AO", "UH"), {"mouthPucker": 0.7, "mouthFunnel": 0.7}),
    (("SH", "ZH", "CH", "JH"), {"mouthPucker": 0.7, "mouthFunnel": 1.0}),
    (("R", "ER"), {"mouthPucker": 0.6, "mouthFunnel": 0.4}),
)
"""Least values of channels by phones, applied in this order."""
_JAW_LIMITS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("UW", "W"), 0.35),
    (("SH", "ZH", "CH", "JH", "S", "Z"), 0.5),
    (LABIODENTALS, 0.3),
    (BILABIALS, 0.35),
)
_ROUND = ("UW", "W", "OW", "OY")
_SPREAD = ("mouthSmile", "mouthStretch", "mouthDimple")
"""Corners drawn out, which rounding undoes."""
_PARTING = ("mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthShrugUpper")
"""Channels that part the lips."""
_TUCK = {"mouthRollLower": 2.0, "mouthUpperUp": 0.5, "mouthLowerDown": 0.0, "mouthFunnel": 0.1}
_TUCK_CLOSE = 0.5
"""Share of the jaw's opening that the lips take back on F and V."""
_SEAL = {"mouthPress": 0.9, "mouthRollLower": 0.9, "mouthRollUpper": 0.7}


def constrained(values: Array, phones: list[Phone], times_s: npt.NDArray[np.floating]) -> Array:
    """Return channel values [ticks, COLUMNS] that keep the constraints, the aperture with them.

    Args:
        values: Average face per tick, as `pseudo.PhoneFace` gives it.
        phones: (name, start, end) in seconds.
        times_s: Instants of the ticks.
    """
    out = {name: np.maximum(values[:, k], 0.0) for k, name in enumerate(COLUMNS)}
    share: npt.NDArray[np.floating] = np.clip(out[CLOSE] / np.maximum(out[JAW], 0.05), 0.0, 1.0)
    for names, least in _SHAPES:
        made = envelope(phones, names, times_s)
        for channel, value in least.items():
            out[channel] = _towards(out[channel], np.maximum(out[channel], value), made)
    for names, most in _JAW_LIMITS:
        made = envelope(phones, names, times_s)
        out[JAW] = _towards(out[JAW], np.minimum(out[JAW], most), made)
    rounded = envelope(phones, _ROUND, times_s)
    for channel in _SPREAD:
        out[channel] = _towards(out[channel], 0.0, rounded)
    opened = envelope(phones, ("AA", "AO", "AE", "AY", "AW", "AH", "EH", "EY"), times_s)
    share = _towards(share, np.minimum(share, 0.08), opened)
    tucked = envelope(phones, LABIODENTALS, times_s)
    for channel, value in _TUCK.items():
        out[channel] = _towards(out[channel], value, tucked)
    share = _towards(share, _TUCK_CLOSE, tucked)
    sealed = envelope(phones, BILABIALS, times_s)
    for channel in _PARTING:
        out[channel] = _towards(out[channel], 0.0, sealed)
    for channel, value in _SEAL.items():
        out[channel] = _towards(out[channel], np.maximum(out[channel], value), sealed)
    out[CLOSE] = out[JAW] * _towards(share, 1.0, sealed)
    out[APERTURE] = out[JAW] - out[CLOSE]
    return np.stack([out[name] for name in COLUMNS], axis=1).astype(np.float32)


def _towards(
    values: npt.NDArray[np.floating], wanted: npt.NDArray[np.floating] | float, share: Array
) -> npt.NDArray[np.floating]:
    return values + (wanted - values) * share
