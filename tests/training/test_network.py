"""The network's gates: what a decision does to the curves."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from facewire.tools.training import network
from facewire.tools.training.channels import CLOSE, HEADS, JAW
from facewire.tools.training.gates import GATES


def _curves(seal_log_odds: float) -> torch.Tensor:
    """Return the curves [n, HEADS] of a network that moves everything and decides as told."""
    torch.manual_seed(3)
    model = network.Network(16).eval()
    with torch.no_grad():
        model.heads.bias.fill_(0.7)
        model.gates.weight.zero_()
        model.gates.bias[GATES.index("seal")] = seal_log_odds
        return torch.as_tensor(model.curves(torch.rand(1, 16, 8))[0])


def test_a_sealed_mouth_takes_back_all_that_the_jaw_opened() -> None:
    sealed, free = _curves(4.0), _curves(-4.0)
    jaw, close = HEADS.index(JAW), HEADS.index(CLOSE)
    assert torch.equal(sealed[:, close], sealed[:, jaw])
    assert bool((free[:, close] < 0.9 * free[:, jaw]).all())
    assert torch.equal(sealed[:, jaw], free[:, jaw])


@pytest.mark.parametrize("head", network.PARTING)
def test_a_sealed_mouth_keeps_nothing_that_parts_the_lips(head: str) -> None:
    assert float(_curves(4.0)[:, HEADS.index(head)].abs().max()) == 0.0
    assert float(_curves(-4.0)[:, HEADS.index(head)].min()) > 0.01


def test_a_gate_is_decided_only_when_the_odds_are_clear() -> None:
    least, most = (torch.logit(torch.tensor(p)) for p in network.SURE)
    decided = network.decided(torch.stack([least - 1, (least + most) / 2, most + 1]))
    assert decided[0] == 0.0
    assert 0.3 < decided[1] < 0.7
    assert decided[2] == 1.0
