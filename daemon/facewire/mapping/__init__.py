"""From model poses to the curves of a rig."""

from facewire.mapping.gains import Gain, apply_gains, read_gains
from facewire.mapping.rigs import RIGS, rig_columns

__all__ = ["RIGS", "Gain", "apply_gains", "read_gains", "rig_columns"]
