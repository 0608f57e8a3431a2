"""A network tried in a process of its own, because a provider may end the whole of ours.

Measured: OpenVINO 2025.4 ends the process on some small networks that onnxruntime itself runs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LONGEST_S: Final = 300
_WORDS: Final = 300


def failure(network: Path, provider: str, feeds: Sequence[Mapping[str, NDArray[Any]]]) -> str:
    """Return how a network fails under a provider, in a few words; "" where it answers.

    Args:
        network: Its file.
        provider: As `OrtBackend` takes it.
        feeds: What it is asked, one after the other.
    """
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as folder:
        files = [str(Path(folder) / f"{number}.npz") for number in range(len(feeds))]
        for file, each in zip(files, feeds, strict=True):
            arrays: dict[str, Any] = dict(each)
            np.savez(file, **arrays)
        own = [sys.executable, "-m", __name__, str(network), provider, *files]
        try:
            done = subprocess.run(  # noqa: S603 - our own module, no shell
                own, capture_output=True, check=False, timeout=_LONGEST_S
            )
        except subprocess.TimeoutExpired:
            return f"it had no answer after {_LONGEST_S} s"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    if done.returncode < 0:
        return f"it ended the process (signal {-done.returncode})"
    return said[:_WORDS] or f"it ended the process (status {done.returncode})"


def main(network: str, provider: str, *files: str) -> None:
    """Run a network on the feeds in files; whatever goes wrong ends this process."""
    from facewire.inference.backend import OrtBackend

    backend = OrtBackend(network, provider)
    for file in files:
        with np.load(file, allow_pickle=False) as feeds:
            backend.run(dict(feeds))


if __name__ == "__main__":
    main(*sys.argv[1:])
