"""What a caller hands to `send`, cut into the bytes of `audio` messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.protocol import limits
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Audio = bytes | bytearray | memoryview | NDArray[Any]

SAMPLE_BYTES: Final = {"int16": 2, "float32": 4}
DTYPES: Final = {"int16": "<i2", "float32": "<f4"}


class AudioCutter:
    """Turns chunks of any size into pieces of whole sample frames, none too large for a message.

    Raw bytes may be cut anywhere, as HTTP does it: an incomplete sample waits for its rest.
    """

    def __init__(self, *, sample_rate_hz: int, encoding: str, channels: int) -> None:
        self.encoding = encoding
        self.channels = channels
        self.frame_bytes = SAMPLE_BYTES[encoding] * channels
        """Bytes of one sample frame, all channels together."""
        piece_samples = min(sample_rate_hz // 2, limits.MAX_AUDIO_BYTES // 2 // self.frame_bytes)
        self._piece_bytes = piece_samples * self.frame_bytes
        self._rest = b""

    def push(self, audio: Audio) -> Iterator[bytes]:
        """Yield the pieces of one chunk, each at most half a second and half a message.

        Args:
            audio: Interleaved little-endian bytes, or an array [samples] (mono) or
                [samples, channels]: int16 for `int16`, any float for `float32`.

        Raises:
            SettingsError: an array whose type or shape is not the stream's, or one after an
                incomplete sample.
        """
        content = self._rest + self._bytes(audio)
        whole_bytes = len(content) // self.frame_bytes * self.frame_bytes
        self._rest = content[whole_bytes:]
        for at in range(0, whole_bytes, self._piece_bytes):
            yield content[at : min(at + self._piece_bytes, whole_bytes)]

    def drop_rest(self) -> int:
        """Forget an incomplete sample and return how many bytes it had."""
        rest_bytes = len(self._rest)
        self._rest = b""
        return rest_bytes

    def _bytes(self, audio: Audio) -> bytes:
        if not isinstance(audio, np.ndarray):
            return bytes(audio)
        if self._rest:
            raise SettingsError(
                "An array cannot follow bytes that ended in the middle of a sample.", field="audio"
            )
        shapes = [(audio.size,)] if self.channels == 1 else []
        if audio.shape not in [*shapes, (audio.size // self.channels, self.channels)]:
            raise SettingsError(
                f"An array of shape {audio.shape} does not fit {self.channels} channel(s).",
                field="audio",
                hint=f"Use [samples, {self.channels}]" + (" or [samples]." if shapes else "."),
            )
        if audio.dtype.kind != DTYPES[self.encoding][1]:
            raise SettingsError(
                f"An array of {audio.dtype} was given to a stream of {self.encoding}.",
                field="audio",
                hint="Open the stream with the encoding of your samples, or convert them.",
            )
        return audio.astype(DTYPES[self.encoding], copy=False).tobytes()
