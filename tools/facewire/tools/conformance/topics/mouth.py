"""Tongue vertices, jaw transforms, and the rigid fit below them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.jaw import column_major, jaw_transform, rigid_transform
from facewire.animation.tongue import animate_tongue
from facewire.tools.conformance.outcomes import Compared, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_TRANSLATION: Final = (12, 13, 14)
_ROTATION: Final = tuple(entry for entry in range(16) if entry not in _TRANSLATION)
_DEVICES: Final = {"cpu": "", "gpu": "_gpu"}
"""Of the SDK; its two ways differ by 4.4e-6, and ours is compared with both."""


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield the cases of the tongue, of the lower teeth and of the rigid fit."""
    for name, case in file.cases("tongue_cases").items():
        yield f"tongue {name}", partial(_tongue, file, name, case["params"])
    for name, case in file.cases("teeth_cases").items():
        yield f"teeth {name}", partial(_teeth, file, name, case["params"])
    for name in file.cases("rigid_cases"):
        yield name, partial(_rigid, file, name)


def transforms(
    found: Sequence[NDArray[np.float32]] | NDArray[np.float32],
    expected: NDArray[np.float32],
    names: tuple[str, str] = ("rotation", "translation"),
) -> Iterator[Outcome]:
    """Yield how far transforms in wire layout, [frames, 16], are from the expected ones."""
    ours = np.asarray(found)
    for name, entries in zip(names, (_ROTATION, _TRANSLATION), strict=True):
        yield Compared.one(name, absolute(ours[:, entries], expected[:, entries]))


def _tongue(file: VectorFile, name: str, parameters: list[float]) -> Iterator[Outcome]:
    found = [
        animate_tongue(file["neutral_tongue"], deltas, *parameters)
        for deltas in file["tongue_input"]
    ]
    yield Compared.one("tongue vertices", absolute(found, file[f"tongue_{name}_out"]))


def _teeth(file: VectorFile, name: str, parameters: list[float]) -> Iterator[Outcome]:
    found = [
        column_major(jaw_transform(file["neutral_jaw"], deltas, *parameters))
        for deltas in file["jaw_input"]
    ]
    for suffix in _DEVICES.values():
        key = f"teeth_{name}_transform{suffix}"
        yield from transforms(found, file.expect(key, (len(found), 16)))


def _rigid(file: VectorFile, name: str) -> Iterator[Outcome]:
    source, target = (file.expect(f"{name}_{side}", (None, 3)) for side in ("from", "to"))
    found: Any = rigid_transform(source.astype(np.float64), target.astype(np.float64))
    for suffix in _DEVICES.values():
        expected = file.expect(f"{name}_transform{suffix}", (16,))
        yield from transforms(column_major(found.astype(np.float32))[None], expected[None])
