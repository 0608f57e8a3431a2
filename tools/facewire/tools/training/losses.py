"""What the network is asked for: values, shape over time, closed lips, phones."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional

from facewire.tools.training.articulation import BILABIALS, PHONES
from facewire.tools.training.channels import APERTURE, CLOSE, HEADS, JAW, SPOKEN, TARGETS

_JAW, _CLOSE, _APERTURE = TARGETS.index(JAW), TARGETS.index(CLOSE), TARGETS.index(APERTURE)
_SHARE = {JAW: 2.0, CLOSE: 1.5, APERTURE: 3.0, "mouthFunnel": 1.5, "mouthPucker": 1.5}
_MISSED = 2.0
CLOSED, NEARLY_CLOSED = 0.13, 0.22
"""Aperture (units of its 95th percentile) under which lips count as closed, and may be."""


class Loss(NamedTuple):
    """The parts, each averaged over what is known in the batch."""

    values: torch.Tensor
    shape: torch.Tensor
    gap: torch.Tensor
    clash: torch.Tensor
    phones: torch.Tensor
    gates: torch.Tensor

    def total(self) -> torch.Tensor:
        """Return the weighted sum."""
        lips = 0.05 * self.gap + 0.3 * self.clash
        decided = 0.15 * self.phones + 0.5 * self.gates
        return self.values + 0.6 * self.shape + lips + decided


class Logits(NamedTuple):
    """What the network thinks is spoken."""

    phones: torch.Tensor
    """[B, n, PHONES]."""
    gates: torch.Tensor
    """[B, n, GATES]."""


def with_aperture(heads: torch.Tensor) -> torch.Tensor:
    """Return [B, n, TARGETS] from [B, n, HEADS] by adding jawOpen - mouthClose."""
    return torch.cat([heads, heads[..., _JAW, None] - heads[..., _CLOSE, None]], dim=-1)


def loss(
    heads: torch.Tensor,
    logits: Logits,
    targets: torch.Tensor,
    phones: torch.Tensor,
    gates: torch.Tensor,
    clip_weights: torch.Tensor,
) -> Loss:
    """Return the loss of a batch.

    Args:
        heads: [B, n, HEADS].
        logits: Of the phones and of the gates.
        targets: [B, n, TARGETS], NaN where unknown.
        phones: [B, n] indices, -1 where unknown.
        gates: [B, n, GATES] in [0, 1], NaN where unknown.
        clip_weights: [B].
    """
    predicted = with_aperture(heads)
    known = ~torch.isnan(targets)
    wanted = torch.where(known, targets, torch.zeros(())).clamp_min(0.0)
    share = torch.ones(len(TARGETS))
    for channel, value in _SHARE.items():
        share[TARGETS.index(channel)] = value
    share[HEADS.index(SPOKEN[0]) : HEADS.index(SPOKEN[-1]) + 1] = 4.0
    weight = known * clip_weights[:, None, None] * share
    gap, clash = _lips(predicted, targets, phones, clip_weights)
    errors = functional.smooth_l1_loss(predicted, wanted, reduction="none", beta=0.3)
    return Loss(
        values=(errors * weight).sum() / weight.sum(),
        shape=_shape(predicted, wanted, weight),
        gap=gap,
        clash=clash,
        phones=functional.cross_entropy(
            logits.phones.flatten(0, 1), phones.flatten(), ignore_index=-1, label_smoothing=0.1
        ),
        gates=_gates(logits.gates, gates),
    )


def _gates(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the cross entropy of the gates, a missed closure dearer than a false one."""
    known = ~torch.isnan(wanted)
    target = torch.where(known, wanted, torch.zeros(()))
    errors = functional.binary_cross_entropy_with_logits(
        logits, target, reduction="none", pos_weight=torch.tensor(_MISSED)
    )
    return (errors * known).sum() / known.sum().clamp_min(1.0)


def _shape(predicted: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return 1 - Pearson r over the known ticks, averaged over the channels that move."""
    known = (weight > 0).float()
    count = known.sum(dim=1, keepdim=True).clamp_min(1.0)

    def mean(values: torch.Tensor) -> torch.Tensor:
        return (values * known).sum(dim=1, keepdim=True) / count

    a, b = predicted - mean(predicted), wanted - mean(wanted)
    spread = mean(b * b)
    r = mean(a * b) / ((mean(a * a) + 1e-4) * (spread + 1e-4)).sqrt()
    moving = weight.amax(dim=1, keepdim=True) * (spread > 4e-4)
    return ((1.0 - r) * moving).sum() / moving.sum().clamp_min(1e-6)


def _lips(
    predicted: torch.Tensor, targets: torch.Tensor, phones: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return how far lips stand open in P, B, M, and closed where the face speaks open."""
    aperture, wanted = predicted[..., _APERTURE], targets[..., _APERTURE]
    bilabial = torch.zeros(phones.shape, dtype=torch.bool)
    for name in BILABIALS:
        bilabial |= phones == PHONES.index(name)
    near = functional.max_pool1d(bilabial.float()[:, None], 9, stride=1, padding=4)[:, 0] > 0
    shut = near & (wanted < CLOSED)
    speaking_open = (phones > 0) & (wanted > NEARLY_CLOSED)
    gap = functional.relu(aperture - 0.6 * CLOSED)
    clash = functional.relu(NEARLY_CLOSED - aperture)
    return _mean(gap, shut * weights[:, None]), _mean(clash, speaking_open * weights[:, None])


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (values * weights).sum() / weights.sum().clamp_min(1.0)
