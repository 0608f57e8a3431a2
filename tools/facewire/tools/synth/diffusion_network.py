"""The diffusion network (v3.0): half a second of face by two steps of denoising, with a memory.

a2f_runtime 9.6. Each step hears the sound, sees the noisy face, knows the time of the step, whose
face it is and the emotion; a recurrent network carries the past. Everything but the two ends of the
window is computed for 30 frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.synth.denoiser import (
    CENTRE,
    EMOTIONS,
    FIRST,
    FRAMES,
    GRU_LAYERS,
    LAST,
    STEPS,
    Heard,
    denoising_step,
    for_each_frame,
)
from facewire.tools.synth.encoder import encode
from facewire.tools.synth.graph import Graph, Port
from facewire.tools.synth.layers import given_linear, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.synth.denoiser import DiffusionWidths, Sizes
    from facewire.tools.synth.heads import Linear
    from facewire.tools.synth.weights import Weights

WINDOW_SAMPLES: Final = 16_000
KEPT: Final = 0.9999793576744359
NOISY: Final = 2.0346327099186467e-09
SPREAD: Final = float(np.exp(-10.095030096534572 / 2))
"""What the first step keeps of its prediction and of its input, and the noise it adds."""


@dataclass(frozen=True)
class Normalisation:
    """Between the network's space and centimetres."""

    mean: NDArray[np.float32]
    """[identities, frame]: the resting face in the network's space."""
    scale: NDArray[np.float32]
    """[identities, 4]: cm (or degrees) per unit of skin, tongue, jaw and eyes."""


def diffusion_network(
    weights: Weights,
    widths: DiffusionWidths,
    sizes: Sizes,
    normalisation: Normalisation,
    heads: dict[str, Linear] | None,
) -> Graph:
    """Return the network; without heads it ends in `skin`, `tongue`, `jaw`, `eyes`: their inputs.

    Args:
        weights: Where random weights come from.
        widths: Of the layers.
        sizes: Of a frame.
        normalisation: Of the identities.
        heads: Part -> its last layer, in the network's space.
    """
    graph = Graph(weights, folded=False)
    heard = _listen(graph, widths, normalisation)
    noise = [graph.node("Gather", "noise", graph.constant(k, np.int64), axis=1) for k in (2, 1)]
    face, states = noise[0], dict.fromkeys(STEPS, "")
    hidden: dict[str, str] = {}
    for place, time in enumerate(STEPS):
        state = graph.node("Gather", "input_latents", graph.constant(1 - place, np.int64), axis=0)
        hidden, states[time] = denoising_step(graph, face, state, time, heard, widths, sizes)
        clean = _denoised(graph, hidden, heard, heads)
        if time:
            kept = graph.node("Mul", clean, graph.constant(KEPT))
            noisy = graph.node("Mul", face, graph.constant(NOISY))
            fresh = graph.node("Mul", noise[1], graph.constant(SPREAD))
            face = graph.node("Add", graph.node("Add", kept, noisy), fresh)
        else:
            face = clean
    joined = [graph.node("Unsqueeze", states[time], graph.ints(0)) for time in reversed(STEPS)]
    graph.rename(graph.node("Concat", *joined, axis=0), "output_latents")
    if heads is None:
        for part, value in hidden.items():
            graph.rename(value, part)
    else:
        graph.rename(_in_cm(graph, face, heard, sizes, normalisation), "prediction")
    return graph


def diffusion_file(graph: Graph, widths: DiffusionWidths, sizes: Sizes, note: str) -> bytes:
    """Return the file of a network with heads."""
    state = Port("output_latents", (len(STEPS), GRU_LAYERS, "batch", widths.gru))
    prediction = Port("prediction", ("batch", FRAMES, sizes.frame))
    return graph.file(inputs(widths, sizes), [prediction, state], name="diffusion", note=note)


def inputs(widths: DiffusionWidths, sizes: Sizes, identities: int = 3) -> list[Port]:
    """Return the inputs of the contract."""
    return [
        Port("window", ("batch", WINDOW_SAMPLES)),
        Port("identity", ("batch", identities)),
        Port("emotion", ("batch", CENTRE, EMOTIONS)),
        Port("input_latents", (len(STEPS), GRU_LAYERS, "batch", widths.gru)),
        Port("noise", ("batch", len(STEPS) + 1, FRAMES, sizes.frame)),
    ]


def _listen(graph: Graph, widths: DiffusionWidths, normalisation: Normalisation) -> Heard:
    samples = graph.node("Unsqueeze", "window", graph.ints(1))
    features = graph.transpose(encode(graph, samples, widths.encoder), 0, 2, 1)
    spread = graph.node(
        "Resize",
        features,
        "",
        "",
        graph.node(
            "Concat",
            graph.slice(graph.node("Shape", features), 0, 2, 0),
            graph.ints(FRAMES),
            axis=0,
        ),
        mode="linear",
        coordinate_transformation_mode="align_corners",
    )
    sound = linear(
        graph, graph.transpose(spread, 0, 2, 1), "sound", (widths.encoder.hidden, widths.sound)
    )
    batch = graph.slice(graph.node("Shape", "window"), 0, 1, 0)
    count = len(normalisation.mean)
    told = linear(graph, "identity", "identity", (count, widths.identity), bias=False)
    mean = graph.constant(normalisation.mean)
    return Heard(
        sound=graph.slice(sound, FIRST, LAST, 1),
        identity=for_each_frame(graph, told, batch, widths.identity),
        emotion=linear(graph, "emotion", "emotion", (EMOTIONS, widths.emotion), bias=False),
        mean=graph.node("Unsqueeze", graph.node("MatMul", "identity", mean), graph.ints(1)),
        batch=batch,
    )


def _denoised(
    graph: Graph, hidden: dict[str, str], heard: Heard, heads: dict[str, Linear] | None
) -> str:
    """Return [batch, 60, frame] in the network's space: zeros outside the centre."""
    if heads is None:
        size = graph.node("Concat", heard.batch, graph.ints(CENTRE, 1), axis=0)
        centre = graph.node("Mul", heard.mean, graph.node("Expand", graph.constant([1.0]), size))
    else:
        parts = [given_linear(graph, hidden[k], f"{k}.head.1", heads[k]) for k in hidden]
        centre = graph.node("Add", graph.node("Concat", *parts, axis=2), heard.mean)
    return graph.node("Pad", centre, graph.ints(0, FIRST, 0, 0, FRAMES - LAST, 0))


def _in_cm(
    graph: Graph, face: str, heard: Heard, sizes: Sizes, normalisation: Normalisation
) -> str:
    """Return (face - mean) * scale, part by part."""
    moved = graph.node("Sub", face, heard.mean)
    scales = graph.node("MatMul", "identity", graph.constant(normalisation.scale))
    scales = graph.node("Unsqueeze", scales, graph.ints(1))
    parts, start = [], 0
    for index, size in enumerate(sizes.parts.values()):
        part = graph.slice(moved, start, start + size, 2)
        parts.append(graph.node("Mul", part, graph.slice(scales, index, index + 1, 2)))
        start += size
    return graph.node("Concat", *parts, axis=2)
