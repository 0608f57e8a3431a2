"""Clips to training crops: speed variants, features, targets on the tick grid, weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soxr
import torch

from facewire.tools.training import articulation, gates, labels
from facewire.tools.training.channels import APERTURE, HEADS, SPOKEN, TARGETS
from facewire.tools.training.constraints import constrained
from facewire.tools.training.features import HOP_SAMPLES, SAMPLE_RATE_HZ, log_mel_frames
from facewire.tools.training.network import FUTURE_FRAMES, PAST_FRAMES
from facewire.tools.training.recordings import Clip

if TYPE_CHECKING:
    import numpy.typing as npt

    from facewire.tools.training.pseudo import PhoneFace

_SOUNDING = 0.65
"""Share of the stretches of background that are not digital zeros."""
_CUT_IN_TICKS, _CUT_OUT_TICKS = 25, 15
"""Ticks at the ends of an excerpt whose face is not asked for."""
TICK_S = HOP_SAMPLES / SAMPLE_RATE_HZ
CONTEXT_FRAMES = PAST_FRAMES + FUTURE_FRAMES + 1
_SPOKEN_COLUMNS = slice(HEADS.index(SPOKEN[0]), HEADS.index(SPOKEN[-1]) + 1)
_SEEN_COLUMNS = [TARGETS.index(c) for c in labels.COLUMNS]


@dataclass(frozen=True)
class Example:
    """One clip at one speed, ready to crop."""

    clip_id: str
    talker: str
    log_mel: torch.Tensor
    """float16 [ticks + CONTEXT_FRAMES, MEL_BANDS]."""
    targets: torch.Tensor
    """float32 [ticks, TARGETS]; NaN where unknown."""
    phones: torch.Tensor
    """int64 [ticks]; -1 where unknown."""
    gates: torch.Tensor
    """float32 [ticks, GATES]; NaN where unknown."""
    weight: float

    @property
    def ticks(self) -> int:
        """Number of 10 ms ticks."""
        return len(self.targets)


class Batch:
    """Crops of equal length, stacked."""

    def __init__(self, crops: list[tuple[Example, int]], ticks: int) -> None:
        cut = [slice(start, start + ticks) for _, start in crops]
        wide = [slice(start, start + ticks + CONTEXT_FRAMES) for _, start in crops]
        examples = [e for e, _ in crops]
        self.log_mel = torch.stack(
            [e.log_mel[s].T for e, s in zip(examples, wide, strict=True)]
        ).float()
        self.targets = torch.stack([e.targets[s] for e, s in zip(examples, cut, strict=True)])
        self.phones = torch.stack([e.phones[s] for e, s in zip(examples, cut, strict=True)])
        self.gates = torch.stack([e.gates[s] for e, s in zip(examples, cut, strict=True)])
        self.weights = torch.tensor([e.weight for e in examples])


def features_of(audio: npt.NDArray[np.float32], ticks: int) -> torch.Tensor:
    """Return the log-mel [ticks + CONTEXT_FRAMES, MEL_BANDS] that the ticks of a clip see."""
    left = PAST_FRAMES * HOP_SAMPLES
    total = (ticks + CONTEXT_FRAMES + 1) * HOP_SAMPLES
    padded = np.zeros(total, np.float32)
    padded[left : left + len(audio)] = audio[: total - left]
    return torch.from_numpy(log_mel_frames(padded))


def example(
    clip: Clip, speed: float, *, face: PhoneFace | None = None, weight: float = 1.0
) -> Example:
    """Return a clip resampled to play `speed` times faster (pitch and formants rise with it).

    Args:
        clip: The recording.
        speed: 1.0 leaves it as it is.
        face: Gives seen channels to a clip that has phones but no camera.
        weight: Share of this clip in the loss.
    """
    audio = clip.audio
    if speed != 1.0:
        audio = soxr.resample(audio, SAMPLE_RATE_HZ * speed, SAMPLE_RATE_HZ, quality="MQ")
    ticks = len(audio) // HOP_SAMPLES
    times = np.arange(ticks) * TICK_S
    targets = np.full((ticks, len(TARGETS)), np.nan, np.float32)
    phones = np.full(ticks, -1, np.int64)
    if clip.label_times_s is not None and clip.labels is not None:
        for k, column in enumerate(_SEEN_COLUMNS):
            targets[:, column] = np.interp(times, clip.label_times_s / speed, clip.labels[:, k])
    if clip.excerpt:
        # Half-open mouths at the cut would teach the network to open up when a room sets in.
        targets[:_CUT_IN_TICKS, _SEEN_COLUMNS] = np.nan
        targets[ticks - _CUT_OUT_TICKS :, _SEEN_COLUMNS] = np.nan
    scaled = [(name, start / speed, end / speed) for name, start, end in clip.phones]
    if scaled:
        spoken = articulation.activity(scaled, ticks, TICK_S)
        phones = spoken.argmax(axis=1)
        targets[:, _SPOKEN_COLUMNS] = articulation.spoken_targets(spoken)
        if face is not None:
            targets[:, _SEEN_COLUMNS] = constrained(face(spoken), scaled, times)
    filmed = None if clip.labels is None else targets[:, TARGETS.index(APERTURE)]
    return Example(
        clip_id=clip.id,
        talker=clip.talker,
        log_mel=features_of(audio, ticks).half(),
        targets=torch.from_numpy(targets),
        phones=torch.from_numpy(phones),
        gates=torch.from_numpy(gates.targets(scaled, times, filmed)),
        weight=weight,
    )


def silence(seed: int, count: int, seconds: float) -> list[Clip]:
    """Return clips of nothing: digital zeros, coloured room noise, hum; the face is at rest.

    The level jumps every half second or so. Every recording begins with its room setting in at
    once, and a network that has seldom heard that takes it for a voice and opens the mouth.
    """
    random = np.random.default_rng(seed)
    return [
        Clip(
            id=f"silence-{k}",
            talker="silence",
            audio=_background(random, int(seconds * SAMPLE_RATE_HZ)),
            phones=[(articulation.SILENCE, 0.0, seconds)],
            label_times_s=np.array([0.0, seconds]),
            labels=np.zeros((2, len(labels.COLUMNS)), np.float32),
        )
        for k in range(count)
    ]


def _background(random: np.random.Generator, samples: int) -> npt.NDArray[np.float32]:
    """Return noise of one random colour, with or without hum, whose level jumps."""
    hz = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE_HZ), 40.0)
    spectrum = np.fft.rfft(random.standard_normal(samples)) / hz ** random.uniform(0.0, 1.0)
    noise = np.fft.irfft(spectrum, samples)
    phase = 2 * np.pi * np.arange(samples) / SAMPLE_RATE_HZ
    hum = np.sin(phase * random.choice([50.0, 60.0, 100.0, 120.0]))
    sound = noise / noise.std() + max(0.0, random.uniform(-1.0, 1.5)) * hum
    level = np.zeros(samples)
    at = 0
    while at < samples:
        until = at + int(random.exponential(0.6) * SAMPLE_RATE_HZ) + 800
        if random.random() < _SOUNDING:
            level[at:until] = 10.0 ** (random.uniform(-90.0, -39.0) / 20.0)
        at = until
    return np.asarray(level * sound, np.float32)
