"""Writes a trained network as a `direct` bundle: network.onnx and bundle.json.

Ranges are set here, by one affine map per curve inside the graph: what the network gives for
digital silence becomes 0, its 95th percentile over speech becomes the 95th percentile of real ARKit
captures. The map cannot change a correlation, so it can be revised without training.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from facewire.tools.training import fit
from facewire.tools.training.channels import CLOSE, HEADS, JAW, PAIRED, SPOKEN, curve_sources
from facewire.tools.training.features import SAMPLE_RATE_HZ, LogMel
from facewire.tools.training.gates import GATES
from facewire.tools.training.network import TICK_SAMPLES, Network, window_shape
from facewire.tools.training.poses import EMOTION_POSES

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.tools.training.dataset import Example

TICKS_PER_WINDOW = 4
_PHONE_CAPTURES = "neurosync_human"
_PRODUCTS = ("nim_mark_joy", "nim_avatar_react", "omni_male_p3", "ace_male_p3")
_P95 = 2
_CONTACT = ("mouthRollLower", "mouthPress")
"""Lips lie together at rest, so these rest at a small value and fall when the mouth opens; taking
that value away would clip the fall. Their ranges are a few hundredths."""

TUCKED = {"mouthShrugLower": 0.3, "mouthUpperUp": 0.05}
"""What F and V add in ARKit weights: the lower lip rises, the upper one bares the teeth over it."""


class Direct(torch.nn.Module):  # type: ignore[misc]  # torch is absent where types are checked
    """Raw window [B, W] to ARKit curves [B, TICKS_PER_WINDOW, C] in [0, 1]."""

    def __init__(self, network: Network, scale: np.ndarray, rest: np.ndarray) -> None:
        super().__init__()
        self.log_mel, self.network = LogMel(), network
        picked = [HEADS.index(head) for _, head in curve_sources()]
        self.register_buffer("picked", torch.tensor(picked))
        self.register_buffer("scale", torch.from_numpy(scale[picked]).float())
        tucked = [TUCKED.get(head, 0.0) for _, head in curve_sources()]
        self.register_buffer("tucked", torch.tensor(tucked))
        self.register_buffer("offset", torch.from_numpy((-rest * scale)[picked]).float())

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the curves."""
        hidden = self.network.trunk(self.log_mel(audio))
        heads = self.network.curves(hidden).index_select(2, self.picked)
        tuck = self.network.decisions(hidden)[..., GATES.index("tuck"), None]
        return (heads * self.scale + self.offset + tuck * self.tucked).clamp(0.0, 1.0)


def wanted_p95(stats: Path) -> dict[str, float]:
    """Return each head's 95th percentile in real curves.

    Half from phone captures of people, half the median of four Audio2Face products: the products
    differ five-fold, and people open the jaw less than most of them.
    """
    sets = json.loads(stats.read_text(encoding="utf-8"))

    def p95(name: str, head: str) -> float:
        return float(sets[name][head + ("Left" if head in PAIRED else "")][_P95])

    seen = [h for h in HEADS if h not in SPOKEN]
    return {
        h: 0.5 * p95(_PHONE_CAPTURES, h) + 0.5 * float(np.median([p95(n, h) for n in _PRODUCTS]))
        for h in seen
    }


def ranges(network: Network, speech: list[Example], stats: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return (scale, rest) per head for `Direct`.

    Args:
        network: Trained.
        speech: Clips over which the network's own percentiles are taken.
        stats: channel_percentiles_5_50_95_99.json.
    """
    with torch.no_grad():
        zeros = torch.zeros(1, window_shape(TICKS_PER_WINDOW).samples)
        rest = network.eval()(LogMel()(zeros))[0].mean(dim=0).numpy()
    rest[[HEADS.index(head) for head in _CONTACT]] = 0.0
    # Taking the same from both leaves the lip aperture as the network gave it: taking less from
    # the lips would shut them early.
    rest[HEADS.index(CLOSE)] = rest[HEADS.index(JAW)]
    rows = np.concatenate([fit.predicted(network, e) for e in speech])
    own = np.percentile(rows[:, : len(HEADS)], 95, axis=0) - rest
    wanted = wanted_p95(stats)
    scale = np.ones(len(HEADS))
    for k, head in enumerate(HEADS):
        if head in wanted:
            scale[k] = wanted[head] / max(own[k], 0.05)
    # One scale for both, or jawOpen - mouthClose would no longer be the lip aperture.
    scale[HEADS.index(CLOSE)] = scale[HEADS.index(JAW)]
    return scale, rest


def write(model: Direct, out: Path, *, version: str) -> None:
    """Write network.onnx and bundle.json into a folder that exists."""
    window = window_shape(TICKS_PER_WINDOW)
    torch.onnx.export(
        model.eval(),
        (torch.zeros(1, window.samples),),
        str(out / "network.onnx"),
        input_names=["audio"],
        output_names=["curves"],
        dynamic_axes={"audio": {0: "batch"}, "curves": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    _name_sizes(out / "network.onnx")
    bundle: dict[str, Any] = {
        "schema": 1,
        "name": "embedded",
        "version": version,
        "family": "direct",
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "network": "network.onnx",
        "input": "audio",
        "output": "curves",
        "window_samples": window.samples,
        "window_start_samples": window.start_samples,
        "tick_samples": TICK_SAMPLES,
        "ticks_per_window": TICKS_PER_WINDOW,
        "curves": [curve for curve, _ in curve_sources()],
        "mouth_close": "arkit",
        "emotion_poses": EMOTION_POSES,
    }
    (out / "bundle.json").write_text(json.dumps(bundle, indent=1) + "\n", encoding="utf-8")


def _name_sizes(path: Path) -> None:
    """Write the sizes of the output, which the exporter leaves open, into the graph."""
    import onnx

    model = onnx.load(str(path))
    sizes = model.graph.output[0].type.tensor_type.shape.dim
    for size, value in zip(sizes[1:], (TICKS_PER_WINDOW, len(curve_sources())), strict=True):
        size.dim_value = value
    onnx.save(model, str(path))
