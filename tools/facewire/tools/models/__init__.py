"""`facewire models`: fetch models, add your own, look at them, check them."""

from facewire.tools.models.group import models

__all__ = ["models"]
