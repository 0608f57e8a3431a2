"""A synthetic bundle of Audio2Emotion, as v2.2 is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from facewire.tools.synth import emotion_network as network
from facewire.tools.synth import texts
from facewire.tools.synth.folder import new_folder, write_text
from facewire.tools.synth.graph import Port
from facewire.tools.synth.heads import Range, fitted
from facewire.tools.synth.listening import session, speech_16k
from facewire.tools.synth.notes import NOTE, readme
from facewire.tools.synth.weights import Weights

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.tools.synth.heads import Linear

Size = Literal["small", "full"]
LOGIT: Final = Range(0.0, 1.5)
HEARD: Final = 12
HEARD_SAMPLES: Final = 10_000
PLANS: Final = {"full": network.FULL, "small": network.SMALL}


def synth_emotion(
    folder: Path, *, size: Size = "small", seed: int = 0, layers: int | None = None
) -> Path:
    """Write a whole Audio2Emotion bundle with random weights.

    Args:
        folder: Empty, or not there yet.
        size: `full` has the size of wav2vec 2.0 large: 315 million weights, 1.26 GB. `small` has
            the same network with narrow layers.
        seed: Decides every byte, on one machine with one set of libraries and threads.
        layers: Transformer layers, 24 as published unless told; 0.05 GB each at full size. With
            fewer the window, the features and the contract are the same.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty or cannot be written.
    """
    widths, weights = PLANS[size], Weights(seed)
    if layers is not None:
        widths = widths.of_depth(layers)
    head = _head(weights, widths)
    with new_folder(folder) as part:
        files = {
            "README.md": readme("Audio2Emotion v2.2", "emotion"),
            "model.json": texts.emotion_model(),
            "network_info.json": texts.emotion_info(),
            "model_config.json": texts.emotion_config(),
            "trt_info.json": texts.engine_info(
                {"input_values": "BxL"}, lengths=(5_000, 30_000, 60_000)
            ),
        }
        for name, content in files.items():
            write_text(part / name, content)
        graph = network.emotion_network(weights, widths, head)
        (part / "network.onnx").write_bytes(network.emotion_file(graph, NOTE))
    return folder


def _head(weights: Weights, widths: network.EmotionWidths) -> Linear:
    """Return the last layer: its logits differ between parts of a clip."""
    graph = network.emotion_network(weights, widths, None)
    pooled = Port("pooled", ("batch", widths.joint))
    runner = session(graph.file([network.INPUT], [pooled], name="inner", note=NOTE))
    rows: list[NDArray[np.float32]] = []
    speech = speech_16k()
    for start in np.linspace(0, len(speech) - HEARD_SAMPLES, HEARD).astype(int):
        window = speech[start : start + HEARD_SAMPLES][None]
        rows.append(runner.run(["pooled"], {"input_values": window})[0])
    return fitted(weights, "classifier", np.concatenate(rows), [LOGIT] * network.LOGITS)
