"""Whole tracks against NVIDIA's code: its executors with a mock network, frame by frame."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance.kit import literal, oracle, worst

from facewire.animation.face_parameters import (
    EyesParameters,
    FaceParameters,
    SkinParameters,
    TeethParameters,
    TongueParameters,
)
from facewire.animation.jaw import column_major
from facewire.audio import AudioAccumulator
from facewire.bundles.geometry import FaceGeometry
from facewire.bundles.network_info import DiffusionInfo, RegressionInfo
from facewire.emotion import EMOTIONS, EmotionTrack
from facewire.inference.diffusion import DiffusionNetwork, DiffusionTrack
from facewire.inference.face_executor import FaceExecutor, FaceFrames, execute_tracks
from facewire.inference.face_geometry import FaceMotion, GeometryAnimator
from facewire.inference.face_solver import FaceSolver, SolverBlock
from facewire.inference.progress import diffusion_windows, regression_windows
from facewire.inference.regression import RegressionTrack
from facewire.solving.rig import SolverRig
from facewire.solving.settings import SolverSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from tests.conformance.kit import Oracle

REGRESSION = oracle("executor_regression")
DIFFUSION = oracle("executor_diffusion")
WHOLE = oracle("end_to_end_regression")
RUNS = [(REGRESSION, case) for case in REGRESSION.cases()] + [
    (DIFFUSION, case) for case in DIFFUSION.cases()
]
IDS = [f"{'diffusion' if runs is DIFFUSION else 'regression'}-{case}" for runs, case in RUNS]

VERTICES = 2e-5
ROTATION = 5e-6
TRANSLATION = 3e-4
WEIGHTS = 2e-4

_SKIN = (
    "lower_face_smoothing", "upper_face_smoothing", "lower_face_strength", "upper_face_strength",
    "face_mask_level", "face_mask_softness", "skin_strength", "blink_strength",
    "eyelid_open_offset", "lip_open_offset", "blink_offset",
)  # fmt: skip
_EYES = (
    "eyeballs_strength", "saccade_strength", "right_eye_rot_x_offset", "right_eye_rot_y_offset",
    "left_eye_rot_x_offset", "left_eye_rot_y_offset", "eye_saccade_seed",
)  # fmt: skip


def _parameters(runs: Oracle) -> FaceParameters:
    def row(name: str) -> list[float]:
        return [float(value) for value in runs[f"params_{name}"]]

    teeth = row("teeth") if "params_teeth" in runs else [1.0, 0.0, 0.0]
    eyes = row("eyes") if "params_eyes" in runs else [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    return FaceParameters(
        skin=SkinParameters(**dict(zip(_SKIN, row("skin"), strict=True))),
        tongue=TongueParameters(
            **dict(
                zip(
                    ("tongue_strength", "tongue_height_offset", "tongue_depth_offset"),
                    row("tongue"),
                    strict=True,
                )
            )
        ),
        teeth=TeethParameters(
            lower_teeth_strength=teeth[0],
            lower_teeth_height_offset=teeth[1],
            lower_teeth_depth_offset=teeth[2],
        ),
        eyes=EyesParameters(**dict(zip(_EYES, eyes, strict=True))),
    )


def _rest(runs: Oracle) -> FaceGeometry:
    return FaceGeometry(
        neutral_skin=runs["neutral_skin"],
        neutral_tongue=runs["neutral_tongue"],
        neutral_jaw=(
            runs["neutral_jaw"] if "neutral_jaw" in runs else np.eye(5, 3, dtype=np.float32)
        ),
        lip_open_pose_delta=runs["lip"],
        eye_close_pose_delta=runs["eye"],
        saccades_deg=runs["saccade"] if "saccade" in runs else np.zeros((1, 2), np.float32),
    )


def _regression_info(runs: Oracle) -> RegressionInfo:
    length, offset, _, implicit, skin_shapes, tongue_shapes = runs.config["net"]
    return RegressionInfo(
        actor="",
        version="",
        identities=(),
        emotions=EMOTIONS,
        default_emotion=(0.0,) * 10,
        implicit_emotion_len=implicit,
        skin_shapes=skin_shapes,
        skin_vertices=runs["neutral_skin"].size // 3,
        tongue_shapes=tongue_shapes,
        tongue_vertices=runs["neutral_tongue"].size // 3,
        jaw_size=15,
        eyes_size=4,
        window_samples=length,
        window_offset_samples=offset,
    )


def _diffusion_info() -> DiffusionInfo:
    net = DIFFUSION.config["net"]
    return DiffusionInfo(
        actor="",
        version="",
        identities=("a", "b", "c"),
        emotions=EMOTIONS,
        default_emotion=(0.0,) * 10,
        skin_size=DIFFUSION["neutral_skin"].size,
        tongue_size=DIFFUSION["neutral_tongue"].size,
        jaw_size=15,
        eyes_size=4,
        diffusion_steps=net[9],
        gru_layers=net[10],
        gru_dim=net[11],
        frames_before=net[3],
        frames_kept=net[4],
        frames_after=net[5],
        window_samples=net[0],
        padding_before_samples=net[1],
        padding_after_samples=net[2],
    )


class Track:
    """A track of a vector file with its accumulators, and all it was fed and gave."""

    def __init__(self, runs: Oracle, case: str, solver: FaceSolver | None = None) -> None:
        settings = runs.cases()[case]
        rate = runs.config["net"][6 if runs is DIFFUSION else 2]
        fps = Fraction(*settings.get("frame_rate") or (int(case.removeprefix("fps")), 1))
        strength = settings.get("input_strength", 1.0)
        self.audio, self.emotions = AudioAccumulator(), EmotionTrack()
        face = GeometryAnimator(_rest(runs), _parameters(runs), float(1 / fps))
        if runs is DIFFUSION:
            info = _diffusion_info()
            windows = diffusion_windows(
                buffer_samples=info.window_samples,
                padding_left_samples=info.padding_before_samples,
                left_frames=info.frames_before,
                center_frames=info.frames_kept,
                right_frames=info.frames_after,
            )
            track: Any = DiffusionTrack(
                info,
                runs.config["net"][8],
                constant_noise=settings["constant_noise"],
                input_strength=strength,
            )
        else:
            info_r = _regression_info(runs)
            windows = regression_windows(
                buffer_samples=info_r.window_samples,
                buffer_offset_samples=info_r.window_offset_samples,
                fps=fps,
                sample_rate_hz=rate,
            )
            track = RegressionTrack(
                info_r,
                runs["implicit_emotion"],
                runs["skin_pca"],
                runs["tongue_pca"],
                input_strength=strength,
            )
        self.executor = FaceExecutor(
            track, face, windows, audio=self.audio, emotions=self.emotions, solver=solver
        )
        self._runs = runs
        self.calls = 0
        self.fed: list[Mapping[str, NDArray[Any]]] = []
        self.frames: list[FaceFrames] = []
        self.backend = DiffusionNetwork(self, _diffusion_info()) if runs is DIFFUSION else None

    name, max_batch = "mock", 8

    def outputs(
        self, feeds: Mapping[str, NDArray[Any]], _names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """The mock of the vector files: the k-th call answers with the k-th stored output."""
        self.fed.append(feeds)
        latents = 0.5 * feeds["input_latents"] + np.float32(self.calls + 1)
        self.calls += 1
        return [self._runs["network_outputs"][self.calls - 1][None], latents.astype(np.float32)]

    def network(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        if self.backend is not None:
            return self.backend.run(feeds)
        self.fed.append(feeds)
        self.calls += 1
        row: NDArray[np.float32] = self._runs["network_outputs"][self.calls - 1]
        return row[None, None]

    def add_keys(self) -> None:
        for time, key in zip(self._runs["emo_ts"].tolist(), self._runs["emo_keys"], strict=True):
            self.emotions.add(time, key)
        self.emotions.close()

    def run_ready(self) -> None:
        while self.executor.ready():
            (frames,) = execute_tracks([self.executor], self.network)
            assert frames is not None
            self.frames.append(frames)

    def run(self, chunk: int) -> Track:
        self.add_keys()
        audio = self._runs["audio"]
        for start in range(0, len(audio), chunk or len(audio)):
            self.audio.accumulate(audio[start : start + (chunk or len(audio))])
            self.run_ready()
        self.audio.close()
        self.run_ready()
        return self

    def is_done(self) -> bool:
        all_came = self.audio.closed and self.emotions.closed
        return all_came and not self.executor.ready()

    def restart(self) -> None:
        self.executor.reset()
        self.audio.reset()
        self.emotions.reset()
        self.calls, self.fed, self.frames = 0, [], []

    def of(self, name: str) -> NDArray[Any]:
        """All frames' values of a field of FaceFrames or PosedFace."""
        if name in ("timestamps", "next_timestamps", "emotions", "weights"):
            return np.concatenate([getattr(frames, name) for frames in self.frames])
        faces = [face for frames in self.frames for face in frames.faces]
        if name == "jaw":
            return np.array([column_major(face.jaw) for face in faces])
        return np.array([getattr(face, name) for face in faces])

    def input(self, name: str) -> NDArray[Any]:
        return np.concatenate([feeds[name] for feeds in self.fed])


