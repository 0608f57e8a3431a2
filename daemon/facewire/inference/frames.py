"""What goes into an inference and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class WindowContext:
    """All that turning a window's result into frames needs to know, as of `take_window`.

    It is a snapshot: what the stream is told later acts from the next window on.
    """

    parameters: Mapping[str, float]
    emotion: NDArray[np.float32]
    """float32[ticks, 10] at the window's ticks."""
    horizon_samples: int
    """Audio known when the window was taken, 16 kHz samples since the start."""
    end_samples: int | None
    """Length of the utterance in 16 kHz samples; None while it is not known."""
    frames_total: int | None
    """Frames of the utterance; None while its length is not known."""
    last: bool
    """True when no window follows: all frames left come out of it."""
    sanitised: bool
    """True when the audio of this window had to be repaired."""
    emotion_repaired: bool = False
    """True when the emotion came of an answer that was none (NaN), which counted as neutral."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """One inference to run: feed `feeds` to the backend and give the result back."""

    index: int
    target_sample: int
    """Instant of its first tick, 16 kHz samples since the start of the utterance."""
    audio: NDArray[np.float32]
    """float32[length], 16 kHz mono."""
    feeds: Mapping[str, NDArray[Any]]
    """What the network reads, each with a leading batch axis of 1."""
    context: WindowContext
    kind: Literal["face", "emotion"] = "face"
    """Which of the model's networks runs it; see `Model.backend_for`."""


@dataclass(frozen=True, kw_only=True)
class FrameBatch:
    """Consecutive frames of the face."""

    first: int
    """Index of the first one in the utterance."""
    timestamps: NDArray[np.int64]
    """int64[frames]: audio instant of each, floor(i * 16000 / fps) samples at 16 kHz."""
    curves: NDArray[np.float32]
    """float32[frames, curves of the rig], weights in [0, 1]."""
    eyes: NDArray[np.float32]
    """float32[frames, 4] degrees: right x, right y, left x, left y; x > 0 down, y > 0 left."""
    emotion: NDArray[np.float32] | None = None
    """float32[frames, 10] as the face was told to feel; when the stream asks for it."""
    jaw: NDArray[np.float32] | None = None
    """float32[frames, 4, 4]: takes the neutral lower teeth to where they are; when asked for."""
    skin: NDArray[np.float32] | None = None
    """float32[frames, 3 * vertices], absolute, cm; when the stream asks for geometry."""
    tongue: NDArray[np.float32] | None = None
    """float32[frames, 3 * tongue vertices], absolute, cm; when the stream asks for geometry."""
    flags: tuple[str, ...] = ()
    """REGISTRY §flags, such as `audio_sanitised`."""

    def __len__(self) -> int:
        """Return how many frames there are."""
        return len(self.timestamps)


def frame_flags(*, sanitised: bool, repaired: bool) -> tuple[str, ...]:
    """Return the flags of frames whose audio or whose network's answer had to be repaired."""
    known = {"audio_sanitised": sanitised, "network_repaired": repaired}
    return tuple(flag for flag, is_so in known.items() if is_so)
