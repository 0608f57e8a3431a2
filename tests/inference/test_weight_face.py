"""A face of which only weights are wanted: folded, proved, or the fitted vertices after all."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.solving.folding_kit import DT_S, SmallFace, any_face, small_face, speech

from facewire.animation.face_parameters import FaceParameters
from facewire.inference.face_geometry import FaceMotion, GeometryAnimator
from facewire.inference.face_solver import FaceSolver
from facewire.inference.weight_face import WeightFace
from facewire.protocol.errors import SettingsError
from facewire.solving.folding import RegionMatrices, SkinFold, blocks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.solving.solver import Objective


@pytest.fixture(scope="module")
def face() -> SmallFace:
    return small_face()


def load(face: SmallFace, *, skin: bool = True, tongue: bool = True) -> WeightFace:
    return WeightFace(
        face.rest,
        FaceParameters(),
        face.skin,
        face.tongue,
        partial(blocks_of, face.skin_basis) if skin else None,
        partial(blocks_of, face.tongue_basis) if tongue else None,
    )


def motion_of(
    face: SmallFace, skin: NDArray[np.float32], tongue: NDArray[np.float32]
) -> FaceMotion:
    return FaceMotion(
        skin=skin @ face.skin_basis,
        tongue=tongue @ face.tongue_basis,
        jaw=np.zeros((5, 3), np.float32),
        eyes=np.zeros(4, np.float32),
    )


def test_a_face_is_folded_when_the_comparison_finds_nothing(face: SmallFace) -> None:
    loaded = load(face)

    for part in (loaded.skin, loaded.tongue):
        assert part is not None
        assert (part.route, part.reason) == ("vertex-free", "")
        assert part.check is not None
        assert part.check.worst < 1e-7
        assert part.check.rounding < 1e-3
        assert part.nbytes > 0


@pytest.mark.parametrize("objective", ["exact", "sdk-cpu", "sdk-gpu"])
@pytest.mark.parametrize("folded", [True, False])
def test_a_track_gives_what_geometry_and_solvers_give(
    face: SmallFace, objective: Objective, *, folded: bool
) -> None:
    loaded = load(face, skin=folded, tongue=folded)
    parameters = any_face(1)
    track = loaded.track(parameters, DT_S, objective)
    animator = GeometryAnimator(face.rest, parameters, DT_S)
    solver = FaceSolver(face.skin, face.tongue, objective)
    names = (*face.skin.names, *face.tongue.names)
    assert track.names == names

    for frame, coefficients in enumerate(speech(20)):
        if frame == 7:
            track.parameters = animator.parameters = any_face(2)
        if frame == 14:
            track.reset()
            animator.reset()
            solver.reset()
        fed = coefficients, coefficients[::-1].copy()
        motion = motion_of(face, *fed)
        if not folded:
            fed = motion.skin, motion.tongue
        # A float32 face 150 cm above the floor is good to some 1e-5 cm.
        found, expected = track.solve(*fed), solver.solve(animator.animate(motion))
        assert np.abs(found - expected).max() < 2e-4


def test_a_fold_that_is_wrong_is_found_and_its_vertices_are_used(
    face: SmallFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = SkinFold._folded

    def bent(self: SkinFold, level: float, softness: float) -> RegionMatrices:
        mask = honest(self, level, softness)
        return RegionMatrices(level, softness, mask.upper_lower * (1 + 1e-4))

    monkeypatch.setattr(SkinFold, "_folded", bent)
    loaded = load(face)

    assert loaded.skin is not None
    assert loaded.tongue is not None
    assert loaded.skin.route == "masked"
    assert "a weight is off by" in loaded.skin.reason
    assert loaded.tongue.route == "vertex-free"
    monkeypatch.undo()
    track, healthy = (each.track(any_face(3), DT_S, "exact") for each in (loaded, load(face)))
    for coefficients in speech(5):
        off = track.solve(coefficients, coefficients) - healthy.solve(coefficients, coefficients)
        assert np.abs(off).max() < 2e-4


def test_a_fold_of_what_is_not_a_number_is_found_too(
    face: SmallFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SkinFold, "constant", np.full(8, np.nan))

    loaded = load(face)

    assert loaded.skin is not None
    assert loaded.skin.route == "masked"
    assert loaded.skin.check is not None
    assert not loaded.skin.check.passed


def test_a_network_that_answers_with_vertices_has_nothing_to_fold(face: SmallFace) -> None:
    loaded = load(face, skin=False)

    assert loaded.skin is not None
    assert loaded.skin.route == "masked"
    assert loaded.skin.check is None
    assert "vertices" in loaded.skin.reason


def test_a_face_without_a_solver_has_no_weights_of_it(face: SmallFace) -> None:
    basis = partial(blocks_of, face.skin_basis)
    loaded = WeightFace(face.rest, FaceParameters(), face.skin, None, basis, None)

    track = loaded.track(FaceParameters(), DT_S)
    coefficients = speech(1)[0]

    assert loaded.tongue is None
    assert track.solve(coefficients, coefficients).shape == (len(face.skin.names),)


def test_a_mask_may_be_folded_ahead_of_its_use(
    face: SmallFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(face)
    loaded.fold_mask(0.33, 0.02)
    track = loaded.track(FaceParameters(), DT_S)

    folded: list[float] = []
    original = SkinFold._folded

    def noted(self: SkinFold, level: float, softness: float) -> RegionMatrices:
        folded.append(level)
        return original(self, level, softness)

    monkeypatch.setattr(SkinFold, "_folded", noted)
    track.parameters = FaceParameters().with_changes(
        {"faceMaskLevel": 0.33, "faceMaskSoftness": 0.02}
    )
    assert folded == []
    track.parameters = FaceParameters().with_changes({"faceMaskLevel": 0.34})
    assert folded == [0.34]


def test_a_refused_change_leaves_the_track_as_it_was(face: SmallFace) -> None:
    track = load(face).track(FaceParameters(), DT_S)
    wrong = replace(FaceParameters(), skin=replace(FaceParameters().skin, face_mask_softness=0.0))
    with pytest.raises(SettingsError):
        track.parameters = wrong

    assert track.parameters == FaceParameters()
