"""The shipped bundle: its files, its ONNX contract, and what it does with plain sounds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

MODELS = Path(__file__).parents[2] / "models"
FOLDER = MODELS / "embedded"
RATE_HZ = 16_000
LOOK_AHEAD_LIMIT_SAMPLES = 3_200


@pytest.fixture(scope="module")
def bundle() -> dict[str, Any]:
    described: dict[str, Any] = json.loads((FOLDER / "bundle.json").read_text(encoding="utf-8"))
    return described


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(FOLDER / "network.onnx", providers=["CPUExecutionProvider"])


def _curves(
    session: onnxruntime.InferenceSession, bundle: dict[str, Any], audio: np.ndarray
) -> np.ndarray:
    """Return the curves [ticks, C] of a whole clip, window by window."""
    stride = bundle["ticks_per_window"] * bundle["tick_samples"]
    count = -(-len(audio) // stride)
    start = -bundle["window_start_samples"]
    padded = np.zeros(start + count * stride + bundle["window_samples"], np.float32)
    padded[start : start + len(audio)] = audio
    windows = np.stack(
        [padded[i * stride : i * stride + bundle["window_samples"]] for i in range(count)]
    )
    (curves,) = session.run(None, {"audio": windows})
    return np.asarray(curves).reshape(-1, len(bundle["curves"]))


def _vowel(seconds: float, formants_hz: tuple[float, ...], level: float = 0.1) -> np.ndarray:
    """Return a buzz of 120 Hz whose harmonics swell at the formants, faded in and out."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    audio = np.zeros(len(times))
    for k in range(1, 40):
        hz = 120.0 * k
        gain = sum(1.0 / (1.0 + ((hz - f) / 80.0) ** 2) for f in formants_hz)
        audio += gain * np.sin(2 * np.pi * hz * times + 0.7 * k * k)
    fade = np.clip(np.minimum(times, times[::-1]) / 0.03, 0.0, 1.0)
    return np.asarray(level * audio / np.abs(audio).max() * fade, np.float32)


def test_manifest_pins_every_loaded_file_of_the_bundle() -> None:
    (entry,) = [
        e
        for e in json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))["bundles"]
        if e["name"] == "embedded"
    ]
    for file in entry["files"]:
        content = (MODELS / file["path"]).read_bytes()
        assert len(content) == file["size"], file["path"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file["path"]
    assert {f["path"] for f in entry["files"]} == {"embedded/bundle.json", "embedded/network.onnx"}
    assert entry["family"] == "direct"


def test_bundle_is_small_and_carries_its_card_and_notices() -> None:
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) <= 10_000_000
    notice = (FOLDER / "NOTICE").read_text(encoding="utf-8")
    assert "Cooke" in notice
    assert "creativecommons.org/licenses/by/4.0" in notice
    assert "Copyright (c) 2022-2032 The FACEGOOD Authors" in notice
    assert (FOLDER / "CARD.md").exists()


def test_network_has_the_inputs_and_outputs_the_bundle_names(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession
) -> None:
    (audio,), (curves,) = session.get_inputs(), session.get_outputs()
    assert (audio.name, audio.type) == (bundle["input"], "tensor(float)")
    assert (curves.name, curves.type) == (bundle["output"], "tensor(float)")
    assert audio.shape[1:] == [bundle["window_samples"]]
    assert curves.shape[1:] == [bundle["ticks_per_window"], len(bundle["curves"])]
    assert isinstance(audio.shape[0], str), "the batch axis is dynamic"


def test_curve_names_are_unique_and_known(bundle: dict[str, Any]) -> None:
    from facewire.animation.curves import ARKIT_52, TONGUE_16

    assert len(set(bundle["curves"])) == len(bundle["curves"])
    assert set(bundle["curves"]) <= {*ARKIT_52, *TONGUE_16}


