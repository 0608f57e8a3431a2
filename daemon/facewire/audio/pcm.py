"""Raw sample bytes to clean mono float32: decoding, sanitising, down-mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.protocol.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENCODINGS: Final[dict[str, np.dtype[np.int16] | np.dtype[np.float32]]] = {
    "int16": np.dtype("<i2"),
    "float32": np.dtype("<f4"),
}
"""Wire name of an encoding -> little-endian dtype."""

MAX_AMPLITUDE: Final = 8.0
"""Largest |x| taken for audio (18 dB over full scale); anything beyond is clipped to it."""

_SMALLEST_NORMAL: Final = np.finfo(np.float32).smallest_normal


def pcm_from_bytes(
    payload: bytes | bytearray | memoryview | NDArray[np.generic], encoding: str, channels: int
) -> NDArray[np.float32]:
    """Return the samples of one chunk, not yet sanitised.

    Args:
        payload: Little-endian interleaved samples, or an array [n] or [n, channels] whose dtype is
            the encoding's.
        encoding: `int16` (full scale 32768) or `float32`.
        channels: 1 or 2.

    Returns:
        float32[n, channels], nominally in [-1, 1].

    Raises:
        AudioError: the bytes do not end on a whole sample frame, or dtype or shape disagree.
    """
    dtype = ENCODINGS[encoding]
    if isinstance(payload, np.ndarray):
        samples = _checked_array(payload, dtype, channels)
    else:
        frame_bytes = dtype.itemsize * channels
        if len(payload) % frame_bytes:
            raise AudioError(
                f"A chunk of {len(payload)} bytes does not hold whole {encoding} frames "
                f"of {channels} channel(s), {frame_bytes} bytes each.",
                hint="Split the audio between sample frames.",
            )
        samples = np.frombuffer(payload, dtype).reshape(-1, channels)
    if dtype.kind == "i":
        return samples.astype(np.float32) * np.float32(1 / 32768)
    return samples.astype(np.float32, copy=False)


def sanitise(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Replace what is no audio: NaN, Inf and denormals by 0, |x| > MAX_AMPLITUDE by the limit.

    One NaN would poison a recurrent state for good, and denormals make some CPUs a hundred times
    slower.

    Args:
        samples: float32[n, channels]; not modified.

    Returns:
        The clean samples and bool[n], true where a sample frame was altered; None where nothing
        was (the samples are then the very array given).
    """
    magnitude = np.abs(samples)
    # One comparison chain catches all four: NaN fails every one of them.
    good = (magnitude == 0) | ((magnitude >= _SMALLEST_NORMAL) & (magnitude <= MAX_AMPLITUDE))
    if good.all():
        return samples, None
    finite = np.isfinite(samples)
    clean = np.where(finite, np.clip(samples, -MAX_AMPLITUDE, MAX_AMPLITUDE), np.float32(0))
    clean[magnitude < _SMALLEST_NORMAL] = 0
    return clean, ~good.all(axis=1)


def mix_down(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[n]: the average of the channels of float32[n, channels]."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    return (samples[:, 0] + samples[:, 1]) * np.float32(0.5)


def _checked_array(
    samples: NDArray[np.generic], dtype: np.dtype[np.int16] | np.dtype[np.float32], channels: int
) -> NDArray[np.generic]:
    if samples.dtype != dtype:
        raise AudioError(f"An array of {samples.dtype} came where {dtype.name} was announced.")
    if samples.ndim == 1 and channels == 1:
        return samples.reshape(-1, 1)
    if samples.ndim == 2 and samples.shape[1] == channels:
        return samples
    raise AudioError(f"An array of shape {samples.shape} came where [n, {channels}] was announced.")
