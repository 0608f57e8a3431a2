"""One stream's face: weights and gaze of every frame, jaw and vertices only where asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from facewire.animation.eyes import EyesAnimator
from facewire.inference.face_geometry import GeometryAnimator, placed_jaw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.bundles.geometry import FaceGeometry
    from facewire.inference.face_geometry import FaceMotion, VertexBases
    from facewire.inference.weight_face import WeightTrack

_GAZE = np.array([0, 1, 3, 4])
_JAW_VALUES = 16


@dataclass(frozen=True, eq=False)
class FaceRow:
    """A frame of a face, before it becomes curves of a rig."""

    weights: NDArray[np.float32]
    """float32[names], gains and offsets applied, not limited to [0, 1]."""
    gaze: NDArray[np.float32]
    """float32[4] degrees: right x, right y, left x, left y."""
    asked: Mapping[str, NDArray[np.float32]]
    """Flat; of `jaw` [16], `skin` and `tongue` [3 * vertices] what `FacePlayer.sizes` names."""


class FacePlayer(Protocol):
    """What makes rows of a network's motions, in order."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the weights."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Values per frame of each thing asked for beside weights and gaze."""

    @property
    def parameters(self) -> FaceParameters:
        """What is set now; assigning takes effect on the next frame."""

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None: ...

    def animate(self, motion: FaceMotion) -> FaceRow:
        """Return the next frame."""

    def seek(self, frame: int) -> None:
        """Stand before frame `frame` of a sequence: saccades go on from there, all else anew."""


class StreamFace:
    """A `FacePlayer` that touches vertices only where geometry is asked for.

    What is asked for does not change the weights: they come by the same route in any case.
    """

    def __init__(
        self,
        weights: WeightTrack,
        rest: FaceGeometry,
        vertices: VertexBases,
        dt_s: float,
        outputs: frozenset[str] = frozenset(),
    ) -> None:
        """Stand before the first frame.

        Args:
            weights: Of this stream, with its parameters.
            rest: The face at rest.
            vertices: Read only for geometry.
            dt_s: Duration of a frame in seconds, 1 / frame rate.
            outputs: `jaw` and `geometry` count.

        Raises:
            BundleError: the arrays do not belong together.
        """
        parameters = weights.parameters
        self._weights = weights
        self._rest = rest
        self._vertices = vertices
        self._eyes = EyesAnimator(rest.saccades_deg, parameters.eyes, dt_s)
        self._geometry = GeometryAnimator(rest, parameters, dt_s) if "geometry" in outputs else None
        self.sizes = self._sizes("jaw" in outputs)
        """See `FacePlayer`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the weights: skin, then tongue."""
        return self._weights.names

    @property
    def parameters(self) -> FaceParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._weights.parameters

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None:
        self._weights.parameters = parameters
        self._eyes.parameters = parameters.eyes
        if self._geometry is not None:
            self._geometry.parameters = parameters

    def animate(self, motion: FaceMotion) -> FaceRow:
        """Return the next frame.

        Raises:
            BundleError: a value is not a number.
        """
        asked: dict[str, NDArray[np.float32]] = {}
        if "jaw" in self.sizes:
            asked["jaw"] = placed_jaw(self._rest, motion, self.parameters.teeth).reshape(-1)
        if self._geometry is not None:
            posed = self._geometry.animate(self._vertices.whole(motion))
            asked |= {"skin": posed.skin, "tongue": posed.tongue}
        return FaceRow(
            weights=self._weights.solve(motion.skin, motion.tongue),
            gaze=self._eyes.rotate(motion.eyes)[_GAZE],
            asked=asked,
        )

    def seek(self, frame: int) -> None:
        """Set the saccade clock to where it stands before frame `frame`; the rest starts anew."""
        self._weights.reset()
        self._eyes.seek(frame)
        if self._geometry is not None:
            self._geometry.seek(frame)

    def _sizes(self, jaw: bool) -> dict[str, int]:  # noqa: FBT001
        sizes = {"jaw": _JAW_VALUES} if jaw else {}
        if self._geometry is not None:
            sizes["skin"] = self._rest.neutral_skin.size
            sizes["tongue"] = self._rest.neutral_tongue.size
        return sizes
