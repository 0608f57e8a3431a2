"""The vertex path over the fitted vertices alone: the animators' own arithmetic, nothing dropped.

Bit for bit the posed vertices of the whole face, at the vertices that count. It is what a face that
cannot be folded falls back to, and the way in for networks that answer with vertices: the regions'
weights and D^T meet in one product over the fitted vertices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue
from facewire.solving.folding import gathered
from facewire.solving.part import FittedPart

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from facewire.animation.face_parameters import SkinParameters, TongueParameters
    from facewire.solving.folding import BasisBlocks
    from facewire.solving.rig import SolverRig


class MaskedFace:
    """The fitted vertices of a skin or a tongue, and a basis cut down to them; tracks share it."""

    def __init__(self, rig: SolverRig, basis: BasisBlocks | None) -> None:
        """Cut the basis down.

        Args:
            rig: The solver's.
            basis: Rows of float32[3V]; None where the network answers with vertices.

        Raises:
            BundleError: the basis does not belong to the rig.
        """
        self.part = FittedPart(rig)
        self._basis = None if basis is None else gathered(basis, self.part, rig.coordinates // 3)

    @property
    def nbytes(self) -> int:
        """Memory that stays, the poses counted in."""
        basis = 0 if self._basis is None else self._basis.nbytes
        return basis + self.part.deltas.nbytes + self.part.columns.nbytes

    def deltas(self, answer: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the fitted vertices' motion, float32[3N], cm.

        Args:
            answer: What the network gave: coefficients float32[K], or the whole face's motion
                float32[3V].
        """
        return self.part.cut(answer) if self._basis is None else answer @ self._basis


class MaskedSkin:
    """One track's skin, fitted vertices only."""

    def __init__(
        self,
        face: MaskedFace,
        neutral: ArrayLike,
        lip_open_pose_delta: ArrayLike,
        eye_close_pose_delta: ArrayLike,
        parameters: SkinParameters,
        dt_s: float,
    ) -> None:
        """Stand before the first frame; see `SkinAnimator`."""
        self._face = face
        self._animator = SkinAnimator(
            neutral,
            lip_open_pose_delta,
            eye_close_pose_delta,
            parameters,
            dt_s,
            part=face.part.vertices,
        )

    @property
    def parameters(self) -> SkinParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._animator.parameters

    @parameters.setter
    def parameters(self, parameters: SkinParameters) -> None:
        self._animator.parameters = parameters

    def normal(self, answer: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return D^T (target - neutral) of the next frame, float64[poses], cm^2.

        Args:
            answer: As `MaskedFace.deltas` takes it.
        """
        return self._face.part.normal(self._animator.animate(self._face.deltas(answer)))

    def reset(self) -> None:
        """Begin anew: the next frame is a first one; parameters stay."""
        self._animator.reset()


class MaskedTongue:
    """A tongue, fitted vertices only."""

    def __init__(self, face: MaskedFace, neutral: ArrayLike, parameters: TongueParameters) -> None:
        self._face = face
        self._neutral = face.part.cut(np.asarray(neutral, np.float32).reshape(-1))
        self.parameters = parameters
        """Read at every frame; assigning checks no range."""

    def normal(self, answer: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return D^T (target - neutral) of a frame; see `MaskedSkin`."""
        said = self.parameters
        posed: NDArray[Any] = animate_tongue(
            self._neutral,
            self._face.deltas(answer),
            said.tongue_strength,
            said.tongue_height_offset,
            said.tongue_depth_offset,
        )
        return self._face.part.normal(posed)

    def reset(self) -> None:
        """Do nothing: a tongue remembers nothing."""
