"""The sound over time: its extremes per column, and its loudness inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.tools.picture.style import SOUND, SOUND_CORE, Box, Canvas, mixed

if TYPE_CHECKING:
    from facewire.tools.picture.take import FloatArray


def envelope(samples: FloatArray, columns: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lowest, highest and root mean square of each column, float32[columns] each.

    Columns share the samples evenly; with fewer samples than columns some repeat a sample.
    """
    if len(samples) == 0:
        zero = np.zeros(columns, np.float32)
        return zero, zero, zero
    edges = np.linspace(0, len(samples), columns + 1)
    starts = np.minimum(edges[:-1].astype(np.int64), len(samples) - 1)
    counts = np.maximum(np.diff(np.append(starts, len(samples))), 1)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), starts) / counts
    low = np.minimum.reduceat(samples, starts)
    high = np.maximum.reduceat(samples, starts)
    return low, high, np.sqrt(power).astype(np.float32)


def draw_waveform(canvas: Canvas, box: Box, samples: FloatArray) -> None:
    """Draw the samples across the box, their largest magnitude just inside it."""
    columns = max(2, round(box.width * canvas.scale))
    low, high, loudness = envelope(samples, columns)
    peak = float(max(-low.min(), high.max(), 1e-6))
    middle, half = (box.top + box.bottom) / 2, box.height / 2
    xs = box.left + (np.arange(columns) + 0.5) * box.width / columns
    for top, bottom, colour in (
        (high, low, mixed(SOUND, "#ffffff", 0.35)),
        (loudness, -loudness, SOUND_CORE),
    ):
        upper = np.stack([xs, middle - half * top / peak], axis=1)
        lower = np.stack([xs, middle - half * bottom / peak], axis=1)[::-1]
        canvas.polygon([(x, y) for x, y in np.concatenate([upper, lower]).tolist()], colour)
    canvas.line([(box.left, middle), (box.right, middle)], SOUND, width=0.6)
