"""Whole tracks of NVIDIA's executors with a mock network: chunks, resets, batches of eight.

Their numbers are compared in test_vectors.py; here each must be the same to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance.kit import VECTORS, literal

from facewire.animation.face_parameters import FaceParameters
from facewire.bundles.geometry import FaceGeometry
from facewire.inference.diffusion import DiffusionNetwork
from facewire.inference.face_executor import execute_tracks
from facewire.inference.face_geometry import FaceMotion, GeometryAnimator
from facewire.tools.conformance.topics import track as topic
from facewire.tools.conformance.vector_file import VectorFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

REGRESSION, DIFFUSION = (
    VectorFile(VECTORS / f"executor_{family}_dev.npz") for family in ("regression", "diffusion")
)
RUNS = [(REGRESSION, case) for case in REGRESSION.cases()] + [
    (DIFFUSION, case) for case in DIFFUSION.cases()
]
IDS = [f"{'diffusion' if runs is DIFFUSION else 'regression'}-{case}" for runs, case in RUNS]


class Track(topic.Track):
    """The track of `facewire conformance`, whose emotion keys come when the test wants."""

    def __init__(self, runs: VectorFile, case: str) -> None:
        super().__init__(runs, case, runs.cases()[case])
        self.emotions.reset()
        self._runs = runs

    def add_keys(self) -> None:
        for time, key in zip(self._runs["emo_ts"].tolist(), self._runs["emo_keys"], strict=True):
            self.emotions.add(time, key)
        self.emotions.close()

    def whole(self, chunk: int) -> Track:
        self.add_keys()
        self.run(self._runs["audio"], chunk)
        return self

    def is_done(self) -> bool:
        all_came = self.audio.closed and self.emotions.closed
        return all_came and not self.executor.ready()

    def restart(self) -> None:
        self.executor.reset()
        self.audio.reset()
        self.emotions.reset()
        self.fed.clear()
        self.frames.clear()


FIELDS = ("timestamps", "next_timestamps", "emotions", "skin", "tongue", "jaw", "eyes")


def _same(one: Track, other: Track) -> bool:
    return all(np.array_equal(one.of(name), other.of(name)) for name in FIELDS)


def _run(runs: VectorFile, case: str) -> Track:
    return Track(runs, case).whole(runs.cases()[case]["chunk"])


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_chunks_change_nothing(runs: VectorFile, case: str) -> None:
    whole = Track(runs, case).whole(0)

    for chunk in (1, 97, 160):
        assert _same(Track(runs, case).whole(chunk), whole)


@pytest.mark.parametrize(("runs", "case"), RUNS, ids=IDS)
def test_a_reset_track_is_a_fresh_one(runs: VectorFile, case: str) -> None:
    fresh, used = _run(runs, case), Track(runs, case)
    used.add_keys()
    used.audio.accumulate(runs["audio"][::-1])
    used.run_ready()
    assert len(used.fed) > 1

    used.restart()
    used.whole(0)

    assert _same(used, fresh)
    assert all(np.array_equal(used.input(name), fresh.input(name)) for name in fresh.fed[0])


def _answers(runs: VectorFile) -> Any:
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

    return DiffusionNetwork(Network(), topic._diffusion_info(runs, "oneshot")).run


def _come_by_pieces(track: Track, runs: VectorFile, draw: np.random.Generator) -> None:
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
def test_eight_tracks_give_the_same_whatever_comes_between(runs: VectorFile, case: str) -> None:
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
