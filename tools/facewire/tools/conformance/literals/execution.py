"""Frames, timestamps and gating at the sizes of the published networks; tracks side by side."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.animation.face_parameters import FaceParameters
from facewire.audio import AudioAccumulator
from facewire.bundles.geometry import DIFFUSION_ARRAYS, REGRESSION_ARRAYS, FaceGeometry
from facewire.emotion import EmotionTrack
from facewire.emotion.postprocess import PostProcessParameters
from facewire.inference.emotion_executor import EmotionExecutor, execute_tracks
from facewire.inference.emotion_settings import EmotionSettings
from facewire.inference.face_geometry import FaceMotion, GeometryAnimator
from facewire.inference.gating import ready_executions
from facewire.inference.progress import (
    FrameTimeline,
    WindowProgress,
    diffusion_windows,
    emotion_windows,
    post_process_windows,
    regression_windows,
)
from facewire.inference.windows import WindowSpec, available_windows, frame_total
from facewire.tools.conformance.outcomes import differing, differs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_DIFFUSION: Final = diffusion_windows(
    buffer_samples=16_000,
    padding_left_samples=16_000,
    left_frames=15,
    center_frames=30,
    right_frames=15,
)
_TRACKS: Final = 8
_VERTICES: Final = {"regression": 61_520, "diffusion": 24_002, "tongue": 5_602}
"""Of Mark's skin in v2.3, of the skin in v3.0, and of both tongues."""


def _regression(fps: Fraction) -> WindowSpec:
    return regression_windows(buffer_samples=8320, buffer_offset_samples=4160, fps=fps)


def _families(fps: Fraction) -> Iterator[FrameTimeline]:
    """Yield all four; the diffusion network has one frame rate, the cases' own."""
    emotions = EmotionSettings(fps=fps, inferences_to_skip=29).window_spec()
    for spec in (_regression(fps), _DIFFUSION, emotions, post_process_windows(fps=fps)):
        yield FrameTimeline(spec)


