"""Loads what NVIDIA's code computed: the oracle arrays and the literal cases beside this file.

runs = oracle("animator_skin")          # vectors/animator_skin_dev.npz
runs["neutral"], runs.config["cases"]
literals("jaw_transform_")              # the cases of vectors/vectors.json so named
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

VECTORS = Path(__file__).parent / "vectors"


class Oracle:
    """The arrays of one vector file, read-only, and its `config` as parsed JSON."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as stored:
            self._arrays: dict[str, NDArray[Any]] = {name: stored[name] for name in stored.files}
        self.config: dict[str, Any] = json.loads(str(self._arrays.pop("config")))
        for array in self._arrays.values():
            array.setflags(write=False)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def cases(self, key: str = "cases") -> dict[str, dict[str, Any]]:
        """Return the cases that `config` lists under `key`, by their id."""
        return {case["id"]: case for case in self.config[key]}


@lru_cache(maxsize=4)
def oracle(name: str) -> Oracle:
    """Return the vector file of a topic, such as `animator_skin`."""
    return Oracle(VECTORS / f"{name}_dev.npz")


@lru_cache(maxsize=1)
def _literal_cases() -> dict[str, dict[str, Any]]:
    vectors = json.loads((VECTORS / "vectors.json").read_text())["vectors"]
    return {case["name"]: case for case in vectors}


def literal(name: str) -> dict[str, Any]:
    """Return one case of vectors.json: `inputs`, `expected`, `tolerance`, `source`."""
    return _literal_cases()[name]


def literals(prefix: str) -> list[dict[str, Any]]:
    """Return every case of vectors.json whose name starts with `prefix`, in file order."""
    return [case for name, case in _literal_cases().items() if name.startswith(prefix)]


def worst(found: Any, expected: Any) -> float:
    """Return the largest absolute difference, computed in float64; the shapes must agree."""
    left, right = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert left.shape == right.shape
    difference = np.abs(left - right)
    assert np.isfinite(difference).all()
    return float(difference.max(initial=0.0))
