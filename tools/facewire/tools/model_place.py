"""A model as the command line names it: a name, or the path of a folder."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator


def located(text: str) -> str | Path:
    """Return a path when the text can only be one, else a name."""
    is_path = os.sep in text or (os.altsep is not None and os.altsep in text)
    return Path(text).expanduser() if is_path else text


@contextmanager
def path_hint(*texts: str) -> Iterator[None]:
    """Say of a name that is unknown that something of that name lies here, and how to mean it.

    A name is never taken for a path by itself: a folder called `embedded` must not stand in for
    the shipped model.
    """
    try:
        yield
    except BundleError as error:
        for text in texts:
            is_name = isinstance(located(text), str)
            if is_name and text and repr(text) in error.text and Path(text).exists():
                hint = f"To mean {'the folder' if Path(text).is_dir() else 'the file'} here, say "
                raise BundleError(error.text, hint=f"{hint}{os.curdir}{os.sep}{text}.") from None
        raise
