"""Fits the network: one cycle of AdamW over augmented crops, weights averaged at the end."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from facewire.tools.training.augment import Augmenter
from facewire.tools.training.channels import TARGETS
from facewire.tools.training.dataset import Batch
from facewire.tools.training.losses import Logits, Loss, loss, with_aperture
from facewire.tools.training.network import Network, at_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facewire.tools.training.dataset import Example
    from facewire.tools.training.sets import Mix


@dataclass(frozen=True)
class Plan:
    """How long and how hard to train."""

    epochs: int = 22
    seed: int = 1
    width: int = 208
    crop_ticks: int = 256
    batch_clips: int = 32
    peak_rate: float = 2e-3
    weight_decay: float = 0.02
    threads: int = 2
    leave_out: frozenset[str] = field(default_factory=frozenset)
    """GRID talkers kept out of training and used as the validation set."""


def drawn_crops(mix: Mix, plan: Plan, random: np.random.Generator) -> list[tuple[Example, int]]:
    """Return the crops of one epoch in random order, as (example, first tick).

    Every clip comes at one random speed, as many crops of it as cover it `repeats` times. Starts
    are drawn past both ends and brought back, so that the first and last ticks of a clip, where
    sound begins or stops at once, are seen as often as its middle.
    """
    drawn: list[tuple[Example, int]] = []
    for clips, repeats in mix.groups:
        for speeds in clips:
            example = speeds[random.integers(len(speeds))]
            room = example.ticks - plan.crop_ticks
            if room < 0:
                continue
            margin = plan.crop_ticks // 4
            wanted = int(example.ticks / plan.crop_ticks * repeats + random.random())
            starts = random.integers(-margin, room + margin + 1, wanted).clip(0, room)
            drawn += [(example, int(start)) for start in starts]
    return [drawn[k] for k in random.permutation(len(drawn))]


def batches(drawn: list[tuple[Example, int]], plan: Plan) -> Iterator[Batch]:
    """Yield the crops in batches; what does not fill the last one is left out."""
    for k in range(0, len(drawn) - plan.batch_clips + 1, plan.batch_clips):
        yield Batch(drawn[k : k + plan.batch_clips], plan.crop_ticks)


def fit(mix: Mix, plan: Plan, report: Callable[[str], None]) -> Network:
    """Return the trained network in evaluation mode.

    Args:
        mix: Examples.
        plan: Length and rates; its seed decides everything random.
        report: Called with one line per epoch.
    """
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    random = np.random.default_rng(plan.seed)
    augment = Augmenter(plan.seed)
    network = Network(plan.width)
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=plan.peak_rate, weight_decay=plan.weight_decay
    )
    step, started = 0, time.monotonic()
    for epoch in range(plan.epochs):
        network.train()
        totals: list[list[float]] = []
        drawn = drawn_crops(mix, plan, random)
        for k, batch in enumerate(batches(drawn, plan)):
            progress = (epoch + k * plan.batch_clips / len(drawn)) / plan.epochs
            for group in optimiser.param_groups:
                group["lr"] = plan.peak_rate * _rate(progress)
            totals.append(_step(network, augment, optimiser, batch))
            step += 1
            _follow(average, network, decay=min(0.995, (1 + step) / (10 + step)))
        means = np.mean(totals, axis=0)
        text = " ".join(f"{n} {v:.3f}" for n, v in zip(Loss._fields, means, strict=True))
        score = summary(validate(average, mix.validation))
        minutes = (time.monotonic() - started) / 60
        report(f"epoch {epoch + 1}/{plan.epochs} {minutes:.1f} min: {text} | {score}")
    average.eval()
    return average


def _rate(progress: float) -> float:
    """Return the share of the peak rate: 5 % linear rise, then half a cosine to 1 %."""
    if progress < 0.05:
        return max(progress / 0.05, 0.02)
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min((progress - 0.05) / 0.95, 1.0)))


def _step(
    network: Network, augment: Augmenter, optimiser: torch.optim.Optimizer, batch: Batch
) -> list[float]:
    hidden = network.trunk(augment(batch.log_mel))
    logits = Logits(at_ticks(network.phones(hidden)).transpose(1, 2), network.gate_logits(hidden))
    parts = loss(
        network.curves(hidden), logits, batch.targets, batch.phones, batch.gates, batch.weights
    )
    optimiser.zero_grad()
    parts.total().backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimiser.step()
    return [float(p.detach()) for p in parts]


def _follow(average: Network, network: Network, decay: float) -> None:
    theirs = network.state_dict()
    with torch.no_grad():
        for name, mine in average.state_dict().items():
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs[name], 1.0 - decay)


def predicted(network: Network, example: Example) -> np.ndarray:
    """Return the targets [ticks, TARGETS] the network gives for a whole clip."""
    network.eval()
    even = example.ticks // 2 * 2
    log_mel = example.log_mel.float().T[None, :, : len(example.log_mel) - example.ticks + even]
    with torch.no_grad():
        return np.asarray(with_aperture(network(log_mel))[0].numpy())


def validate(network: Network, examples: list[Example]) -> dict[str, float]:
    """Return the mean Pearson r per clip of every target channel that moves."""
    scores: dict[str, list[float]] = {}
    for example in examples:
        ours = predicted(network, example)
        for k, channel in enumerate(TARGETS):
            theirs = example.targets[: len(ours), k].numpy()
            known = np.isfinite(theirs)
            a, b = ours[known, k], theirs[known]
            if known.any() and b.std() > 1e-4 and a.std() > 1e-6:
                scores.setdefault(channel, []).append(float(np.corrcoef(a, b)[0, 1]))
    return {channel: float(np.mean(values)) for channel, values in scores.items()}


def summary(scores: dict[str, float]) -> str:
    """Return the validation scores worth watching, in one line."""
    watched = ("jawOpen", "lipAperture", "mouthClose", "mouthFunnel", "mouthPucker",
               "mouthLowerDown", "mouthUpperUp", "mouthPress", "mouthRollLower", "mouthSmile",
               "tongueTipUp")  # fmt: skip
    return " ".join(f"{c.removeprefix('mouth')} {scores[c]:.2f}" for c in watched if c in scores)
