"""The network: log-mel frames to curves, by valid convolutions only.

Nothing is padded inside, so every tick sees exactly the same stretch of audio whatever window it
is computed in: a window of 4 ticks gives the numbers that a whole clip gives. Mel frames at 100 Hz
are taken to steps of 20 ms; the curves come back to 10 ms ticks as a cubic B-spline, which keeps
them smooth. In mel frames, tick t sees t - 50 ... t + 13 and, within its step, one
frame more.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from facewire.tools.training.articulation import PHONES
from facewire.tools.training.channels import CLOSE, HEADS, JAW, SPOKEN
from facewire.tools.training.features import FRAME_SAMPLES, HOP_SAMPLES, MEL_BANDS
from facewire.tools.training.gates import GATES

TICK_SAMPLES = HOP_SAMPLES
TICKS_PER_STEP = 2
PAST_FRAMES, FUTURE_FRAMES = 50, 13
"""Mel frames before the first and after the last tick of a run of ticks.

A frame between two windows needs the later one, up to one tick away: 13 frames keep the look-ahead
of every frame under 200 ms, whatever the frame rate."""

PARTING = ("mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthShrugUpper")
"""Heads that part the lips, and therefore rest while they are sealed."""
SURE = (0.45, 0.65)
"""Probabilities at which a gate begins to act and acts fully."""
_OVERSHOOT = 1.2
_STEM_FRAMES = 6
_BLOCKS = ((1, 1), (1, 1), (2, 2), (2, 2), (8, 0), (8, 0))
"""(steps before, steps after) of each three-tap block; their sums are the network's memory."""


class WindowShape(NamedTuple):
    """Samples of the window that yields a run of ticks."""

    samples: int
    start_samples: int
    """Relative to the first tick."""


def window_shape(ticks: int) -> WindowShape:
    """Return the window for `ticks` ticks; its look-ahead is start + samples."""
    frames = ticks + PAST_FRAMES + FUTURE_FRAMES + 1
    samples = (frames - 1) * HOP_SAMPLES + FRAME_SAMPLES
    return WindowShape(samples, -PAST_FRAMES * HOP_SAMPLES)


class _Block(nn.Module):  # type: ignore[misc]  # torch is absent where types are checked
    """Three taps over time, then a mix of channels, around a cropped skip."""

    def __init__(self, width: int, before: int, after: int) -> None:
        super().__init__()
        self.before, self.after = before, after
        self.taps = nn.Conv1d(width, width, 3, dilation=(before + after) // 2, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.mix = nn.Conv1d(width, width, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = x[:, :, self.before : x.shape[2] - self.after]
        return skip + self.mix(self.drop(torch.relu(self.norm(self.taps(x)))))


class Network(nn.Module):  # type: ignore[misc]
    """Log-mel [B, MEL_BANDS, n + 64] to heads [B, n, HEADS] in per-talker units."""

    def __init__(self, width: int = 208) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(MEL_BANDS)
        self.stem = nn.Conv1d(MEL_BANDS, width, _STEM_FRAMES, stride=TICKS_PER_STEP)
        self.blocks = nn.Sequential(*(_Block(width, b, a) for b, a in _BLOCKS))
        self.norm = nn.BatchNorm1d(width)
        self.heads = nn.Conv1d(width, len(HEADS), 1)
        self.phones = nn.Conv1d(width, len(PHONES), 1)
        self.gates = nn.Conv1d(width, len(GATES), 1)
        self._jaw, self._close = HEADS.index(JAW), HEADS.index(CLOSE)
        self._spoken = HEADS.index(SPOKEN[0])
        held = [float(head in PARTING) for head in HEADS[: self._spoken] if head != CLOSE]
        self.register_buffer("parting", torch.tensor(held))

    def trunk(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return hidden steps [B, width, n / 2 + 2]."""
        x = torch.relu(self.stem(self.scale(log_mel)))
        return torch.relu(self.norm(self.blocks(x)))

    def curves(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the head values [B, n, HEADS], all at or above zero.

        `mouthClose` leaves as jaw times a share in [0, 1]: the lips can undo no more than the jaw
        opened. The seal takes that share to 1 and what parts the lips to 0.
        """
        raw = at_ticks(self.heads(hidden)).transpose(1, 2)
        seal = self.decisions(hidden)[..., GATES.index("seal"), None]
        seen = nn.functional.softplus(raw[..., : self._spoken], beta=6.0)
        share = torch.sigmoid(raw[..., self._close : self._close + 1])
        close = seen[..., self._jaw : self._jaw + 1] * (share + (1.0 - share) * seal)
        spoken = torch.sigmoid(raw[..., self._spoken :] - 3.0)
        others = torch.cat([seen[..., : self._close], seen[..., self._close + 1 :]], dim=-1)
        others = others * (1.0 - self.parting * seal)
        before, after = others[..., : self._close], others[..., self._close :]
        return torch.cat([before, close, after, spoken], dim=-1)

    def gate_logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the gates' log-odds [B, n, GATES]."""
        return at_ticks(self.gates(hidden)).transpose(1, 2)

    def decisions(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the gates [B, n, GATES] in [0, 1].

        Decided on the steps and taken to ticks as the curves are: lips that come together in 40 ms
        look like lips, in 10 ms like a switch. A closure of two steps still reaches 1.
        """
        steps = _OVERSHOOT * decided(self.gates(hidden))
        return at_ticks(steps).transpose(1, 2).clamp(0.0, 1.0)

    def forward(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the head values [B, n, HEADS]."""
        return self.curves(self.trunk(log_mel))


def decided(logits: torch.Tensor) -> torch.Tensor:
    """Return gates in [0, 1] that are fully open or shut once the odds are clear."""
    least, most = SURE
    return ((torch.sigmoid(logits) - least) / (most - least)).clamp(0.0, 1.0)


def at_ticks(steps: torch.Tensor) -> torch.Tensor:
    """Return values [B, C, s] at 20 ms steps as [B, C, 2 (s - 2)] at 10 ms ticks.

    One subdivision of a cubic B-spline: (1 6 1) / 8 on a step, (1 1) / 2 between two.
    """
    before, here, after = steps[:, :, :-2], steps[:, :, 1:-1], steps[:, :, 2:]
    on = 0.125 * before + 0.75 * here + 0.125 * after
    between = 0.5 * here + 0.5 * after
    return torch.stack([on, between], dim=-1).flatten(2)
