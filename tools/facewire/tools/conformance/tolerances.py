"""How far our numbers may be from NVIDIA's: one row per quantity, with where it is written.

`source` is the section of INDEX.md and its words. What INDEX.md leaves open is marked as ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tolerance:
    """What is asked of the items of one quantity."""

    limit: float
    """Largest error; 0: the numbers are equal."""
    source: str
    kind: str = "abs"
    """`abs`, `rel` (a share of the largest expected number), `exact` (entries that differ), or
    `per case` where each case has its own."""
    share: float = 1.0
    """Of the items, that must be within `limit`."""
    rest: float = 0.0
    """Largest error of the others."""

    def text(self) -> str:
        """Return the tolerance as a table shows it."""
        if self.kind in ("exact", "per case"):
            return self.kind
        text = f"{self.limit:g}" + (" rel" if self.kind == "rel" else "")
        if self.share < 1.0:
            text += f" for {100 * self.share:g} %"
            text += f", rest {self.rest:g}" if self.rest < inf else ""
        return text


def _exact(source: str) -> Tolerance:
    return Tolerance(0.0, source, "exact")


_SKIN = "animator_skin: abs 5e-5 on vertices of magnitude ~100; mask abs 1e-5; alpha rel 1e-6"
_MOUTH = "animator_tongue_teeth: tongue 1e-5; rotation entries 5e-6; translation entries 3e-4"
_EYES = "animator_eyes: abs 1e-6; frame_index exact when live time is accumulated in float32"
_SHAPES = (
    "blendshape_skin: abs 1e-4 on _weights for frames whose _sensitivity and those of all earlier "
    "frames since start/Reset are <= 1e-5 and cond_A < 1e6; >= 99 % at 1e-4 and the rest at 2e-2"
)
_SHAPES_FORCED = (
    "blendshape_skin: test teacher-forced with _ATb, _A and the stored previous _raw_active; "
    "tolerance and share as for free running"
)
_SHAPES_ILL = (
    "blendshape_skin: cond_A > 1e6 are ill conditioned: 2e-2 or skip single frames "
    "(that single means 1 in 20 at most is ours)"
)
_SHAPES_A = "blendshape_skin: _A rel 1e-6, _ATb rel 1e-6, _scale rel 1e-6"
_SHAPES_GPU = "blendshape_skin: _weights_gpu_admm abs 3e-4 where cond_A < 1e5"
_SHAPES_PAIRS = "blendshape_skin: _cancel_pairs as the SDK built them, order is irrelevant"
_EXECUTOR = (
    "executor_regression: timestamps, windows exact (x input_strength: 1e-6); vertices 2e-5; "
    "jaw as above"
)
_A2E = "executor_a2e: timestamps and windows exact; emotions abs 1e-6"

_BLENDSHAPES: Final[Mapping[str, Tolerance]] = {
    "weights of stable frames": Tolerance(1e-4, _SHAPES, share=0.99, rest=2e-2),
    "weights, teacher-forced": Tolerance(1e-4, _SHAPES_FORCED, share=0.99, rest=2e-2),
    "weights, ill conditioned": Tolerance(2e-2, _SHAPES_ILL, share=0.95, rest=inf),
    "weights of sdk-gpu": Tolerance(3e-4, _SHAPES_GPU),
    "weights of sdk-gpu, whole": Tolerance(3e-4, _SHAPES_GPU + " (the whole solver: ours)"),
    "matrix A": Tolerance(1e-6, _SHAPES_A, "rel"),
    "A^T b": Tolerance(1e-6, _SHAPES_A, "rel"),
    "scale": Tolerance(1e-6, _SHAPES_A, "rel"),
    "cancel pairs": _exact(_SHAPES_PAIRS),
    "exact without -1 pairs": Tolerance(
        1e-6, _SHAPES_A + "; the SDK's pairing of -1 is left out (ours)", "rel"
    ),
}
_RUN: Final[Mapping[str, Tolerance]] = {
    "timestamps": _exact(_EXECUTOR),
    "frames and progress": _exact(_EXECUTOR),
    "windows": Tolerance(1e-6, _EXECUTOR),
    "network emotion": Tolerance(1e-6, "accumulators: emotions abs 1e-6"),
    "frame emotions": Tolerance(1e-6, "accumulators: emotions abs 1e-6"),
    "identity": _exact(_EXECUTOR),
    "GRU state": _exact("executor_diffusion: output_latents = 0.5*input_latents + (k+1)"),
    "noise": _exact("executor_diffusion: use only for 'constant or fresh' behaviour"),
    "skin and tongue": Tolerance(2e-5, _EXECUTOR),
    "jaw rotation": Tolerance(5e-6, _MOUTH),
    "jaw translation": Tolerance(3e-4, _MOUTH),
    "eyes": Tolerance(1e-6, _EYES),
}

TOLERANCES: Final[Mapping[str, Mapping[str, Tolerance]]] = {
    "animator_skin": {
        "vertices": Tolerance(5e-5, _SKIN),
        "mask": Tolerance(1e-5, _SKIN),
        "smoothing shares": Tolerance(1e-6, _SKIN, "rel"),
    },
    "interpolator": {"smoothed": Tolerance(2e-6, "interpolator: abs 2e-6")},
    "animator_tongue_teeth": {
        "tongue vertices": Tolerance(1e-5, _MOUTH),
        "rotation": Tolerance(5e-6, _MOUTH),
        "translation": Tolerance(3e-4, _MOUTH),
    },
    "animator_eyes": {
        "rotations": Tolerance(1e-6, _EYES),
        "saccade rows": _exact(_EYES),
        "clock": Tolerance(1e-6, _EYES),
    },
    "pca_reconstruction": {"deltas": Tolerance(1e-6, "pca_reconstruction: rel 1e-6", "rel")},
    "blendshape_skin": _BLENDSHAPES,
    "blendshape_tongue": _BLENDSHAPES,
    "bvls": {"x": Tolerance(1e-5, "bvls: abs 1e-5")},
    "a2e_postprocess": {
        "emotions": Tolerance(1e-6, "a2e_postprocess: abs 1e-6"),
        "equal logits": Tolerance(1e-6, "a2e_postprocess: ties_*: tie order not required"),
    },
    "executor_a2e": {
        "windows": _exact(_A2E),
        "window sums": Tolerance(1e-9, _A2E + " (a sum in float64: its rounding is ours)"),
        "timestamps": _exact(_A2E),
        "frames and progress": _exact(_A2E),
        "emotions": Tolerance(1e-6, _A2E),
    },
    "executor_regression": _RUN,
    "executor_diffusion": _RUN,
    "end_to_end_regression": {
        "weights": Tolerance(2e-4, "end_to_end_regression: abs 2e-4"),
        "weights of a stream": Tolerance(2e-4, "end_to_end_regression: abs 2e-4"),
        "timestamps": _exact(_EXECUTOR),
    },
    "window_progress": {
        name: _exact("window_progress: exact integers")
        for name in ("windows", "frames", "executions", "frame totals", "gating")
    },
    "accumulators": {
        "emotions": Tolerance(1e-6, "accumulators: emotions abs 1e-6"),
        "audio": _exact("accumulators: audio exact (gain 1e-6)"),
        "audio with gain": Tolerance(1e-6, "accumulators: audio exact (gain 1e-6)"),
        "refusals": _exact("accumulators: refused reads are NaN with ok=0"),
    },
}  # fmt: skip
"""By topic and quantity."""

LITERAL: Final = Tolerance(0.0, "vectors.json: `tolerance` of each case", "per case")
