"""One lane per curve: a filled plot over time with its name and scale."""

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
    RULE,
    SOFT,
    SPREAD,
    Box,
    Canvas,
    mixed,
)

if TYPE_CHECKING:
    from facewire.tools.picture.take import FloatArray, Take


@dataclass(frozen=True)
class Lane:
    """A curve to plot: `name` as in `Take.curve`, and what to call it."""

    name: str
    colour: str
    label: str
    less: str = ""
    """A curve to subtract."""


LANES: Final = (
    # mouthClose is relative to an open jaw: only the difference shows lips that meet.
    Lane("jawOpen", SOFT, "lips apart", less="mouthClose"),
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
    Lane("browOuterUp", BROWS, "brow outer up"),
)


def lane_values(take: Take, lane: Lane) -> FloatArray:
    """Return what a lane plots, float32[frames], never negative."""
    values = take.curve(lane.name)
    if lane.less:
        values = values - take.curve(lane.less)
    return np.maximum(values, 0)


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
