"""The head that Facewire draws and measures on, and the builder that makes it."""

from facewire.tools.head.head import Head, load_head, read_head

__all__ = ["Head", "load_head", "read_head"]
