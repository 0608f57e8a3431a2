"""How far a speaking face moves, and the principal components of such motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.curves import ARKIT_52, TONGUE_16, mirrored
from facewire.tools.synth.face import JAW_SHAPES
from facewire.tools.synth.heads import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.synth.face import Face
    from facewire.tools.synth.weights import Weights

_STILL: Final = Range(0.0, 0.0)
_BY_PREFIX: Final = {
    "jawOpen": Range(0.16, 0.10),
    "jaw": Range(0.01, 0.02),
    "mouthClose": Range(0.03, 0.03),
    "mouthFunnel": Range(0.10, 0.08),
    "mouthPucker": Range(0.10, 0.08),
    "mouthLeft": _STILL,
    "mouthRight": _STILL,
    "mouth": Range(0.06, 0.06),
    "brow": Range(0.06, 0.06),
    "cheek": Range(0.04, 0.03),
    "nose": Range(0.05, 0.04),
    "eyeSquint": Range(0.05, 0.04),
    "eyeBlink": Range(0.02, 0.02),
    "eye": _STILL,
    "tongueOut": _STILL,
}
"""First prefix that fits -> weights in speech, by eye; gaze and blinks are not learnt (9.3)."""
FACE_RANGES: Final = tuple(
    next(span for prefix, span in _BY_PREFIX.items() if name.startswith(prefix))
    for name in ARKIT_52
)
FACE_TWINS: Final = tuple(
    min(index, ARKIT_52.index(mirrored(name))) for index, name in enumerate(ARKIT_52)
)
TONGUE_RANGES: Final = (Range(0.08, 0.10),) * len(TONGUE_16)
EYE_RANGES: Final = (Range(0.0, 1.5), Range(0.0, 2.0)) * 2
"""Degrees: right x, right y, left x, left y."""
EYE_TWINS: Final = (0, 1, 0, 1)
JAW_ROWS: Final = tuple(ARKIT_52.index(name) for name in JAW_SHAPES)

FINE_SHARE: Final = 0.2
"""Of its deviation that a coefficient moves by beside what the shapes ask of it."""
RIPPLE_SWING: Final = 0.04
"""Deviation of a ripple's weight."""
BLOCK: Final = 1 << 15


@dataclass(frozen=True)
class Basis:
    """Principal components of motion."""

    rows: NDArray[np.float32]
    """[K, 3 N], orthonormal."""
    deviation: NDArray[np.float64]
    """[K], cm, falling: of the coefficients."""

    def coefficients(self, offsets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[shapes, K] for offsets float32[shapes, N, 3]."""
        return offsets.reshape(len(offsets), -1) @ self.rows.T


def skin_basis(face: Face, count: int, weights: Weights) -> Basis:
    """Return the components of the skin's motion."""
    swings = np.array([span.swing for span in FACE_RANGES])
    moving = np.flatnonzero((swings > 0) & face.skin_shapes.any((1, 2)))
    return _basis(face.skin, face.skin_shapes[moving], swings[moving], count, weights)


def tongue_basis(face: Face, count: int, weights: Weights) -> Basis:
    """Return the components of the tongue's motion."""
    swings = np.array([span.swing for span in TONGUE_RANGES])
    return _basis(face.tongue, face.tongue_shapes, swings, count, weights)


def ripples(face: Face, count: int, weights: Weights) -> NDArray[np.float32]:
    """Return float32[count, V, 3]: motions of the skin that are no mixture of its shapes."""
    random = weights.stream("ripples")
    fields = _with_ripples(face.skin, face.skin_shapes, count, random)
    return fields[len(face.skin_shapes) :].reshape(count, -1, 3)


def _basis(
    points: NDArray[np.float32],
    shapes: NDArray[np.float32],
    swings: NDArray[np.float64],
    count: int,
    weights: Weights,
) -> Basis:
    """Return the components of random mixtures of shapes and of ripples in them."""
    random = weights.stream(f"motion.{len(points)}")
    more = max(count + 16 - len(shapes), 8)
    fields = _with_ripples(points, shapes, more, random)
    amplitude = np.concatenate([swings, RIPPLE_SWING * 0.985 ** np.arange(more)])
    # Motions are noise @ spread @ fields: their covariance needs no frames.
    spread = amplitude[:, None] * (
        np.eye(len(fields)) + random.normal(0, 0.5 / np.sqrt(len(fields)), (len(fields),) * 2)
    )
    gram = spread @ _products(fields) @ spread.T
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    mixing = (vectors / np.sqrt(values)).T @ spread
    rows = _orthonormal(mixing.astype(np.float32) @ fields)
    return Basis(rows, np.sqrt(values))


def _with_ripples(
    points: NDArray[np.float32],
    shapes: NDArray[np.float32],
    count: int,
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Return float32[shapes + count, 3 N]: the shapes, then shapes times waves over the surface."""
    fields = np.empty((len(shapes) + count, points.size), np.float32)
    fields[: len(shapes)] = shapes.reshape(len(shapes), -1)
    for row in fields[len(shapes) :]:
        shape = shapes[random.integers(len(shapes))]
        length_cm = random.uniform(3.0, 12.0)
        way = random.normal(size=3)
        way *= 2 * np.pi / (length_cm * np.linalg.norm(way))
        wave = np.cos(points @ way + random.uniform(0, 2 * np.pi))
        row[:] = (shape * wave[:, None]).ravel()
    return fields


def _products(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rows @ rows.T, summed in float64."""
    total = np.zeros((len(rows), len(rows)))
    for start in range(0, rows.shape[1], BLOCK):
        block = rows[:, start : start + BLOCK].astype(np.float64)
        total += block @ block.T
    return total


def _orthonormal(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return nearly orthonormal rows made so to float32's last digits; signs do not depend on luck.

    An eigenvector's sign is arbitrary: the largest entry is made positive.
    """
    lower = np.linalg.cholesky(_products(rows))
    rows = np.linalg.inv(lower).astype(np.float32) @ rows
    largest = np.abs(rows).argmax(axis=1)
    rows *= np.sign(rows[np.arange(len(rows)), largest])[:, None]
    return rows
