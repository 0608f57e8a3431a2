"""Bounded least squares by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.solving.bvls import solve_bounded
from facewire.solving.least_squares import FLOAT32_CUTOFF, LeastSquares
from facewire.tools.conformance.outcomes import Compared, Skipped, absolute
from facewire.tools.conformance.topics.blendshapes import STABLE, UNSTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every system."""
    for name, case in file.cases("systems").items():
        yield name, partial(_system, file, name, case)


def _system(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    if case.get("sensitivity", 0.0) > STABLE:
        yield Skipped("x", UNSTABLE)
        return
    matrix = file.expect(f"{name}_A", (None, None)).astype(np.float64)
    size = matrix.shape[1]
    b = file.expect(f"{name}_b", (len(matrix),)).astype(np.float64)
    lower, upper = (file.expect(f"{name}_{end}", (size,)).astype(np.float64) for end in "lu")
    problem = LeastSquares(matrix, cutoff=FLOAT32_CUTOFF)
    x = solve_bounded(problem, b, lower, upper, tolerance=file.config["tolerance"])
    yield Compared.one("x", absolute(x, file[f"{name}_x"]))
