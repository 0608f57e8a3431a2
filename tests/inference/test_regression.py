"""Regression bundles, from audio to the curves of a rig; the network is small and random."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, TONGUE_16
from facewire.audio import AudioAccumulator
from facewire.emotion import EMOTIONS, EmotionTrack
from facewire.inference.face_executor import FaceExecutor, FaceFrames, execute_tracks
from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.face_solver import FaceSolver, SolverBlock
from facewire.inference.family import USUAL_FPS
from facewire.inference.loading import load_model
from facewire.inference.network_track import NanGuard
from facewire.inference.parameters import default_parameters
from facewire.inference.regression import RegressionTrack
from facewire.inference.single_frame import single_face, single_weights
from facewire.inference.solved_face import SolvedFace
from facewire.inference.solved_family import RegressionFamily
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.inference.conftest import Played, Player

JOY = [0.0] * 6 + [1.0] + [0.0] * 3
MOUTH_CLOSE, JAW_OPEN = CURVE_INDEX["mouthClose"], CURVE_INDEX["jawOpen"]
CURVES = len(ARKIT_52) + len(TONGUE_16)


def _family(player: Player) -> RegressionFamily:
    family = player.model.family
    assert isinstance(family, RegressionFamily)
    return family


def _vertex_track(player: Player) -> RegressionTrack:
    """The network's side as the SDK has it: every frame by its vertices."""
    family = _family(player)
    face = family.faces[0]
    bases = face.vertices._read
    return RegressionTrack(
        family.info, family.implicit_emotion, *bases, input_strength=face.input_strength
    )


def _executor(
    player: Player, audio: NDArray[np.float32], fps: Fraction = USUAL_FPS
) -> FaceExecutor:
    """A whole utterance before the pure state machine, neutral, all of it known."""
    family = _family(player)
    heard, emotions = AudioAccumulator(), EmotionTrack()
    heard.accumulate(audio)
    heard.close()
    emotions.add(0, np.zeros(10, np.float32))
    emotions.close()
    face = family.faces[0]
    return FaceExecutor(
        _vertex_track(player),
        GeometryAnimator(face.rest, face.defaults, float(1 / fps)),
        family.window_spec(fps),
        audio=heard,
        emotions=emotions,
        solver=FaceSolver(face.skin, face.tongue),
    )


def _frames(player: Player, executor: FaceExecutor) -> list[FaceFrames]:
    made = []
    while executor.ready():
        (frames,) = execute_tracks([executor], player.model.backend.run)
        assert frames is not None
        made.append(frames)
    return made


def _weights(player: Player, executor: FaceExecutor) -> NDArray[np.float32]:
    """All weights; an assert where there is no solver."""
    rows = [frames.weights for frames in _frames(player, executor)]
    return np.concatenate([row for row in rows if row is not None])


# --- streams ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rig", ["a2f", "arkit", "metahuman"])
def test_speech_moves_any_rig(regression: Player, speech: NDArray[np.float32], rig: str) -> None:
    played = regression.play([speech], rig=rig)

    assert len(played.timestamps) == 120
    assert played.curves.shape == (120, len(played.stream.settings.served_rig.names))
    assert played.curves.std(axis=0).max() > 0.02
    assert np.isfinite(played.curves).all()
    assert played.eyes.std(axis=0).min() > 0.0


@pytest.mark.parametrize(
    "fps", [Fraction(7), Fraction(24), Fraction(30_000, 1001), Fraction(60), Fraction(240)], ids=str
)
def test_any_frame_rate_gives_its_frames(
    regression: Player, speech: NDArray[np.float32], fps: Fraction
) -> None:
    played = regression.play([speech[:8_001]], fps=fps)

    total = ceil(8_001 * fps / 16_000)
    assert played.timestamps.tolist() == [
        frame * 16_000 * fps.denominator // fps.numerator for frame in range(total)
    ]
    assert {len(batch) for batch in played.batches} == {1}


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_chunks_change_nothing(
    regression: Player, speech: NDArray[np.float32], rate_hz: int
) -> None:
    whole = regression.play([speech], sample_rate_hz=rate_hz)

    for parts in (7, 61):
        cut = regression.play(np.array_split(speech, parts), sample_rate_hz=rate_hz)
        assert cut.same_as(whole)


