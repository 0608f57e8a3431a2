"""Eye rotations, and the clock that walks through the saccades."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.eyes import EyesAnimator
from facewire.animation.face_parameters import EyesParameters, changed
from facewire.tools.conformance.outcomes import Compared, absolute, differing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_SET = "setframe_"


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield the cases that run by the clock, and those of explicit frames."""
    for name, case in file.cases().items():
        yield name, partial(_by_clock, file, name, case)
    for key in file:
        if key.startswith(_SET) and key.endswith("_right"):
            name = key.removesuffix("_right")
            yield name, partial(_by_frame, file, name)


def _animator(file: VectorFile, values: list[float], dt_s: float) -> EyesAnimator:
    names = str(file.config["param_order"]).split(",")
    parameters = changed(EyesParameters(), dict(zip(names, values, strict=True)))
    return EyesAnimator(file["saccade_rot"].astype(np.float32), parameters, dt_s)


def _expected(file: VectorFile, name: str) -> NDArray[Any]:
    return np.concatenate([file[f"{name}_right"], file[f"{name}_left"]], axis=1)


def _by_clock(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    animator = _animator(file, case["params"], case["dt"])
    rows, clock, rotations = [], [], []
    for gaze in file["input"].astype(np.float32):
        rows.append(animator.saccade_row)
        clock.append(animator.live)
        rotations.append(animator.rotate(gaze))
    yield Compared.one("rotations", absolute(rotations, _expected(file, name)))
    yield Compared.one("saccade rows", differing(rows, file[f"{name}_frame_index"]))
    yield Compared.one("clock", absolute(clock, file[f"{name}_live_time"]))


def _by_frame(file: VectorFile, name: str) -> Iterator[Outcome]:
    gazes = file["input"].astype(np.float32)
    prefix = f"{name.removeprefix(_SET)}_"  # the same at every frame rate
    by_clock = file.cases()
    parameters = next(by_clock[each]["params"] for each in by_clock if each.startswith(prefix))
    animator = _animator(file, parameters, 1 / 30)
    found = [
        animator.rotate_at(gazes[index % len(gazes)], frame)
        for index, frame in enumerate(file[f"{_SET}frames"].tolist())
    ]
    yield Compared.one("rotations", absolute(found, _expected(file, name)))