FIELDS = ("timestamps", "next_timestamps", "emotions", "skin", "tongue", "jaw", "eyes")


def _same(one: Track, other: Track) -> bool:
    return all(np.array_equal(one.of(name), other.of(name)) for name in FIELDS)


def _run(runs: Oracle, case: str) -> Track:
    return Track(runs, case).run(runs.cases()[case]["chunk"])


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_geometry_of_a_track_is_the_sdks(runs: Oracle, case: str) -> None:
    track = _run(runs, case)

    assert track.calls == runs.cases()[case]["executions"]
    assert track.of("timestamps").tolist() == runs[f"{case}_frame_ts"].tolist()
    assert track.of("next_timestamps").tolist() == runs[f"{case}_frame_next_ts"].tolist()
    assert worst(track.of("emotions"), runs[f"{case}_frame_emotions"]) <= 1e-6
    assert worst(track.of("skin"), runs[f"{case}_skin"]) <= VERTICES
    assert worst(track.of("tongue"), runs[f"{case}_tongue"]) <= VERTICES
    assert worst(track.of("eyes"), runs[f"{case}_eyes"]) <= VERTICES
    jaw, expected = track.of("jaw"), runs[f"{case}_jaw"]
    assert worst(np.delete(jaw, (12, 13, 14), 1), np.delete(expected, (12, 13, 14), 1)) <= ROTATION
    assert worst(jaw[:, 12:15], expected[:, 12:15]) <= TRANSLATION