def test_a_stream_shows_what_the_executor_solves(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    raw = regression.play([speech], mouth_close="raw").curves[:, :CURVES]
    weights = _weights(regression, _executor(regression, speech))

    # Without vertices there is no rounding to float32; the solver may stop a step apart.
    assert np.abs(raw - weights).max() < 1e-5


def test_the_jaw_in_mouth_close_is_given_to_the_jaw(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    weights = _weights(regression, _executor(regression, speech))
    arkit = regression.play([speech]).curves

    opened = np.clip(weights[:, JAW_OPEN] + weights[:, MOUTH_CLOSE], 0.0, 1.0)
    assert weights[:, MOUTH_CLOSE].max() > 0.01
    assert np.abs(arkit[:, JAW_OPEN] - opened).max() < 1e-5


def test_a_frame_waits_for_a_quarter_second_and_no_longer(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    played = regression.begin()
    for start in range(0, 16_000, 160):
        played.stream.push(speech[start : start + 160])
        played.run_ready()
        known = start + 160 - regression.model.look_ahead_samples
        expected = sum(1 for frame in range(60) if frame * 16_000 // 60 <= known)
        assert len(played.timestamps) == expected
    assert regression.model.look_ahead_samples == 4160


def test_a_resumed_stream_goes_on_as_if_it_had_never_stopped(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    whole = regression.play([speech])
    resumed = regression.play([speech], first_frame=50)

    assert resumed.batches[0].first == 50
    assert np.array_equal(resumed.curves, whole.curves[50:])
    assert np.array_equal(resumed.eyes, whole.eyes[50:])


def test_a_stream_resumed_on_its_last_second_settles_at_once(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    whole = regression.play([speech])
    resumed = regression.play([speech[16_000:]], start_sample=16_000, first_frame=90)

    assert resumed.timestamps.tolist() == whole.timestamps[90:].tolist()
    assert np.abs(resumed.curves - whole.curves[90:]).max() < 1e-3


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30_000, 1001), Fraction(120)], ids=str)
def test_a_stream_resumes_far_in_at_any_rate(
    regression: Player, speech: NDArray[np.float32], fps: Fraction
) -> None:
    minute = 960_000
    first = ceil((minute + 8_000) * fps / 16_000)

    played = regression.play([speech[:16_000]], start_sample=minute, first_frame=first, fps=fps)

    assert played.batches[0].first == first
    assert len(played.timestamps) == ceil((minute + 16_000) * fps / 16_000) - first
    assert played.curve("jawOpen").max() > 0.02
    # It begins with the first window that hears audio, not with minutes of silence before it.
    assert played.stream._next_window - ceil(minute * fps / 16_000) <= 3 * fps


def test_a_long_stream_keeps_little(regression: Player) -> None:
    played = regression.begin(fps=Fraction(10))
    noise = np.random.default_rng(2).standard_normal(16_000).astype(np.float32)
    for second in range(40):
        played.stream.push(0.1 * noise)
        played.stream.set_emotion_keys([(16_000 * second + key, JOY) for key in range(100)])
        played.run_ready()

    animator, audio = played.stream._animator, played.stream._audio
    assert isinstance(animator, SolvedFace)
    assert animator._frames._rows is not None
    assert len(animator._frames._rows) == 1
    assert audio.total_samples - audio.dropped_samples <= 32_000


# --- emotion, parameters, identity -----------------------------------------------------------


def test_emotions_reach_the_network_in_time(regression: Player) -> None:
    played = regression.begin()
    played.stream.set_emotion_keys([(0, [0.0] * 10), (1_600, JOY)])
    played.stream.push(np.zeros(16_000, np.float32))
    fed: list[NDArray[np.float32]] = []
    while played.stream.ready():
        window = played.stream.take_window()
        fed.append(window.feeds["emotion"][0, 0])
        played.stream.accept(window, regression.model.backend.run(window.feeds))

    joy = np.array([emotion[16 + EMOTIONS.index("joy")] for emotion in fed[:8]])
    assert joy == pytest.approx([min(frame * 16_000 // 60 / 1_600, 1.0) for frame in range(8)])
    implicit = _family(regression).implicit_emotion
    assert all(np.array_equal(emotion[:16], implicit) for emotion in fed)


def test_an_emotion_changes_the_face_as_much_as_it_is_told_to(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    joy = np.array(JOY, np.float32)
    neutral = regression.play([speech[:8_000]])
    happy = regression.play([speech[:8_000]], emotion=joy)
    damped = regression.play([speech[:8_000]], emotion=joy, parameters={"emotionStrength": 0.0})

    assert np.abs(happy.curves - neutral.curves).max() > 0.01
    assert damped.same_as(neutral)


def test_a_networks_emotions_go_by_name(regression: Player) -> None:
    settings = regression.begin().stream.settings
    animator = _family(regression).animator(settings)
    animator._emotions = np.array([EMOTIONS.index("joy"), -1, EMOTIONS.index("anger")])
    context = regression.begin().stream._context(0)
    emotion = np.arange(10, dtype=np.float32)[None] / 10

    fed = animator.feeds(
        0,
        np.zeros(8_320, np.float32),
        type(context)(**{**vars(context), "emotion": emotion}),
    )["emotion"]

    assert fed[0, 0, 16:].tolist() == pytest.approx([0.6, 0.0, 0.1])


def test_the_bundles_strength_is_the_gain_of_the_audio(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    played = regression.begin()
    played.stream.push(speech)

    window = played.stream.take_window()

    assert _family(regression).faces[0].input_strength == 1.3
    assert np.array_equal(window.feeds["input"][0, 0], window.audio * np.float32(1.3))


def test_defaults_are_the_bundles_and_ranges_the_sdks(regression: Player) -> None:
    known = regression.model.family.parameters()

    assert default_parameters(known)["lowerFaceStrength"] == pytest.approx(1.4)
    assert default_parameters(known)["eyelidOpenOffset"] == pytest.approx(0.06)
    assert (known["tongueStrength"].minimum, known["tongueStrength"].maximum) == (0.0, 3.0)
    assert len(known) == 24 + 3 + 1


@pytest.mark.parametrize(
    "changes",
    [{"lipOpenOffset": 0.3}, {"lipOpenOfset": 0.1}, {"saccadeSeed": float("nan")}],
    ids=["out of range", "unknown", "not a number"],
)
def test_a_wrong_parameter_is_refused(regression: Player, changes: Mapping[str, float]) -> None:
    with pytest.raises(SettingsError):
        regression.begin(parameters=changes)
    with pytest.raises(SettingsError):
        regression.begin().stream.set_parameters(changes)


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"lowerFaceStrength": 0.0}, "jawOpen"),
        ({"blinkOffset": 1.0}, "eyeBlinkLeft"),
        ({"tongueHeightOffset": 2.0}, "tongueUp"),
        ({"skinStrength": 0.2}, "mouthPucker"),
    ],
)
def test_a_parameter_acts_from_the_next_window_on(
    regression: Player, speech: NDArray[np.float32], changes: dict[str, float], moved: str
) -> None:
    whole, played = regression.play([speech]), regression.begin()
    played.stream.push(speech[:16_000])
    played.run_ready()
    made = len(played.timestamps)
    played.stream.set_parameters(changes)
    played.stream.push(speech[16_000:])
    played.run_ready()

    before, after = played.curve(moved)[:made], played.curve(moved)[made:]
    assert np.array_equal(before, whole.curve(moved)[:made])
    assert np.abs(after - whole.curve(moved)[made : made + len(after)]).max() > 0.02


def test_saccades_are_the_models_and_can_be_stilled(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    still = regression.play(
        [speech], parameters={"saccadeStrength": 0.0, "eyeballsStrength": 0.0}
    ).eyes

    assert np.array_equal(still, np.tile(np.array([0, -2, 0, 2], np.float32), (len(still), 1)))


def test_idle_motion_is_laid_on_top_only_when_asked_for(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    plain = regression.play([speech])
    again = regression.play([speech], seed=7)
    idle = regression.play([speech], parameters={"idleStrength": 1.0}, seed=7)

    assert again.same_as(plain)
    assert (idle.curve("eyeBlinkLeft") - plain.curve("eyeBlinkLeft")).max() > 0.5
    assert not np.array_equal(idle.eyes, plain.eyes)
    assert np.array_equal(idle.curve("mouthPucker"), plain.curve("mouthPucker"))


def test_a_face_the_bundle_does_not_have_is_refused(regression: Player) -> None:
    assert regression.begin(identity="mark").stream.settings.identity == "mark"

    with pytest.raises(SettingsError, match="mark") as caught:
        regression.begin(identity="claire")
    assert caught.value.field == "identity"


# --- broken numbers --------------------------------------------------------------------------


def test_a_frame_that_is_not_a_number_repeats_the_one_before(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    track = _family(regression).track(0)
    run, emotion = regression.model.backend.run, np.zeros((1, 10), np.float32)
    good = run(track.feeds(0, speech[:8_320], emotion))
    other = run(track.feeds(1, speech[8_320:16_640], emotion))
    broken = other.copy()
    broken[0, 0, 3] = np.nan

    first, second, third = (track.motions(result)[0] for result in (good, broken, other))

    assert np.array_equal(second.skin, first.skin)
    assert np.array_equal(second.eyes, first.eyes)
    assert not np.array_equal(third.skin, first.skin)
    assert track.repaired_frames == 1
    track.reset()
    assert track.repaired_frames == 0
    assert not track.motions(broken)[0].skin.any()


def test_the_guard_repeats_within_a_block_and_across() -> None:
    guard = NanGuard()
    rows = np.array([[1, 1], [2, np.inf], [3, np.nan], [4, 4]], np.float32)

    assert guard.guard(rows).tolist() == [[1, 1], [1, 1], [1, 1], [4, 4]]
    assert guard.guard(rows[1:3]).tolist() == [[4, 4], [4, 4]]
    assert guard.repaired == 4


def _played_with(player: Player, speech: NDArray[np.float32], twentieth: float | None) -> Played:
    """Play with the answer to window 20 replaced: by a constant, or by the one before."""
    played = player.begin()
    played.stream.push(speech)
    before = np.zeros(0, np.float32)
    while played.stream.ready():
        window = played.stream.take_window()
        result = player.model.backend.run(window.feeds)
        if window.index == 20:
            result = before if twentieth is None else np.full_like(result, twentieth)
        before = result
        batch = played.stream.accept(window, result)
        assert batch is not None
        played.batches.append(batch)
    return played


@pytest.mark.parametrize("value", [np.nan, 3e37], ids=str)
def test_a_stream_survives_a_network_that_breaks(
    regression: Player, speech: NDArray[np.float32], value: float
) -> None:
    broken = _played_with(regression, speech, value)
    repeated = _played_with(regression, speech, None)

    assert broken.same_as(repeated)
    animator = broken.stream._animator
    assert isinstance(animator, SolvedFace)
    assert animator.track.repaired_frames == 1


# --- tracks, frames by themselves, bundles ---------------------------------------------------


def test_a_track_in_a_batch_is_what_it_is_alone(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    audios = (speech[:6_000], speech[8_000:11_000], speech[12_000:16_000])
    run = regression.model.backend.run

    def each_alone(feeds: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        rows = [
            run({name: feed[row : row + 1] for name, feed in feeds.items()})
            for row in range(len(feeds["input"]))
        ]
        return np.concatenate(rows)

    tracks = [_executor(regression, audio) for audio in audios]
    together: list[list[NDArray[np.float32]]] = [[], [], []]
    while any(track.ready() for track in tracks):
        for rows, frames in zip(together, execute_tracks(tracks, each_alone), strict=True):
            if frames is not None and frames.weights is not None:
                rows.append(frames.weights)

    for audio, rows in zip(audios, together, strict=True):
        assert np.array_equal(
            np.concatenate(rows), _weights(regression, _executor(regression, audio))
        )


def test_a_single_frame_is_the_first_of_a_sequence(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    face, dt_s = _family(regression).faces[0], 1 / 60
    executor = _executor(regression, speech)
    motions = []
    for _ in range(40):
        result = regression.model.backend.run(executor.take_window())
        motions.append(executor.track.motions(result)[0])
        executor.give_back()
        executor.progress.advance()
    sequence = GeometryAnimator(face.rest, face.defaults, dt_s)

    posed = [sequence.animate(motion) for motion in motions]
    alone = single_face(motions[0], 0, face.rest, face.defaults, dt_s)
    later = single_face(motions[30], 30, face.rest, face.defaults, dt_s)
    slow = GeometryAnimator(
        face.rest, face.defaults.with_changes({"lowerFaceSmoothing": 0.1}), dt_s
    )
    trailing = [slow.animate(motion) for motion in motions][30]

    assert np.array_equal(alone.skin, posed[0].skin)
    assert np.array_equal(alone.eyes, posed[0].eyes)
    assert np.array_equal(later.eyes, posed[30].eyes)
    assert np.array_equal(later.jaw, posed[30].jaw)
    assert np.abs(trailing.skin - later.skin).max() > 10 * np.abs(posed[30].skin - later.skin).max()


def test_a_single_frame_is_solved_without_the_past(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    face = _family(regression).faces[0]
    assert face.skin is not None
    assert face.skin.settings.temporal > 0
    posed = _frames(regression, _executor(regression, speech))[30].faces[0]

    weights = single_weights(posed, face.skin, face.tongue)
    damped = FaceSolver(face.skin, face.tongue).solve(posed)
    skin_only = single_weights(posed, face.skin, None)

    assert weights.shape == (CURVES,)
    assert weights[: len(ARKIT_52)].sum() > damped[: len(ARKIT_52)].sum()
    assert np.array_equal(skin_only, weights[: len(ARKIT_52)])
    assert isinstance(face.skin.without_memory(), SolverBlock)


def test_a_bundle_without_poses_gives_geometry_and_no_weights(
    regression_folder: Path, tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    folder = shutil.copytree(regression_folder, tmp_path / "bundle")
    model_file = folder / "model.json"
    description = json.loads(model_file.read_text())
    del description["blendshapePaths"]["skin"]
    model_file.write_text(json.dumps(description))
    from tests.inference.conftest import Player

    player = Player(load_model(folder))
    frames = _frames(player, _executor(player, speech[:8_000]))
    played: Played = player.play([speech[:8_000]])

    assert (
        frames[-1].faces[0].skin.shape == _family(player).faces[0].rest.neutral_skin.ravel().shape
    )
    assert frames[-1].weights is not None
    assert frames[-1].weights.shape == (1, len(TONGUE_16))
    assert not played.curve("jawOpen").any()
    assert played.curve("tongueDown").size == 30


def test_a_bundle_of_emotions_is_no_model_of_a_face(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_emotion

    folder = synth_emotion(tmp_path / "emotion")

    with pytest.raises(BundleError, match="no face"):
        load_model(folder)
