"""A small face with a basis, and what moves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tests.solving.kit import small_settings

from facewire.animation.face_parameters import (
    FACE_PARAMETERS,
    FaceParameters,
    SkinParameters,
    changed,
)
from facewire.animation.skin import SkinAnimator
from facewire.bundles.geometry import FaceGeometry
from facewire.inference.face_solver import SolverBlock
from facewire.solving.folding import SkinFold, blocks_of
from facewire.solving.masked import MaskedFace, MaskedSkin
from facewire.solving.reduced import ReducedSkin
from facewire.solving.rig import SolverRig

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERTICES, SHAPES, POSES = 70, 9, 8
DT_S = 1 / 30


@dataclass(frozen=True)
class SmallFace:
    """Geometry of a skin and a tongue with a basis each; three masked vertices never move."""

    rest: FaceGeometry
    skin: SolverBlock
    tongue: SolverBlock
    skin_basis: NDArray[np.float32]
    tongue_basis: NDArray[np.float32]

    @property
    def poses(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        return self.rest.neutral_skin, self.rest.lip_open_pose_delta, self.rest.eye_close_pose_delta

    def fold(self) -> SkinFold:
        return SkinFold(self.skin.rig, blocks_of(self.skin_basis), *self.poses)

    def reduced(self, parameters: SkinParameters) -> ReducedSkin:
        return ReducedSkin(self.fold(), parameters, DT_S)

    def masked(self, parameters: SkinParameters) -> MaskedSkin:
        face = MaskedFace(self.skin.rig, blocks_of(self.skin_basis))
        return MaskedSkin(face, *self.poses, parameters, DT_S)

    def whole(self, parameters: SkinParameters) -> WholeSkin:
        return WholeSkin(self, parameters)


class WholeSkin:
    """The vertex path over every vertex, in float64."""

    def __init__(self, face: SmallFace, parameters: SkinParameters) -> None:
        self._face = face
        self.animator = SkinAnimator(*face.poses, parameters, DT_S, precision=np.float64)

    def normal(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        deltas = coefficients.astype(np.float64) @ self._face.skin_basis.astype(np.float64)
        return self._face.skin.rig.normal(self.animator.animate(deltas))


def small_face(seed: int = 1) -> SmallFace:
    draw = np.random.default_rng(seed)

    def around(scale: float, *shape: int) -> NDArray[np.float32]:
        return draw.normal(0.0, scale, shape).astype(np.float32)

    rest = FaceGeometry(
        neutral_skin=around(8.0, VERTICES, 3) + np.float32(150.0),
        neutral_tongue=around(2.0, VERTICES, 3),
        neutral_jaw=around(1.0, 5, 3),
        lip_open_pose_delta=around(0.3, VERTICES, 3),
        eye_close_pose_delta=around(0.3, VERTICES, 3),
        saccades_deg=around(1.0, 10, 2),
    )
    mask = draw.permutation(VERTICES)[:30]
    deltas = around(0.6, POSES, VERTICES, 3)
    deltas[:, mask[:3]] = 0.0
    skin = SolverRig(rest.neutral_skin + around(0.2, VERTICES, 3), deltas, mask)
    tongue = SolverRig(rest.neutral_tongue + around(0.2, VERTICES, 3),
                       around(0.6, POSES, VERTICES, 3))  # fmt: skip
    names = tuple(f"pose{index}" for index in range(POSES))
    settings = small_settings(POSES)
    return SmallFace(
        rest=rest,
        skin=SolverBlock(names, skin, settings),
        tongue=SolverBlock(names, tongue, settings),
        skin_basis=around(0.2, SHAPES, 3 * VERTICES),
        tongue_basis=around(0.2, SHAPES, 3 * VERTICES),
    )


def speech(count: int, seed: int = 3) -> list[NDArray[np.float32]]:
    """Return coefficients float32[SHAPES] that wander from frame to frame."""
    draw = np.random.default_rng(seed)
    frames = [draw.normal(size=SHAPES)]
    for _ in range(count - 1):
        frames.append(0.8 * frames[-1] + draw.normal(size=SHAPES))
    return [frame.astype(np.float32) for frame in frames]


def any_skin(seed: int) -> SkinParameters:
    """Return parameters from anywhere in their ranges, the ends included now and then."""
    draw = np.random.default_rng(seed)
    values = {}
    for row in FACE_PARAMETERS.values():
        if row.group == "skin":
            share = min(max(draw.uniform(-0.1, 1.1), 0.0), 1.0)
            values[row.name] = row.minimum + share * (row.maximum - row.minimum)
    return changed(SkinParameters(), values)


def any_face(seed: int) -> FaceParameters:
    """Return the same for a whole face: the tongue is moved, too."""
    draw = np.random.default_rng(seed)
    tongue = {"tongueStrength": 3.0, "tongueHeightOffset": -1.0, "tongueDepthOffset": 2.0}
    moved = {name: float(end * draw.random()) for name, end in tongue.items()}
    return FaceParameters(skin=any_skin(seed)).with_changes(moved)