def test_every_emotion_has_a_pose(bundle: dict[str, Any]) -> None:
    from facewire.animation.curves import ARKIT_52
    from facewire.emotion import EMOTIONS

    assert set(bundle["emotion_poses"]) == set(EMOTIONS)
    for pose in bundle["emotion_poses"].values():
        assert set(pose) <= set(ARKIT_52)
        assert all(0.0 < weight <= 1.0 for weight in pose.values())


def test_no_frame_needs_more_than_200_ms_of_future_audio(bundle: dict[str, Any]) -> None:
    after_first_tick = bundle["window_start_samples"] + bundle["window_samples"]
    # A frame just before a window's first tick waits for that window.
    assert after_first_tick + bundle["tick_samples"] <= LOOK_AHEAD_LIMIT_SAMPLES


def test_batching_changes_no_number_beyond_rounding(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession
) -> None:
    windows = np.random.default_rng(5).uniform(-0.2, 0.2, (3, bundle["window_samples"]))
    windows = windows.astype(np.float32)
    (together,) = session.run(None, {"audio": windows})
    alone = [session.run(None, {"audio": w[None]})[0][0] for w in windows]
    assert np.asarray(together) == pytest.approx(np.stack(alone), abs=1e-5)


def test_moving_the_sound_by_one_window_moves_the_curves_by_one_window(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession
) -> None:
    ticks = bundle["ticks_per_window"]
    audio = np.concatenate([np.zeros(16_000, np.float32), _vowel(0.8, (700.0, 1200.0))])
    later = np.concatenate([np.zeros(ticks * bundle["tick_samples"], np.float32), audio])
    here, there = _curves(session, bundle, audio), _curves(session, bundle, later)
    assert there[ticks:] == pytest.approx(here[: len(there) - ticks], abs=1e-5)


@pytest.mark.parametrize("level_db", [None, -75.0, -65.0])
def test_silence_and_room_noise_leave_the_face_at_rest(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession, level_db: float | None
) -> None:
    audio = np.zeros(3 * RATE_HZ, np.float32)
    if level_db is not None:
        noise = np.random.default_rng(2).standard_normal(len(audio))
        audio = (10.0 ** (level_db / 20.0) * noise).astype(np.float32)
    curves = _curves(session, bundle, audio)
    jaw = curves[:, bundle["curves"].index("jawOpen")]
    close = curves[:, bundle["curves"].index("mouthClose")]
    assert jaw.max() <= 0.03
    assert (jaw - close).max() <= 0.03
    assert curves.max() <= 0.1
    assert np.ptp(jaw) <= 0.02, "no flapping"


@pytest.mark.parametrize("level", [0.5, 0.1, 0.03])
def test_an_open_vowel_opens_the_jaw_loud_or_quiet(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession, level: float
) -> None:
    gap = np.zeros(8_000, np.float32)
    audio = np.concatenate([gap, _vowel(0.4, (750.0, 1250.0, 2600.0), level), gap])
    curves = _curves(session, bundle, audio)
    jaw = curves[:, bundle["curves"].index("jawOpen")]
    assert jaw[50:90].max() >= 0.1
    assert jaw[-5:].max() <= 0.05


def test_curves_stay_in_range_for_any_input(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession
) -> None:
    random = np.random.default_rng(8)
    for scale in (1e-6, 0.1, 1.0, 8.0):
        window = scale * random.standard_normal((1, bundle["window_samples"]))
        (curves,) = session.run(None, {"audio": window.astype(np.float32)})
        assert np.isfinite(curves).all()
        assert curves.min() >= 0.0
        assert curves.max() <= 1.0


def test_lips_take_back_no_more_than_the_jaw_opened(
    bundle: dict[str, Any], session: onnxruntime.InferenceSession
) -> None:
    random = np.random.default_rng(4)
    audio = np.concatenate([_vowel(0.5, (600.0, 1100.0)), random.normal(0, 0.05, 8_000)])
    curves = _curves(session, bundle, audio.astype(np.float32))
    jaw = curves[:, bundle["curves"].index("jawOpen")]
    close = curves[:, bundle["curves"].index("mouthClose")]
    assert (jaw - close).min() >= -0.02