@pytest.mark.parametrize("case", REGRESSION.cases())
def test_a_regression_network_is_fed_as_by_the_sdk(case: str) -> None:
    track = _run(REGRESSION, case)
    windows, expected = track.input("input")[:, 0], REGRESSION[f"{case}_in_window"]

    assert worst(windows, expected) <= 1e-6
    if REGRESSION.cases()[case]["input_strength"] == 1.0:
        assert np.array_equal(windows, expected)
    assert worst(track.input("emotion")[:, 0], REGRESSION[f"{case}_in_emotion"]) <= 1e-6


@pytest.mark.parametrize("case", DIFFUSION.cases())
def test_a_diffusion_network_is_fed_as_by_the_sdk(case: str) -> None:
    track = _run(DIFFUSION, case)
    windows, expected = track.input("window"), DIFFUSION[f"{case}_in_window"]

    assert worst(windows, expected) <= 1e-6
    if DIFFUSION.cases()[case]["input_strength"] == 1.0:
        assert np.array_equal(windows, expected)
    assert worst(track.input("emotion"), DIFFUSION[f"{case}_in_emotion"]) <= 1e-6
    assert np.array_equal(track.input("identity"), DIFFUSION[f"{case}_in_identity"])
    latents = np.array([feeds["input_latents"] for feeds in track.fed])
    assert np.array_equal(latents, DIFFUSION[f"{case}_in_latents"])