def _totals(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    for timeline in _families(Fraction(inputs["fps"])):
        found = [timeline.total(samples) for samples in inputs["nb_samples"]]
        yield differing(found, expected["frames"])


def _timestamps(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    for timeline in _families(Fraction(inputs["fps_num"], inputs["fps_den"])):
        found = [timeline.timestamp(frame) for frame in inputs["frames"]]
        yield differing(found, expected["timestamps"])


def _diffusion_frames(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    timeline = FrameTimeline(_DIFFUSION)
    yield differs(len(timeline.of_window(0)), expected["after_execution_1"])
    yield differs(len(timeline.of_window(1)), expected["after_execution_2"])
    yield differs(len(timeline.of_window(2)), _DIFFUSION.ticks)
    available = available_windows(_DIFFUSION, read=0, samples=0, closed=False)
    yield differs(available, expected["initially_available_without_audio"])


def _gated(spec: WindowSpec, last_key: int | None) -> int:
    """Return how many inferences can run on 4 s of ended audio with a key at this instant."""
    audio, emotions = AudioAccumulator(), EmotionTrack()
    audio.accumulate(np.zeros(64_000, np.float32))
    audio.close()
    if last_key is not None:
        emotions.add(last_key, np.zeros(10, np.float32))
    return ready_executions(WindowProgress(spec), audio, emotions)


def _gating_regression(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    spec = _regression(Fraction(60))
    first = FrameTimeline(spec).timestamp(0)
    yield differs(_gated(spec, None), expected["no_emotion"])
    yield differs(_gated(spec, first - 1), expected["last_key_at_ts0_minus1"])
    yield differs(_gated(spec, first), expected["last_key_at_ts0"])


def _gating_diffusion(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    last = FrameTimeline(_DIFFUSION).timestamp(14)
    yield differs(_gated(_DIFFUSION, last - 1), expected["last_key_at_ts14_minus1"])
    yield differs(_gated(_DIFFUSION, last), expected["last_key_at_ts14"])


def _gating_emotion(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    skip = inputs["inferences_to_skip"]
    spec = emotion_windows(length_samples=60_000, fps=Fraction(60), inferences_to_skip=skip)
    last = FrameTimeline(spec).timestamp(skip)
    yield differs(_gated(spec, last - 1), expected["last_key_at_ts29_minus1"])
    yield differs(_gated(spec, last), expected["last_key_at_ts29"])


def _emotion_frames(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    settings = EmotionSettings(
        window_samples=inputs["window"],
        fps=Fraction(inputs["fps"]),
        inferences_to_skip=inputs["inferences_to_skip"],
    )
    without = EmotionSettings(fps=settings.fps, classify=False).window_spec()
    yield differs(settings.window_spec().ticks, expected["frames_per_execution"])
    yield differs(without.ticks, expected["postprocess_only_frames_per_execution"])


def _loudness(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """A stateless stand-in for a network: six sums of each window."""
    return np.stack([row.reshape(6, -1).sum(axis=1) for row in batch])


def _tracks(_inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare eight tracks of one batch, each in its own chunks, with one alone, to the bit."""
    samples = np.random.default_rng(3).standard_normal(40_000).astype(np.float32)
    settings = EmotionSettings(window_samples=6000, inferences_to_skip=4)
    audios = [AudioAccumulator() for _ in range(_TRACKS)]
    tracks = [EmotionExecutor(settings, PostProcessParameters(), audio=each) for each in audios]
    made: list[list[NDArray[np.float32]]] = [[] for _ in tracks]
    while not all(track.finished for track in tracks):
        for index, audio in enumerate(audios):
            start, chunk = audio.total_samples, 1600 * (index + 1)
            if not audio.closed:
                audio.accumulate(samples[start : start + chunk])
                if audio.total_samples == len(samples):
                    audio.close()
        while any(track.ready() for track in tracks):
            for frames, answer in zip(made, execute_tracks(tracks, _loudness), strict=True):
                if answer is not None:
                    frames.append(answer.emotions)
    tracks[0].reset()
    alone = np.concatenate([each.emotions for each in tracks[0].run(_loudness)])
    for frames in made:
        yield differing(np.concatenate(frames), alone)


def _arrays(names: tuple[str, ...]) -> Any:
    def compare(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
        yield differs(set(names), set(expected["model_data"]))

    return compare


def _sizes(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    """Compare the values per frame of faces with as many vertices as the published ones."""
    for family in ("regression", "diffusion"):
        sizes = expected[family]
        skin, tongue = (_VERTICES[family], 3), (_VERTICES["tongue"], 3)
        heights = np.arange(np.prod(skin), dtype=np.float32).reshape(skin)  # a face has a height
        rest = FaceGeometry(
            neutral_skin=heights,
            neutral_tongue=np.zeros(tongue, np.float32),
            neutral_jaw=np.eye(5, 3, dtype=np.float32),
            lip_open_pose_delta=np.zeros(skin, np.float32),
            eye_close_pose_delta=np.zeros(skin, np.float32),
            saccades_deg=np.zeros((1, 2), np.float32),
        )
        sizes_in = (3 * skin[0], 3 * tongue[0], 15, 4)
        motion = FaceMotion(*(np.zeros(size, np.float32) for size in sizes_in))
        posed = GeometryAnimator(rest, FaceParameters(), 1 / 60).animate(motion)
        yield differs({part: getattr(posed, part).size for part in sizes}, sizes)


def _rows_of_a_clip(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    """Compare the rows at 30 fps; the rest of the sample is what a network heard."""
    clip = inputs["out_wav"]
    found = frame_total(clip["nb_samples"], clip["samplerate"], Fraction(30))
    yield differs(found, expected["rows"])


COMPARED: Final = {
    "frames_total_closed": _totals,
    "frame_timestamps": _timestamps,
    "diffusion_frames_per_execution": _diffusion_frames,
    "emotion_gating_regression": _gating_regression,
    "emotion_gating_diffusion": _gating_diffusion,
    "emotion_gating_a2e": _gating_emotion,
    "a2e_executor_frames": _emotion_frames,
    "executor_sizes": _sizes,
    "track_equivalence": _tracks,
    "bundle_v23_npz_keys": _arrays(REGRESSION_ARRAYS),
    "bundle_v3_npz_keys": _arrays(DIFFUSION_ARRAYS),
    "nim_csv_shape": _rows_of_a_clip,
}
