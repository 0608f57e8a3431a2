"""Animation files, written frame by frame: the CSV that NVIDIA's client writes, and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Protocol, TextIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray


ANIMATION_FORMAT: Final = "facewire.animation/1"


class Columns(Protocol):
    """What the rows hold."""

    @property
    def curves(self) -> tuple[str, ...]:
        """The rig's own names."""

    @property
    def csv_names(self) -> tuple[str, ...]:
        """The names as a CSV spells them."""


class FrameWriter(Protocol):
    """Takes frames in order and writes them at once."""

    def write(
        self,
        first: int,
        curves: NDArray[np.float32],
        eyes: NDArray[np.float32] | None,
        emotion: NDArray[np.float32] | None = None,
    ) -> None:
        """Write frames from `first` on.

        Args:
            first: Index of the first frame.
            curves: float32[frames, curves].
            eyes: float32[frames, 4], degrees; None reads as zeros.
            emotion: float32[frames, 10]; None: it was not asked for.
        """

    def close(self) -> None:
        """Write what ends the file."""


class CsvWriter:
    """What pandas' `to_csv` makes of the NIM's frames.

    An index column without a name, `timeCode` in seconds, then `blendShapes.<Name>`.
    """

    def __init__(self, stream: TextIO, columns: Columns, fps: Fraction) -> None:
        self._stream = stream
        self._fps = fps
        names = [f"blendShapes.{name}" for name in columns.csv_names]
        stream.write(",".join(["", "timeCode", *names]) + "\n")

    def write(
        self,
        first: int,
        curves: NDArray[np.float32],
        eyes: NDArray[np.float32] | None,  # noqa: ARG002 - the CSV has no place for them
        emotion: NDArray[np.float32] | None = None,  # noqa: ARG002 - nor for these
    ) -> None:
        """Write one line per frame."""
        self._stream.writelines(
            f"{index},{time_code(index, self._fps)!r},{','.join(map(repr, row))}\n"
            for index, row in enumerate(_short(curves), first)
        )

    def close(self) -> None:
        """Nothing follows the last frame."""


class JsonWriter:
    """One object: names once, then one line per frame, so that it can be read by lines too."""

    def __init__(
        self, stream: TextIO, columns: Columns, fps: Fraction, *, emotions: Sequence[str] = ()
    ) -> None:
        """Args: `emotions` names those of each frame, where frames have them."""
        self._stream = stream
        self._fps = fps
        self._separator = "\n"
        head: dict[str, object] = {
            "format": ANIMATION_FORMAT,
            "fps": [fps.numerator, fps.denominator],
            "curves": list(columns.curves),
            "eyes": ["rightX", "rightY", "leftX", "leftY"],
        }
        if emotions:
            head["emotions"] = list(emotions)
        stream.write(json.dumps(head)[:-1] + ', "frames": [')

    def write(
        self,
        first: int,
        curves: NDArray[np.float32],
        eyes: NDArray[np.float32] | None,
        emotion: NDArray[np.float32] | None = None,
    ) -> None:
        """Write one object per frame: `timeCode`, `weights`, `eyes` in degrees, and `emotion`."""
        angles_of = np.zeros((len(curves), 4), np.float32) if eyes is None else eyes
        rows = zip(_short(curves), _short(angles_of), strict=True)
        felt = None if emotion is None else _short(emotion)
        for index, (weights, angles) in enumerate(rows, first):
            frame = {
                "timeCode": time_code(index, self._fps), "weights": weights, "eyes": angles,
            }  # fmt: skip
            if felt is not None:
                frame["emotion"] = felt[index - first]
            self._stream.write(self._separator + json.dumps(frame))
            self._separator = ",\n"

    def close(self) -> None:
        """Close the list and the object."""
        self._stream.write("\n]}\n")


WRITERS: Final[dict[str, type[CsvWriter | JsonWriter]]] = {
    "csv": CsvWriter,
    "json": JsonWriter,
}
"""Format -> writer; the format is also the file's suffix."""


def time_code(frame: int, fps: Fraction) -> float:
    """Return a frame's instant in seconds, the float nearest to index * den / num."""
    return frame * fps.denominator / fps.numerator


def _short(values: NDArray[np.float32]) -> list[list[float]]:
    """Return the values rounded to 1e-6, whose shortest text is then short."""
    rounded: list[list[float]] = np.round(values.astype(np.float64), 6).tolist()
    return rounded
