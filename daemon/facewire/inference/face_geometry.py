"""One frame as vertices: what a network moves, and where the animators put it (a2f_runtime §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.eyes import EyesAnimator
from facewire.animation.jaw import jaw_transform
from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.bundles.geometry import FaceGeometry


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """A network's frame, relative to the neutral face."""

    skin: NDArray[np.float32]
    """float32[3 * vertices], cm."""
    tongue: NDArray[np.float32]
    """float32[3 * tongue vertices], cm."""
    jaw: NDArray[np.float32]
    """float32[3 * jaw points], cm."""
    eyes: NDArray[np.float32]
    """float32[4] degrees: right x, right y, left x, left y."""


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
        """Return the next frame."""
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
            jaw=jaw_transform(
                self.rest.neutral_jaw,
                motion.jaw,
                teeth.lower_teeth_strength,
                teeth.lower_teeth_height_offset,
                teeth.lower_teeth_depth_offset,
            ),
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
