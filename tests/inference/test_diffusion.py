"""Diffusion bundles, from audio to the curves of a rig; the network is small and random."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.inference.diffusion import (
    DiffusionNetwork,
    DiffusionTrack,
    noise_tensor,
    packed,
    unpacked,
)
from facewire.inference.face_executor import FaceExecutor, execute_tracks
from facewire.inference.face_geometry import GeometryAnimator
from facewire.inference.face_solver import FaceSolver
from facewire.inference.frame_track import FrameTrack
from facewire.inference.solved_face import SolvedFace
from facewire.inference.solved_family import DiffusionFamily
from facewire.protocol.errors import AudioError, BundleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from tests.inference.conftest import Played, Player


def _family(player: Player) -> DiffusionFamily:
    family = player.model.family
    assert isinstance(family, DiffusionFamily)
    return family


def _track(played: Played) -> DiffusionTrack:
    animator = played.stream._animator
    assert isinstance(animator, SolvedFace)
    assert isinstance(animator.track, DiffusionTrack)
    return animator.track


def _executor(
    player: Player, audio: NDArray[np.float32], identity: int = 0, *, constant_noise: bool = True
) -> FaceExecutor:
    family = _family(player)
    heard, emotions = AudioAccumulator(), EmotionTrack()
    heard.accumulate(audio)
    heard.close()
    emotions.add(0, np.zeros(10, np.float32))
    emotions.close()
    face = family.faces[identity]
    return FaceExecutor(
        DiffusionTrack(family.info, identity, constant_noise=constant_noise),
        GeometryAnimator(face.rest, face.defaults, 1 / 60),
        family.window_spec(),
        audio=heard,
        emotions=emotions,
        solver=FaceSolver(face.skin, face.tongue),
    )


# --- streams ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rig", ["a2f", "arkit"])
@pytest.mark.parametrize("identity", ["", "Claire", "James", "Mark"])
def test_speech_moves_every_face_on_any_rig(
    diffusion: Player, speech: NDArray[np.float32], identity: str, rig: str
) -> None:
    played = diffusion.play([speech], rig=rig, identity=identity)

    assert len(played.timestamps) == 120
    assert played.curves.shape == (120, len(played.stream.settings.served_rig.names))
    assert played.curves.std(axis=0).max() > 0.02
    assert np.isfinite(played.curves).all()
    assert played.eyes.std(axis=0).min() > 0.0


def test_faces_differ_and_the_first_one_is_the_default(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    claire, james, unnamed = (
        diffusion.play([speech], identity=name) for name in ("Claire", "James", "")
    )

    assert unnamed.same_as(claire)
    assert np.abs(james.curves - claire.curves).max() > 0.01
    with pytest.raises(SettingsError, match="Claire, James, Mark") as caught:
        diffusion.begin(identity="Jane")
    assert caught.value.field == "identity"


@pytest.mark.parametrize("parts", [2, 13, 200])
def test_chunks_change_nothing(diffusion: Player, speech: NDArray[np.float32], parts: int) -> None:
    whole = diffusion.play([speech])

    assert diffusion.play(np.array_split(speech, parts)).same_as(whole)


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30_000, 1001), Fraction(120)], ids=str)
def test_other_rates_are_mixed_from_its_sixty_frames(
    diffusion: Player, speech: NDArray[np.float32], fps: Fraction
) -> None:
    own = diffusion.play([speech])
    played = diffusion.play([speech], fps=fps)
    cut = diffusion.play(np.array_split(speech, 23), fps=fps)

    total = ceil(len(speech) * fps / 16_000)
    assert len(played.timestamps) == total
    places = np.minimum(np.arange(total) * float(60 / fps), len(own.timestamps) - 1)
    jaw = np.interp(places, np.arange(len(own.timestamps)), own.curve("jawOpen"))
    settled = places < len(own.timestamps) - 1
    assert np.abs(played.curve("jawOpen") - jaw)[settled].max() < 1e-6
    assert cut.same_as(played)
    assert max(len(batch) for batch in cut.batches) <= diffusion.model.burst_frames(fps)


def test_half_its_rate_takes_every_second_frame_to_the_bit(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    own, half = diffusion.play([speech]), diffusion.play([speech], fps=Fraction(30))

    assert np.array_equal(half.curves, own.curves[::2])
    assert np.array_equal(half.eyes, own.eyes[::2])


def test_frames_come_in_bursts_of_thirty_once_it_has_warmed_up(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    played = diffusion.begin()
    arrived = []
    for start in range(0, 32_000, 160):
        played.stream.push(speech[start : start + 160])
        made = len(played.timestamps)
        played.run_ready()
        for timestamp in played.timestamps[made:].tolist():
            assert start + 160 - timestamp <= diffusion.model.look_ahead_samples
        if len(played.timestamps) > made:
            arrived.append((start + 160, len(played.timestamps) - made))

    assert arrived == [(8_000, 15), (16_000, 30), (24_000, 30), (32_000, 30)]


def test_one_sample_gives_one_frame(diffusion: Player) -> None:
    played = diffusion.play([np.zeros(1, np.float32)])

    assert played.timestamps.tolist() == [0]
    assert diffusion.play([]).batches == []


def test_a_resumed_stream_goes_on_as_if_it_had_never_stopped(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    whole = diffusion.play([speech])
    resumed = diffusion.play([speech], first_frame=70)

    assert resumed.batches[0].first == 70
    assert np.array_equal(resumed.curves, whole.curves[70:])
    assert np.array_equal(resumed.eyes, whole.eyes[70:])


def test_the_bundles_input_strength_is_left_alone(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    played = diffusion.begin()
    played.stream.push(speech)
    played.run_ready()
    played.stream.end()

    window = played.stream.take_window()

    assert np.array_equal(window.feeds["window"][0], window.audio)


def test_emotions_of_all_thirty_frames_reach_the_network(diffusion: Player) -> None:
    joy = np.zeros(10, np.float32)
    joy[6] = 1.0
    played = diffusion.begin(emotion=joy)
    played.stream.set_emotion_keys([(0, [0.0] * 10), (8_000, joy.tolist())])
    played.stream.push(np.zeros(16_000, np.float32))
    fed = []
    while played.stream.ready():
        window = played.stream.take_window()
        fed.append(window.feeds["emotion"][0, :, 6])
        played.stream.accept(window, diffusion.model.backend.run(window.feeds))

    known = np.concatenate(fed)[45:]
    assert not np.concatenate(fed)[:45].any()  # before the audio it is as at its beginning
    expected = [min(frame * 16_000 // 60 / 8_000, 1.0) for frame in range(len(known))]
    assert known == pytest.approx(expected, abs=1e-6)


# --- memory ----------------------------------------------------------------------------------


def test_the_memory_travels_from_window_to_window(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    played = diffusion.begin()
    played.stream.push(speech)
    last = np.zeros_like(_track(played).latents)
    for _ in range(3):
        window = played.stream.take_window()
        assert np.array_equal(window.feeds["input_latents"][0], last)
        result = diffusion.model.backend.run(window.feeds)
        played.stream.accept(window, result)
        last = unpacked(result[0], _family(diffusion).info)[1]
        assert last.any()


def test_a_window_fed_with_another_memory_answers_otherwise(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    track = _family(diffusion).track(0)
    feeds = dict(track.feeds(0, speech[:16_000], np.zeros((30, 10), np.float32)))
    plain = diffusion.model.backend.run(feeds)
    feeds["input_latents"] = np.ones_like(feeds["input_latents"])

    assert np.abs(diffusion.model.backend.run(feeds) - plain).max() > 1e-3


def test_a_broken_block_costs_its_frames_and_not_the_memory(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    played, whole = diffusion.begin(), diffusion.play([speech])
    played.stream.push(speech)
    played.stream.end()
    info = _family(diffusion).info
    while played.stream.ready():
        window = played.stream.take_window()
        result = diffusion.model.backend.run(window.feeds)
        if window.index == 3:
            before = _track(played).latents
            result = np.full_like(result, np.nan)
        batch = played.stream.accept(window, result)
        if window.index == 3:
            assert np.array_equal(_track(played).latents, before)
        if batch is not None:
            played.batches.append(batch)

    assert np.isfinite(played.curves).all()
    assert _track(played).repaired_frames == info.frames_kept
    assert np.array_equal(played.curves[:45], whole.curves[:45])
    assert np.abs(played.curves[60:75] - played.curves[60]).max() < 1e-3


# --- tracks ----------------------------------------------------------------------------------


def _row_by_row(network: DiffusionNetwork) -> Any:
    """Each track by itself: what a batch does to a network's roundings is not looked at here."""

    def run(feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        rows = [
            network.run({name: feed[row : row + 1] for name, feed in feeds.items()})
            for row in range(len(feeds["window"]))
        ]
        return np.concatenate(rows)

    return run


def _all_weights(executors: Sequence[FaceExecutor], network: Any) -> list[NDArray[np.float32]]:
    made: list[list[NDArray[np.float32]]] = [[] for _ in executors]
    while any(executor.ready() for executor in executors):
        for rows, frames in zip(made, execute_tracks(executors, network), strict=True):
            if frames is not None and frames.weights is not None:
                rows.append(frames.weights)
    return [np.concatenate(rows) for rows in made]


@pytest.mark.parametrize("constant_noise", [True, False])
def test_a_track_in_a_batch_is_what_it_is_alone(
    diffusion: Player, speech: NDArray[np.float32], *, constant_noise: bool
) -> None:
    network = diffusion.model.backend
    assert isinstance(network, DiffusionNetwork)
    lengths = ((0, 20_000), (4_000, 9_000), (10_000, 32_000))

    def executors() -> list[FaceExecutor]:
        return [
            _executor(diffusion, speech[a:b], face, constant_noise=constant_noise)
            for face, (a, b) in enumerate(lengths)
        ]

    together = _all_weights(executors(), _row_by_row(network))
    for place, executor in enumerate(executors()):
        assert np.array_equal(_all_weights([executor], network.run)[0], together[place])
        executor.reset()
        assert np.array_equal(_all_weights([executor], network.run)[0], together[place])


def test_a_batch_is_answered_row_by_row(diffusion: Player, speech: NDArray[np.float32]) -> None:
    tracks = [_executor(diffusion, speech[a : a + 12_000], a % 3) for a in (0, 4_000, 8_001)]
    together = _all_weights(tracks, diffusion.model.backend.run)

    for start, weights in zip((0, 4_000, 8_001), together, strict=True):
        alone = _executor(diffusion, speech[start : start + 12_000], start % 3)
        expected = _all_weights([alone], diffusion.model.backend.run)[0]
        assert np.abs(weights - expected).max() < 1e-4


def test_a_track_without_a_window_keeps_its_memory(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    run = diffusion.model.backend.run
    waiting, going = _executor(diffusion, speech[:100]), _executor(diffusion, speech)
    execute_tracks([waiting, going], run)
    execute_tracks([waiting, going], run)
    assert not waiting.ready()
    assert isinstance(waiting.track, DiffusionTrack)
    assert isinstance(going.track, DiffusionTrack)
    kept, moved = waiting.track.latents.copy(), going.track.latents.copy()

    assert execute_tracks([waiting, going], run)[0] is None

    assert np.array_equal(waiting.track.latents, kept)
    assert not np.array_equal(going.track.latents, moved)
    with pytest.raises(AudioError):
        execute_tracks([waiting], run)


def test_an_inference_that_fails_can_be_run_again(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    executor, fresh = _executor(diffusion, speech), _executor(diffusion, speech)

    def broken(_feeds: object) -> NDArray[np.float32]:
        raise BundleError("no")

    with pytest.raises(BundleError, match="no"):
        execute_tracks([executor], broken)
    with pytest.raises(BundleError, match="answered 1 windows by 0"):
        execute_tracks([executor], lambda _feeds: np.zeros((0, 1), np.float32))

    run = diffusion.model.backend.run
    assert np.array_equal(_all_weights([executor], run)[0], _all_weights([fresh], run)[0])


# --- noise and packing -----------------------------------------------------------------------


class Recording:
    """A network that keeps what it is fed."""

    name, max_batch = "cpu", 4

    def __init__(self, info: Any) -> None:
        self.info = info
        self.noises: list[NDArray[np.float32]] = []

    def outputs(
        self, feeds: Mapping[str, NDArray[Any]], _names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        self.noises.append(feeds["noise"])
        batch = len(feeds["window"])
        shape = (batch, self.info.frames, self.info.prediction_size)
        return [np.zeros(shape, np.float32), feeds["input_latents"]]


def _noises(player: Player, *, constant: bool, windows: int = 3) -> list[NDArray[np.float32]]:
    info = _family(player).info
    network = Recording(info)
    backend, track = (
        DiffusionNetwork(network, info),
        DiffusionTrack(info, 0, constant_noise=constant),
    )
    for index in range(windows):
        feeds = track.feeds(index, np.zeros(16_000, np.float32), np.zeros((30, 10), np.float32))
        backend.run(feeds)
    return network.noises


def test_constant_noise_is_one_tensor_made_once(diffusion: Player) -> None:
    first, *others = _noises(diffusion, constant=True)

    assert all(np.shares_memory(other, first) for other in others)
    assert abs(float(first.std()) - 1.0) < 0.02
    assert abs(float(first.mean())) < 0.02


def test_varying_noise_is_fresh_in_every_window_and_the_same_every_time(
    diffusion: Player,
) -> None:
    noises, again = (_noises(diffusion, constant=False) for _ in range(2))

    assert all(np.array_equal(a, b) for a, b in zip(noises, again, strict=True))
    assert abs(float(np.corrcoef(noises[0].ravel(), noises[1].ravel())[0, 1])) < 0.02
    assert np.array_equal(noises[0], _noises(diffusion, constant=True)[0])


def test_noise_is_a_function_of_its_seed_and_number() -> None:
    one = noise_tensor(0, 3, (2, 50))

    assert np.array_equal(one, noise_tensor(0, 3, (2, 50)))
    assert not np.array_equal(one, noise_tensor(1, 3, (2, 50)))
    assert not np.array_equal(one, noise_tensor(0, 4, (2, 50)))
    assert one.dtype == np.float32


def test_noise_changes_what_the_network_answers(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    run = diffusion.model.backend.run
    constant, varying = (
        _all_weights([_executor(diffusion, speech, constant_noise=constant)], run)[0]
        for constant in (True, False)
    )

    assert not np.array_equal(constant, varying)


def test_only_the_frames_in_the_middle_are_packed(diffusion: Player) -> None:
    info = _family(diffusion).info
    prediction = np.zeros((2, info.frames, info.prediction_size), np.float32)
    prediction += np.arange(info.frames, dtype=np.float32)[None, :, None]
    latents = np.arange(
        info.diffusion_steps * info.gru_layers * 2 * info.gru_dim, dtype=np.float32
    ).reshape(info.diffusion_steps, info.gru_layers, 2, info.gru_dim)

    rows = packed(prediction, latents, info)
    frames, memory = unpacked(rows[1], info)

    assert frames[:, 0].tolist() == list(range(15, 45))
    assert np.array_equal(memory, latents[:, :, 1])


def test_mixed_frames_are_forgotten_once_used() -> None:
    track = FrameTrack(Fraction(60, 25))
    rows = np.arange(60, dtype=np.float32)[:, None]
    track.append(0, rows[:30])

    assert track.knows(12)
    assert not track.knows(13)
    assert track.at(range(10, 13))[:, 0].tolist() == pytest.approx([24.0, 26.4, 28.8])
    track.forget_before(12)
    track.append(30, rows[30:])
    assert track.at(range(12, 14))[:, 0].tolist() == pytest.approx([28.8, 31.2])
    assert track._rows is not None
    assert len(track._rows) == 32
    assert track.at(range(30, 31))[0, 0] == 59.0
