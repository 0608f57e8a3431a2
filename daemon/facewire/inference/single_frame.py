"""One frame by itself, as the SDK's interactive mode shows it (a2f_runtime §2.8).

A frame is its own first one: nothing is smoothed, its solver has no past, and the eyes stand where
their clock would be. Such frames can be made in any order, and their layers can be kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

import numpy as np

from facewire.animation.eyes import EyesAnimator
from facewire.inference.byte_cache import ByteCache
from facewire.inference.face_geometry import GeometryAnimator, placed_jaw
from facewire.inference.face_solver import FaceSolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.animation.face_parameters import FaceParameters
    from facewire.bundles.geometry import FaceGeometry
    from facewire.inference.face_geometry import FaceMotion, PosedFace
    from facewire.inference.face_solver import SolverBlock
    from facewire.inference.loaded_face import LoadedFace
    from facewire.solving.settings import SolverSettings
    from facewire.solving.solver import BlendshapeSolver, Objective

Part = Literal["skin", "tongue"]
Real = TypeVar("Real", bound=np.floating[Any])

LAYERS: Final = ("motion", "skin", "tongue", "teeth", "eyes", "skin_solve", "tongue_solve")
"""What a frame by itself is made of; `motion` is what the network says of it."""
_GROUPS: Final = {
    "skin": ("skin", "skin_solve"),
    "tongue": ("tongue", "tongue_solve"),
    "teeth": ("teeth",),
    "eyes": ("eyes",),
}
"""Group of parameters -> the layers that are made with it, and those made of these."""


class _MovedPart(Protocol):
    """A skin or a tongue of one track; see `WeightFace.skin_of`."""

    parameters: Any

    def normal(self, answer: NDArray[np.float32], /) -> NDArray[np.float64]: ...

    def reset(self) -> None: ...


def single_face(
    motion: FaceMotion, frame: int, rest: FaceGeometry, parameters: FaceParameters, dt_s: float
) -> PosedFace:
    """Return a frame as if it were the first: not smoothed, the eyes at their place in time.

    Args:
        motion: The network's frame, as vertices.
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


