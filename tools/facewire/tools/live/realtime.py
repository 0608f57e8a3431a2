"""Speak to a daemon as a voice does: a chunk every 20 ms, while the frames come in."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.protocol.errors import FacewireError
from facewire.tools.live.figures import Timings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from facewire.protocol.client import Client, ClientStream, FrameBatch
    from facewire.protocol.messages import StreamEnded, StreamOpened

CHUNK_S: Final = Fraction(1, 50)


@dataclass(frozen=True, kw_only=True)
class Performance:
    """What came back for one utterance."""

    curves: NDArray[np.float32]
    """float32[frames, curves], in the order of `opened.curves`."""
    eyes: NDArray[np.float32]
    """float32[frames, 4], degrees."""
    timings: Timings
    opened: StreamOpened
    ended: StreamEnded
    transport: str
    """`ring` or `inline`."""
    payloads: dict[str, int]
    """How many payloads went which way, both directions together."""


class _Speaker(threading.Thread):
    """Sends chunks on time; an error is kept for the thread that listens."""

    def __init__(
        self, stream: ClientStream, samples: NDArray[np.float32], rate_hz: int, timings: Timings
    ) -> None:
        super().__init__(name="facewire-demo-voice", daemon=True)
        self._stream, self._samples, self._rate_hz = stream, samples, rate_hz
        self._timings = timings
        self._silenced = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._speak()
        except Exception as error:  # noqa: BLE001 - raised anew by `finish`
            self.error = error

    def finish(self) -> None:
        """Stop speaking, and raise what went wrong in the thread."""
        self._silenced.set()
        self.join()
        if self.error is not None:
            raise self.error

    def _speak(self) -> None:
        self._timings.began_s = time.monotonic()
        count = -(-len(self._samples) * CHUNK_S.denominator // (self._rate_hz * CHUNK_S.numerator))
        for chunk in range(count):
            # As from a microphone: a chunk is there when its last sample has been spoken.
            due_s = self._timings.began_s + float((chunk + 1) * CHUNK_S)
            if self._silenced.wait(max(0.0, due_s - time.monotonic())):
                return
            start, stop = (int(edge * CHUNK_S * self._rate_hz) for edge in (chunk, chunk + 1))
            self._stream.send(self._samples[start:stop])
        self._timings.spoken_s = time.monotonic()
        self._stream.end()


def perform(
    client: Client,
    samples: NDArray[np.float32],
    rate_hz: int,
    fps: Fraction,
    progress: Callable[[float, int], None],
) -> Performance:
    """Stream a sound in real time and gather the frames.

    Args:
        client: Connected to a daemon.
        samples: float32[n, channels].
        rate_hz: Of the sound.
        fps: Frames per second wanted.
        progress: Called with (seconds of sound animated, frames so far).

    Raises:
        FacewireError: the daemon refused or was lost.
    """
    timings = Timings()
    batches: list[FrameBatch] = []
    frames = 0
    with client.open_stream(
        sample_rate_hz=rate_hz,
        encoding="float32",
        channels=samples.shape[1],
        fps=(fps.numerator, fps.denominator),
    ) as stream:
        speaker = _Speaker(stream, samples, rate_hz, timings)
        speaker.start()
        try:
            for batch in stream:
                timings.note(batch.received_at_ns / 1e9, batch.timestamps)
                batches.append(batch)
                frames += len(batch)
                progress(timings.instant_s[-1], frames)
        finally:
            speaker.finish()
        return _performance(stream, batches, timings, client.transport)


def _performance(
    stream: ClientStream, batches: list[FrameBatch], timings: Timings, transport: str
) -> Performance:
    if not batches or stream.ended is None:
        raise FacewireError(
            "the daemon sent no frames.", hint="`facewire doctor` looks for the cause."
        )
    moved = stream.counters
    return Performance(
        curves=np.concatenate([batch.curves for batch in batches]),
        eyes=np.concatenate([batch.eyes for batch in batches if batch.eyes is not None]),
        timings=timings,
        opened=stream.opened,
        ended=stream.ended,
        transport=transport,
        payloads={
            "ring": moved.ring_sent + moved.ring_received,
            "inline": moved.inline_sent + moved.inline_received,
        },
    )
