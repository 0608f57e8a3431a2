"""The bases of a diffusion network that was rewritten to answer coefficients, not vertices.

Of each identity the motion of part p (skin or tongue) is

    coefficients[K] @ ((shapes_p ‖ 0) * scale_p[identity] + (0 ‖ constant_p[identity]))

so that the large array is shared: the identities differ in a scale per number and in the last row,
whose coefficient is always 1. `facewire models optimise` writes the file, see
`facewire.tools.optimising.vertex_free`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.bundles.npz import Archive
from facewire.bundles.onnx_contract import BATCH, Contract, contract_of
from facewire.bundles.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.bundles.network_info import DiffusionInfo
    from facewire.bundles.variants import Variant

VARIANT: Final = "vertex-free"
"""Its name among `facewire.bundles.variants.CLASSES`."""
PARTS: Final = ("skin", "tongue")
_BLOCK_ROWS: Final = 8


class FoldedBasis:
    """A skin's or a tongue's basis for one identity, with the interface of `PcaBasis`.

    The last row is constant: its coefficient is 1. Values are read when asked for and not kept.
    """

    def __init__(
        self, archive: Archive, part: str, identity: int, identities: int, size: int
    ) -> None:
        """Check the headers.

        Args:
            archive: The file of the bases.
            part: `skin` or `tongue`.
            identity: Which face.
            identities: How many there are.
            size: Floats of the part: three per vertex.

        Raises:
            BundleError: an array is missing or of another shape or type.
        """
        shapes, scale, constant = (array_name(part, kind) for kind in ARRAYS)
        header = archive.expect(shapes, (None, size))
        each = (identities, size)
        archive.expect(scale, each)
        archive.expect(constant, each)
        self.shapes: int = header.shape[0] + 1
        """Coefficients, the constant one included."""
        self.vertices = size // 3
        self._archive = archive
        self._identity = identity
        self._shapes_key, self._scale_key, self._constant_key = shapes, scale, constant
        self._shape, self._each = header.shape, each

    def read(self) -> NDArray[np.float32]:
        """Return the basis, float32[shapes, 3 * vertices], cm per unit coefficient.

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        return np.concatenate([block for _, block in self.blocks()])

    def blocks(self, rows: int = _BLOCK_ROWS) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the basis some rows at a time: the first one's index, float32[rows, 3 * vertices].

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        scale = self._archive.floats(self._scale_key, self._each)[self._identity]
        for first, block in self._archive.blocks(self._shapes_key, self._shape, rows):
            yield first, block * scale
        constant = self._archive.floats(self._constant_key, self._each)[self._identity]
        yield self.shapes - 1, constant[None]


@dataclass(frozen=True)
class FaceBases:
    """Of one identity."""

    skin: FoldedBasis
    tongue: FoldedBasis


ARRAYS: Final = ("shapes", "scale", "constant")
"""Kinds of arrays of a part: [K - 1, 3V], [identities, 3V], [identities, 3V]."""


def array_name(part: str, kind: str) -> str:
    """Return the key of an array in the file."""
    return f"{part}_{kind}"


def read_bases(path: Path, info: DiffusionInfo) -> tuple[FaceBases, ...]:
    """Return the bases of all identities, in the bundle's order; headers are checked.

    Args:
        path: The NPZ file.
        info: What the bundle says of its network.

    Raises:
        BundleError: the file is no honest archive, or does not fit the bundle.
    """
    archive = Archive(path, path.name)
    count = len(info.identities)
    return tuple(
        FaceBases(
            FoldedBasis(archive, "skin", face, count, info.skin_size),
            FoldedBasis(archive, "tongue", face, count, info.tongue_size),
        )
        for face in range(count)
    )


def bases_of(variant: Variant, info: DiffusionInfo) -> tuple[FaceBases, ...]:
    """Return the bases of a variant that `facewire.bundles.variants` found.

    Raises:
        BundleError: the variant has no such file, or it does not fit the bundle.
    """
    if len(variant.companions) != 1:
        names = ", ".join(path.name for path in variant.companions) or "none"
        raise Place(variant.network.name).wrong(f"has the companions {names}", "one: the bases")
    return read_bases(variant.companions[0], info)


def reduced_info(info: DiffusionInfo, bases: tuple[FaceBases, ...]) -> DiffusionInfo:
    """Return the sizes of the rewritten network: coefficients where there were vertices.

    `skin_vertices` and `tongue_vertices` of it mean nothing; take them from the bundle.
    """
    return replace(info, skin_size=bases[0].skin.shapes, tongue_size=bases[0].tongue.shapes)


def reduced_contract(info: DiffusionInfo) -> Contract:
    """Return the ports of the rewritten network: no noise, and the kept frames alone.

    Args:
        info: Of `reduced_info`.
    """
    whole = contract_of(info)
    return Contract(
        {name: axes for name, axes in whole.inputs.items() if name != "noise"},
        {**whole.outputs, "prediction": (BATCH, info.frames_kept, info.prediction_size)},
    )
