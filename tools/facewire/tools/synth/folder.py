"""Files of a bundle with no time in them, and a folder that appears whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.atomic import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder that takes the place of `folder` when the block ends well.

    Raises:
        OutputError: there is something in `folder`, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"{folder} is not empty.", hint="Name a folder that is empty or does not exist yet."
        )
    part: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".facewire-", suffix=".part", dir=folder.parent))
        yield part
        part.chmod(0o755)
        with suppress(FileNotFoundError):
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}.",
            full=full,
            hint="Free some space." if full else "",
        ) from None
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def write_npz(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write an NPZ as `numpy.savez` does, uncompressed, but with no time in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def write_text(path: Path, content: str) -> None:
    """Write a text with the line ends it has."""
    path.write_bytes(content.encode())
