from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewire.animation.curves import FACE_CURVES, LOWER_CURVES, TONGUE_CURVES
from facewire.inference.animator import FaceAnimator
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table, shipped_names
from facewire.protocol.errors import AudioError, SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tests.inference.conftest import Player

FPS = [Fraction(1), Fraction(7), Fraction(12), Fraction(24), Fraction(25), Fraction(30_000, 1001),
       Fraction(30), Fraction(50), Fraction(60), Fraction(120), Fraction(240)]  # fmt: skip
MOUTH = [FACE_CURVES.index(name) for name in sorted(LOWER_CURVES | TONGUE_CURVES)]
SMILE = FACE_CURVES.index("mouthSmileLeft")


def _ramp(samples: int) -> NDArray[np.float32]:
    return np.linspace(0.0, 1.0, samples, endpoint=False, dtype=np.float32)


# --- how many frames, and when ---------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(0, 9_000),
    rate=st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]),
    fps=st.one_of(st.sampled_from(FPS), st.fractions(1, 240, max_denominator=1001)),
)
def test_every_length_rate_and_frame_rate_gives_the_right_frames(
    listening: Player, samples: int, rate: int, fps: Fraction
) -> None:
    played = listening.play([np.zeros(samples, np.float32)], sample_rate_hz=rate, fps=fps)

    total = ceil(Fraction(samples) * fps / rate)
    assert played.stream.frames_total == total
    assert played.timestamps.tolist() == [
        i * 16_000 * fps.denominator // fps.numerator for i in range(total)
    ]
    assert [batch.first for batch in played.batches] == np.cumsum(
        [0, *(len(batch) for batch in played.batches)]
    )[:-1].tolist()


@pytest.mark.parametrize("fps", FPS, ids=str)
def test_a_frame_shows_the_audio_of_its_own_instant(listening: Player, fps: Fraction) -> None:
    audio = _ramp(48_000)

    played = listening.play([audio], fps=fps)

    settled = played.timestamps < 48_000 - float(16_000 / fps) - 1_920
    expected = played.timestamps / 48_000
    assert np.abs(played.curve("jawOpen") - expected)[settled].max(initial=0.0) < 1e-6


def test_one_sample_gives_one_frame_at_rest(embedded: Player) -> None:
    played = embedded.play([np.ones(1, np.float32)])

    assert played.timestamps.tolist() == [0]
    assert not played.curves[:, MOUTH].any()


def test_no_audio_gives_no_frame(embedded: Player) -> None:
    played = embedded.play([])

    assert played.stream.finished
    assert played.stream.frames_total == 0
    assert played.batches == []


def test_a_live_frame_comes_as_early_as_the_look_ahead_says(embedded: Player) -> None:
    played = embedded.begin()
    waits: list[int] = []
    for pushed in range(160, 32_000, 160):
        played.stream.push(np.zeros(160, np.float32))
        before = len(played.batches)
        played.run_ready()
        waits += [pushed - int(batch.timestamps[0]) for batch in played.batches[before:]]

    # Pushes of 10 ms round a wait up by at most one of them.
    assert max(waits) <= embedded.model.look_ahead_samples + 160
    assert max(waits) > embedded.model.look_ahead_samples - 640


def test_a_burst_is_as_long_as_announced(embedded: Player) -> None:
    for fps in FPS:
        played = embedded.play([np.zeros(32_000, np.float32)], fps=fps)
        longest = max(len(batch) for batch in played.batches[:-1])
        assert longest <= embedded.model.burst_frames(fps)


# --- chunks ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([8_000, 16_000, 22_050, 24_000, 44_100, 48_000]),
    fps=st.sampled_from(FPS),
    channels=st.sampled_from([1, 2]),
    encoding=st.sampled_from(["int16", "float32"]),
    cuts=st.lists(st.integers(0, 16_000), max_size=25),
)
def test_any_chunking_gives_the_bits_of_one_push(
    embedded: Player,
    babble: NDArray[np.float32],
    rate: int,
    fps: Fraction,
    channels: int,
    encoding: str,
    cuts: list[int],
) -> None:
    audio = babble[: 16_000 * channels].reshape(-1, channels)
    if encoding == "int16":
        audio = (audio * 20_000).astype(np.int16)
    how: dict[str, Any] = {
        "sample_rate_hz": rate, "fps": fps, "channels": channels, "encoding": encoding, "seed": 5,
    }  # fmt: skip

    whole = embedded.play([audio], **how)
    parts = embedded.play([part.tobytes() for part in np.split(audio, sorted(cuts))], **how)

    assert parts.same_as(whole)


