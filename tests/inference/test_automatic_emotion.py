"""Automatic emotion of streams: heard in the voice, felt by the face."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.inference.conftest import Played, Player

from facewire.audio import AudioAccumulator
from facewire.emotion import EMOTIONS, emotion_vector
from facewire.inference.emotion_executor import EmotionExecutor
from facewire.inference.emotion_settings import settings_for
from facewire.inference.loading import load_emotion_model, load_model
from facewire.inference.settings import StreamSettings
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.inference.model import EmotionModel

RATE_HZ = 16_000
WHOLE = 40_000
"""Samples of the clip: 2.5 s, three windows of 3.75 s."""
HEARD = [EMOTIONS.index(name) for name in ("anger", "disgust", "fear", "joy", "sadness")]
JOY = emotion_vector({"joy": 1.0})
FAMILIES = ("regression", "diffusion")


@pytest.fixture(scope="module")
def emotion(tmp_path_factory: pytest.TempPathFactory) -> EmotionModel:
    """A small Audio2Emotion bundle with random weights."""
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_emotion

    return load_emotion_model(synth_emotion(tmp_path_factory.mktemp("emotion") / "emotion"))


@pytest.fixture(scope="module")
def faces(
    emotion: EmotionModel, regression_folder: Path, diffusion_folder: Path
) -> dict[str, Player]:
    """Both families, each with the emotion model beside it."""
    folders = zip(FAMILIES, (regression_folder, diffusion_folder), strict=True)
    return {name: Player(load_model(folder, emotion=emotion)) for name, folder in folders}


@pytest.fixture(scope="module")
def voice(babble: NDArray[np.float32]) -> NDArray[np.float32]:
    return babble[::2][:WHOLE]


def _begin(player: Player, **settings: Any) -> Played:
    usual = {"automatic_emotion": True, "outputs": frozenset({"emotion"}), "fps": Fraction(30)}
    return player.begin(**(usual | settings))


def _play(player: Player, chunks: list[NDArray[np.float32]], **settings: Any) -> Played:
    return _finish(_begin(player, **settings), chunks)


def _finish(played: Played, chunks: list[NDArray[np.float32]]) -> Played:
    for chunk in chunks:
        played.stream.push(chunk)
        played.run_ready()
    played.stream.end()
    played.run_ready()
    assert played.stream.finished
    return played


def _felt(played: Played) -> NDArray[np.float32]:
    rows = [batch.emotion for batch in played.batches]
    return np.concatenate([row for row in rows if row is not None])


def _same(one: Played, other: Played) -> bool:
    return one.same_as(other) and np.array_equal(_felt(one), _felt(other))


# --- what is felt ----------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_the_face_feels_what_the_executor_hears(
    faces: dict[str, Player], emotion: EmotionModel, voice: NDArray[np.float32], family: str
) -> None:
    audio = AudioAccumulator()
    audio.accumulate(voice)
    audio.close()
    alone = EmotionExecutor(settings_for(0), emotion.parameters, audio=audio)
    heard = list(alone.run(lambda batch: emotion.backend.run({"input_values": batch})))
    told = _begin(faces[family], automatic_emotion=False)
    for frames in heard:
        instants = frames.timestamps.tolist()
        told.stream.set_emotion_keys(list(zip(instants, frames.emotions.tolist(), strict=True)))
    _finish(told, [voice])

    felt = _play(faces[family], [voice])

    assert _same(felt, told)
    assert _felt(felt).max() > 0.05
    assert np.ptp(_felt(felt), axis=0).max() > 0.02


def test_nobody_is_heard_where_nobody_speaks(faces: dict[str, Player]) -> None:
    played = _play(faces["regression"], [])

    assert played.batches == []
    assert played.stream.frames_total == 0


def test_an_utterance_of_one_sample_ends(faces: dict[str, Player]) -> None:
    for player in faces.values():
        assert len(_play(player, [np.zeros(1, np.float32)]).timestamps) == 1


def test_the_strength_is_applied_once(faces: dict[str, Player], voice: NDArray[np.float32]) -> None:
    full = _play(faces["regression"], [voice], parameters={"emotionStrength": 1.0})
    half = _play(faces["regression"], [voice], parameters={"emotionStrength": 0.5})
    usual = _play(faces["regression"], [voice])

    assert np.array_equal(_felt(half), _felt(full) * np.float32(0.5))
    assert np.array_equal(_felt(usual), _felt(full) * np.float32(0.6))
    assert not np.array_equal(half.curves, full.curves)


def test_windows_of_the_emotion_name_their_network(
    faces: dict[str, Player], voice: NDArray[np.float32]
) -> None:
    model = faces["regression"].model
    stream = _begin(faces["regression"]).stream
    stream.push(voice)
    window = stream.take_window()

    assert window.kind == "emotion"
    assert model.emotion is not None
    assert model.backend_for(window) is model.emotion.backend
    assert not stream.ready()
    assert stream.accept(window, model.backend_for(window).run(window.feeds)) is None
    assert stream.take_window().kind == "face"


# --- the same bits ---------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("window", [0, 7_000])
def test_any_chunking_gives_the_bits_of_one_push(
    faces: dict[str, Player], voice: NDArray[np.float32], family: str, window: int
) -> None:
    cuts = np.sort(np.random.default_rng(4).integers(0, len(voice), 30))
    how: dict[str, Any] = {"emotion_window_samples": window, "emotion": JOY}

    whole = _play(faces[family], [voice], **how)
    parts = _play(faces[family], np.split(voice, cuts), **how)

    assert _same(parts, whole)


@pytest.mark.parametrize("family", FAMILIES)
def test_two_voices_side_by_side_give_the_bits_of_each_alone(
    faces: dict[str, Player], voice: NDArray[np.float32], family: str
) -> None:
    voices = [voice, voice[::-1].copy()]
    alone = [_play(faces[family], [each]) for each in voices]

    model = faces[family].model
    together = [_begin(faces[family]) for _ in voices]
    for played, each in zip(together, voices, strict=True):
        played.stream.push(each)
        played.stream.end()
    while all(played.stream.ready() for played in together):
        windows = [played.stream.take_window() for played in together]
        (backend,) = {model.backend_for(window) for window in windows}
        feeds = {
            name: np.concatenate([window.feeds[name] for window in windows])
            for name in windows[0].feeds
        }
        rows = np.concatenate([backend.run(window.feeds) for window in windows])
        # onnxruntime rounds a batch otherwise; on a CPU windows go one by one.
        assert backend.max_batch == 1
        assert np.allclose(backend.run(feeds), rows, rtol=1e-4, atol=1e-4)
        for at, (played, window) in enumerate(zip(together, windows, strict=True)):
            batch = played.stream.accept(window, rows[at : at + 1])
            played.batches += [] if batch is None else [batch]

    assert all(played.stream.finished for played in together)
    assert [_same(*pair) for pair in zip(together, alone, strict=True)] == [True, True]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fresh_stream_knows_nothing_of_those_before_or_beside_it(
    faces: dict[str, Player], voice: NDArray[np.float32], family: str
) -> None:
    first = _play(faces[family], [voice])
    beside, again = _begin(faces[family]), _begin(faces[family])
    for chunk in np.array_split(voice, 5):
        beside.stream.push(chunk[::-1])
        beside.run_ready()
        again.stream.push(chunk)
        again.run_ready()
    _finish(again, [])

    assert _same(again, first)


# --- when ------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("is_live", [True, False])
@pytest.mark.parametrize("fps", [Fraction(60), Fraction(25)], ids=str)
def test_a_frame_comes_as_early_as_the_look_ahead_says(
    faces: dict[str, Player], family: str, fps: Fraction, *, is_live: bool
) -> None:
    player = faces[family]
    window = player.model.live_emotion_window_samples(fps) if is_live else 0
    played = _begin(player, emotion_window_samples=window, fps=fps)
    waits: list[int] = []
    for pushed in range(160, 72_000, 160):
        played.stream.push(np.zeros(160, np.float32))
        before = len(played.batches)
        played.run_ready()
        waits += [pushed - int(batch.timestamps[0]) for batch in played.batches[before:]]

    announced = played.stream.look_ahead_samples
    assert max(waits) <= announced + 160
    if is_live:
        assert announced == player.model.look_ahead_samples
    # Blocks of 30 frames and of 31 emotions seldom meet as unluckily as they can.
    assert max(waits) > announced - (1_300 if family == "regression" or is_live else 4_000)


def test_a_live_window_is_no_shorter_than_it_must_be(faces: dict[str, Player]) -> None:
    for player in faces.values():
        fps = Fraction(60)
        longest = player.model.live_emotion_window_samples(fps)
        longer = StreamSettings(
            sample_rate_hz=RATE_HZ, automatic_emotion=True, emotion_window_samples=longest + 2
        )
        assert longest >= 5_000
        assert player.model.look_ahead_for(longer) > player.model.look_ahead_samples


def test_what_nobody_reads_any_more_is_forgotten(faces: dict[str, Player]) -> None:
    played = _begin(faces["diffusion"])
    second = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    held = []
    for _ in range(24):
        played.stream.push(second)
        played.run_ready()
        audio = played.stream._audio
        hearing = played.stream._hearing
        assert hearing is not None
        held.append((audio.total_samples - audio.dropped_samples, len(hearing.keys)))

    assert max(samples for samples, _ in held) <= 7 * RATE_HZ
    assert max(keys for _, keys in held) <= 2 * 300 + 31
    assert played.stream.pushed_samples - played.stream.consumed_samples < 4 * RATE_HZ


def test_a_resumed_stream_feels_what_the_whole_one_did(
    faces: dict[str, Player], babble: NDArray[np.float32]
) -> None:
    speech = np.tile(babble[::3], 4)[: 12 * RATE_HZ]
    fps, history_s = Fraction(30), 6
    first_frame = 10 * 30
    whole = _play(faces["regression"], [speech], fps=fps)
    start = (10 - history_s) * RATE_HZ
    resumed = _play(
        faces["regression"], [speech[start:]], start_sample=start, first_frame=first_frame, fps=fps
    )

    assert resumed.batches[0].first == first_frame
    assert np.array_equal(resumed.timestamps, whole.timestamps[first_frame:])
    difference = np.abs(_felt(resumed) - _felt(whole)[first_frame:]).max()
    assert difference < 1e-3
    assert _felt(whole)[first_frame:].max() > 0.05


# --- what is preferred -----------------------------------------------------------------------

EXACTLY = {"preferredEmotionStrength": 1.0, "liveTransitionTime": 0.0, "emotionStrength": 1.0}


def test_a_preferred_emotion_at_full_strength_is_what_is_felt(
    faces: dict[str, Player], voice: NDArray[np.float32]
) -> None:
    played = _play(faces["regression"], [voice], emotion=JOY, parameters=EXACTLY)

    assert np.array_equal(_felt(played), np.tile(JOY, (len(played.timestamps), 1)))


def test_keys_are_mixed_in_from_the_first_on_and_hold_without_being_waited_for(
    faces: dict[str, Player], voice: NDArray[np.float32]
) -> None:
    heard = _play(faces["regression"], [voice], parameters=EXACTLY)
    played = _begin(faces["regression"], parameters=EXACTLY)
    played.stream.set_emotion_keys([(8_000, JOY.tolist())])
    _finish(played, [voice])

    before = played.timestamps < 8_000
    after = played.timestamps >= 8_000
    assert np.array_equal(_felt(played)[before], _felt(heard)[before])
    assert np.abs(_felt(played)[after] - JOY).max() < 1e-6
    assert before.any()
    assert after.any()


def test_what_is_preferred_can_be_switched_off(
    faces: dict[str, Player], voice: NDArray[np.float32]
) -> None:
    off = {"enablePreferredEmotion": 0.0}
    heard = _play(faces["regression"], [voice])

    assert _same(_play(faces["regression"], [voice], emotion=JOY, parameters=off), heard)
    assert not _same(_play(faces["regression"], [voice], emotion=JOY), heard)


def test_switched_on_without_a_wish_it_mixes_in_what_the_bundle_prefers(
    faces: dict[str, Player], voice: NDArray[np.float32]
) -> None:
    on = EXACTLY | {"enablePreferredEmotion": 1.0}

    assert not _felt(_play(faces["regression"], [voice], parameters=on)).any()


# --- parameters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("emotionContrast", 0.2),
        ("maxEmotions", 0),
        ("maxEmotions", 2.5),
        ("liveBlendCoef", 1.1),
        ("enablePreferredEmotion", 0.5),
        ("preferredEmotionStrength", -0.1),
        ("liveTransitionTime", -1.0),
        ("liveTransitionTime", float("nan")),
        ("emotionStrength", 1.01),
    ],
)
def test_a_value_out_of_range_changes_nothing(
    faces: dict[str, Player], name: str, value: float
) -> None:
    with pytest.raises(SettingsError, match=name):
        _begin(faces["regression"], parameters={name: value})
    with pytest.raises(SettingsError, match=name):
        _begin(faces["regression"]).stream.set_parameters({name: value})


@pytest.mark.parametrize(
    "changes",
    [
        {"emotionContrast": 3.0},
        {"maxEmotions": 1.0},
        {"liveBlendCoef": 0.0},
        {"liveTransitionTime": 0.0001},
        {"emotionStrength": 0.1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_parameters_act_from_the_next_window_on(
    faces: dict[str, Player], voice: NDArray[np.float32], changes: Mapping[str, float]
) -> None:
    usual = _play(faces["regression"], [voice])
    played = _begin(faces["regression"])
    played.stream.push(voice)
    window = played.stream.take_window()
    played.stream.set_parameters(changes)  # while the first emotion window is on its way
    played.stream.accept(window, played.stream.model.backend_for(window).run(window.feeds))
    _finish(played, [])

    second = 31 * RATE_HZ // 30  # of the second window; frames between the two lie between keys
    early = played.timestamps <= 30 * RATE_HZ // 30
    assert np.array_equal(_felt(played)[early], _felt(usual)[early])
    late = played.timestamps >= second
    assert not np.array_equal(_felt(played)[late], _felt(usual)[late])


def test_the_parameters_are_known_only_where_emotions_are_heard(faces: dict[str, Player]) -> None:
    known = faces["diffusion"].model.parameters(automatic_emotion=True)

    assert known["emotionStrength"].default == 0.6
    assert faces["diffusion"].model.parameters()["emotionStrength"].default == 1.0
    with pytest.raises(SettingsError, match="emotionContrast"):
        _begin(faces["diffusion"], automatic_emotion=False, parameters={"emotionContrast": 1.0})


@pytest.mark.parametrize("window", [4_999, 60_001])
def test_a_window_the_network_does_not_take_is_refused(
    faces: dict[str, Player], window: int
) -> None:
    with pytest.raises(SettingsError, match="5000 to 60000") as caught:
        _begin(faces["regression"], emotion_window_samples=window)
    assert caught.value.field == "emotion_window_samples"


def test_a_model_that_hears_no_emotions_says_how_it_could(
    embedded: Player, regression: Player
) -> None:
    with pytest.raises(SettingsError, match="only together with Audio2Face") as forbidden:
        _begin(embedded)
    with pytest.raises(SettingsError, match="facewire models pull audio2emotion") as missing:
        _begin(regression)
    assert forbidden.value.field == missing.value.field == "automatic_emotion"


# --- faults ----------------------------------------------------------------------------------


def test_an_answer_that_is_none_counts_as_neutral_and_flags_its_frames(
    faces: dict[str, Player], voice: NDArray[np.float32]
) -> None:
    played = _begin(faces["regression"])
    played.stream.push(voice)
    played.stream.end()
    heard = 0
    while played.stream.ready():
        window = played.stream.take_window()
        rows = played.stream.model.backend_for(window).run(window.feeds)
        if window.kind == "emotion":
            heard += 1
            rows = np.full_like(rows, np.nan) if heard == 2 else rows
        batch = played.stream.accept(window, rows)
        played.batches += [] if batch is None else [batch]

    flagged = [batch.first for batch in played.batches if "network_repaired" in batch.flags]
    assert heard == 3
    assert flagged == list(range(31, 62))
    assert np.isfinite(_felt(played)).all()
    faded = _felt(played)[31:62, HEARD].sum(axis=1)
    assert all(later <= earlier for earlier, later in pairwise(faded))


def test_a_bundle_may_say_that_its_own_wish_is_mixed_in(
    faces: dict[str, Player], emotion: EmotionModel, voice: NDArray[np.float32]
) -> None:
    wishing = replace(emotion.parameters, enable_preferred_emotion=True, preferred_emotion=JOY)
    model = replace(faces["regression"].model, emotion=replace(emotion, parameters=wishing))

    played = _play(Player(model), [voice], parameters=EXACTLY)

    assert np.array_equal(_felt(played), np.tile(JOY, (len(played.timestamps), 1)))
