"""The shipped head and its look, worked out once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.tools.head import Head, load_head
from facewire.tools.rendering.look import Look, look_of

if TYPE_CHECKING:
    from collections.abc import Callable

Weights = NDArray[np.float32]


def weights(**curves: float) -> Weights:
    """float32[71]; a sideless name sets Left and Right."""
    row = np.zeros(len(FACE_CURVES), np.float32)
    for name, value in curves.items():
        sides = [name] if name in CURVE_INDEX else [f"{name}Left", f"{name}Right"]
        row[[CURVE_INDEX[each] for each in sides]] = value
    return row


def painted(head: Head, look: Look, part: str) -> Look:
    """The look with one part in a green that nothing else of the head has."""
    mine = head.part_vertices(part)
    albedo, gloss = look.albedo.copy(), look.gloss.copy()
    albedo[mine], gloss[mine] = (0, 1, 0), 0
    return replace(look, albedo=albedo, gloss=gloss)


def greens(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a picture is of that green."""
    red, green, blue = picture.astype(np.int16).transpose(2, 0, 1)
    return np.asarray((green > red + 40) & (green > blue + 40))


@pytest.fixture(scope="session")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="session")
def look(head: Head) -> Look:
    return look_of(head)


@pytest.fixture(scope="session")
def seen(head: Head, look: Look) -> Callable[..., NDArray[np.uint8]]:
    """Draw a pose: `seen("front", jawOpen=0.5)`, one renderer per view and size."""
    from facewire.tools.rendering.renderer import Renderer

    renderers: dict[Any, Renderer] = {}

    def draw(view: str, size_px: int = 160, **curves: float) -> NDArray[np.uint8]:
        key = view, size_px
        if key not in renderers:
            renderers[key] = Renderer(head, size_px, view, look=look)
        return renderers[key].frame(weights(**curves))

    return draw
