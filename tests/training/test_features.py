"""The log-mel features inside the shipped graph, against a plain definition of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

FOLDER = Path(__file__).parents[2] / "models" / "embedded"
LOG_MEL = "/log_mel/Log_output_0"
"""Name of the inner tensor, as the exporter gives it."""


def _with_output(model: bytes, name: str) -> bytes:
    """Return an ONNX model whose graph also gives an inner tensor.

    Protobuf merges a field that comes twice: a second `graph` (field 7) with one more `output`
    (field 12) that has nothing but a `name` (field 1) does it.
    """
    value = bytes([1 << 3 | 2, len(name)]) + name.encode()
    graph = bytes([12 << 3 | 2, len(value)]) + value
    return model + bytes([7 << 3 | 2, len(graph)]) + graph


def _reference_log_mel(audio: np.ndarray) -> np.ndarray:
    """Return [40, frames]: Hann, 320-point DFT every 160 samples, triangles 80 Hz-7.6 kHz, log."""
    mel = 2595.0 * np.log10(1.0 + np.arange(161) * 50.0 / 700.0)
    low, high = 2595.0 * np.log10(1.0 + np.array([80.0, 7600.0]) / 700.0)
    step = (high - low) / 41
    frames = []
    for start in range(0, len(audio) - 320 + 1, 160):
        hann = np.sin(np.pi * np.arange(320) / 320) ** 2
        power = np.abs(np.fft.rfft(audio[start : start + 320] * hann)) ** 2
        bands = []
        for k in range(40):
            width = np.maximum(step, np.gradient(mel))
            weights = np.clip(1.0 - np.abs(mel - (low + (k + 1) * step)) / width, 0.0, None)
            bands.append(np.sum(power * weights) / np.sum(weights))
        frames.append(np.log(np.array(bands) + 1e-5))
    return np.stack(frames, axis=1)


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    samples = json.loads((FOLDER / "bundle.json").read_text(encoding="utf-8"))["window_samples"]
    random = np.random.default_rng(11)
    times = np.arange(samples) / 16_000
    chirp = 0.4 * np.sin(2 * np.pi * (100.0 * times + 4_000.0 * times**2))
    noise = 0.02 * random.standard_normal(samples)
    return np.stack([chirp, noise, np.zeros(samples)]).astype(np.float32)


def test_features_in_the_graph_are_the_log_mel_they_claim_to_be(windows: np.ndarray) -> None:
    model = _with_output((FOLDER / "network.onnx").read_bytes(), LOG_MEL)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (inside,) = session.run([LOG_MEL], {"audio": windows})
    for got, audio in zip(np.asarray(inside), windows, strict=True):
        assert got == pytest.approx(_reference_log_mel(audio.astype(np.float64)), abs=2e-3)


def test_training_computes_the_same_features(windows: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    from facewire.tools.training.features import LogMel, log_mel_frames

    for audio in windows:
        wanted = _reference_log_mel(audio.astype(np.float64))
        by_fft = log_mel_frames(audio).T
        in_torch = LogMel()(torch.from_numpy(audio)[None])[0].numpy()
        assert by_fft == pytest.approx(wanted, abs=2e-3)
        assert in_torch == pytest.approx(wanted, abs=2e-3)
