"""The emotion network: a deep speech encoder, the mean over time, six logits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from facewire.tools.synth.encoder import EncoderWidths, encode
from facewire.tools.synth.graph import Graph, Port
from facewire.tools.synth.layers import given_linear, linear

if TYPE_CHECKING:
    from facewire.tools.synth.heads import Linear
    from facewire.tools.synth.weights import Weights

LOGITS: Final = 6
INPUT: Final = Port("input_values", ("batch", "samples"))


@dataclass(frozen=True)
class EmotionWidths:
    """Layer widths."""

    encoder: EncoderWidths
    joint: int

    def of_depth(self, layers: int) -> EmotionWidths:
        """Return the same with another number of transformer layers."""
        return replace(self, encoder=replace(self.encoder, layers=layers))


FULL: Final = EmotionWidths(EncoderWidths(512, 1024, 16, 4096, 24), 256)
SMALL: Final = EmotionWidths(EncoderWidths(8, 32, 16, 64, 24), 16)


def emotion_network(weights: Weights, widths: EmotionWidths, head: Linear | None) -> Graph:
    """Return the network; without a head it ends in `pooled`, its input.

    The window is brought to mean 0 and variance 1 with nothing added to the variance, so digital
    silence gives NaN, as users report of the published network (a2f_runtime 6.1).
    """
    graph = Graph(weights, folded=True)
    centred = graph.node("Sub", "input_values", graph.node("ReduceMean", "input_values", axes=[1]))
    squares = graph.node("Mul", centred, centred)
    spread = graph.node("Sqrt", graph.node("ReduceMean", squares, axes=[1]))
    even = graph.node("Unsqueeze", graph.node("Div", centred, spread), graph.ints(1))
    value = encode(graph, even, widths.encoder)
    value = linear(graph, value, "projector", (widths.encoder.hidden, widths.joint))
    value = graph.node("ReduceMean", value, axes=[1], keepdims=0)
    graph.rename(
        value if head is None else given_linear(graph, value, "classifier", head),
        "pooled" if head is None else "output",
    )
    return graph


def emotion_file(graph: Graph, note: str) -> bytes:
    """Return the file of a network with a head."""
    return graph.file([INPUT], [Port("output", ("batch", LOGITS))], name="emotion", note=note)
