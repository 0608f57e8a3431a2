"""The curve sets a stream can answer in."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, FACE_CURVES, HEAD_3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

RIGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"a2f": FACE_CURVES, "arkit": ARKIT_52, "arkit_head": ARKIT_52 + HEAD_3}
)
"""Rig name -> curve names in the order of its rows."""


def rig_columns(rig: str) -> NDArray[np.intp]:
    """Return the columns of a face row (71) that make up a row of the rig."""
    return np.array([CURVE_INDEX[name] for name in RIGS[rig]], np.intp)
