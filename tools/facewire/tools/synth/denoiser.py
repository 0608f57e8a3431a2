"""One step of the diffusion network: from a noisy face and the sound to a clean one, with a memory.

The order in a token and the sizes are those of a2f_runtime 9.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.synth.encoder import EncoderWidths
from facewire.tools.synth.layers import linear, mish

if TYPE_CHECKING:
    from facewire.tools.synth.graph import Graph

FRAMES: Final = 60
FIRST: Final = 15
LAST: Final = 45
CENTRE: Final = LAST - FIRST
STEPS: Final = (999, 0)
"""Times of the schedule in the order they run; the first has state 1, the last has state 0."""
SCHEDULE: Final = 1000
JAW: Final = 15
EYES: Final = 4
EMOTIONS: Final = 10
GRU_LAYERS: Final = 2
GEOMETRY_GAIN: Final = 1.0
"""Of the noisy face, which is the same at every instant when the noise is."""


@dataclass(frozen=True)
class DiffusionWidths:
    """Layer widths."""

    encoder: EncoderWidths
    sound: int
    skin: int
    """What the skin is taken down to."""
    tongue: int
    geometry: int
    """What the whole face is taken down to."""
    time: int
    identity: int
    emotion: int
    gru: int
    large: int
    """Hidden layer of the heads for skin and tongue."""
    little: int
    """... for jaw and eyes."""


FULL: Final = DiffusionWidths(
    EncoderWidths(512, 768, 12, 3072, 12), 256, 512, 20, 285, 256, 32, 32, 256, 512, 128
)
SMALL: Final = DiffusionWidths(
    EncoderWidths(8, 48, 12, 96, 12), 24, 24, 8, 24, 16, 4, 4, 32, 32, 16
)


@dataclass(frozen=True)
class Sizes:
    """How long the parts of a frame are."""

    skin: int
    tongue: int

    @property
    def parts(self) -> dict[str, int]:
        """Part -> numbers per frame, in their order."""
        return {"skin": self.skin, "tongue": self.tongue, "jaw": JAW, "eyes": EYES}

    @property
    def frame(self) -> int:
        """Numbers of a whole frame."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Heard:
    """What both steps share, each [batch, 30, ...]."""

    sound: str
    identity: str
    emotion: str
    mean: str
    """[batch, 1, frame]."""
    batch: str
    """int64[1]."""


def denoising_step(
    graph: Graph,
    face: str,
    state: str,
    time: int,
    heard: Heard,
    widths: DiffusionWidths,
    sizes: Sizes,
) -> tuple[dict[str, str], str]:
    """Return the hidden layers of the heads and the new state [layers, batch, gru]."""
    instant = graph.constant(np.eye(1, SCHEDULE, time))
    when = mish(graph, linear(graph, instant, "time", (SCHEDULE, widths.time), gain=SCHEDULE**0.5))
    tokens = graph.node(
        "Concat",
        heard.sound,
        graph.slice(_seen(graph, face, widths, sizes), FIRST, LAST, 1),
        heard.identity,
        for_each_frame(graph, when, heard.batch, widths.time),
        heard.emotion,
        axis=2,
    )
    size = widths.sound + widths.geometry + widths.identity + widths.time + widths.emotion
    carried, state = _remember(graph, tokens, state, size, widths.gru)
    hidden = {}
    for part in sizes.parts:
        wide = widths.large if part in ("skin", "tongue") else widths.little
        layer = linear(graph, carried, f"{part}.head.0", (widths.gru, wide), gain=2.0)
        hidden[part] = graph.node("Relu", layer)
    return hidden, state


def _seen(graph: Graph, face: str, widths: DiffusionWidths, sizes: Sizes) -> str:
    """Return [batch, 60, geometry] for the noisy face."""
    parts, start = [], 0
    for part, size in sizes.parts.items():
        value = graph.slice(face, start, start + size, 2)
        start += size
        if part in ("skin", "tongue"):
            wide = widths.skin if part == "skin" else widths.tongue
            value = linear(graph, value, f"{part}.seen", (size, wide))
            value = graph.node("Relu", _along_features(graph, value, f"{part}.along", wide))
        else:
            for layer, (before, after) in enumerate(((size, 2 * size), (2 * size, 2 * size))):
                value = linear(graph, value, f"{part}.seen.{layer}", (before, after))
                value = graph.node("Relu", value)
        parts.append(value)
    joint = widths.skin + widths.tongue + 2 * (JAW + EYES)
    value = graph.node("Concat", *parts, axis=2)
    value = graph.node("Relu", linear(graph, value, "geometry.0", (joint, joint)))
    return linear(graph, value, "geometry.1", (joint, widths.geometry), gain=GEOMETRY_GAIN)


def _along_features(graph: Graph, value: str, name: str, wide: int) -> str:
    """Return a convolution of nine taps along the last axis."""
    line = graph.reshape(value, -1, 1, wide)
    filters = graph.weight(f"{name}.weight", (1, 1, 9), 1 / 3)
    bias = graph.weight(f"{name}.bias", (1,), 0.0)
    smoothed = graph.node("Conv", line, filters, bias, kernel_shape=[9], pads=[4, 4])
    return graph.reshape(smoothed, -1, FRAMES, wide)


def _remember(graph: Graph, tokens: str, state: str, size: int, gru: int) -> tuple[str, str]:
    """Return [batch, 30, gru] of the recurrent layers, and their new state."""
    value = graph.transpose(tokens, 1, 0, 2)
    states = []
    for layer in range(GRU_LAYERS):
        name = f"gru.{layer}"
        wide = gru if layer else size
        outputs, last = graph.nodes(
            "GRU",
            [
                value,
                graph.weight(f"{name}.input", (1, 3 * gru, wide), wide**-0.5),
                graph.weight(f"{name}.recurrent", (1, 3 * gru, gru), 0.6 * gru**-0.5),
                graph.weight(f"{name}.bias", (1, 6 * gru), 0.05),
                "",
                graph.slice(state, layer, layer + 1, 0),
            ],
            2,
            hidden_size=gru,
            linear_before_reset=1,
        )
        value = graph.node("Squeeze", outputs, graph.ints(1))
        states.append(last)
    return graph.transpose(value, 1, 0, 2), graph.node("Concat", *states, axis=0)


def for_each_frame(graph: Graph, value: str, batch: str, size: int) -> str:
    """Return [batch, 30, size] for [batch or 1, size]."""
    shape = graph.node("Concat", batch, graph.ints(CENTRE, size), axis=0)
    return graph.node("Expand", graph.node("Unsqueeze", value, graph.ints(1)), shape)
