"""What lies along time: the gap of the lips, and one lane per curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.picture.style import (
    BROWS,
    EYES,
    FAINT,
    INK,
    JAW,
    LIPS,
    PANEL,
    PAPER,
    RULE,
    SOFT,
    SPREAD,
    Box,
    Canvas,
    mixed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.tools.picture.take import FloatArray, Take


@dataclass(frozen=True)
class Lane:
    """A curve to plot: `name` as in `Take.curve`, and what to call it."""

    name: str
    colour: str
    label: str


LANES: Final = (
    Lane("jawOpen", JAW, "jaw open"),
    Lane("mouthClose", JAW, "mouth close"),
    Lane("mouthLowerDown", JAW, "lower lip down"),
    Lane("mouthUpperUp", JAW, "upper lip up"),
    Lane("mouthFunnel", LIPS, "funnel"),
    Lane("mouthPucker", LIPS, "pucker"),
    Lane("mouthSmile", SPREAD, "smile"),
    Lane("mouthStretch", SPREAD, "stretch"),
    Lane("eyeBlink", EYES, "blink"),
    Lane("eyeLookOut", EYES, "look aside"),
    Lane("browInnerUp", BROWS, "brow inner up"),
)


def lane_values(take: Take, lane: Lane) -> FloatArray:
    """Return what a lane plots, float32[frames], never negative."""
    return np.maximum(take.curve(lane.name), 0)


def lane_scale(values: FloatArray) -> float:
    """Return the value at a lane's top: the next quarter above the largest, at least 0.25."""
    peak = float(values.max(initial=0.0))
    return max(0.25, math.ceil(peak * 4 - 1e-6) / 4)


def columns_of(values: FloatArray, columns: int) -> FloatArray:
    """Return float32[columns], the largest value in each: no short closure or blink is lost.

    With fewer values than columns they are joined by straight lines.
    """
    if len(values) == 0:
        return np.zeros(columns, np.float32)
    if len(values) <= columns:
        places = np.linspace(0, len(values) - 1, columns)
        return np.interp(places, np.arange(len(values)), values).astype(np.float32)
    starts = np.linspace(0, len(values), columns, endpoint=False).astype(np.int64)
    return np.maximum.reduceat(values, starts)


def draw_lane(canvas: Canvas, box: Box, lane: Lane, values: FloatArray) -> None:
    """Draw one lane: panel, filled curve, name to the left and scale to the right of the box."""
    top = lane_scale(values)
    canvas.rectangle(box, PANEL, radius=3)
    columns = max(2, round(box.width * canvas.scale))
    heights = np.clip(columns_of(values, columns) / top, 0, 1) * (box.height - 3)
    xs = box.left + (np.arange(columns) + 0.5) * box.width / columns
    curve = [(x, y) for x, y in np.stack([xs, box.bottom - heights], axis=1).tolist()]
    if heights.max() > 0:
        area = [(curve[0][0], box.bottom), *curve, (curve[-1][0], box.bottom)]
        canvas.polygon(area, mixed(lane.colour, PANEL, 0.62))
        canvas.line(curve, lane.colour, width=1.6)
    canvas.line([(box.left, box.bottom), (box.right, box.bottom)], RULE, width=0.8)
    middle = (box.top + box.bottom) / 2
    canvas.text(box.left - 14, middle, lane.label, size=14, fill=INK, anchor="r")
    canvas.text(box.right + 8, box.top + 6, f"{top:g}", size=10.5, fill=FAINT)


def draw_gap(
    canvas: Canvas, box: Box, gap_cm: FloatArray, marked: Sequence[tuple[int, str]]
) -> None:
    """Draw how far the lips are apart, with a dot of its colour on each marked frame."""
    top = max(0.5, math.ceil(float(gap_cm.max(initial=0.0)) * 2 - 1e-6) / 2)
    canvas.rectangle(box, PANEL, radius=3)
    values = np.clip(gap_cm, 0, top)
    xs = box.left + (np.arange(len(values)) + 0.0) * box.width / max(len(values), 1)
    ys = box.bottom - 1.5 - values / top * (box.height - 8)
    curve = [(x, y) for x, y in np.stack([xs, ys], axis=1).tolist()]
    if len(curve) > 1:
        area = [(curve[0][0], box.bottom), *curve, (curve[-1][0], box.bottom)]
        canvas.polygon(area, mixed(SOFT, PANEL, 0.62))
        canvas.line(curve, SOFT, width=1.8)
    canvas.line([(box.left, box.bottom), (box.right, box.bottom)], RULE, width=0.8)
    middle = (box.top + box.bottom) / 2
    canvas.text(box.left - 14, middle - 9, "lip gap", size=14, fill=INK, anchor="r")
    canvas.text(box.left - 14, middle + 10, "cm", size=12, fill=FAINT, anchor="r")
    canvas.text(box.right + 8, box.top + 6, f"{top:g}", size=10.5, fill=FAINT)
    for frame, colour in marked:
        canvas.circle(*curve[frame], 6, PAPER)
        canvas.circle(*curve[frame], 4.5, colour)
