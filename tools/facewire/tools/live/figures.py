"""The figures of a live run, from the instants at which things were sent and came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Timings:
    """Instants of one run, seconds of one monotonic clock."""

    began_s: float = 0.0
    """When the first sample was spoken."""
    spoken_s: float = 0.0
    """When the last chunk was sent."""
    arrived_s: list[float] = field(default_factory=list)
    """One per frame."""
    instant_s: list[float] = field(default_factory=list)
    """Audio instant of each frame, seconds since the start of the utterance."""

    def note(self, now_s: float, timestamps: NDArray[np.int64]) -> None:
        """Note that frames with these audio instants (16 kHz samples) came now."""
        self.arrived_s += [now_s] * len(timestamps)
        self.instant_s += (timestamps / 16_000).tolist()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the demo prints; `--json` has these names."""

    frames: int
    audio_s: float
    fps: float
    """Asked for."""
    first_frame_ms: float
    """From the first sample spoken to the first frame received."""
    frames_per_s: float
    """Frames received per second of sound: as many as asked for, when none is late or lost."""
    behind_voice_ms: dict[str, float]
    """`p50`, `p90`, `p99`: how long after its sound was spoken a frame was received."""
    last_frame_ms: float
    """From the last chunk sent to the last frame received."""


def figures(timings: Timings, *, audio_s: float, fps: float) -> Figures:
    """Work out the figures of a run with at least one frame."""
    arrived = np.array(timings.arrived_s)
    # The voice speaks in real time: what is heard at t was spoken at began + t.
    behind_ms = 1000 * (arrived - timings.began_s - np.array(timings.instant_s))
    p50, p90, p99 = np.percentile(behind_ms, [50, 90, 99]).tolist()
    return Figures(
        frames=len(arrived),
        audio_s=round(audio_s, 6),
        fps=fps,
        first_frame_ms=round(1000 * float(arrived[0] - timings.began_s), 1),
        frames_per_s=round(len(arrived) / audio_s, 2),
        behind_voice_ms={"p50": round(p50, 1), "p90": round(p90, 1), "p99": round(p99, 1)},
        last_frame_ms=round(1000 * float(arrived[-1] - timings.spoken_s), 1),
    )
