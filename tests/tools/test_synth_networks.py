"""The networks of synthetic bundles: NVIDIA's size, and a face that moves as far as one does."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from facewire.bundles.a2f import RegressionBundle
from facewire.bundles.detect import read_bundle
from facewire.tools.synth import (
    denoiser,
    diffusion_network,
    emotion_network,
    regression_network,
)
from facewire.tools.synth.heads import hollow_linear
from facewire.tools.synth.listening import session, speech_16k
from facewire.tools.synth.tables import EMOTIONS
from facewire.tools.synth.weights import Hollow

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime
    from numpy.typing import NDArray


@lru_cache(maxsize=4)
def network(bundle: Path) -> onnxruntime.InferenceSession:
    return session((bundle / "network.onnx").read_bytes())


def zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(("skin", "count"), [(140, 18_176_579), (272, 18_273_203)])
def test_the_regression_network_has_as_many_weights_as_nvidias(skin: int, count: int) -> None:
    size = skin + regression_network.JAW_AND_EYES
    heads = regression_network.RegressionHeads(hollow_linear(size, size), hollow_linear(10, 10))
    graph = regression_network.regression_network(
        Hollow(), regression_network.FULL, skin, 10, heads
    )
    assert graph.weight_count == count


def test_the_diffusion_network_has_as_many_weights_as_nvidias() -> None:
    sizes, widths = denoiser.Sizes(72_006, 16_806), denoiser.FULL
    assert sizes.frame == 88_831
    heads = {
        part: hollow_linear(size, widths.large if size > 100 else widths.little)
        for part, size in sizes.parts.items()
    }
    normalisation = diffusion_network.Normalisation(zeros(3, sizes.frame), zeros(3, 4))
    graph = diffusion_network.diffusion_network(Hollow(), widths, sizes, normalisation, heads)
    assert graph.weight_count == pytest.approx(179.7e6, rel=5e-4)


def test_the_emotion_network_has_as_many_weights_as_wav2vec_large() -> None:
    graph = emotion_network.emotion_network(Hollow(), emotion_network.FULL, hollow_linear(6, 256))
    assert graph.weight_count == pytest.approx(315.7e6, rel=1e-3)


@pytest.mark.parametrize("name", ["mark", "claire", "v3", "a2e"])
def test_a_network_is_valid_onnx_of_opset_14(synthetic_bundles: Path, name: str) -> None:
    model = onnx.load(str(synthetic_bundles / name / "network.onnx"))
    onnx.checker.check_model(model, full_check=True)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 14)]


class Speaker:
    """A regression bundle, ready to be listened to."""

    def __init__(self, bundle: Path) -> None:
        read = read_bundle(bundle)
        assert isinstance(read, RegressionBundle)
        self.network = network(bundle)
        self.mood = read.implicit_emotion
        self.rows = read.skin_basis.read()

    def emotion(self, **explicit: float) -> NDArray[np.float32]:
        """float32[1, 1, 26]."""
        row = zeros(1, 1, 26)
        row[..., :16] = self.mood
        for name, amount in explicit.items():
            row[..., 16 + EMOTIONS.index(name)] = amount
        return row

    def result(
        self, windows: NDArray[np.float32], emotion: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        rows = np.repeat(emotion, len(windows), axis=0)
        found = self.network.run(None, {"input": windows[:, None], "emotion": rows})[0]
        return np.asarray(found[:, 0])

    def skin(self, result: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[frames, V, 3], cm."""
        return (result[:, : len(self.rows)] @ self.rows).reshape(len(result), -1, 3)


def speech_windows(count: int, size: int) -> NDArray[np.float32]:
    speech = speech_16k()
    return np.stack([speech[at : at + size] for at in range(20_000, 20_000 + 4_000 * count, 4_000)])


@pytest.mark.parametrize(("actor", "skin"), [("mark", 12), ("claire", 9)])
def test_a_regression_face_moves_with_speech_as_far_as_a_face_does(
    synthetic_bundles: Path, actor: str, skin: int
) -> None:
    speaker = Speaker(synthetic_bundles / actor)
    result = speaker.result(speech_windows(24, 8_320), speaker.emotion())
    assert result.shape == (24, skin + 5 + 15 + 4)
    moved = speaker.skin(result)
    farthest = np.linalg.norm(moved, axis=2).max(1)
    assert 0.05 < farthest.min() < farthest.max() < 5
    assert 0.1 < moved.std(0).max() < 2
    jaw, eyes = result[:, -19:-4].reshape(-1, 5, 3), result[:, -4:]
    assert 0.1 < np.abs(jaw[..., 1]).max() < 2
    assert 0.5 < eyes.std(0).max() < 6
    silent = speaker.skin(speaker.result(zeros(1, 8_320), speaker.emotion()))
    assert np.linalg.norm(silent, axis=2).max() < 3


def test_emotions_change_a_regression_face(synthetic_bundles: Path) -> None:
    speaker = Speaker(synthetic_bundles / "mark")
    windows = speech_windows(1, 8_320)
    calm, glad, sad = (
        speaker.skin(speaker.result(windows, speaker.emotion(**emotion)))
        for emotion in ({}, {"joy": 1.0}, {"sadness": 1.0})
    )
    assert 0.02 < np.abs(glad - calm).max() < 5
    assert np.abs(glad - sad).max() > 0.02


