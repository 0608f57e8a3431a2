"""What a network makes of speech and of silence, so that its last layers can be fitted to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.inference.ort import load_onnxruntime
from facewire.tools.live.speech import read_speech

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray

SILENT_SHARE: Final = 6
"""One window in so many is silence."""


def session(network: bytes) -> onnxruntime.InferenceSession:
    """Return the network ready to run on one thread: sums come in the same order each time."""
    runtime = load_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def speech_16k() -> NDArray[np.float32]:
    """Return float32[n]: nine seconds of speech at 16 kHz, the clip of the demo."""
    speech = read_speech(None)
    assert speech.rate_hz == 16_000
    return np.ascontiguousarray(speech.samples[:, 0])


def windows(samples: int, count: int) -> NDArray[np.float32]:
    """Return float32[count, samples]: windows spread over the clip, and some of silence."""
    speech = speech_16k()
    if len(speech) < samples:
        speech = np.tile(speech, samples // len(speech) + 1)
    starts = np.linspace(0, len(speech) - samples, count).astype(int)
    found = np.stack([speech[start : start + samples] for start in starts])
    found[::SILENT_SHARE] = 0.0
    return found
