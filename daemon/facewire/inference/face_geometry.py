"""One frame as vertices: what a network moves, and where the animators put it (a2f_runtime §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from facewire.animation.eyes import EyesAnimator
from facewire.animation.jaw import jaw_transform
from facewire.animation.pca import reconstruct
from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters, TeethParameters
    from facewire.bundles.geometry import FaceGeometry
    from facewire.solving.folding import BasisBlocks


class Basis(Protocol):
    """A basis on the disk, such as `bundles.geometry.PcaBasis`."""

    def read(self) -> NDArray[np.float32]:
        """Return it whole, float32[K, 3 * vertices], cm per unit coefficient."""

    def blocks(self) -> BasisBlocks:
        """Return it some rows at a time, from the beginning at each call."""


class FaceBases(Protocol):
    """What the coefficients of a face stand for; its network answers with coefficients."""

    @property
    def skin(self) -> Basis:
        """Of the skin."""

    @property
    def tongue(self) -> Basis:
        """Of the tongue."""


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """A network's frame, relative to the neutral face."""

    skin: NDArray[np.float32]
    """Coefficients float32[K] where the face has a basis; else float32[3 * vertices], cm."""
    tongue: NDArray[np.float32]
    """Likewise, of the tongue."""
    jaw: NDArray[np.float32]
    """float32[3 * jaw points], cm."""
    eyes: NDArray[np.float32]
    """float32[4] degrees: right x, right y, left x, left y."""


class VertexBases:
    """Makes vertices of a face's coefficients; the bases are read when first needed, and stay.

    The skin's is large (200 MB for Mark): streams that ask for no geometry never read it.
    """

    def __init__(self, bases: FaceBases | None) -> None:
        """Take the bases; None where the network answers with vertices."""
        self._bases = bases

    def whole(self, motion: FaceMotion) -> FaceMotion:
        """Return the motion with its vertices, the way in for `GeometryAnimator`.

        Raises:
            BundleError: the file is damaged.
        """
        if self._bases is None:
            return motion
        skin, tongue = self._read
        return replace(
            motion, skin=reconstruct(motion.skin, skin), tongue=reconstruct(motion.tongue, tongue)
        )

    def load(self) -> None:
        """Read the bases now; any thread may do so ahead of their use.

        Raises:
            BundleError: the file is damaged.
        """
        if self._bases is not None:
            _ = self._read

    @cached_property
    def _read(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert self._bases is not None
        return self._bases.skin.read(), self._bases.tongue.read()


@dataclass(frozen=True, eq=False)
class PosedFace:
    """An animated frame: the SDK's geometry output."""

    skin: NDArray[np.float32]
    """float32[3 * vertices], absolute, cm."""
    tongue: NDArray[np.float32]
    """float32[3 * tongue vertices], absolute, cm."""
    jaw: NDArray[np.float32]
    """float32[4, 4]: takes the neutral lower teeth to where they are, about the scene's origin."""
    eyes: NDArray[np.float32]
    """float32[6] degrees: right x, y, z and left x, y, z; z is 0."""

    @property
    def gaze(self) -> NDArray[np.float32]:
        """float32[4] degrees: right x, right y, left x, left y."""
        return self.eyes[[0, 1, 3, 4]]


class GeometryAnimator:
    """The four animators of one track; carries the skin's smoothing and the saccade clock."""

    def __init__(self, rest: FaceGeometry, parameters: FaceParameters, dt_s: float) -> None:
        """Take a face at rest, whose arrays are kept and not copied.

        Args:
            rest: The arrays of `model_data`; tracks share them.
            parameters: As the bundle has them; ranges are not checked.
            dt_s: Duration of a frame in seconds, 1 / frame rate.

        Raises:
            SettingsError: the mask's softness is not positive.
            BundleError: the arrays do not belong together.
        """
        self.rest = rest
        self._parameters = parameters
        self._neutral_tongue = np.asarray(rest.neutral_tongue, np.float32).reshape(-1)
        self._skin = SkinAnimator(
            rest.neutral_skin,
            rest.lip_open_pose_delta,
            rest.eye_close_pose_delta,
            parameters.skin,
            dt_s,
        )
        self._eyes = EyesAnimator(rest.saccades_deg, parameters.eyes, dt_s)

    @property
    def parameters(self) -> FaceParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None:
        if parameters == self._parameters:
            return
        self._skin.parameters = parameters.skin
        self._eyes.parameters = parameters.eyes
        self._parameters = parameters

    def animate(self, motion: FaceMotion) -> PosedFace:
        """Return the next frame; the motion is one of vertices (`VertexBases.whole`)."""
        tongue, teeth = self._parameters.tongue, self._parameters.teeth
        return PosedFace(
            skin=self._skin.animate(motion.skin),
            tongue=animate_tongue(
                self._neutral_tongue,
                motion.tongue,
                tongue.tongue_strength,
                tongue.tongue_height_offset,
                tongue.tongue_depth_offset,
            ),
            jaw=placed_jaw(self.rest, motion, teeth),
            eyes=self._eyes.rotate(motion.eyes),
        )

    def seek(self, frame: int) -> None:
        """Set the saccade clock to where it stands before frame `frame`; the skin starts anew."""
        self.reset()
        self._eyes.seek(frame)

    def reset(self) -> None:
        """Begin anew: the next frame is a first one; parameters stay."""
        self._skin.reset()
        self._eyes.reset()


def placed_jaw(
    rest: FaceGeometry, motion: FaceMotion, teeth: TeethParameters
) -> NDArray[np.float32]:
    """Return where the lower teeth are, float32[4, 4]; see `PosedFace.jaw`."""
    return jaw_transform(
        rest.neutral_jaw,
        motion.jaw,
        teeth.lower_teeth_strength,
        teeth.lower_teeth_height_offset,
        teeth.lower_teeth_depth_offset,
    )
