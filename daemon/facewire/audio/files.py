"""Audio files by blocks: WAV, FLAC, OGG (Vorbis, Opus) and MP3, never more than a block in memory.

libsndfile believes what headers say and looks at the bytes, not at the name; so the format is
checked after opening, and rate, channels and length are checked by us.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

import numpy as np

from facewire.protocol.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

FORMATS: Final = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "MPEG")
"""libsndfile's names of the formats taken; the file's name plays no part."""
SUFFIXES: Final = (".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3")
"""What a folder is searched for."""

MIN_RATE_HZ: Final = 8_000
MAX_RATE_HZ: Final = 192_000
MAX_CHANNELS: Final = 2
MAX_FILE_S: Final = 4 * 3600
MAX_FILE_BYTES: Final = 2 * 1024**3

_BLOCK_FRAMES: Final = 16_384
_UNKNOWN_SIZE: Final = 0x7FFF_0000
"""A WAV data size from here on says "not known": recorders and pipes write such numbers."""
_EXPORT_AGAIN: Final = "Export or copy it again."
_SPLIT: Final = "Split it into shorter files."


class AudioFile:
    """An open audio file; iterate it for blocks of float32[n, channels], at most 16 384 frames."""

    def __init__(self, path: Path, sound: Any) -> None:
        self.path = path
        self.sample_rate_hz: int = sound.samplerate
        self.channels: int = sound.channels
        self.format: str = sound.format
        """libsndfile's name, such as `WAV` or `FLAC`."""
        self.frames: int | None = sound.frames if 0 < sound.frames < 2**62 else None
        """Sample frames as the file declares them; None when it does not say."""
        self.frames_read = 0
        """Sample frames read so far."""
        self._sound = sound

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sound.close()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield the audio from here to its end.

        Raises:
            AudioError: the file breaks off, cannot be decoded, is longer than 4 h, or is empty.
        """
        while len(block := self._next_block()):
            self.frames_read += len(block)
            if self.frames_read > MAX_FILE_S * self.sample_rate_hz:
                raise _too_long(self.path.name)
            yield block
        if self.frames_read == 0:
            raise AudioError(f"{self.path.name} holds no audio.", hint=_EXPORT_AGAIN)
        if self.frames is not None and self.frames_read < self.frames:
            have_s, said_s = (
                count / self.sample_rate_hz for count in (self.frames_read, self.frames)
            )
            raise AudioError(
                f"{self.path.name} is cut short: it says {said_s:.3f} s and ends after "
                f"{have_s:.3f} s.",
                hint=_EXPORT_AGAIN,
            )

    def _next_block(self) -> NDArray[np.float32]:
        import soundfile

        try:
            block = self._sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise AudioError(
                f"{self.path.name} cannot be decoded: {error}", hint=_EXPORT_AGAIN
            ) from None
        return np.asarray(block, np.float32)


def _too_long(name: str) -> AudioError:
    return AudioError(f"{name} is longer than {MAX_FILE_S // 3600} hours.", hint=_SPLIT)


def open_audio(path: str | Path) -> AudioFile:
    """Open `path` and check what its header says.

    Raises:
        AudioError: missing, unreadable, empty, cut short, too large or long, not one of the
            formats, or with a rate or channel count out of range. The text names the file.
    """
    import soundfile  # 0.4 s to import: a daemon that reads no files does without

    path = Path(path)
    _check_bytes(path)
    try:
        # libsndfile's binding cannot encode a name that is not Unicode, as POSIX allows.
        sound = soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else path)
    except (soundfile.SoundFileError, TypeError, ValueError):  # the latter: absurd header fields
        raise AudioError(
            f"{path.name} is no audio file that can be read.",
            hint="Formats: WAV, FLAC, OGG (Vorbis, Opus), MP3.",
        ) from None
    try:
        audio = AudioFile(path, sound)
        _check_header(audio)
    except AudioError:
        sound.close()
        raise
    return audio


def _check_bytes(path: Path) -> None:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise AudioError(f"{path} is not a file.", hint="Name an audio file or a folder.")
        with path.open("rb") as stream:
            missing = _missing_wav_bytes(stream, size)
    except OSError as error:
        raise AudioError(
            f"{path} cannot be read: {error.strerror}.", hint="Check its name and permissions."
        ) from None
    if size == 0:
        raise AudioError(f"{path.name} is empty.", hint=_EXPORT_AGAIN)
    if size > MAX_FILE_BYTES:
        raise AudioError(
            f"{path.name} has {size} bytes; the limit is {MAX_FILE_BYTES}.", hint=_SPLIT
        )
    if missing:
        raise AudioError(
            f"{path.name} is cut short: {missing} bytes of audio that its header names "
            "are missing.",
            hint=_EXPORT_AGAIN,
        )


def _check_header(audio: AudioFile) -> None:
    name, rate = audio.path.name, audio.sample_rate_hz
    if audio.format not in FORMATS:
        raise AudioError(
            f"{name} is {audio.format}, which is not taken.",
            hint="Formats: WAV, FLAC, OGG (Vorbis, Opus), MP3.",
        )
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise AudioError(
            f"{name} has a sample rate of {rate} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} are taken.",
            hint="Resample it, to 16 or 48 kHz say.",
        )
    if audio.channels > MAX_CHANNELS:
        raise AudioError(
            f"{name} has {audio.channels} channels; one or two are taken.",
            hint="Mix it down, or export the voice alone.",
        )
    if audio.frames is not None and audio.frames > MAX_FILE_S * rate:
        raise _too_long(name)


def _missing_wav_bytes(stream: BinaryIO, size: int) -> int:
    """Return how many bytes of a WAV file's data chunk are missing; 0 for any other file.

    libsndfile silently shortens such a file; a face that stops halfway is worse than an error.
    """
    head = stream.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return 0
    wide_length = 0
    while len(chunk := stream.read(8)) == 8:
        tag, length = struct.unpack("<4sI", chunk)
        if tag == b"data":
            if head[:4] == b"RF64":
                length = wide_length
            elif length >= _UNKNOWN_SIZE:
                return 0
            missing: int = stream.tell() + length - size
            return max(0, missing)
        body = stream.read(24) if tag == b"ds64" else b""
        if len(body) == 24:  # sizes of the whole and of the data, sample count: 64 bits each
            wide_length = int.from_bytes(body[8:16], "little")
        stream.seek(length + length % 2 - len(body), 1)
    return 0
