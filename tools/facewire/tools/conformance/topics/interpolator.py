"""The two-stage smoother at changing frame durations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from facewire.animation.smoothing import Smoother
from facewire.tools.conformance.outcomes import Compared, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield one case per half-life."""
    for smoothing_s in file.config["smoothing"]:
        yield f"s{smoothing_s:g}", partial(_smoothed, file, float(smoothing_s))


def _smoothed(file: VectorFile, smoothing_s: float) -> Iterator[Outcome]:
    smoother = Smoother(file.expect("input", (None, None)).shape[1])
    found = []
    frames = zip(file["input"], file["dt"].tolist(), strict=True)
    for frame, (values, dt_s) in enumerate(frames):
        if frame == file.config["reset_before_frame"]:
            smoother.reset()
        smoother.set_speed(dt_s, smoothing_s)
        found.append(smoother.smooth(values).copy())
    yield Compared.one("smoothed", absolute(found, file[f"s{smoothing_s:g}_out"]))