@pytest.mark.parametrize("case", DIFFUSION.cases())
def test_noise_is_constant_or_fresh_as_in_the_sdk(case: str) -> None:
    noise, expected = _run(DIFFUSION, case).input("noise"), DIFFUSION[f"{case}_noise_first8"]
    net = DIFFUSION.config["net"]

    assert noise.shape[1:] == (net[9] + 1, sum(net[3:6]), DIFFUSION["network_outputs"].shape[2])
    for one in range(len(noise)):
        for other in range(len(noise)):
            assert np.array_equal(noise[one], noise[other]) == np.array_equal(
                expected[one], expected[other]
            )
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.std()) - 1.0) < 0.02


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_a_track_stands_where_the_sdks_stands(runs: Oracle, case: str) -> None:
    track = Track(runs, case)
    track.add_keys()
    audio = runs["audio"]
    for phase, samples, available, audio_sample, emotion_instant in runs[f"{case}_log"].tolist():
        if phase == 0:
            track.audio.accumulate(audio[track.audio.total_samples : samples])
        elif phase == 1:
            track.audio.close()
        assert track.executor.available == available
        assert track.executor.progress.next_audio_sample == audio_sample
        assert track.executor.progress.next_emotion_timestamp == emotion_instant
        track.run_ready()


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_chunks_change_nothing(runs: Oracle, case: str) -> None:
    whole = Track(runs, case).run(0)

    for chunk in (1, 97, 160):
        assert _same(Track(runs, case).run(chunk), whole)


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_a_reset_track_is_a_fresh_one(runs: Oracle, case: str) -> None:
    fresh, used = _run(runs, case), Track(runs, case)
    used.add_keys()
    used.audio.accumulate(runs["audio"][::-1])
    used.run_ready()
    assert used.calls > 1

    used.restart()
    used.run(0)

    assert _same(used, fresh)
    assert all(np.array_equal(used.input(name), fresh.input(name)) for name in fresh.fed[0])


def _answers(runs: Oracle) -> Any:
    """A network without memory of calls: each row of its answer follows from that row's feeds."""
    draw = np.random.default_rng(11)
    size = runs["network_outputs"].shape[-1]
    if runs is REGRESSION:
        reads = draw.standard_normal((416, size)).astype(np.float32)
        feels = draw.standard_normal((26, size)).astype(np.float32)
        return lambda feeds: np.stack(
            [
                np.tanh(np.einsum("i,ij->j", window[0], reads) + emotion[0] @ feels)
                for window, emotion in zip(feeds["input"], feeds["emotion"], strict=True)
            ]
        )

    class Network:
        name, max_batch = "mock", 8

        def outputs(
            self, feeds: Mapping[str, NDArray[Any]], _names: Sequence[str]
        ) -> list[NDArray[np.float32]]:
            latents, noise = feeds["input_latents"], feeds["noise"]
            heard = []
            for place, (row, emotion) in enumerate(
                zip(feeds["window"], feeds["emotion"], strict=True)
            ):
                memory = np.ascontiguousarray(latents[:, :, place])
                level = row.mean() + emotion.sum(axis=1).mean() + memory.mean()
                heard.append(np.sin(10 * level + noise[place, 2]))
            grown = 0.5 * latents + np.array(heard)[:, 0, 0][None, None, :, None]
            return [np.array(heard, np.float32), grown.astype(np.float32)]

    return DiffusionNetwork(Network(), _diffusion_info()).run


def _come_by_pieces(track: Track, runs: Oracle, draw: np.random.Generator) -> None:
    """Let some audio and some emotion keys arrive, or their end."""
    start = track.audio.total_samples
    if start < len(runs["audio"]):
        track.audio.accumulate(runs["audio"][start : start + 80 * draw.integers(0, 4)])
    elif not track.audio.closed:
        track.audio.close()
    known = len(track.emotions)
    if known < len(runs["emo_ts"]):
        some = slice(known, known + draw.integers(0, 3))
        for time, key in zip(runs["emo_ts"][some].tolist(), runs["emo_keys"][some], strict=True):
            track.emotions.add(time, key)
    elif not track.emotions.closed:
        track.emotions.close()


