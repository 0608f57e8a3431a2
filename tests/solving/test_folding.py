"""The vertex-free path: what the vertices say, without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.solving.folding_kit import (
    DT_S,
    SHAPES,
    VERTICES,
    SmallFace,
    any_face,
    any_skin,
    small_face,
    speech,
)

from facewire.animation.face_parameters import SkinParameters, TongueParameters
from facewire.animation.skin import SkinAnimator
from facewire.animation.tongue import animate_tongue
from facewire.protocol.errors import BundleError, SettingsError
from facewire.solving.folding import SkinFold, TongueFold, blocks_of
from facewire.solving.masked import MaskedFace, MaskedSkin, MaskedTongue
from facewire.solving.part import FittedPart
from facewire.solving.reduced import ReducedSkin, ReducedTongue
from facewire.solving.solver import BlendshapeSolver

if TYPE_CHECKING:
    from facewire.solving.solver import Objective

SLOW = SkinParameters(lower_face_smoothing=0.05, upper_face_smoothing=0.09)


@pytest.fixture(scope="module")
def face() -> SmallFace:
    return small_face()


@pytest.mark.parametrize("seed", range(12))
def test_any_parameters_give_what_the_vertices_give(face: SmallFace, seed: int) -> None:
    parameters = any_skin(seed)
    reduced, whole = face.reduced(parameters), face.whole(parameters)

    for coefficients in speech(12, seed):
        expected = whole.normal(coefficients)
        np.testing.assert_allclose(reduced.normal(coefficients), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("objective", ["sdk-cpu", "exact"])
def test_weights_are_equal_through_changes_and_resets(
    face: SmallFace, objective: Objective
) -> None:
    reduced, whole = face.reduced(SLOW), face.whole(SLOW)
    solvers = [BlendshapeSolver(face.skin.rig, face.skin.settings, objective) for _ in range(2)]

    for frame, coefficients in enumerate(speech(60)):
        if frame % 7 == 3:
            parameters = any_skin(frame)
            reduced.parameters = parameters
            whole.animator.parameters = parameters
        if frame % 20 == 19:
            reduced.reset()
            whole.animator.reset()
            for solver in solvers:
                solver.reset()
        for solver, normal in zip(
            solvers, (reduced.normal(coefficients), whole.normal(coefficients)), strict=True
        ):
            solver.solve_normal(normal[solver.preparation.active])

        assert np.abs(solvers[0].raw_weights - solvers[1].raw_weights).max() <= 1e-6


def test_a_mask_changed_in_the_middle_finds_the_smoothers_where_the_vertices_have_them(
    face: SmallFace,
) -> None:
    """Had each region's projection been smoothed instead, the old mask would linger in it."""
    reduced, whole = face.reduced(SLOW), face.whole(SLOW)
    frames = speech(12)
    for coefficients in frames[:8]:
        reduced.normal(coefficients)
        whole.normal(coefficients)
    moved = replace(SLOW, face_mask_level=0.2, face_mask_softness=0.3)
    reduced.parameters = whole.animator.parameters = moved

    for coefficients in frames[8:]:
        expected = whole.normal(coefficients)
        np.testing.assert_allclose(reduced.normal(coefficients), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("level", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("softness", [0.001, 0.0085, 0.5])
def test_every_mask_is_folded_from_the_side_that_is_less_work(
    face: SmallFace, level: float, softness: float
) -> None:
    parameters = replace(
        SLOW,
        face_mask_level=level,
        face_mask_softness=softness,
        lower_face_strength=1.7,
        upper_face_strength=0.2,
    )
    coefficients = speech(1)[0]

    found = face.reduced(parameters).normal(coefficients)

    expected = face.whole(parameters).normal(coefficients)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_after_a_reset_a_track_is_a_fresh_one_bit_for_bit(face: SmallFace) -> None:
    frames = speech(6)
    used = face.reduced(SLOW)
    for coefficients in speech(5, seed=9):
        used.normal(coefficients)
    used.normal(np.full(SHAPES, np.nan, np.float32))
    used.reset()
    fresh = face.reduced(SLOW)

    for coefficients in frames:
        assert np.array_equal(used.normal(coefficients), fresh.normal(coefficients))


def test_tracks_of_one_fold_do_not_disturb_each_other(face: SmallFace) -> None:
    fold = face.fold()
    first, second = (ReducedSkin(fold, SLOW, DT_S) for _ in range(2))
    alone = face.reduced(SLOW)
    for mine, others in zip(speech(9), speech(9, seed=4), strict=True):
        second.parameters = any_skin(int(others[0] * 1000) % 97)
        second.normal(others)
        assert np.array_equal(first.normal(mine), alone.normal(mine))


def test_a_refused_mask_leaves_a_track_as_it_was(face: SmallFace) -> None:
    used, untouched = face.reduced(SLOW), face.reduced(SLOW)
    coefficients = speech(1)[0]

    with pytest.raises(SettingsError, match="faceMaskSoftness"):
        used.parameters = replace(SLOW, face_mask_softness=0.0, skin_strength=2.0)

    assert used.parameters == SLOW
    assert np.array_equal(used.normal(coefficients), untouched.normal(coefficients))


def test_masks_are_kept_and_only_the_last_few(face: SmallFace) -> None:
    fold = face.fold()
    first = fold.regions(0.5, 0.01)
    assert fold.regions(0.5, 0.01) is first
    grown = fold.nbytes
    for step in range(30):
        fold.regions(0.1 + 0.02 * step, 0.02)

    assert fold.nbytes <= grown + 7 * first.upper_lower.nbytes
    assert fold.regions(0.5, 0.01) is not first
    assert np.array_equal(fold.regions(0.5, 0.01).upper_lower, first.upper_lower)


def test_a_pinned_mask_is_never_folded_again(face: SmallFace) -> None:
    fold = face.fold()
    fold.pin(0.6, 0.03)
    own = fold.regions(0.6, 0.03)

    for level in np.linspace(0.1, 0.9, 30).tolist():
        fold.regions(level, 0.05)

    assert fold.regions(0.6, 0.03) is own


def test_the_masked_path_is_the_whole_one_at_its_vertices_bit_for_bit(face: SmallFace) -> None:
    part = FittedPart(face.skin.rig)
    animators = [
        SkinAnimator(*face.poses, SLOW, DT_S),
        SkinAnimator(*face.poses, SLOW, DT_S, part=part.vertices),
    ]
    draw = np.random.default_rng(0)
    for frame in range(5):
        if frame == 3:
            for animator in animators:
                animator.set({"faceMaskLevel": 0.4, "lipOpenOffset": 0.2})
                animator.use_neutral(face.rest.neutral_skin * np.float32(1.1))
        deltas = draw.normal(size=3 * VERTICES).astype(np.float32)

        whole, cut = animators[0].animate(deltas), animators[1].animate(part.cut(deltas))

        assert np.array_equal(part.cut(whole), cut)


def test_vertices_that_no_pose_moves_are_left_out(face: SmallFace) -> None:
    part = FittedPart(face.skin.rig)

    assert len(part.vertices) == len(face.skin.rig.vertices) - 3
    pose = face.rest.neutral_skin.reshape(-1)
    np.testing.assert_allclose(
        part.normal(part.cut(pose)), face.skin.rig.normal(pose), rtol=0, atol=1e-9
    )


def test_a_network_that_answers_with_vertices_is_fitted_by_one_masked_product(
    face: SmallFace,
) -> None:
    masked = MaskedSkin(MaskedFace(face.skin.rig, None), *face.poses, SLOW, DT_S)
    whole = SkinAnimator(*face.poses, SLOW, DT_S)
    draw = np.random.default_rng(2)
    for _ in range(4):
        deltas = draw.normal(0.0, 0.3, 3 * VERTICES).astype(np.float32)
        expected = face.skin.rig.normal(whole.animate(deltas))
        np.testing.assert_allclose(masked.normal(deltas), expected, rtol=0, atol=1e-9)


def test_the_masked_path_over_a_basis_is_the_vertex_path(face: SmallFace) -> None:
    parameters = any_skin(5)
    masked, whole = face.masked(parameters), face.whole(parameters)
    for coefficients in speech(5):
        np.testing.assert_allclose(
            masked.normal(coefficients), whole.normal(coefficients), rtol=0, atol=2e-3
        )
    masked.reset()
    fresh = face.masked(parameters)
    assert np.array_equal(masked.normal(coefficients), fresh.normal(coefficients))


@pytest.mark.parametrize("seed", range(4))
def test_a_tongue_is_folded_with_its_shifts(face: SmallFace, seed: int) -> None:
    said: TongueParameters = any_face(seed).tongue
    rig, neutral = face.tongue.rig, face.rest.neutral_tongue
    reduced = ReducedTongue(TongueFold(rig, blocks_of(face.tongue_basis), neutral), said)
    masked = MaskedTongue(MaskedFace(rig, blocks_of(face.tongue_basis)), neutral, said)
    for coefficients in speech(4, seed):
        posed = animate_tongue(
            neutral.reshape(-1),
            coefficients @ face.tongue_basis,
            said.tongue_strength,
            said.tongue_height_offset,
            said.tongue_depth_offset,
        )
        expected = rig.normal(posed)
        np.testing.assert_allclose(reduced.normal(coefficients), expected, rtol=0, atol=1e-4)
        np.testing.assert_allclose(masked.normal(coefficients), expected, rtol=0, atol=1e-9)


def test_arrays_of_another_face_are_refused(face: SmallFace) -> None:
    with pytest.raises(BundleError, match="basis has"):
        SkinFold(face.skin.rig, blocks_of(face.skin_basis[:, :-3]), *face.poses)
    with pytest.raises(BundleError, match="face has"):
        SkinFold(
            face.skin.rig,
            blocks_of(face.skin_basis),
            face.rest.neutral_skin[:-1],
            *face.poses[1:],
        )
