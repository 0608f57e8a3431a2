"""One utterance of a stream at the client: its audio, its emotion keys, its frames."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING

from facewire.protocol.client_audio import SAMPLE_BYTES
from facewire.protocol.client_frames import FrameBatch, batch_from_message
from facewire.protocol.errors import ProtocolError
from facewire.protocol.retention import TIME_BASE_HZ, Retention, resume_sample

if TYPE_CHECKING:
    from facewire.protocol import messages
    from facewire.protocol.errors import FacewireError

EmotionKey = tuple[int, list[float]]


class Utterance:
    """What was put in and what came back since sample and frame 0.

    Frames that arrived stay until they are taken, whatever happens to the connection; audio and
    keys stay as long as a frame to come may need them.
    """

    def __init__(self, template: messages.OpenStream, number: int) -> None:
        self.number = number
        """0, then one more with each interrupt."""
        self._rate = template.sample_rate_hz
        self._fps = Fraction(*template.fps)
        self.frame_bytes = SAMPLE_BYTES[template.encoding] * template.channels
        """Bytes of one sample frame."""
        self.retention = Retention(self.frame_bytes)
        self.end_requested = False
        self.keys: list[EmotionKey] = []
        self.keys_dropped = 0
        """Keys that no frame to come can need; `keys` begins after them."""
        self.batches: deque[FrameBatch] = deque()
        self.received_frames = 0
        """Index of the frame that must come next."""
        self.handed_frames = 0
        """Index of the frame that the user has not taken yet."""
        self.ended: messages.StreamEnded | None = None
        self.failure: FacewireError | None = None
        """Why it cannot go on; an interrupt begins a new one."""

    @property
    def resume_sample(self) -> int:
        """Where audio must begin so that the next frame comes out as if nothing had happened."""
        spoken_frames = int(self.retention.total_samples * self._fps / self._rate)
        return resume_sample(min(self.received_frames, spoken_frames), self._fps, self._rate)

    @property
    def last_key_sample(self) -> int:
        """Time of the last emotion key in 16 kHz samples, -1 without one."""
        return self.keys[-1][0] if self.keys else -1

    def take_batch(self) -> FrameBatch:
        """Return the oldest batch; the daemon may send as many frames more."""
        batch = self.batches.popleft()
        self.handed_frames = batch.first + len(batch)
        return batch

    def accept_frames(
        self,
        message: messages.Frames,
        payload: bytes,
        *,
        opened: messages.StreamOpened | None,
        sent_samples: int,
    ) -> None:
        """Queue the frames of a message.

        Args:
            message: The message.
            payload: Its payload.
            opened: What was announced.
            sent_samples: Samples the daemon was sent; what it was not is never forgotten,
                whatever frames it claims to have made.

        Raises:
            ProtocolError: they are not the ones due, or carry something else than announced.
        """
        skipped = message.first - self.received_frames
        if skipped < 0 or (skipped and "dropped" not in message.flags):
            raise ProtocolError(
                "out_of_sequence",
                f"Frame {self.received_frames} was due, frame {message.first} came.",
                field="first",
                limit=self.received_frames,
                got=message.first,
            )
        _check_announced(message, opened)
        self.batches.append(batch_from_message(message, payload, self.number))
        self.received_frames = message.first + message.count
        self._drop_what_no_frame_needs(sent_samples)

    def accept_end(self, message: messages.StreamEnded) -> None:
        """Note that all frames came.

        Raises:
            ProtocolError: they did not.
        """
        if self.received_frames != message.frames and not message.dropped:
            raise ProtocolError(
                "out_of_sequence",
                f"The stream ended at frame {self.received_frames} of {message.frames}.",
                field="frames",
                limit=message.frames,
                got=self.received_frames,
            )
        self.ended = message

    def _drop_what_no_frame_needs(self, sent_samples: int) -> None:
        kept_from = min(self.resume_sample, sent_samples)
        self.retention.drop_before(kept_from)
        kept_from_16k = kept_from * TIME_BASE_HZ // self._rate
        while len(self.keys) > 1 and self.keys[1][0] <= kept_from_16k:
            del self.keys[0]
            self.keys_dropped += 1


def _check_announced(message: messages.Frames, opened: messages.StreamOpened | None) -> None:
    curves = len(opened.curves) if opened is not None else 0
    if message.curves != curves:
        raise ProtocolError(
            "malformed",
            f"{message.curves} curves came, {curves} were announced.",
            field="curves",
            limit=curves,
            got=message.curves,
        )
    outputs = opened.outputs if opened is not None else []
    geometry = opened.geometry if opened is not None else (0, 0)
    if message.geometry != geometry:
        text = f"Geometry of {message.geometry} came, {geometry} was announced."
        raise ProtocolError("malformed", text, field="geometry")
    for name, came in (("emotion", message.emotion), ("jaw", message.jaw)):
        if came != (name in outputs):
            raise ProtocolError(
                "malformed", f"`{name}` is {came} in frames, and was announced otherwise.",
                field=name,
            )  # fmt: skip
