"""Streams of NVIDIA's families solve without vertices, and carry what else they are asked for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, TONGUE_16
from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.face_solver import FaceSolver
from facewire.inference.regression import RegressionTrack
from facewire.inference.solved_family import DiffusionFamily, RegressionFamily, SolvedFamily
from facewire.protocol.errors import SettingsError
from facewire.solving.folding import SkinFold, blocks_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.inference.conftest import Played, Player

    from facewire.inference.face_geometry import PosedFace
    from facewire.inference.family import Family
    from facewire.solving.folding import BasisBlocks, RegionMatrices
    from facewire.solving.solver import Objective

CURVES = len(ARKIT_52) + len(TONGUE_16)
JOY = np.array([0.0] * 6 + [1.0] + [0.0] * 3, np.float32)
EVERYTHING = frozenset({"emotion", "jaw", "geometry"})
CHANGES = {
    10: {"lowerFaceStrength": 0.7, "skinStrength": 1.3, "tongueStrength": 0.9},
    20: {"lipOpenOffset": 0.1, "blinkOffset": 0.5, "tongueHeightOffset": 1.0},
    30: {"faceMaskLevel": 0.45, "faceMaskSoftness": 0.05, "lowerFaceSmoothing": 0.04},
}
"""Window -> what is set before it."""


def _solved(player: Player) -> SolvedFamily:
    family = player.model.family
    assert isinstance(family, SolvedFamily)
    return family


def _with(player: Player, family: SolvedFamily) -> Player:
    return type(player)(replace(player.model, family=cast("Family", family)))


def _played(
    player: Player,
    speech: NDArray[np.float32],
    changes: Mapping[int, Mapping[str, float]] = CHANGES,
    outputs: frozenset[str] = frozenset(),
) -> tuple[Played, list[NDArray[np.float32]]]:
    """Play with changes on the way; return the network's answers, too."""
    played = player.begin(mouth_close="raw", outputs=outputs)
    played.stream.push(speech)
    results = []
    while played.stream.ready():
        window = played.stream.take_window()
        results.append(player.model.backend.run(window.feeds))
        batch = played.stream.accept(window, results[-1])
        if batch is not None:
            played.batches.append(batch)
        played.stream.set_parameters(changes.get(window.index + 1, {}))
    return played, results


def _by_vertices(
    family: SolvedFamily, results: list[NDArray[np.float32]], objective: Objective
) -> tuple[NDArray[np.float32], list[PosedFace]]:
    """The same frames as the SDK has them, one by its vertices after the other."""
    face = family.faces[0]
    assert isinstance(family, RegressionFamily)
    track = RegressionTrack(family.info, family.implicit_emotion)
    fps = family.model_fps(Fraction(60))
    animator = GeometryAnimator(face.rest, face.defaults, float(1 / fps))
    solver = FaceSolver(face.skin, face.tongue, objective)
    told: dict[str, float] = {}
    rows, posed = [], []
    for index, result in enumerate(results):
        told |= CHANGES.get(index, {})
        animator.parameters = face.defaults.with_changes(told)
        for motion in track.motions(result):
            posed.append(animator.animate(face.vertices.whole(motion)))
            rows.append(solver.solve(posed[-1]))
    return np.array(rows), posed


# --- by the weights' own route ---------------------------------------------------------------


@pytest.mark.parametrize("objective", ["sdk-cpu", "exact"])
def test_a_stream_shows_what_its_vertices_would_after_any_change(
    regression: Player, speech: NDArray[np.float32], objective: Objective
) -> None:
    family = replace(_solved(regression), objective=objective)
    played, results = _played(_with(regression, family), speech, outputs=EVERYTHING)

    expected, posed = _by_vertices(family, results, objective)

    # The vertices are float32 some 150 cm up, good to 1e-5 cm, and so are weights made of them.
    assert np.abs(played.curves[:, :CURVES] - expected).max() < 1e-5
    skin = np.concatenate([b.skin for b in played.batches if b.skin is not None])
    assert np.array_equal(skin, [face.skin for face in posed])