def test_chunks_of_one_sample_give_the_bits_of_one_push(
    embedded: Player, babble: NDArray[np.float32]
) -> None:
    audio = babble[:12_000]

    whole = embedded.play([audio], sample_rate_hz=24_000)

    assert embedded.play(list(audio[:, None]), sample_rate_hz=24_000).same_as(whole)


def test_windows_taken_late_give_the_same_bits(
    embedded: Player, babble: NDArray[np.float32]
) -> None:
    eager = embedded.play(np.split(babble, 50), sample_rate_hz=48_000)
    late = embedded.begin(sample_rate_hz=48_000)
    for part in np.split(babble, 50):
        late.stream.push(part)
    late.stream.end()
    late.run_ready()

    assert late.same_as(eager)


def test_two_streams_side_by_side_do_not_touch_each_other(
    embedded: Player, babble: NDArray[np.float32]
) -> None:
    alone = embedded.play([babble], sample_rate_hz=48_000, seed=1)
    first, second = (
        embedded.begin(sample_rate_hz=48_000, seed=1),
        embedded.begin(sample_rate_hz=48_000, seed=2, emotion=np.full(10, 0.5, np.float32)),
    )
    for part, other in zip(np.split(babble, 50), np.split(babble[::-1], 50), strict=True):
        first.stream.push(part)
        second.stream.push(other)
        first.run_ready()
        second.run_ready()
    for played in (first, second):
        played.stream.end()
        played.run_ready()

    assert first.same_as(alone)
    assert not second.same_as(alone)


def test_stereo_is_the_average_of_its_channels(
    embedded: Player, babble: NDArray[np.float32]
) -> None:
    left, right = babble[:48_000], babble[48_000:96_000]

    stereo = embedded.play([np.stack([left, right], 1)], sample_rate_hz=48_000, channels=2)
    mono = embedded.play([(left + right) * np.float32(0.5)], sample_rate_hz=48_000)

    assert stereo.same_as(mono)


@pytest.mark.parametrize("length", [1, 3])
def test_a_chunk_with_half_a_sample_is_refused_and_harms_nothing(
    embedded: Player, length: int
) -> None:
    played = embedded.begin(encoding="int16")
    played.stream.push(bytes(1_000))

    with pytest.raises(AudioError, match="whole int16 frames"):
        played.stream.push(bytes(length))

    assert played.stream.pushed_samples == 500


def test_audio_after_the_end_is_refused(embedded: Player) -> None:
    played = embedded.play([np.zeros(10, np.float32)])

    with pytest.raises(AudioError):
        played.stream.push(bytes(4))
    with pytest.raises(AudioError):
        played.stream.end()


