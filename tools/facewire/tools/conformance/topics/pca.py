"""Vertex deltas from PCA coefficients."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from facewire.animation.pca import reconstruct
from facewire.tools.conformance.outcomes import Compared, relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield one case per frame."""
    for frame in range(len(file.expect("coefs", (None, None)))):
        yield f"frame {frame}", partial(_frame, file, frame)


def _frame(file: VectorFile, frame: int) -> Iterator[Outcome]:
    found = reconstruct(file["coefs"][frame], file["shapes"])
    yield Compared.one("deltas", relative(found, file["deltas"][frame]))
