"""Where in a bundle something is wrong, and the error that says so."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, Final

from facewire.protocol.errors import BundleError

FETCH_AGAIN: Final = "Fetch the bundle again, or put the original file back."

_MAY_NOT: Final = (errno.EACCES, errno.EPERM)


def reading_hint(error: Exception) -> str:
    """Return what to do about a file that cannot be read: it may be whole and yet closed to us."""
    if isinstance(error, OSError) and error.errno in _MAY_NOT:
        return "Let the user that runs Facewire read it (`chmod`, or the folder's owner)."
    return FETCH_AGAIN


@dataclass(frozen=True)
class Place:
    """A file of a bundle and, where `key` is not empty, a value or array inside it."""

    file: str
    key: str = ""

    def inside(self, key: str) -> Place:
        """Return the place of a value further in; keys are joined with dots."""
        return Place(self.file, f"{self.key}.{key}" if self.key else key)

    def entry(self, index: int) -> Place:
        """Return the place of an entry of the list that is here."""
        return Place(self.file, f"{self.key}[{index}]")

    def wrong(self, found: str, expected: str, hint: str = FETCH_AGAIN) -> BundleError:
        """Return the error to raise.

        Args:
            found: What is here, as the rest of a sentence: `has the shape [3]`.
            expected: What should be here: `the shape [5, 3]`.
            hint: What to do next.
        """
        where = f"{self.file}: {self.key!r}" if self.key else self.file
        text = f"{where} {found}; expected {expected}."
        return BundleError(text, hint=hint, file=self.file, key=self.key)


def shown(value: Any) -> str:
    """Return a value as a message tells it, shortened."""
    try:
        text = repr(value)
    except RecursionError:  # it was read with the stack a little less full
        return "nested too deep to show"
    return text if len(text) <= 60 else f"{text[:57]}..."