# --- resume ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("first_frame", [1, 61, 75, 100])
def test_a_resumed_stream_gives_the_bits_of_the_uninterrupted_one(
    embedded: Player, babble: NDArray[np.float32], rate: int, first_frame: int
) -> None:
    audio = babble[: 2 * rate]
    whole = embedded.play([audio], sample_rate_hz=rate, seed=9)
    # The network's window, and 80 ms for the resampler; on a whole 16 kHz sample.
    history_s = embedded.model.family.window_samples / 16_000 + 0.08
    unit = rate // np.gcd(rate, 16_000)
    start = int(max(0, (first_frame / 60 - history_s) * rate) // unit * unit)

    resumed = embedded.play(
        [audio[start:]], sample_rate_hz=rate, seed=9, start_sample=start, first_frame=first_frame
    )

    assert resumed.batches[0].first == first_frame
    assert resumed.stream.frames_total == whole.stream.frames_total
    assert np.array_equal(resumed.timestamps, whole.timestamps[first_frame:])
    assert np.array_equal(resumed.curves, whole.curves[first_frame:])
    assert np.array_equal(resumed.eyes, whole.eyes[first_frame:])


def test_an_odd_rate_resumes_within_rounding(embedded: Player, babble: NDArray[np.float32]) -> None:
    rate = 22_051
    whole = embedded.play([babble], sample_rate_hz=rate)

    resumed = embedded.play(
        [babble[rate:]], sample_rate_hz=rate, start_sample=rate, first_frame=115
    )

    assert np.abs(resumed.curves - whole.curves[115:]).max() < 1e-4


def test_a_start_between_samples_is_refused(embedded: Player) -> None:
    with pytest.raises(SettingsError) as caught:
        embedded.begin(sample_rate_hz=44_100, start_sample=100)

    assert caught.value.field == "start_sample"


# --- the face --------------------------------------------------------------------------------


def test_silence_gives_a_face_at_rest(embedded: Player) -> None:
    played = embedded.play([np.zeros(32_000, np.float32)])

    assert played.curves[:, MOUTH].max() < 0.01


def test_speech_moves_the_mouth_and_its_end_closes_it(
    embedded: Player, babble: NDArray[np.float32]
) -> None:
    audio = babble[: 48_000 // 8 * 5]  # it stops in full voice

    played = embedded.play([audio], sample_rate_hz=48_000)

    mouth = played.curves[:, MOUTH]
    assert mouth.max() > 0.05, "bursts of noise are no speech, yet no silence either"
    assert not mouth[-1].any()


@pytest.mark.parametrize("fps", FPS, ids=str)
def test_the_mouth_eases_to_rest_without_a_jump(listening: Player, fps: Fraction) -> None:
    played = listening.play([np.full(40_000, 0.8, np.float32)], fps=fps)

    jaw = played.curve("jawOpen")
    steepest = max(1.5 * 0.8 * 16_000 / fps / 1_920, 1e-9)  # smoothstep's steepest place
    assert jaw[-1] == 0.0
    assert np.abs(np.diff(jaw[1:])).max(initial=0.0) <= min(0.8, steepest) + 1e-3
    untouched = played.timestamps < 40_000 - 1_920 - float(16_000 / fps)
    assert np.abs(jaw[untouched] - 0.8).max(initial=0.0) < 1e-6


@pytest.mark.parametrize("rig", ["a2f", "arkit", "arkit_head"])
def test_a_rig_of_face_curves_gets_just_those(
    embedded: Player, babble: NDArray[np.float32], rig: str
) -> None:
    audio = babble[:24_000]

    whole = embedded.play([audio], sample_rate_hz=48_000)
    played = embedded.play([audio], sample_rate_hz=48_000, rig=rig)

    columns = [FACE_CURVES.index(name) for name in load_table(rig).names]
    assert np.array_equal(played.curves, whole.curves[:, columns])


@pytest.mark.parametrize("rig", shipped_names())
def test_every_rig_gets_what_its_table_makes_of_the_face_in_any_chunks(
    embedded: Player, babble: NDArray[np.float32], rig: str
) -> None:
    audio = babble[:24_000]
    whole = embedded.play([audio], sample_rate_hz=48_000)

    played = embedded.play(np.array_split(audio, 7), sample_rate_hz=48_000, rig=rig)

    wanted = CurveMapper(load_table(rig), gaze=True).apply(whole.curves, whole.eyes)
    assert np.array_equal(played.curves, wanted)


@pytest.mark.parametrize(
    ("samples", "flagged"),
    [
        (np.full(8_000, np.nan), True),
        (np.full(8_000, np.inf), True),
        (np.full(8_000, 1e-40), True),
        (np.full(8_000, 1e38), True),
        (np.where(np.arange(8_000) % 37 < 18, 1.0, -1.0), False),
        (np.zeros(8_000), False),
    ],
    ids=["nan", "inf", "denormal", "1e38", "full-scale square", "zeros"],
)
def test_broken_audio_gives_finite_weights_in_range_and_is_over_in_a_window(
    embedded: Player,
    babble: NDArray[np.float32],
    samples: NDArray[np.float64],
    *,
    flagged: bool,
) -> None:
    speech = babble[:32_000]
    broken = speech.copy()
    broken[8_000:16_000] = samples.astype(np.float32)

    played, clean = embedded.play([broken]), embedded.play([speech])

    assert np.isfinite(played.curves).all()
    assert played.curves.min() >= 0.0
    assert played.curves.max() <= 1.0
    assert played.stream.sanitised == flagged
    spec = embedded.model.family.window_spec()
    before, after, stride = spec.target_offset, spec.look_ahead_samples, int(spec.stride)
    touched = (played.timestamps > 8_000 - after - stride) & (
        played.timestamps < 16_000 + before + stride
    )
    assert np.array_equal(played.curves[~touched], clean.curves[~touched])
    if flagged:
        assert set(played.flagged) <= set(np.flatnonzero(touched).tolist())
        certain = (played.timestamps >= 8_000) & (played.timestamps < 16_000)
        assert set(np.flatnonzero(certain).tolist()) <= set(played.flagged)
    else:
        assert played.flagged == []


def test_a_network_that_breaks_down_for_a_window_is_over_with_it(listening: Player) -> None:
    played = listening.begin()
    played.stream.push(np.full(32_000, 0.5, np.float32))
    while played.stream.ready():
        window = played.stream.take_window()
        result = listening.model.backend.run(window.feeds)
        if window.index == 10:
            result = np.full_like(result, np.nan)
        batch = played.stream.accept(window, result)
        if batch is not None:
            played.batches.append(batch)

    jaw, at = played.curve("jawOpen"), played.timestamps
    broken = (at > 10 * 640 - 160) & (at < 11 * 640)
    assert np.isfinite(played.curves).all()
    assert np.allclose(jaw[~broken], 0.5)
    assert (jaw[broken] < 0.5).all()


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_flags_do_not_depend_on_chunks(
    embedded: Player, babble: NDArray[np.float32], rate: int
) -> None:
    audio = babble[: 2 * rate].copy()
    audio[rate // 2 :: 7_001] = np.nan

    whole = embedded.play([audio], sample_rate_hz=rate)
    parts = embedded.play(np.array_split(audio, 41), sample_rate_hz=rate)

    assert parts.flagged == whole.flagged != []


# --- settings, parameters, emotion -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate_hz", 7_999), ("sample_rate_hz", 192_001), ("channels", 3), ("channels", 0),
        ("encoding", "float64"), ("fps", Fraction(0)), ("fps", Fraction(241)), ("rig", "metahumn"),
        ("seed", -1), ("seed", 2**32), ("start_sample", -1), ("first_frame", -1),
        ("start_sample", 2**53 - 1), ("first_frame", 2**53 - 1),
        ("mouth_close", "open"), ("emotion", np.zeros(9, np.float32)),
        ("emotion", np.full(10, np.nan, np.float32)), ("parameters", {"jawStrength": 1.0}),
        ("parameters", {"lowerFaceStrength": 2.1}), ("parameters", {"blinkStrength": float("nan")}),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(embedded: Player, name: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        embedded.begin(**{name: value})

    assert caught.value.field == name


def test_a_parameter_acts_from_the_next_window_on(listening: Player) -> None:
    played = listening.begin()
    played.stream.push(np.full(16_000, 0.5, np.float32))
    played.run_ready()
    made = sum(len(batch) for batch in played.batches)

    played.stream.set_parameters({"lowerFaceStrength": 0.5})
    played.stream.push(np.full(16_000, 0.5, np.float32))
    played.run_ready()

    jaw = played.curve("jawOpen")
    assert np.allclose(jaw[:made], 0.5)
    assert np.allclose(jaw[made:], 0.25)


def test_a_window_in_flight_keeps_the_parameters_it_was_taken_with(listening: Player) -> None:
    played = listening.begin()
    played.stream.push(np.full(16_000, 0.5, np.float32))
    window = played.stream.take_window()

    played.stream.set_parameters({"lowerFaceStrength": 0.0})
    batch = played.stream.accept(window, listening.model.backend.run(window.feeds))

    assert batch is not None
    assert np.allclose(batch.curves[:, FACE_CURVES.index("jawOpen")], 0.5)


def test_a_refused_parameter_changes_nothing(listening: Player) -> None:
    played = listening.begin()

    with pytest.raises(SettingsError, match="lowerFaceStrength"):
        played.stream.set_parameters({"lowerFaceStrength": 3.0, "tongueStrength": 0.0})
    with pytest.raises(SettingsError, match="lowerFaceStrength"):
        played.stream.set_parameters({"lowerFaceStrenght": 1.0})

    played.stream.push(np.full(16_000, 0.5, np.float32))
    played.run_ready()
    assert np.allclose(played.curve("jawOpen"), 0.5)


def test_strengths_scale_their_region_and_stay_in_range(listening: Player) -> None:
    doubled = listening.play(
        [np.full(16_000, 0.7, np.float32)], parameters={"lowerFaceStrength": 2.0}
    )

    assert doubled.curve("jawOpen").max() == 1.0
    assert doubled.curve("mouthClose")[5] == pytest.approx(0.14, abs=1e-6)


def test_emotion_keys_are_followed_in_time(listening: Player) -> None:
    played = listening.begin(parameters={"browStrength": 0.0})
    joy = [0.0] * 6 + [1.0] + [0.0] * 3
    played.stream.set_emotion_keys([(16_000, [0.0] * 10), (32_000, joy)])
    played.stream.push(np.full(64_000, 0.5, np.float32))
    played.run_ready()

    smile, at = played.curve("mouthSmileLeft"), played.timestamps
    expected = np.clip((at - 16_000) / 16_000, 0.0, 1.0) * 0.5
    assert np.abs(smile - expected).max() < 1e-5


def test_the_emotion_of_the_settings_holds_until_the_first_key(listening: Player) -> None:
    joy = np.zeros(10, np.float32)
    joy[6] = 1.0
    played = listening.begin(emotion=joy)
    played.stream.set_emotion_keys([(32_000, [0.0] * 10)])
    played.stream.push(np.full(64_000, 0.5, np.float32))
    played.run_ready()

    smile, at = played.curve("mouthSmileLeft"), played.timestamps
    assert np.allclose(smile[at < 31_800], 0.5)
    assert np.allclose(smile[at >= 32_000], 0.0)


@pytest.mark.parametrize(
    "keys",
    [
        [(10, [0.0] * 10), (10, [0.0] * 10)],
        [(10, [0.0] * 9)],
        [(10, [1.5] * 10)],
        [(10, [float("nan")] * 10)],
    ],
    ids=["same time", "nine weights", "above one", "nan"],
)
def test_bad_emotion_keys_are_refused(
    listening: Player, keys: list[tuple[int, list[float]]]
) -> None:
    with pytest.raises(SettingsError) as caught:
        listening.begin().stream.set_emotion_keys(keys)

    assert caught.value.field == "keys"


# --- order and bounds ------------------------------------------------------------------------


def test_one_window_at_a_time_is_in_flight(embedded: Player) -> None:
    played = embedded.begin()
    played.stream.push(np.zeros(16_000, np.float32))
    window = played.stream.take_window()

    assert not played.stream.ready()
    played.stream.complete(window)
    assert played.stream.ready()


def test_consumed_audio_only_grows_and_ends_at_the_last_sample(
    embedded: Player, babble: NDArray[np.float32]
) -> None:
    played = embedded.begin(sample_rate_hz=44_100)
    seen = [played.stream.consumed_samples]
    for part in np.array_split(babble, 70):
        played.stream.push(part)
        played.run_ready()
        seen.append(played.stream.consumed_samples)
    played.stream.end()
    played.run_ready()
    seen.append(played.stream.consumed_samples)

    assert seen == sorted(seen)
    assert seen[-1] == len(babble)
    behind_s = (len(babble) - seen[-2]) / 44_100
    assert behind_s < (embedded.model.look_ahead_samples + 640) / 16_000 + 0.02


def test_a_long_stream_keeps_little(listening: Player) -> None:
    played = listening.begin()
    chunk = np.full(16_000, 0.5, np.float32)
    chunk[::500] = np.nan
    for second in range(120):
        played.stream.push(chunk)
        played.stream.set_emotion_keys(
            [(16_000 * second + 40 * key, [0.1] * 10) for key in range(400)]
        )
        played.run_ready()
        played.batches.clear()

    stream = played.stream
    assert stream._audio.total_samples - stream._audio.dropped_samples <= 48_000
    assert len(stream._told) <= 1_200
    assert len(stream._repaired_cells) <= 400
    animator = stream._animator
    assert isinstance(animator, FaceAnimator)
    rows = animator._ticks._rows
    assert rows is not None
    assert len(rows) <= 40


def test_audio_before_the_first_window_wanted_is_not_kept(listening: Player) -> None:
    stream = listening.begin(first_frame=2**40).stream
    noise = np.full(16_000, np.nan, np.float32)
    for _ in range(30):
        stream.push(noise)

    assert len(stream._audio._blocks) <= 1
    assert len(stream._repaired_cells) <= 1
