"""The regression network (v2.3): two readings of a window of sound, joined over time.

a2f_runtime 9.4: one branch is a speech encoder, the other autocorrelations; four convolutions with
the emotion beside them, then linear heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.synth.encoder import EncoderWidths, encode
from facewire.tools.synth.graph import Graph, Port
from facewire.tools.synth.layers import convolution, given_linear, linear, norm_relu

if TYPE_CHECKING:
    from facewire.tools.synth.heads import Linear
    from facewire.tools.synth.weights import Weights

WINDOW_SAMPLES: Final = 8320
FRAMES: Final = 25
FRAME_SAMPLES: Final = 640
HOP_SAMPLES: Final = 320
LAGS: Final = 32
AUTOCORRELATION_SCALE: Final = 8.912028121636435
IMPLICIT: Final = 16
EXPLICIT: Final = 10
JAW_AND_EYES: Final = 15 + 4
LAG_GAIN: Final = 0.5
"""Of the autocorrelations' branch, which grows with the square of loudness."""


@dataclass(frozen=True)
class RegressionWidths:
    """Layer widths; the sizes of window, emotion, jaw and eyes are fixed by the contract."""

    encoder: EncoderWidths
    lags: tuple[int, int, int, int]
    """Channels of the first four convolutions over lags."""
    features: int
    """Channels of each branch and of the convolutions over time."""
    emotion: int
    """What the explicit emotions are made of."""
    emotion_gain: float
    """How loud they are beside the sound: in a narrow network each counts for more."""


FULL: Final = RegressionWidths(
    EncoderWidths(512, 768, 12, 3072, 1), (72, 108, 162, 243), 256, 8, 1.0
)
SMALL: Final = RegressionWidths(EncoderWidths(8, 48, 12, 96, 1), (4, 6, 8, 10), 16, 4, 0.2)


@dataclass(frozen=True)
class RegressionHeads:
    """The last layers, float32: coefficients, cm and degrees out."""

    face: Linear
    """[skin + 15 + 4, skin + 15 + 4]."""
    tongue: Linear
    """[tongue, tongue]."""


def regression_network(
    weights: Weights,
    widths: RegressionWidths,
    skin: int,
    tongue: int,
    heads: RegressionHeads | None,
) -> Graph:
    """Return the network; without heads it ends in `face` and `tongue`, their inputs.

    Args:
        weights: Where random weights come from.
        widths: Of the layers.
        skin: Number of skin coefficients.
        tongue: Number of tongue coefficients.
        heads: The last layers.
    """
    graph = Graph(weights, folded=True)
    branches = [_speech(graph, widths), _lags(graph, widths)]
    implicit = graph.slice("emotion", 0, IMPLICIT, 2)
    explicit = graph.slice("emotion", IMPLICIT, IMPLICIT + EXPLICIT, 2)
    sizes = (EXPLICIT, widths.emotion)
    told = linear(graph, explicit, "emotion", sizes, gain=widths.emotion_gain)
    mood = graph.node("Concat", implicit, told, axis=2)
    value = _over_time(graph, graph.node("Concat", *branches, axis=1), mood, widths)
    joint = widths.features + IMPLICIT + widths.emotion
    face_size = skin + JAW_AND_EYES
    face = linear(graph, value, "face.0", (joint, face_size))
    tongue_value = linear(graph, value, "tongue.0", (joint, tongue))
    if heads is None:
        graph.rename(face, "face")
        graph.rename(tongue_value, "tongue")
        return graph
    face = given_linear(graph, face, "face.1", heads.face)
    tongue_value = given_linear(graph, tongue_value, "tongue.1", heads.tongue)
    parts = [
        graph.slice(face, 0, skin, 2), tongue_value, graph.slice(face, skin, face_size, 2),
    ]  # fmt: skip
    graph.rename(graph.node("Concat", *parts, axis=2), "result")
    return graph


def regression_file(graph: Graph, skin: int, tongue: int, note: str) -> bytes:
    """Return the file of a network with heads for so many coefficients."""
    result = Port("result", ("batch", 1, skin + tongue + JAW_AND_EYES))
    return graph.file(inputs(), [result], name="regression", note=note)


