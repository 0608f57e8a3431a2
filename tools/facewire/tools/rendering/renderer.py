"""`Renderer`: a posed head in, a picture out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.tools.rendering.backdrop import backdrop
from facewire.tools.rendering.light import encoded, highlights, soft_light
from facewire.tools.rendering.look import HEAD_POSES, look_of
from facewire.tools.rendering.raster import Raster
from facewire.tools.rendering.turning import turned
from facewire.tools.rendering.views import VIEWS, Camera

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head import Head
    from facewire.tools.rendering.look import Look
    from facewire.tools.rendering.raster import FloatArray, IndexArray
    from facewire.tools.rendering.views import View

_LARGE_BYTES: Final = 24 << 20


class Renderer:
    """Draws one head from one view; the same weights give the same bytes."""

    def __init__(
        self, head: Head, size_px: int | tuple[int, int], view: str | View = "front",
        *, samples: int = 2, look: Look | None = None,
    ) -> None:  # fmt: skip
        """Prepare a view of a head.

        Args:
            head: The head.
            size_px: Side of a square picture, or its (width, height).
            view: A name of `VIEWS`, or a view.
            samples: Samples across and down a pixel: edges get samples² steps of smoothness.
            look: How the head looks, where not as `look_of` says.
        """
        width, height = (size_px, size_px) if isinstance(size_px, int) else size_px
        self._head = head
        self._samples = samples
        self._height, self._width = height * samples, width * samples
        self._look = look or look_of(head)
        self._camera = Camera(
            VIEWS[view] if isinstance(view, str) else view,
            self._look.anchors, self._height, self._width,
        )  # fmt: skip
        self._backdrop = backdrop(self._height, self._width)
        self._picture = np.empty_like(self._backdrop)
        # glibc hands memory back to the system after each frame and fetches it anew, page by page,
        # unless it has seen a larger block freed: a quarter of the time of a frame.
        np.empty(_LARGE_BYTES, np.uint8)

    def frame(self, weights: FloatArray) -> NDArray[np.uint8]:
        """Return the face those weights make, uint8[height, width, 3], sRGB.

        Args:
            weights: float32[68] poses in the order of FACE_CURVES, or float32[71] with the turn
                of the head.
        """
        posed = self._head.posed(weights[:HEAD_POSES])
        normals = self._look.surface.normals(posed)
        openness = self._look.openness(posed)
        if len(weights) > HEAD_POSES and weights[HEAD_POSES:].any():
            posed, normals = turned(posed, normals, weights[HEAD_POSES:], self._head.neck_pivot)
        faced, corners = self._faced(self._camera.project(posed))
        raster = Raster(corners, self._height, self._width)
        # One buffer for all frames: fresh memory of this size costs more than filling it.
        picture = self._picture
        picture[:] = self._backdrop
        lit = self._lit(raster, faced, posed, normals, openness)
        for plane, light in zip(picture, lit, strict=True):
            plane[raster.samples] = light
        return np.ascontiguousarray(encoded(self._reduced(picture)).transpose(1, 2, 0))

    def _faced(self, screen: FloatArray) -> tuple[IndexArray, FloatArray]:
        """Return the triangles that may be seen, and their corners."""
        corners = screen.take(self._look.surface.triangles, axis=0)
        (ax, bx, cx), (ay, by, cy), _ = corners.transpose(2, 1, 0)
        # y points down, so counter-clockwise from outside is clockwise here: a negative area.
        faced = (bx - ax) * (cy - ay) < (by - ay) * (cx - ax)
        faced |= self._look.two_sided
        for one, two, three, end in ((ax, bx, cx, self._width), (ay, by, cy, self._height)):
            faced &= np.maximum(np.maximum(one, two), three) > 0
            faced &= np.minimum(np.minimum(one, two), three) < end
        chosen = np.flatnonzero(faced)
        return chosen, corners[chosen]

    def _lit(
        self, raster: Raster, faced: IndexArray, posed: FloatArray, normals: FloatArray,
        openness: FloatArray,
    ) -> FloatArray:  # fmt: skip
        """Return the light of each seen sample, float32[3, seen], linear."""
        look, turn = self._look, self._camera.right_up_back
        toward_camera = self._camera.place_cm - posed
        toward_camera /= np.linalg.norm(toward_camera, axis=1, keepdims=True)
        light = soft_light(normals, openness, toward_camera, turn) * look.albedo
        corners = look.surface.triangles[faced]
        colours = raster.between(light.take(corners, axis=0))
        # What is wet is small: highlights are worked out there only, and at each sample.
        wet = np.flatnonzero(look.shiny[faced].take(raster.triangles))
        if len(wet):
            given = np.concatenate([normals, look.gloss[:, None]], axis=1)
            found = raster.between(given.take(corners, axis=0), wet)
            sharpness = look.sharpness[faced][raster.triangles[wet]]
            colours[:, wet] += highlights(found[:3], turn[2], turn, sharpness) * found[3]
        return colours

    def _reduced(self, picture: FloatArray) -> FloatArray:
        """Return the mean of each pixel's samples, float32[3, height, width]."""
        n = self._samples
        grid = picture.reshape(3, self._height, self._width)
        rows = sum((grid[:, row::n] for row in range(1, n)), grid[:, ::n])
        total = sum((rows[:, :, column::n] for column in range(1, n)), rows[:, :, ::n])
        return np.asarray(total / np.float32(n * n), np.float32)
