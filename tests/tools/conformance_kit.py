"""Runs `facewire conformance`, and makes vector files that differ from the committed ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.tools.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VECTORS = Path(__file__).parents[1] / "conformance" / "vectors"
SMALL = "pca_reconstruction"
"""A topic whose file is quick to write and to compare."""


def run(*arguments: str | Path) -> int:
    """Return the exit status of the command."""
    with pytest.raises(SystemExit) as ended:
        main(["conformance", *map(str, arguments)])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, Any]:
    """Return the exit status and what `--json` printed."""
    code = run(*arguments, "--json")
    return code, json.loads(capsys.readouterr().out)


def arrays(topic: str) -> dict[str, NDArray[Any]]:
    """Return a committed file's arrays, to be changed."""
    with np.load(VECTORS / f"{topic}_dev.npz", allow_pickle=False) as stored:
        return {name: stored[name].copy() for name in stored.files}


def save(folder: Path, topic: str, content: Mapping[str, Any]) -> None:
    """Write a vector file of a topic."""
    np.savez(folder / f"{topic}_dev.npz", **content)
