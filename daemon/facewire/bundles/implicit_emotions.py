"""`implicit_emo_db.npz`: the implicit emotion of every frame of the training shots (§1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.bundles.place import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.npz import Archive

_STARTS, _SIZES, _NAMES, _ROWS = "emo_spec_start", "emo_spec_size", "emo_spec_names", "emo_db"


@dataclass(frozen=True)
class ImplicitEmotions:
    """Vectors by shot and frame."""

    file: str
    vectors: NDArray[np.float32]
    """[frames of all shots, implicit_emotion_len]."""
    spans: Mapping[str, tuple[int, int]]
    """Shot -> its first row and how many it has."""

    def vector(self, shot: str, frame: int) -> NDArray[np.float32]:
        """Return the vector of a frame of a shot, float32[implicit_emotion_len].

        Raises:
            BundleError: there is no such shot (out of range), or it is shorter (out of bounds).
        """
        if shot not in self.spans:
            known = ", ".join(list(self.spans)[:8])
            raise Place(self.file, _NAMES).wrong(
                f"has no shot {shot!r} (out of range)", f"one of {known}"
            )
        start, size = self.spans[shot]
        if not 0 <= frame < size:
            raise Place(self.file, _SIZES).wrong(
                f"gives the shot {shot!r} {size} frames, so frame {frame} is out of bounds",
                f"a frame from 0 to {size - 1}",
            )
        vector: NDArray[np.float32] = self.vectors[start + frame]
        return vector


def read_implicit_emotions(archive: Archive, length: int) -> ImplicitEmotions:
    """Return the database of a regression bundle.

    Args:
        archive: The NPZ file.
        length: Floats of one vector, `implicit_emotion_len`.

    Raises:
        BundleError: an array is missing, of another shape, or a shot leaves the rows.
    """
    names = archive.texts(_NAMES, (None,))
    starts = archive.integers(_STARTS, (len(names),)).tolist()
    sizes = archive.integers(_SIZES, (len(names),)).tolist()
    vectors = archive.floats(_ROWS, (None, length))
    spans: dict[str, tuple[int, int]] = {}
    for name, start, size in zip(names, starts, sizes, strict=True):
        if name in spans:
            raise archive.at(_NAMES).wrong(f"names {name!r} twice", "every shot once")
        if start < 0 or size < 1 or start + size > len(vectors):
            raise archive.at(_STARTS).wrong(
                f"puts {name!r} at rows {start} to {start + size - 1}", f"{len(vectors)} rows"
            )
        spans[name] = (start, size)
    return ImplicitEmotions(archive.place.file, vectors, spans)
