"""Log-mel features as ordinary graph operations, shared by training and daemon.

A strided convolution is the windowed DFT, a 1x1 convolution the mel bank; both are exported with
the network, so there is no second implementation that could drift. Frame m covers samples
[160 m, 160 m + 320) of the 16 kHz input.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

SAMPLE_RATE_HZ = 16_000
HOP_SAMPLES = 160
FRAME_SAMPLES = 320
MEL_BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 80.0, 7_600.0
FLOOR = 1e-5
"""Added to every mel power: white noise under about -70 dBFS vanishes in it."""


def mel_from_hz(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mel value of frequencies in Hz (O'Shaughnessy: 2595 log10(1 + f / 700))."""
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def mel_centres_hz() -> npt.NDArray[np.float64]:
    """Return the MEL_BANDS centre frequencies in Hz."""
    low, high = mel_from_hz(np.array([LOWEST_HZ, HIGHEST_HZ]))
    mels = np.linspace(low, high, MEL_BANDS + 2)[1:-1]
    return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))


def mel_bank() -> npt.NDArray[np.float64]:
    """Return the triangular bank [MEL_BANDS, FRAME_SAMPLES // 2 + 1], each row summing to 1."""
    bins_hz = np.arange(FRAME_SAMPLES // 2 + 1) * SAMPLE_RATE_HZ / FRAME_SAMPLES
    low, high = mel_from_hz(np.array([LOWEST_HZ, HIGHEST_HZ]))
    spacing = (high - low) / (MEL_BANDS + 1)
    centres = low + spacing * np.arange(1, MEL_BANDS + 1)
    # The lowest triangles are narrower than a DFT bin; widening them keeps every row filled.
    bin_mels = mel_from_hz(bins_hz)
    width = np.maximum(spacing, np.gradient(bin_mels))
    bank = np.maximum(0.0, 1.0 - np.abs(bin_mels - centres[:, None]) / width)
    return np.asarray(bank / bank.sum(axis=1, keepdims=True))


def dft_rows() -> npt.NDArray[np.float64]:
    """Return cosine then sine rows [2 (FRAME_SAMPLES // 2 + 1), FRAME_SAMPLES], Hann-weighted."""
    n = np.arange(FRAME_SAMPLES)
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * n / FRAME_SAMPLES)
    phase = 2.0 * np.pi * np.outer(np.arange(FRAME_SAMPLES // 2 + 1), n) / FRAME_SAMPLES
    return np.concatenate([np.cos(phase), -np.sin(phase)]) * hann


def log_mel_frames(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return what `LogMel` gives for samples [N], as [frames, MEL_BANDS].

    The same numbers by a fast Fourier transform, several times quicker: training computes every
    clip's features once, before the first epoch. A test holds the two together.
    """
    frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME_SAMPLES)[::HOP_SAMPLES]
    n = np.arange(FRAME_SAMPLES)
    hann = (0.5 - 0.5 * np.cos(2.0 * np.pi * n / FRAME_SAMPLES)).astype(np.float32)
    spectra = np.fft.rfft(frames * hann, axis=1)
    power = np.square(spectra.real) + np.square(spectra.imag)
    bands = power.astype(np.float32) @ mel_bank().T.astype(np.float32)
    return np.asarray(np.log(bands + np.float32(FLOOR)), np.float32)


class LogMel(torch.nn.Module):  # type: ignore[misc]  # torch is absent where types are checked
    """Samples [B, N] to natural-log mel powers [B, MEL_BANDS, (N - 320) // 160 + 1]."""

    def __init__(self) -> None:
        super().__init__()
        rows = torch.from_numpy(dft_rows()).float()[:, None, :]
        bank = torch.from_numpy(np.tile(mel_bank(), (1, 2))).float()[:, :, None]
        self.register_buffer("rows", rows)
        self.register_buffer("bank", bank)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Return log(mel power + FLOOR)."""
        parts = torch.nn.functional.conv1d(audio[:, None, :], self.rows, stride=HOP_SAMPLES)
        return torch.log(torch.nn.functional.conv1d(parts * parts, self.bank) + FLOOR)
