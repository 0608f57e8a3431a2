"""Tongue vertices, jaw transforms, and the rigid fit below them."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.jaw import column_major, jaw_transform, rigid_transform
from facewire.animation.tongue import animate_tongue
from facewire.tools.conformance.outcomes import Compared, absolute
from facewire.tools.conformance.tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_TRANSLATION: Final = (12, 13, 14)
_ROTATION: Final = tuple(entry for entry in range(16) if entry not in _TRANSLATION)
_KERNEL: Final = 1e-5
"""Matrices further off a rotation are no work of the SDK's kernel, and are allowed nothing."""
_STRAY: Final = 4.0
_MANY: Final = 30
"""Frames of which a hundredth may stray: less is no run."""
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
    source: NDArray[np.float32],
    names: tuple[str, str] = ("rotation", "translation"),
) -> Iterator[Outcome]:
    """Yield how far transforms in wire layout, [frames, 16], are from the expected ones.

    The SDK's float32 kernel leaves matrices that are off a rotation by up to 6e-6 themselves, and
    turns where points lie nearly flat. So a frame over the tolerance is allowed what its expected
    matrix is off the nearest rotation; and one frame in a hundred, `_STRAY` times the tolerance.

    Args:
        found: Ours.
        expected: The SDK's.
        source: [points, 3] (or flat), the points that are moved.
        names: Of the quantities, of rotation and translation.
    """
    ours, slack = np.asarray(found), _off_rotation(expected)
    reach = np.abs(np.asarray(source, np.float64).reshape(-1, 3).mean(axis=0)).sum()
    asked = TOLERANCES["animator_tongue_teeth"]
    for name, quantity, entries, more in (
        (names[0], "rotation", _ROTATION, slack),
        (names[1], "translation", _TRANSLATION, slack * reach),
    ):
        limit = asked[quantity].limit
        whole = absolute(ours[:, entries], expected[:, entries])
        if whole <= limit or whole == inf:
            yield Compared.one(name, whole)
            continue
        frames = zip(ours[:, entries], expected[:, entries], strict=True)
        errors = np.array([absolute(*frame) for frame in frames])
        worst = int((errors - more).argmax())
        allowed = float(limit + more[worst])
        if len(errors) >= _MANY and np.sum(errors > limit + more) <= -(-len(errors) // 100):
            allowed = _STRAY * limit
        yield Compared.one(name, float(errors[worst]), allowed)


def _off_rotation(expected: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return float64[frames], how far each matrix of a transform is from the nearest rotation."""
    matrices = expected.astype(np.float64).reshape(-1, 4, 4)[:, :3, :3]
    if not np.isfinite(matrices).all():
        return np.zeros(len(matrices))
    left, _, right = np.linalg.svd(matrices)
    distance: NDArray[np.float64] = np.abs(left @ right - matrices).max(axis=(1, 2))
    return np.where(distance <= _KERNEL, distance, 0.0)


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
        yield from transforms(found, file.expect(key, (len(found), 16)), file["neutral_jaw"])


def _rigid(file: VectorFile, name: str) -> Iterator[Outcome]:
    source, target = (file.expect(f"{name}_{side}", (None, 3)) for side in ("from", "to"))
    found: Any = rigid_transform(source.astype(np.float64), target.astype(np.float64))
    for suffix in _DEVICES.values():
        expected = file.expect(f"{name}_transform{suffix}", (16,))
        yield from transforms(column_major(found.astype(np.float32))[None], expected[None], source)
