"""What the network is asked for, and what it is not."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from facewire.tools.training import losses
from facewire.tools.training.articulation import PHONES
from facewire.tools.training.channels import CLOSE, HEADS, JAW, TARGETS
from facewire.tools.training.gates import GATES

TICKS = 60


def _parts(jaw: torch.Tensor, wanted: torch.Tensor, phone: str = "AA") -> losses.Loss:
    """Return the loss of one clip in which only the jaw moves and only the jaw is known."""
    heads = torch.zeros(1, TICKS, len(HEADS))
    heads[0, :, HEADS.index(JAW)] = jaw
    targets = torch.full((1, TICKS, len(TARGETS)), float("nan"))
    targets[0, :, TARGETS.index(JAW)] = wanted
    phones = torch.full((1, TICKS), PHONES.index(phone))
    return losses.loss(heads, _unsure(), targets, phones, _unknown_gates(), torch.ones(1))


def _unsure() -> losses.Logits:
    return losses.Logits(torch.zeros(1, TICKS, len(PHONES)), torch.zeros(1, TICKS, len(GATES)))


def _unknown_gates() -> torch.Tensor:
    return torch.full((1, TICKS, len(GATES)), float("nan"))


def _wave() -> torch.Tensor:
    return 0.5 + 0.4 * torch.sin(torch.arange(TICKS) / 6.0)


def test_the_right_curve_costs_nothing() -> None:
    parts = _parts(_wave(), _wave())
    assert float(parts.values) == 0.0
    assert float(parts.shape) == pytest.approx(0.0, abs=5e-3)


def test_the_right_shape_at_the_wrong_size_costs_values_only() -> None:
    parts = _parts(0.3 * _wave(), _wave())
    assert float(parts.values) > 0.05
    assert float(parts.shape) < 0.02


def test_unknown_ticks_cost_nothing_whatever_the_network_does_there() -> None:
    wanted, ours = _wave(), _wave()
    wanted[:20] = float("nan")
    ours[:20] = 3.0
    parts = _parts(ours, wanted)
    assert float(parts.values) == 0.0
    assert float(parts.shape) == pytest.approx(0.0, abs=5e-3)


@pytest.mark.parametrize(("phone", "open_by"), [("B", 0.5), ("AA", 0.0)])
def test_open_lips_in_b_and_shut_lips_in_a_vowel_cost(phone: str, open_by: float) -> None:
    heads = torch.zeros(1, TICKS, len(HEADS))
    heads[..., HEADS.index(JAW)] = 0.5
    heads[..., HEADS.index(CLOSE)] = 0.5 - open_by
    targets = torch.full((1, TICKS, len(TARGETS)), float("nan"))
    targets[..., TARGETS.index("lipAperture")] = 0.5 - open_by
    phones = torch.full((1, TICKS), PHONES.index(phone))
    parts = losses.loss(heads, _unsure(), targets, phones, _unknown_gates(), torch.ones(1))
    assert (float(parts.gap) > 0.1) is (phone == "B")
    assert (float(parts.clash) > 0.1) is (phone == "AA")


def test_a_missed_closure_costs_more_than_a_false_one_and_an_unknown_one_nothing() -> None:
    wave = _wave()
    heads, targets = torch.zeros(1, TICKS, len(HEADS)), torch.zeros(1, TICKS, len(TARGETS))
    targets[0, :, TARGETS.index(JAW)] = wave
    phones = torch.zeros(1, TICKS, dtype=torch.long)

    def cost(said: float, wanted: float) -> float:
        logits = losses.Logits(_unsure().phones, torch.full((1, TICKS, len(GATES)), said))
        gates = torch.full((1, TICKS, len(GATES)), wanted)
        return float(losses.loss(heads, logits, targets, phones, gates, torch.ones(1)).gates)

    assert cost(-3.0, 1.0) > cost(3.0, 0.0) > cost(3.0, 1.0)
    assert cost(3.0, float("nan")) == 0.0
