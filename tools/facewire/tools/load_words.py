"""What a long load says at the terminal: at its begin, and every few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S: Final = 5.0


class LoadWords:
    """Called while a model loads, from a thread of the loader's: see `load_model`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Args: `say` shows a line."""
        self._say = say
        self._due_s = 0.0

    def __call__(self, stage: str, elapsed_s: float) -> None:
        """Take in what is being done, and the seconds since that began."""
        if elapsed_s == 0.0:  # another network of the same model
            self._due_s = EVERY_S
            self._say(f"{stage} ...")
        elif elapsed_s >= self._due_s:
            self._due_s = elapsed_s + EVERY_S
            self._say(f"{stage}: {elapsed_s:.0f} s so far")
