"""A track of a vector file, run as users run it: a `Stream` over a loaded face.

The SDK-shaped executor of `topics.track` is not what animates anybody's face. This is: weights by
whichever route the face takes, curves of a rig, frames as they are sent. The stored answers are
what the network says, so that the audio itself is silence of the same length at 16 kHz.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.curves import CURVE_INDEX
from facewire.inference.face_geometry import VertexBases
from facewire.inference.face_solver import SolverBlock
from facewire.inference.loaded_face import LoadedFace
from facewire.inference.model import Model
from facewire.inference.settings import StreamSettings
from facewire.inference.solved_family import RegressionFamily
from facewire.inference.stream import Stream
from facewire.inference.weight_face import WeightFace
from facewire.mapping.rig import shipped_rig
from facewire.tools.conformance.topics.track import (
    face_at_rest,
    face_parameters,
    regression_info,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.tools.conformance.vector_file import VectorFile

_RATE_HZ: Final = 16_000
_LEAST_RATE_HZ: Final = 100


class Recorded:
    """A `Backend` that answers call k with the k-th stored row."""

    name, max_batch = "vectors", 1

    def __init__(self, file: VectorFile) -> None:
        self._file = file
        self._answered = 0

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:  # noqa: ARG002
        """Return the next row, float32[1, 1, numbers].

        Raises:
            BundleError: there is none left.
        """
        rows = self._file["network_outputs"]
        if self._answered == len(rows):
            raise self._file.wrong("network_outputs", f"has {len(rows)} rows", "one per window")
        row: NDArray[np.float32] = rows[self._answered]
        self._answered += 1
        return row[None, None]


def is_expressible(file: VectorFile, skin: SolverBlock, tongue: SolverBlock) -> bool:
    """Return whether a stream can run the track: its rate goes into 16 kHz, its poses on a rig."""
    rate = file.config["net"][2]
    known = isinstance(rate, int) and rate >= _LEAST_RATE_HZ and _RATE_HZ % rate == 0
    return known and len(skin.names) + len(tongue.names) <= len(_served())


def stream_weights(
    file: VectorFile, fps: Fraction, skin: SolverBlock, tongue: SolverBlock
) -> NDArray[np.float32]:
    """Return float32[frames, weights] of a stream, skin then tongue, not limited to [0, 1].

    Args:
        file: Of an end-to-end run of the regression family.
        fps: Frames per second.
        skin: The solver's poses; their names do not matter.
        tongue: Likewise.
    """
    settings = StreamSettings(
        sample_rate_hz=_RATE_HZ, encoding="float32", fps=fps, mouth_close="raw"
    )
    served = _served()
    ends = (len(skin.names), len(skin.names) + len(tongue.names))
    skin = _named(skin, served[: ends[0]])
    tongue = _named(tongue, served[ends[0] : ends[1]])
    scale = _RATE_HZ / Fraction(file.config["net"][2])
    family = _family(file, scale, skin, tongue)
    model = Model(
        name=file.name, version="", licence="", family_name="regression", family=family,
        backend=Recorded(file),
    )  # fmt: skip
    samples = int(scale * len(file["audio"]))
    curves = np.concatenate(list(_frames(Stream(model, settings), samples)))
    return curves[:, [settings.served_rig.names.index(name) for name in served[: ends[1]]]]


def _served() -> list[str]:
    """Return curves of a face that the rig passes on as they come."""
    return [name for name in shipped_rig("a2f").names if name in CURVE_INDEX]


def _named(block: SolverBlock, names: Sequence[str]) -> SolverBlock:
    return SolverBlock(tuple(names), block.rig, block.settings)


def _family(
    file: VectorFile, scale: Fraction, skin: SolverBlock, tongue: SolverBlock
) -> RegressionFamily:
    """Return the file's face, its network's windows stretched to 16 kHz."""
    rest, parameters, info = face_at_rest(file), face_parameters(file), regression_info(file)

    def basis(part: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
        yield 0, file[f"{part}_pca"]

    face = LoadedFace(
        name="", rest=rest, defaults=parameters, input_strength=1.0, skin=skin, tongue=tongue,
        weights=WeightFace(
            rest, parameters, skin, tongue, partial(basis, "skin"), partial(basis, "tongue")
        ),
        vertices=VertexBases(None),
    )  # fmt: skip
    return RegressionFamily(
        network="",
        faces=(face,),
        numbers=replace(
            info,
            window_samples=int(scale * info.window_samples),
            window_offset_samples=int(scale * info.window_offset_samples),
        ),
        implicit_emotion=file["implicit_emotion"],
    )


def _frames(stream: Stream, samples: int) -> Iterator[NDArray[np.float32]]:
    stream.push(np.zeros(samples, np.float32))
    stream.end()
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, stream.model.backend.run(window.feeds))
        if batch is not None:
            yield batch.curves
