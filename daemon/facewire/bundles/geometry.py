"""`model_data*.npz`: the neutral face and the arrays of its animators (a2f_runtime §1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.bundles.network_info import RegressionInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.network_info import DiffusionInfo
    from facewire.bundles.npz import Archive

_SKIN, _TONGUE, _JAW = "neutral_skin", "neutral_tongue", "neutral_jaw"
_LIP, _EYE, _SACCADES = "lip_open_pose_delta", "eye_close_pose_delta", "saccade_rot_matrix"
_SKIN_BASIS, _TONGUE_BASIS = "shapes_matrix_skin", "shapes_matrix_tongue"
_MEANS: Final = {_SKIN: "shapes_mean_skin", _TONGUE: "shapes_mean_tongue"}
"""What regression files call the neutral poses, which are no means."""
_BLOCK_ROWS: Final = 8

DIFFUSION_ARRAYS: Final = (_SKIN, _TONGUE, _JAW, _LIP, _EYE, _SACCADES)
REGRESSION_ARRAYS: Final = (
    _SKIN_BASIS, _MEANS[_SKIN], _LIP, _EYE, _TONGUE_BASIS, _MEANS[_TONGUE], _JAW, _SACCADES,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FaceGeometry:
    """What the animators start from; all float32, lengths in cm, Y up, Z out of the face."""

    neutral_skin: NDArray[np.float32]
    """[skin vertices, 3]."""
    neutral_tongue: NDArray[np.float32]
    """[tongue vertices, 3]."""
    neutral_jaw: NDArray[np.float32]
    """[jaw points, 3]."""
    lip_open_pose_delta: NDArray[np.float32]
    """[skin vertices, 3]."""
    eye_close_pose_delta: NDArray[np.float32]
    """[skin vertices, 3]."""
    saccades_deg: NDArray[np.float32]
    """[entries, 2]: x and y at 30 Hz."""


class GeometryFile:
    """A `model_data*.npz` whose headers fit the network; values are read when asked for."""

    def __init__(self, archive: Archive, info: RegressionInfo | DiffusionInfo) -> None:
        """Check the headers of all needed arrays.

        Raises:
            BundleError: one is missing or of another shape or type.
        """
        skin, tongue = (info.skin_vertices, 3), (info.tongue_vertices, 3)
        self.archive = archive
        self._regression = isinstance(info, RegressionInfo)
        self._shapes: dict[str, tuple[int | None, ...]] = {
            self._stored(_SKIN): skin,
            self._stored(_TONGUE): tongue,
            _JAW: (info.jaw_size // 3, 3),
            _LIP: skin,
            _EYE: skin,
            _SACCADES: (None, 2),
        }
        for key, shape in self._shapes.items():
            header = archive.expect(key, shape)
            if not header.count:
                raise archive.at(key).wrong("is empty", "one row at least")

    def read(self) -> FaceGeometry:
        """Return the arrays of the animators.

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        found = {key: self.archive.floats(key, shape) for key, shape in self._shapes.items()}
        return FaceGeometry(
            neutral_skin=found[self._stored(_SKIN)],
            neutral_tongue=found[self._stored(_TONGUE)],
            neutral_jaw=found[_JAW],
            lip_open_pose_delta=found[_LIP],
            eye_close_pose_delta=found[_EYE],
            saccades_deg=found[_SACCADES],
        )

    def _stored(self, name: str) -> str:
        return _MEANS[name] if self._regression else name


class PcaBasis:
    """The basis of a skin or a tongue: coefficient k moves every vertex along row k.

    The skin's is the largest array of a bundle: 204 MB for Mark. It is read when asked for and
    not kept here: hold what `read` returns, or fold `blocks` into something smaller.
    """

    def __init__(self, archive: Archive, key: str, shapes: int, vertices: int) -> None:
        """Check the header.

        Raises:
            BundleError: the array is missing or of another shape or type.
        """
        self.shapes = shapes
        self.vertices = vertices
        self._archive = archive
        self._key = key
        self._shape = (shapes, vertices, 3)
        archive.expect(key, self._shape)

    def read(self) -> NDArray[np.float32]:
        """Return the basis, float32[shapes, 3 * vertices], cm per unit coefficient.

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        return self._archive.floats(self._key, self._shape).reshape(self.shapes, -1)

    def blocks(self, rows: int = _BLOCK_ROWS) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the basis some rows at a time: the first one's index, float32[rows, 3 * vertices].

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        for first, block in self._archive.blocks(self._key, self._shape, rows):
            yield first, block.reshape(len(block), -1)


def skin_basis(archive: Archive, info: RegressionInfo) -> PcaBasis:
    """Return the skin's basis of a regression bundle's `model_data.npz`."""
    return PcaBasis(archive, _SKIN_BASIS, info.skin_shapes, info.skin_vertices)


def tongue_basis(archive: Archive, info: RegressionInfo) -> PcaBasis:
    """Return the tongue's basis of a regression bundle's `model_data.npz`."""
    return PcaBasis(archive, _TONGUE_BASIS, info.tongue_shapes, info.tongue_vertices)
