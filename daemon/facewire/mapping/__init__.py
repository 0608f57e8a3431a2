"""From model poses to the curves of a rig."""

from facewire.mapping.checking import Finding, check_table
from facewire.mapping.gains import Gain, apply_gains, read_gains
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reading import parse_table, read_table
from facewire.mapping.reversal import to_face
from facewire.mapping.rig import Rig, shipped_rig
from facewire.mapping.shipped import load_table, shipped_names
from facewire.mapping.table import MappingTable

__all__ = [
    "CurveMapper",
    "Finding",
    "Gain",
    "MappingTable",
    "Rig",
    "apply_gains",
    "check_table",
    "load_table",
    "parse_table",
    "read_gains",
    "read_table",
    "shipped_names",
    "shipped_rig",
    "to_face",
]