class SingleFrames:
    """Frames of one face by themselves, each made of layers that are kept until they change.

    A motion has four layers on it: skin, tongue, teeth and eyes. On those of skin and tongue, which
    are what their poses say of the moved face (D^T of its displacement), lie their solutions. Each
    is made when it is first asked for; a change drops what is made of it and nothing else.

    Weights come by the route a stream's do (`LoadedFace.weights`), so that a first frame equals
    the first frame of a stream without a temporal strength to the bit; vertices are made apart.
    """

    def __init__(
        self,
        face: LoadedFace,
        parameters: FaceParameters,
        dt_s: float,
        motion_of: Callable[[int], FaceMotion],
        *,
        objective: Objective = "sdk-cpu",
        limit_bytes: int,
    ) -> None:
        """Take a face.

        Args:
            face: With its arrays.
            parameters: To begin with; ranges are not checked.
            dt_s: Duration of a model's frame in seconds.
            motion_of: Returns what the network says of a frame of the model.
            objective: How the solvers minimise.
            limit_bytes: Most that the layers held may take; the newest stays whatever its size.

        Raises:
            SettingsError: the mask's softness is not positive.
            BundleError: the arrays do not belong together.
        """
        self._face = face
        self._parameters = parameters
        self._dt_s = dt_s
        self._moved: dict[Part, _MovedPart | None] = {
            "skin": face.weights.skin_of(parameters, dt_s),
            "tongue": face.weights.tongue_of(parameters),
        }
        self._eyes = EyesAnimator(face.rest.saccades_deg, parameters.eyes, dt_s)
        self._solver = FaceSolver(
            face.skin.without_memory() if face.skin else None,
            face.tongue.without_memory() if face.tongue else None,
            objective,
        )
        self._motion_of = motion_of
        self._layers = ByteCache[Any](limit_bytes)
        self.made: Counter[str] = Counter()
        """How often each of LAYERS was made."""

    @property
    def pose_names(self) -> tuple[str, ...]:
        """Of the weights, in their order."""
        return self._solver.names

    @property
    def parameters(self) -> FaceParameters:
        """What is set now; assigning checks no range, and drops what the changed groups made."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: FaceParameters) -> None:
        before = self._parameters
        skin, tongue = self._moved["skin"], self._moved["tongue"]
        if skin is not None:
            skin.parameters = parameters.skin
        if tongue is not None:
            tongue.parameters = parameters.tongue
        self._eyes.parameters = parameters.eyes
        self._parameters = parameters
        for group, behind in _GROUPS.items():
            if getattr(before, group) != getattr(parameters, group):
                self._layers.drop(*behind)

    def configure(self, part: Part, settings: SolverSettings) -> None:
        """Solve a part otherwise from now on; its temporal strength is left out here."""
        solver = self._solver.skin if part == "skin" else self._solver.tongue
        assert solver is not None
        solver.configure(replace(settings, temporal=0.0))
        self._layers.drop(f"{part}_solve")

    def forget(self) -> None:
        """Drop everything: the network says something else now."""
        self._layers.drop(*LAYERS)

    def weights(self, frame: int) -> NDArray[np.float32]:
        """Return the solved weights of a frame of the model, not limited to [0, 1]."""
        parts = [np.zeros(0, np.float32)]
        if self._solver.skin is not None:
            parts.append(self._solved(self._solver.skin, "skin", frame))
        if self._solver.tongue is not None:
            parts.append(self._solved(self._solver.tongue, "tongue", frame))
        return np.concatenate(parts)

    def gaze(self, frame: int) -> NDArray[np.float32]:
        """Return float32[4] degrees: right x, right y, left x, left y."""

        def rotated() -> NDArray[np.float32]:
            self._eyes.seek(frame)
            return self._eyes.rotate(self._motion(frame).eyes)

        return self._layer("eyes", frame, rotated)[[0, 1, 3, 4]]

    def jaw(self, frame: int) -> NDArray[np.float32]:
        """Return where the lower teeth are, float32[4, 4]; see `PosedFace.jaw`."""
        said = self._parameters.teeth
        return self._layer(
            "teeth", frame, lambda: placed_jaw(self._face.rest, self._motion(frame), said)
        )

    def posed(self, frame: int) -> PosedFace:
        """Return a frame of the model as vertices; not kept, they are large.

        Raises:
            BundleError: the file of the basis is damaged; it is read the first time.
        """
        motion = self._face.vertices.whole(self._motion(frame))
        return single_face(motion, frame, self._face.rest, self._parameters, self._dt_s)

    def _solved(self, solver: BlendshapeSolver, part: Part, frame: int) -> NDArray[np.float32]:
        def normal() -> NDArray[np.float64]:
            moved, motion = self._moved[part], self._motion(frame)
            assert moved is not None
            moved.reset()
            return moved.normal(motion.skin if part == "skin" else motion.tongue)

        def weights() -> NDArray[np.float32]:
            solver.reset()
            return solver.solve_normal(self._layer(part, frame, normal)[solver.preparation.active])

        return self._layer(f"{part}_solve", frame, weights)

    def _motion(self, frame: int) -> FaceMotion:
        held: FaceMotion | None = self._layers.get("motion", frame)
        if held is None:
            held = self._motion_of(frame)
            self.made["motion"] += 1
            size = held.skin.nbytes + held.tongue.nbytes + held.jaw.nbytes + held.eyes.nbytes
            self._layers.put("motion", frame, held, size)
        return held

    def _layer(self, kind: str, frame: int, make: Callable[[], NDArray[Real]]) -> NDArray[Real]:
        held: NDArray[Real] | None = self._layers.get(kind, frame)
        if held is None:
            held = make()
            held.setflags(write=False)
            self.made[kind] += 1
            self._layers.put(kind, frame, held, held.nbytes)
        return held