def inputs() -> list[Port]:
    """Return the inputs of the contract."""
    window = Port("input", ("batch", 1, WINDOW_SAMPLES))
    return [window, Port("emotion", ("batch", 1, IMPLICIT + EXPLICIT))]


def _speech(graph: Graph, widths: RegressionWidths) -> str:
    """Return [batch, features, 25, 1] of the speech encoder."""
    value = encode(graph, "input", widths.encoder)
    # A weighted mean over the layers used, of which there is one.
    share = graph.weight("layers.share", (1,), 0.0, mean=1.0)
    total = graph.node("ReduceSum", share, keepdims=0)
    value = graph.node("Div", graph.node("Mul", value, share), total)
    value = graph.node(
        "Relu", linear(graph, value, "mapping", (widths.encoder.hidden, widths.features))
    )
    turned = graph.transpose(value, 0, 2, 1)
    return graph.node("Unsqueeze", turned, graph.ints(-1))


def _lags(graph: Graph, widths: RegressionWidths) -> str:
    """Return [batch, features, 25, 1] of the autocorrelations."""
    value = _autocorrelations(graph)
    channels = (1, *widths.lags, widths.features)
    for index, (before, after) in enumerate(pairwise(channels)):
        last = index == len(channels) - 2
        value = convolution(
            graph,
            value,
            f"lags.{index}",
            (after, before, 1, 2 if last else 3),
            strides=(1, 1) if last else (1, 2),
            pads=() if last else (0, 1, 0, 1),
            gain=LAG_GAIN if index == 0 else 1.0,
        )
        value = norm_relu(graph, value)
    return value


def _autocorrelations(graph: Graph) -> str:
    """Return [batch, 1, 25, 32]: r[k] = mean over n of w[n] w[n + k], w a Hann-weighted frame."""
    louder = graph.node("Mul", "input", graph.constant(AUTOCORRELATION_SCALE))
    places = np.arange(FRAMES)[:, None] * HOP_SAMPLES + np.arange(FRAME_SAMPLES)
    frames = graph.node("Gather", louder, graph.constant(places, np.int64), axis=2)
    even = graph.node("Sub", frames, graph.node("ReduceMean", frames, axes=[-1]))
    frames = graph.node("Mul", even, graph.constant(np.hanning(FRAME_SAMPLES)))
    lags = []
    for lag in range(LAGS):
        early = graph.slice(frames, 0, FRAME_SAMPLES - lag, 3)
        late = graph.slice(frames, lag, FRAME_SAMPLES, 3)
        product = graph.node("Mul", early, late)
        lags.append(graph.node("ReduceSum", product, graph.ints(-1), keepdims=1))
    scale = graph.constant(1.0 / FRAME_SAMPLES)
    return graph.node("Mul", graph.node("Concat", *lags, axis=3), scale)


def _over_time(graph: Graph, value: str, mood: str, widths: RegressionWidths) -> str:
    """Return [batch, 1, features + emotion]: 25 steps become 13, 7, 4, 2 and 1."""
    wide = widths.features
    joint = wide + IMPLICIT + widths.emotion
    column = graph.node("Unsqueeze", graph.transpose(mood, 0, 2, 1), graph.ints(-1))
    for index, steps in enumerate((13, 7, 4, 2)):
        shape = (wide, joint if index else 2 * wide, 3, 1)
        name = f"time.{index}"
        value = convolution(graph, value, name, shape, strides=(2, 1), pads=(1, 0, 1, 0))
        size = graph.node(
            "Concat",
            graph.slice(graph.node("Shape", column), 0, 2, 0),
            graph.ints(steps, 1),
            axis=0,
        )
        beside = graph.node("Expand", column, size)
        value = graph.node("Concat", norm_relu(graph, value), beside, axis=1)
    value = graph.reshape(value, 0, 1, 2 * joint)
    value = norm_relu(graph, linear(graph, value, "time.4", (2 * joint, wide)))
    return graph.node("Concat", value, mood, axis=2)