def test_bundles_are_solved_without_vertices_or_say_why_not(
    regression: Player, diffusion: Player
) -> None:
    (mark,) = _solved(regression).faces
    for part in (mark.weights.skin, mark.weights.tongue):
        assert part is not None
        assert part.route == "vertex-free"
        assert part.check is not None
        assert part.check.worst <= 1e-6
    for face in _solved(diffusion).faces:
        assert face.weights.skin is not None
        assert face.weights.skin.route == "masked"
        assert "vertices" in face.weights.skin.reason


def test_weights_need_no_basis_in_memory(regression_folder: Path) -> None:
    from tests.inference.conftest import Player

    from facewire.inference.loading import load_model

    player = Player(load_model(regression_folder))
    face = _solved(player).faces[0]
    noise = 0.1 * np.random.default_rng(1).standard_normal(16_000).astype(np.float32)

    player.play([noise], outputs=frozenset({"jaw", "emotion"}))
    assert "_read" not in vars(face.vertices)
    player.play([noise], outputs=frozenset({"geometry"}))
    assert "_read" in vars(face.vertices)


class _Rows:
    """A basis in memory."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = rows

    def read(self) -> NDArray[np.float32]:
        return self._rows

    def blocks(self) -> BasisBlocks:
        return blocks_of(self._rows)


class _Bases:
    def __init__(self, skin: NDArray[np.float32], tongue: NDArray[np.float32]) -> None:
        self.skin, self.tongue = _Rows(skin), _Rows(tongue)


def test_diffusion_with_bases_is_solved_without_vertices(
    diffusion_folder: Path, diffusion: Player
) -> None:
    from facewire.bundles.a2f import DiffusionBundle
    from facewire.bundles.detect import read_bundle

    bundle = read_bundle(diffusion_folder)
    assert isinstance(bundle, DiffusionBundle)
    draw = np.random.default_rng(4)
    info = bundle.info
    bases = [
        _Bases(*(draw.normal(0, 0.1, (6, size)).astype(np.float32)
                 for size in (info.skin_size, info.tongue_size)))
        for _ in bundle.faces
    ]  # fmt: skip

    family = DiffusionFamily.from_bundle(bundle, bases=bases)

    for face, plain, known in zip(family.faces, _solved(diffusion).faces, bases, strict=True):
        assert face.weights.skin is not None
        assert face.weights.skin.route == "vertex-free"
        said = draw.normal(size=(2, 6)).astype(np.float32)
        track = face.weights.track(face.defaults, 1 / 60, "exact")
        by_vertices = plain.weights.track(face.defaults, 1 / 60, "exact")
        found = track.solve(*said)
        expected = by_vertices.solve(said[0] @ known.skin.read(), said[1] @ known.tongue.read())
        assert np.abs(found - expected).max() < 1e-5


# --- what else a stream asks for -------------------------------------------------------------


@pytest.mark.parametrize("name", ["regression", "diffusion"])
@pytest.mark.parametrize("fps", [Fraction(60), Fraction(24)], ids=str)
def test_what_is_asked_for_changes_no_curve(
    request: pytest.FixtureRequest, speech: NDArray[np.float32], name: str, fps: Fraction
) -> None:
    player: Player = request.getfixturevalue(name)
    plain = player.play([speech], fps=fps)
    asked = player.play(np.array_split(speech, 7), fps=fps, outputs=EVERYTHING, emotion=JOY * 0)

    assert asked.same_as(plain)
    rest = _solved(player).faces[0].rest
    for before, batch in zip(plain.batches, asked.batches, strict=False):
        assert before.emotion is before.jaw is before.skin is before.tongue is None
        assert batch.emotion is not None
        assert batch.jaw is not None
        assert batch.skin is not None
        assert batch.tongue is not None
        frames = len(batch)
        assert batch.emotion.shape == (frames, 10)
        assert batch.jaw.shape == (frames, 4, 4)
        assert batch.skin.shape == (frames, rest.neutral_skin.size)
        assert batch.tongue.shape == (frames, rest.neutral_tongue.size)
        assert np.allclose(batch.jaw[:, 3], [0, 0, 0, 1])
        assert np.abs(batch.skin - rest.neutral_skin.ravel()).max() < 20.0
    moved = np.concatenate([batch.skin for batch in asked.batches if batch.skin is not None])
    assert moved.std(axis=0).max() > 1e-3


def test_geometry_of_another_frame_rate_is_mixed_as_the_weights_are(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    own = diffusion.play([speech], outputs=EVERYTHING)
    half = diffusion.play([speech], outputs=EVERYTHING, fps=Fraction(120))
    for name in ("skin", "tongue", "jaw"):
        whole = np.concatenate([getattr(batch, name) for batch in own.batches])
        twice = np.concatenate([getattr(batch, name) for batch in half.batches])
        assert np.array_equal(twice[::2], whole)
        between = 0.5 * (whole[:-1] + whole[1:])
        assert np.abs(twice[1:-1:2] - between).max() < 1e-4


@pytest.mark.parametrize("name", ["regression", "diffusion", "embedded"])
def test_the_emotion_told_is_the_one_the_face_was_fed(
    request: pytest.FixtureRequest, speech: NDArray[np.float32], name: str
) -> None:
    player: Player = request.getfixturevalue(name)
    played = player.begin(
        outputs=frozenset({"emotion"}), emotion=JOY, parameters={"emotionStrength": 0.5}
    )
    played.stream.push(speech)
    played.stream.end()
    played.run_ready()

    told = np.concatenate([batch.emotion for batch in played.batches if batch.emotion is not None])
    assert len(told) == len(played.timestamps)
    assert np.allclose(told, 0.5 * JOY)


@pytest.mark.parametrize("output", ["jaw", "geometry"])
def test_a_face_without_geometry_refuses_it(embedded: Player, output: str) -> None:
    with pytest.raises(SettingsError) as caught:
        embedded.begin(outputs=frozenset({output}))
    assert caught.value.field == "outputs"
    assert caught.value.hint


# --- conventions, broken numbers, preparing --------------------------------------------------


def test_raw_weights_keep_what_gains_make_of_them(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    family = _solved(regression)
    block = family.faces[0].tongue
    assert block is not None
    loud = replace(block.settings, multipliers=block.settings.multipliers * 0 + np.float32(40.0))
    player = _with(regression, family.with_solver(0, "tongue", loud))
    tongue = slice(CURVE_INDEX[TONGUE_16[0]], CURVE_INDEX[TONGUE_16[-1]] + 1)

    raw = player.play([speech], mouth_close="raw").curves[:, tongue]
    arkit = player.play([speech]).curves[:, tongue]

    assert raw.max() > 1.5
    assert arkit.max() == 1.0
    assert np.array_equal(arkit, np.clip(raw, 0.0, 1.0))


@pytest.mark.parametrize("name", ["regression", "diffusion", "embedded"])
def test_frames_of_a_broken_answer_say_so(
    request: pytest.FixtureRequest, speech: NDArray[np.float32], name: str
) -> None:
    player: Player = request.getfixturevalue(name)
    played = player.begin()
    played.stream.push(speech)
    broken = 2
    while played.stream.ready():
        window = played.stream.take_window()
        result = player.model.backend.run(window.feeds).copy()
        if window.index == broken:
            result.reshape(-1)[0] = np.nan
        batch = played.stream.accept(window, result)
        if batch is not None:
            played.batches.append(batch)

    flagged = [batch for batch in played.batches if "network_repaired" in batch.flags]
    assert flagged
    assert len(flagged) < len(played.batches)
    assert all(np.isfinite(batch.curves).all() for batch in played.batches)


def test_what_was_prepared_is_not_done_again_and_changes_no_frame(
    regression: Player, speech: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = {"faceMaskLevel": 0.4321, "faceMaskSoftness": 0.0321}
    unprepared = _played(regression, speech[:8_000], {3: mask})[0]
    family = _solved(regression)
    fold = family.faces[0].weights._skin_fold
    assert fold is not None
    fold._masks.clear()
    family.prepare(mask)

    def refused(*mask: object) -> RegionMatrices:
        raise AssertionError(mask)

    family.prepare({})
    monkeypatch.setattr(SkinFold, "_folded", refused)
    prepared = _played(regression, speech[:8_000], {3: mask})[0]

    assert prepared.same_as(unprepared)


def test_a_direct_model_has_nothing_to_prepare(embedded: Player) -> None:
    embedded.model.family.prepare({"lowerFaceStrength": 0.5})