def test_a_batch_gives_what_its_windows_give_alone(synthetic_bundles: Path) -> None:
    speaker = Speaker(synthetic_bundles / "mark")
    windows = speech_windows(3, 8_320)
    batch = speaker.result(windows, speaker.emotion())
    alone = [speaker.result(window[None], speaker.emotion())[0] for window in windows]
    assert np.allclose(batch, alone, atol=1e-4)


class Denoised:
    """The diffusion bundle, run over the clip."""

    def __init__(self, bundle: Path) -> None:
        self.network = network(bundle)
        shapes = {port.name: port.shape for port in self.network.get_inputs()}
        self.frame = shapes["noise"][3]
        self.feeds = {
            "identity": np.eye(3, dtype=np.float32)[:1],
            "emotion": zeros(1, 30, 10),
            "input_latents": zeros(2, 2, 1, shapes["input_latents"][3]),
            "noise": self.noise(0),
            "window": speech_16k()[None, 16_000:32_000],
        }

    def noise(self, seed: int) -> NDArray[np.float32]:
        random = np.random.default_rng(seed)
        return random.standard_normal((1, 3, 60, self.frame), np.float32)

    def run(self, **feeds: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """float32[60, frame] and the new state."""
        prediction, state = self.network.run(
            ["prediction", "output_latents"], {**self.feeds, **feeds}
        )
        return prediction[0], state


def test_a_diffusion_face_moves_with_speech_as_far_as_a_face_does(synthetic_bundles: Path) -> None:
    denoised = Denoised(synthetic_bundles / "v3")
    speech, state, frames = speech_16k(), denoised.feeds["input_latents"], []
    for start in range(0, 9 * 8_000, 8_000):
        window = speech[None, start : start + 16_000]
        prediction, state = denoised.run(window=window, input_latents=state)
        frames.append(prediction[15:45])
    moved = np.concatenate(frames)[:, :900].reshape(-1, 300, 3)
    assert np.isfinite(moved).all()
    farthest = np.linalg.norm(moved, axis=2).max(1)
    assert 0.05 < farthest.min() < farthest.max() < 5
    assert 0.1 < moved.std(0).max() < 2


def test_frames_outside_the_centre_are_the_template_turned_over(synthetic_bundles: Path) -> None:
    prediction, _ = Denoised(synthetic_bundles / "v3").run()
    with np.load(synthetic_bundles / "v3" / "model_data_Claire.npz") as arrays:
        rest = arrays["neutral_skin"]
    for frame in (*prediction[:15], *prediction[45:]):
        assert np.allclose(frame[:900].reshape(-1, 3), rest.mean(0) - rest, atol=2e-3)


@pytest.mark.parametrize("other", ["identity", "emotion", "input_latents", "noise", "window"])
def test_every_input_of_the_diffusion_network_counts(synthetic_bundles: Path, other: str) -> None:
    denoised = Denoised(synthetic_bundles / "v3")
    before, state = denoised.run()
    changed = {
        "identity": np.eye(3, dtype=np.float32)[1:2],
        "emotion": np.ones((1, 30, 10), np.float32),
        "input_latents": state,
        "noise": denoised.noise(1),
        "window": speech_16k()[None, 40_000:56_000],
    }
    after, _ = denoised.run(**{other: changed[other]})
    difference = np.abs(after[15:45] - before[15:45]).max()
    assert 1e-3 < difference < 20


def test_each_step_keeps_a_state_of_its_own(synthetic_bundles: Path) -> None:
    denoised = Denoised(synthetic_bundles / "v3")
    _, state = denoised.run()
    assert np.abs(state[0] - state[1]).max() > 0.01
    # State 1 belongs to the noisy first step: changed alone, the last step hardly notices.
    first, last = (denoised.feeds["input_latents"].copy() for _ in range(2))
    last[0], first[1] = state[0], state[1]
    plain = denoised.run()[0][15:45]
    by_first, by_last = (
        np.abs(denoised.run(input_latents=each)[0][15:45] - plain).max() for each in (first, last)
    )
    assert by_last > 10 * by_first


@pytest.mark.parametrize("samples", [5_000, 30_000, 60_000])
def test_the_emotion_network_hears_windows_of_any_length(
    synthetic_bundles: Path, samples: int
) -> None:
    runner = network(synthetic_bundles / "a2e")
    heard = np.stack([speech_16k()[at : at + samples] for at in (0, 40_000)])
    logits = runner.run(["output"], {"input_values": heard})[0]
    assert logits.shape == (2, 6)
    assert np.abs(logits).max() < 30
    assert np.abs(logits[0] - logits[1]).max() > 0.1


def test_the_emotion_network_gives_nan_for_digital_silence(synthetic_bundles: Path) -> None:
    logits = network(synthetic_bundles / "a2e").run(None, {"input_values": zeros(1, 5_000)})[0]
    assert np.isnan(logits).all()
