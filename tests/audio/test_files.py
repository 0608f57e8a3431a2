from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from facewire.audio import open_audio
from facewire.audio.files import MAX_FILE_S
from facewire.protocol.errors import AudioError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def _tone(samples: int = 48_000) -> NDArray[np.float32]:
    tone: NDArray[np.float32] = (0.3 * np.sin(0.05 * np.arange(samples))).astype(np.float32)
    return tone


def _read(path: Path) -> NDArray[np.float32]:
    with open_audio(path) as audio:
        return np.concatenate(list(audio))


def _wav(
    *, rate: int = 16_000, channels: int = 1, body: bytes = bytes(200), size: int | None = None
) -> bytes:
    form = struct.pack(
        "<HHIIHH", 1, channels, rate, rate * channels * 2 % 2**32, channels * 2 % 2**16, 16
    )
    length = len(body) if size is None else size
    head = b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVE"
    return (
        head + b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", length) + body
    )


@pytest.mark.parametrize(
    ("name", "form", "subtype", "tolerance"),
    [
        ("a.wav", "WAV", "PCM_16", 1e-4),
        ("b.wav", "WAV", "PCM_24", 1e-6),
        ("c.wav", "WAV", "FLOAT", 0.0),
        ("d.wav", "WAV", "DOUBLE", 0.0),
        ("e.wav", "WAVEX", "PCM_16", 1e-4),
        ("f.wav", "RF64", "PCM_16", 1e-4),
        ("g.flac", "FLAC", "PCM_16", 1e-4),
        ("h.ogg", "OGG", "VORBIS", 0.1),
        ("i.opus", "OGG", "OPUS", 0.1),
        ("j.mp3", "MP3", "MPEG_LAYER_III", 0.6),  # the encoder's delay turns the phase
    ],
)
def test_each_format_is_read_whole(
    tmp_path: Path, name: str, form: str, subtype: str, tolerance: float
) -> None:
    soundfile.write(tmp_path / name, _tone(), 48_000, format=form, subtype=subtype)

    with open_audio(tmp_path / name) as audio:
        blocks = list(audio)
        assert (audio.sample_rate_hz, audio.channels, audio.frames) == (48_000, 1, 48_000)
        assert audio.frames_read == 48_000

    assert max(len(block) for block in blocks) <= 16_384
    assert np.abs(np.concatenate(blocks)[:, 0] - _tone())[2_000:-2_000].max() <= tolerance


def test_the_bytes_decide_the_format_and_not_the_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "voice.wav", _tone(), 48_000, format="FLAC")

    with open_audio(tmp_path / "voice.wav") as audio:
        assert audio.format == "FLAC"
        assert len(np.concatenate(list(audio))) == 48_000


@pytest.mark.parametrize(("form", "subtype"), [("AIFF", "PCM_16"), ("AU", "PCM_16"), ("W64", None)])
def test_other_formats_are_refused_by_name(tmp_path: Path, form: str, subtype: str | None) -> None:
    soundfile.write(tmp_path / "voice.wav", _tone(), 48_000, format=form, subtype=subtype)

    with pytest.raises(AudioError, match=f"is {form}"):
        open_audio(tmp_path / "voice.wav")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_wav(rate=1), "sample rate of 1 Hz"),
        (_wav(rate=2**31 - 1), "sample rate of 2147483647 Hz"),
        (_wav(rate=0), "no audio file"),
        (_wav(channels=1_024, body=bytes(2_048)), "1024 channels"),
        (_wav(channels=3, body=bytes(60)), "3 channels"),
        (_wav(channels=0), "no audio file"),
        (_wav(size=1_000), "cut short"),
        (_wav(body=b""), "no audio"),
        (_wav()[:30], "no audio file"),
        (b"", "is empty"),
        (bytes(range(256)) * 20, "no audio file"),
    ],
    ids=[
        "rate 1", "rate 2^31-1", "rate 0", "1024 channels", "3 channels", "0 channels",
        "data cut short", "no samples", "header cut short", "empty", "garbage",
    ],
)  # fmt: skip
def test_a_bad_file_says_what_is_wrong_with_it(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(content)

    with pytest.raises(AudioError, match=words) as caught:
        _read(path)
    assert "voice.wav" in caught.value.text
    assert caught.value.hint, "every error says what to do next"


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF], ids=["4 GiB", "2 GiB"])
def test_a_recorder_that_never_knew_its_length_is_read_to_the_end(
    tmp_path: Path, size: int
) -> None:
    (tmp_path / "pipe.wav").write_bytes(_wav(size=size))

    assert len(_read(tmp_path / "pipe.wav")) == 100


@pytest.mark.parametrize(
    ("name", "form", "subtype"),
    [
        ("a.wav", "WAV", "PCM_16"),
        ("b.wav", "RF64", "PCM_16"),
        ("c.flac", "FLAC", "PCM_16"),
        ("d.ogg", "OGG", "VORBIS"),
        ("e.opus", "OGG", "OPUS"),
        ("f.mp3", "MP3", "MPEG_LAYER_III"),
    ],
)
def test_half_a_file_is_an_error(tmp_path: Path, name: str, form: str, subtype: str) -> None:
    path = tmp_path / name
    soundfile.write(path, _tone(), 48_000, format=form, subtype=subtype)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    with pytest.raises(AudioError):
        _read(path)


def test_junk_after_the_audio_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "tags.wav").write_bytes(_wav() + b"junk" * 500)

    assert len(_read(tmp_path / "tags.wav")) == 100


def test_hours_of_silence_in_a_small_file_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bomb.flac"
    silence = np.zeros(8_000 * 600, np.int16)
    with soundfile.SoundFile(path, "w", 8_000, 1, format="FLAC", subtype="PCM_16") as sound:
        for _ in range(MAX_FILE_S // 600 + 1):
            sound.write(silence)
    assert path.stat().st_size < 2_000_000

    with pytest.raises(AudioError, match="longer than 4 hours"):
        open_audio(path)


def test_a_file_that_hides_its_length_is_stopped_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "long.flac", _tone(), 8_000)

    with open_audio(tmp_path / "long.flac") as audio:
        monkeypatch.setattr("facewire.audio.files.MAX_FILE_S", 3)
        with pytest.raises(AudioError, match="longer than"):
            list(audio)
        assert audio.frames_read <= 3 * 8_000 + 16_384


def test_a_folder_and_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="not a file"):
        open_audio(tmp_path)
    with pytest.raises(AudioError, match="cannot be read"):
        open_audio(tmp_path / "nothing.wav")


def test_a_file_too_large_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    path.write_bytes(_wav(size=0xFFFFFFFF))
    with path.open("r+b") as stream:
        stream.truncate(3 * 1024**3)  # sparse: takes no room

    with pytest.raises(AudioError, match="the limit is"):
        open_audio(path)
