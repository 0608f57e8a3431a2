"""A model as the command line names it: a name, or the path of a folder (see `located`)."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from facewire.bundles.naming import located
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["located", "path_hint"]


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
            name = text.rpartition("@")[0] or text
            here = next((each for each in (text, name) if each and Path(each).exists()), "")
            told = repr(text) in error.text or repr(name) in error.text
            if is_name and here and told:
                hint = f"To mean {'the folder' if Path(here).is_dir() else 'the file'} here, say "
                raise BundleError(error.text, hint=f"{hint}{os.curdir}{os.sep}{text}.") from None
        raise
