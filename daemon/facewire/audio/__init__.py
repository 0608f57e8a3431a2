"""Audio in: files by blocks, sanitising, streaming resampling, the sample accumulator."""

from facewire.audio.accumulator import AudioAccumulator
from facewire.audio.files import AudioFile, open_audio
from facewire.audio.pcm import mix_down, pcm_from_bytes, sanitise
from facewire.audio.resampler import Resampler

__all__ = [
    "AudioAccumulator",
    "AudioFile",
    "Resampler",
    "mix_down",
    "open_audio",
    "pcm_from_bytes",
    "sanitise",
]
