"""`facewire mapping`: the curve tables, looked at, checked and put to use."""

from facewire.tools.mapping.group import mapping

__all__ = ["mapping"]
