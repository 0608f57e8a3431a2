"""One frame by itself, as the SDK's interactive mode shows it (a2f_runtime §2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.face_solver import FaceSolver

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.bundles.geometry import FaceGeometry
    from facewire.inference.face_geometry import FaceMotion, PosedFace
    from facewire.inference.face_solver import SolverBlock
    from facewire.solving.solver import Objective


def single_face(
    motion: FaceMotion, frame: int, rest: FaceGeometry, parameters: FaceParameters, dt_s: float
) -> PosedFace:
    """Return a frame as if it were the first: not smoothed, the eyes at their place in time.

    Args:
        motion: The network's frame.
        frame: Its number in the utterance, which sets the saccade clock.
        rest: The face.
        parameters: Of the animators.
        dt_s: Duration of a frame in seconds.
    """
    animator = GeometryAnimator(rest, parameters, dt_s)
    animator.seek(frame)
    return animator.animate(motion)


def single_weights(
    face: PosedFace,
    skin: SolverBlock | None,
    tongue: SolverBlock | None,
    objective: Objective = "sdk-cpu",
) -> NDArray[np.float32]:
    """Return the weights of a frame solved without its past: skin poses, then tongue poses.

    The temporal strength counts as 0, which takes its damping away too: weights are larger than
    in a sequence.
    """
    alone = FaceSolver(
        skin.without_memory() if skin else None,
        tongue.without_memory() if tongue else None,
        objective,
    )
    return alone.solve(face)
