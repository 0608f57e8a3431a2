"""`facewire conformance`: our numbers beside those that NVIDIA's own code computed."""

from facewire.tools.conformance.command import conformance

__all__ = ["conformance"]
