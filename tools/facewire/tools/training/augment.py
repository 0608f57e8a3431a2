"""Augmentation of mel powers, a batch at a time: other voices, rooms, lines and noises.

Speed and pitch change in `dataset` by resampling; the rest acts on mel powers, where a room is an
exponential tail, a line is a band limit and a formant shift is a warp of the mel axis. That costs
a fraction of doing it on samples, so every epoch hears something new.
"""

from __future__ import annotations

import math

import torch

from facewire.tools.training.features import FLOOR, HIGHEST_HZ, LOWEST_HZ, mel_centres_hz

_TAIL_FRAMES = 30
_AS_RECORDED = 0.3
"""Share of clips that change in level only: most audio a game plays is clean."""
_GAIN_DB = (-18.0, 10.0)
_SHIFTED, _COLOURED, _ROOMY, _NOISY = 0.7, 0.7, 0.2, 0.35
_BABBLED, _NARROW, _MASKED = 0.05, 0.15, 0.2
"""Shares of the other clips that each change befalls."""


class Augmenter:
    """Draws one random condition per clip of a batch, from its own seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = torch.Generator().manual_seed(seed)
        centres = torch.from_numpy(mel_centres_hz()).float()
        self._centres_hz = centres
        self._bands = len(centres)

    def __call__(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return log-mel [B, bands, frames] as heard elsewhere, from another throat."""
        heard = (log_mel.exp() - FLOOR).clamp_min(0.0)
        power = heard
        for change in (self._formants, self._equaliser, self._room, self._noise, self._line):
            power = change(power)
        power = self._where(_AS_RECORDED, heard, power)
        power = power * 10.0 ** (self._each(power, *_GAIN_DB) / 10.0)
        return self._masked(torch.log(power + FLOOR))

    def _each(self, like: torch.Tensor, low: float, high: float) -> torch.Tensor:
        drawn = torch.rand(len(like), 1, 1, generator=self._random)
        return low + (high - low) * drawn

    def _where(self, share: float, new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
        return torch.where(self._each(old, 0.0, 1.0) < share, new, old)

    def _formants(self, power: torch.Tensor) -> torch.Tensor:
        ratio = torch.exp2(self._each(power, -0.29, 0.29))[:, 0]
        mel = 2595.0 * torch.log10(1.0 + self._centres_hz * ratio / 700.0)
        edges = torch.log10(1.0 + torch.tensor([LOWEST_HZ, HIGHEST_HZ]) / 700.0) * 2595.0
        place = (mel - edges[0]) / (edges[1] - edges[0]) * (self._bands + 1) - 1.0
        low = place.floor().clamp(0, self._bands - 2)
        share = (place - low).clamp(0.0, 1.0)[:, :, None]
        index = low.long()[:, :, None].expand(-1, -1, power.shape[2])
        warped = (1 - share) * power.gather(1, index) + share * power.gather(1, index + 1)
        return self._where(_SHIFTED, warped, power)

    def _equaliser(self, power: torch.Tensor) -> torch.Tensor:
        place = torch.linspace(0.0, 1.0, self._bands)[None, :, None]
        gain_db = self._each(power, -8.0, 8.0) * (place - 0.5)
        for waves in (1, 2, 3):
            phase = self._each(power, 0.0, 2.0 * math.pi)
            gain_db = gain_db + self._each(power, 0.0, 5.0 / waves) * torch.cos(
                2.0 * math.pi * waves * place + phase
            )
        return self._where(_COLOURED, power * 10.0 ** (gain_db / 10.0), power)

    def _room(self, power: torch.Tensor) -> torch.Tensor:
        frames = torch.arange(_TAIL_FRAMES)[None, None, :]
        # 13.8 = ln(10^6): the tail falls 60 dB in the room's decay time (in frames).
        tail = torch.exp(-13.8 * frames / self._each(power, 12.0, 60.0))
        tail = tail * 10.0 ** (self._each(power, -24.0, -9.0) / 10.0)
        tail[:, :, 0] = 1.0
        batch, bands, length = power.shape
        padded = torch.nn.functional.pad(power, (_TAIL_FRAMES - 1, 0))
        kernel = tail.flip(2).expand(-1, bands, -1).reshape(batch * bands, 1, _TAIL_FRAMES)
        heard = torch.nn.functional.conv1d(
            padded.reshape(1, batch * bands, -1), kernel, groups=batch * bands
        ).reshape(batch, bands, length)
        return self._where(_ROOMY, heard, power)

    def _noise(self, power: torch.Tensor) -> torch.Tensor:
        loud = power.mean(dim=1).quantile(0.9, dim=1)[:, None, None].clamp_min(FLOOR)
        place = torch.linspace(-0.5, 0.5, self._bands)[None, :, None]
        colour = 10.0 ** (self._each(power, -24.0, 6.0) * place / 10.0)
        level = loud * 10.0 ** (-self._each(power, 10.0, 40.0) / 10.0)
        # Power of a few DFT bins of noise scatters like a mean of exponentials.
        draws = torch.rand(3, *power.shape, generator=self._random).clamp_min(1e-6)
        scatter = -torch.log(draws).mean(dim=0)
        noisy = power + level * colour * scatter
        others = power.roll(1, dims=0) * 10.0 ** (-self._each(power, 12.0, 25.0) / 10.0)
        return self._where(_BABBLED, power + others, self._where(_NOISY, noisy, power))

    def _line(self, power: torch.Tensor) -> torch.Tensor:
        hz = self._centres_hz[None, :, None]
        top = self._each(power, 3200.0, 3900.0)
        bottom = self._each(power, 80.0, 330.0)
        outside = torch.where((hz < bottom) | (hz > top), 10.0**-3.5, 1.0)
        return self._where(_NARROW, power * outside, power)

    def _masked(self, log_mel: torch.Tensor) -> torch.Tensor:
        first = self._each(log_mel, 0.0, self._bands - 6.0)
        width = self._each(log_mel, 1.0, 6.0)
        band = torch.arange(self._bands)[None, :, None]
        inside = (band >= first) & (band < first + width)
        mean = log_mel.mean(dim=(1, 2), keepdim=True)
        return self._where(_MASKED, torch.where(inside, mean, log_mel), log_mel)