def _execute(tracks: Sequence[Track], network: Any) -> None:
    made = execute_tracks([track.executor for track in tracks], network)
    for track, frames in zip(tracks, made, strict=True):
        track.frames += [frames] if frames is not None else []


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_eight_tracks_give_the_same_whatever_comes_between(runs: Oracle, case: str) -> None:
    assert "bit-identical" in literal("track_equivalence")["expected"]["rule"]
    network, draw = _answers(runs), np.random.default_rng(5)
    alone = Track(runs, case)
    alone.add_keys()
    alone.audio.accumulate(runs["audio"])
    alone.audio.close()
    while alone.executor.ready():
        _execute([alone], network)
    tracks = [Track(runs, case) for _ in range(8)]
    to_reset = {2, 5}

    while not all(track.is_done() for track in tracks):
        for place in [place for place in to_reset if len(tracks[place].frames) > 2]:
            tracks[place].restart()
            to_reset.remove(place)
        for track in tracks:
            _come_by_pieces(track, runs, draw)
        if any(track.executor.ready() for track in tracks):
            _execute(tracks, network)

    assert not to_reset
    assert float(alone.of("skin").std(axis=0).max()) > 1e-3
    assert all(_same(track, alone) for track in tracks)


def test_every_family_has_the_published_sizes() -> None:
    expected = literal("executor_sizes")["expected"]
    for family, vertices in (("regression", 61_520), ("diffusion", 24_002)):
        rest = FaceGeometry(
            neutral_skin=np.arange(vertices * 3, dtype=np.float32).reshape(-1, 3),
            neutral_tongue=np.zeros((5_602, 3), np.float32),
            neutral_jaw=np.eye(5, 3, dtype=np.float32),
            lip_open_pose_delta=np.zeros((vertices, 3), np.float32),
            eye_close_pose_delta=np.zeros((vertices, 3), np.float32),
            saccades_deg=np.zeros((1, 2), np.float32),
        )
        face = GeometryAnimator(rest, FaceParameters(), 1 / 60)
        posed = face.animate(
            FaceMotion(*(np.zeros(size, np.float32) for size in (vertices * 3, 5_602 * 3, 15, 4)))
        )
        sizes = {name: getattr(posed, name).size for name in ("skin", "tongue", "jaw", "eyes")}
        assert sizes == expected[family]


def _solver() -> FaceSolver:
    def block(part: str, mask: NDArray[Any] | None) -> SolverBlock:
        def config(name: str) -> NDArray[Any]:
            return WHOLE[f"{part}_cfg_{name}"]

        l1, l2, symmetry, temporal, size, tolerance = (float(value) for value in config("prm"))
        deltas = WHOLE[f"{part}_deltas"]
        settings = SolverSettings(
            active=config("active") != 0,
            cancel_pairs=config("cancel"),
            symmetry_pairs=config("sym"),
            multipliers=config("mult"),
            offsets=config("off"),
            l1=l1,
            l2=l2,
            symmetry=symmetry,
            temporal=temporal,
            template_size_cm=size,
            tolerance=tolerance,
        )
        names = tuple(f"{part}{pose}" for pose in range(len(deltas)))
        return SolverBlock(names, SolverRig(WHOLE[f"neutral_{part}"], deltas, mask), settings)

    return FaceSolver(block("skin", WHOLE["skin_mask"]), block("tongue", None))


@pytest.mark.parametrize("case", WHOLE.cases())
def test_weights_from_audio_are_the_sdks(case: str) -> None:
    track = Track(WHOLE, case, _solver()).run(0)

    assert track.of("timestamps").tolist() == WHOLE[f"{case}_frame_ts"].tolist()
    assert worst(track.of("weights"), WHOLE[f"{case}_weights"]) <= WEIGHTS


def test_no_case_of_the_vector_files_is_left_out() -> None:
    assert len(REGRESSION.cases()) == 3
    assert len(DIFFUSION.cases()) == 3
    assert len(WHOLE.cases()) == 2
