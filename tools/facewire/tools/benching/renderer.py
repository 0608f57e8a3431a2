"""How fast the head is drawn: one face after another, each unlike the one before."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facewire.animation.curves import CURVE_INDEX, HEAD_3
from facewire.tools.benching.figures import Spread
from facewire.tools.head import load_head
from facewire.tools.rendering.look import look_of
from facewire.tools.rendering.renderer import Renderer
from facewire.tools.rendering.views import VIEWS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RenderFigures:
    """What one core of this machine draws."""

    vertices: int
    triangles: int
    look_ms: float
    """What is worked out once per head."""
    frame_ms: dict[str, Spread]
    """View -> time of one face, weights to pixels."""


def measure(size_px: int, frames: int) -> RenderFigures:
    """Draw `frames` faces from each view into squares of `size_px`, after one that warms up."""
    head = load_head()
    began_s = time.perf_counter()
    look = look_of(head)
    look_ms = (time.perf_counter() - began_s) * 1000
    spreads = {}
    for view in VIEWS:
        renderer = Renderer(head, size_px, view, look=look)
        times_ms = []
        for weights in [*_faces(1), *_faces(frames)]:
            started_s = time.perf_counter()
            renderer.frame(weights)
            times_ms.append((time.perf_counter() - started_s) * 1000)
        spreads[view] = Spread.of(times_ms[1:])
    return RenderFigures(len(head.vertices), len(head.triangles), look_ms, spreads)


def _faces(count: int) -> NDArray[np.float32]:
    """Return float32[count, 71]: every curve of a face in motion, none of the head's turn."""
    random = np.random.default_rng(count)
    faces = 0.3 * random.random((count, len(CURVE_INDEX)), np.float32)
    faces[:, [CURVE_INDEX[name] for name in HEAD_3]] = 0
    return faces
