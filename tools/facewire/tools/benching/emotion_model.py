"""How fast an Audio2Emotion bundle hears: tracks at 30 and 60 frames per second take turns."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from facewire.audio.accumulator import AudioAccumulator
from facewire.bundles.a2e import EmotionBundle
from facewire.bundles.detect import read_bundle
from facewire.inference.backend import OrtBackend
from facewire.inference.emotion_executor import EmotionExecutor
from facewire.inference.emotion_settings import EmotionSettings
from facewire.inference.nvidia_loading import post_processing
from facewire.protocol.errors import SettingsError
from facewire.tools.benching.face_model import RATES, speech_of
from facewire.tools.benching.process import CoresUsed, peak_mb, resident_mb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WARM_UP: Final = 1
_RATE_HZ: Final = 16_000


@dataclass
class EmotionLane:
    """One track at one rate; times in milliseconds per inference."""

    fps: int
    track: EmotionExecutor
    whole_ms: list[float] = field(default_factory=list)
    network_ms: list[float] = field(default_factory=list)
    post_ms: list[float] = field(default_factory=list)
    frames: int = 0
    audio_s: float = 0.0


@dataclass(frozen=True)
class EmotionFigures:
    """What this machine does with an Audio2Emotion bundle."""

    window_s: float
    """Speech one inference hears."""
    inferences_to_skip: int
    load_ms: float
    memory_mb: dict[str, float | None]
    cores_used: float
    lanes: Sequence[EmotionLane]


def measure_emotion(folder: Path, *, threads: int, windows: int) -> EmotionFigures:
    """Run `windows` inferences on each track, after one that warms up.

    Raises:
        BundleError: the folder holds no bundle that can be run.
        SettingsError: it is of another family.
    """
    before_mb, began_s = resident_mb(), time.perf_counter()
    bundle = read_bundle(folder)
    if not isinstance(bundle, EmotionBundle):
        raise SettingsError(
            f"{folder} holds a bundle of the family {bundle.family!r}, not 'emotion'.",
            field="bundle",
            hint=f"Run `facewire bench {bundle.family}` on it.",
        )
    network = OrtBackend(bundle.network, threads=threads)
    load_ms = (time.perf_counter() - began_s) * 1000
    loaded_mb = resident_mb()
    lanes = [_lane(bundle, fps, windows) for fps in RATES]
    for _ in range(WARM_UP):
        for lane in lanes:
            _step(lane, network)
    lanes = [EmotionLane(lane.fps, lane.track) for lane in lanes]
    cores = CoresUsed()
    for round_number in range(windows):
        for lane in lanes[:: 1 if round_number % 2 else -1]:
            _step(lane, network)
    settings = lanes[0].track.settings
    return EmotionFigures(
        window_s=settings.window_samples / _RATE_HZ,
        inferences_to_skip=settings.inferences_to_skip,
        load_ms=load_ms,
        memory_mb={"before": before_mb, "loaded": loaded_mb, "peak": peak_mb()},
        cores_used=cores.so_far(),
        lanes=lanes,
    )


def _lane(bundle: EmotionBundle, fps: int, windows: int) -> EmotionLane:
    settings = EmotionSettings(fps=Fraction(fps))
    spec = settings.window_spec()
    audio = AudioAccumulator()
    audio.accumulate(speech_of(int((windows + WARM_UP) * spec.stride) + 2 * spec.length))
    return EmotionLane(fps, EmotionExecutor(settings, post_processing(bundle), audio=audio))


def _step(lane: EmotionLane, network: OrtBackend) -> None:
    began_s = time.perf_counter()
    window = lane.track.take_window()
    fed_s = time.perf_counter()
    logits = network.run({"input_values": window[None]})
    answered_s = time.perf_counter()
    lane.frames += len(lane.track.accept(logits[0]))
    ended_s = time.perf_counter()
    lane.whole_ms.append((ended_s - began_s) * 1000)
    lane.network_ms.append((answered_s - fed_s) * 1000)
    lane.post_ms.append((ended_s - answered_s) * 1000)
    lane.audio_s += float(lane.track.progress.spec.stride) / _RATE_HZ
