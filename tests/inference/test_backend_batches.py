"""A window's result does not depend on its neighbours in a batch; on the CPU there are none.

`max_batch` is 1 on the CPU, so the scheduler never gathers there. The networks themselves are held
to it here: a batch under onnxruntime's CPU provider against the same windows alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from tests.inference.fake_onnxruntime import install

from facewire.daemon.scheduler import Flight, Ready, Scheduler
from facewire.daemon.worker import WindowJob
from facewire.inference.backend import OrtBackend
from facewire.inference.diffusion import DiffusionNetwork
from facewire.inference.loading import load_model
from facewire.inference.settings import StreamSettings
from facewire.inference.stream import Stream

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.inference.conftest import Player

    from facewire.inference.backend import Backend

COUNT = 3


def _assert_batched_is_alone(backend: Backend, alone: list[dict[str, NDArray[Any]]]) -> None:
    together = {name: np.concatenate([feeds[name] for feeds in alone]) for name in alone[0]}
    apart = np.concatenate([backend.run(feeds) for feeds in alone])
    batched = backend.run(together)
    assert batched.shape == apart.shape
    # One rounding more or less in a sum: a matrix product of several rows runs another kernel.
    np.testing.assert_allclose(batched, apart, rtol=1e-5, atol=1e-5 * np.abs(apart).max())
    # What no rounding explains: a neighbour's result in place of one's own.
    assert np.abs(apart[0] - apart[1]).max() > 1e-3 * np.abs(apart).max()


@pytest.mark.parametrize("family", ["regression", "diffusion"])
def test_a_batch_of_faces_is_each_face_alone(
    family: str, request: pytest.FixtureRequest, speech: NDArray[np.float32]
) -> None:
    model = load_model(cast("Path", request.getfixturevalue(f"{family}_folder")))
    assert model.backend.max_batch == 1
    stream = Stream(model, StreamSettings(sample_rate_hz=16_000, encoding="float32"))
    stream.push(speech)
    pattern = stream.take_window().feeds
    draw = np.random.default_rng(5)
    feeds = [  # sound, emotions and memory: all another in each, unlike in a stream's first window
        {
            name: each + (0.1 * draw.standard_normal(each.shape)).astype(np.float32)
            if each.dtype == np.float32
            else each
            for name, each in pattern.items()
        }
        for _ in range(COUNT)
    ]
    _assert_batched_is_alone(model.backend, feeds)


def test_a_batch_of_emotions_is_each_emotion_alone(
    tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.bundles.a2e import EmotionBundle
    from facewire.bundles.detect import read_bundle
    from facewire.tools.synth import synth_emotion

    bundle = read_bundle(synth_emotion(tmp_path / "emotion"))
    assert isinstance(bundle, EmotionBundle)
    backend = OrtBackend(bundle.network)
    assert backend.max_batch == 1
    feeds = [{"input_values": np.roll(speech, 3000 * n)[None, :16_000]} for n in range(COUNT)]
    _assert_batched_is_alone(backend, feeds)


@pytest.mark.parametrize(("noise_inside", "most"), [(False, 8), (True, 32)])
def test_noise_of_64_mb_a_window_keeps_batches_small_and_a_lost_card_is_seen_through_the_network(
    diffusion: Player, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int, *,
    noise_inside: bool,
) -> None:  # fmt: skip
    info = cast("DiffusionNetwork", diffusion.model.backend)._info
    runtime = install(monkeypatch, tmp_path, "cuda")
    card = OrtBackend(b"n", "auto")
    network = DiffusionNetwork(card, info, noise_inside=noise_inside)
    assert (network.name, network.max_batch) == ("cuda", most)

    runtime.running["cuda"] = RuntimeError("CUDA failure 719")
    card.run({"x": np.ones((1, 4), np.float32)})
    assert (network.name, network.max_batch) == ("cpu", 1)


class _Voice:
    """One window, whose number is its value."""

    queued = False

    def __init__(self, backend: Backend, number: int) -> None:
        self.backend = backend
        self.number = number
        self.landed: Flight | None = None

    def take(self) -> Flight:
        window = type("Window", (), {"feeds": {"x": np.full((1, 2), float(self.number))}})
        stream = type("Stream", (), {"animate": staticmethod(lambda _window, row: row)})
        return Flight(
            cast("Ready", self), cast("Any", stream), cast("Any", window), self.backend, 0, 0
        )

    def land(self, flight: Flight) -> None:
        self.landed = flight


def test_a_card_gets_the_windows_of_all_voices_in_one_call_and_each_its_own_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path, "cuda")
    backend = OrtBackend(b"n", "cuda")
    voices = [_Voice(backend, number) for number in range(40)]
    scheduler = Scheduler()
    for voice in voices:
        scheduler.submit(cast("Ready", voice), voice.number)

    sizes = []
    while batch := scheduler.next_batch():
        sizes.append(len(batch))
        job = WindowJob(backend, batch)
        job.run()
        job.land()

    assert sizes == [32, 8]
    for voice in voices:
        assert voice.landed is not None
        assert cast("Any", voice.landed.frames).tolist() == [[2.0 * voice.number] * 2]
