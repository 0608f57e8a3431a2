"""Whether a vertex-free network answers what the original answers, and how much faster it is.

Both hear the same speech with the same emotions, window after window, each with its own memory, for
every identity; then silence, noise and what is too loud; then all identities in one call. What is
compared are vertices in centimetres, jaw, eyes and the memory; how far a part moves is taken from
the speech alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.tools.benching.figures import one_core
from facewire.tools.optimising.maker import Difference, Speed
from facewire.tools.optimising.report import probes
from facewire.tools.optimising.vertex_free_trial import UNITS, Cost, Moment, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.bundles.a2f import DiffusionBundle
    from facewire.bundles.network_info import DiffusionInfo
    from facewire.bundles.vertex_free import FaceBases

LIMIT: Final = 1e-5
"""Largest difference allowed, as a share of how far that part of the face moves in the speech."""
WINDOWS: Final = 6
"""Per identity."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found."""

    difference: Difference
    speed: Speed
    parts: Mapping[str, Any]
    """Part -> largest difference, how far it moves, and the share of it."""
    over: tuple[str, ...]
    notes: tuple[str, ...]
    costs: tuple[tuple[Cost, Cost], ...]
    """Of the original and the variant, of each window but the first."""


def compare(
    bundle: DiffusionBundle,
    network: Path,
    bases: Sequence[FaceBases],
    audio: NDArray[np.float32],
    windows: int = WINDOWS,
) -> Comparison:
    """Compare a vertex-free network with the bundle's own.

    Args:
        bundle: The original's.
        network: The rewritten one.
        bases: Of its coefficients, one of each identity.
        audio: float32[samples] of speech at 16 kHz.
        windows: How many of speech each identity hears.
    """
    info = bundle.info
    trial = Trial(info, bundle.network, network)
    heard = _heard(info, audio, windows)
    with one_core():
        for face, basis in enumerate(bases):
            trial.speak(face, basis, heard)
    together = trial.batched(heard[windows // 2])
    shares = {name: part.share for name, part in trial.parts.items()}
    worst = max(shares, key=lambda name: shares[name])
    over = [
        f"{name} differs by {share:.1e} of how far it moves; {LIMIT:.0e} is allowed."
        for name, share in shares.items()
        if not share <= LIMIT
    ]
    if not together <= LIMIT:
        over.append(f"Several tracks at once differ from each alone by {together:.1e}.")
    squares, whole = np.sum([part.sums for part in trial.parts.values()], axis=0)
    motion = [part for name, part in trial.parts.items() if name != "memory"]
    return Comparison(
        difference=Difference(
            max_abs=max(part.worst for part in motion),
            max_rel=shares[worst],
            p99_abs=max(part.quantile for part in motion),
            relative_l2=float(np.sqrt(squares / whole)) if whole else 0.0,
            windows=len(trial.costs),
        ),
        speed=_speed(trial.costs[1:]),
        costs=tuple(trial.costs[1:]),
        parts={
            name: {"max_abs": part.worst, "moves": part.travel, "max_rel": part.share,
                   "unit": UNITS[name]}
            for name, part in trial.parts.items()
        },
        over=tuple(over),
        notes=(
            "max_rel: the largest difference over the farthest that any number of its part moves; "
            f"the worst part is {worst}.",
        ),
    )  # fmt: skip


def _speed(costs: Sequence[tuple[Cost, Cost]]) -> Speed:
    least = [min(pair[at].cpu for pair in costs) for at in (0, 1)]
    return Speed(original_ms=least[0], variant_ms=least[1], windows=len(costs))


def _heard(info: DiffusionInfo, audio: NDArray[np.float32], windows: int) -> list[Moment]:
    """Return windows half overlapping with changing emotions, then what is no plain speech.

    Nothing is felt at first, then each emotion in turn.
    """
    samples, step = info.window_samples, info.window_samples // 2
    enough = np.resize(audio, max(len(audio), (windows + 1) * step))
    felt = np.eye(len(info.emotions), dtype=np.float32)
    calm = np.zeros((info.frames_kept, len(info.emotions)), np.float32)
    growing = np.linspace(0, 1, info.frames_kept, dtype=np.float32)[:, None]
    found = []
    for at in range(windows):
        emotion = calm if at < 2 else growing * felt[at % len(felt)]
        found.append(Moment(enough[at * step : at * step + samples], emotion, spoken=True))
    others = probes(audio, samples, windows)[windows:]
    return found + [Moment(window, calm, spoken=False) for window in others]
