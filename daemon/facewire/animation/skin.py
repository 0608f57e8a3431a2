"""Skin: offsets, smoothing of the upper and lower face, and their strengths (a2f_runtime §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from facewire.animation.face_parameters import SkinParameters, changed
from facewire.animation.smoothing import Smoother
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

Real = TypeVar("Real", bound=np.floating[Any])


def face_mask(heights: NDArray[Real], level: float, softness: float) -> NDArray[Real]:
    """Return how far each vertex belongs to the lower face, [0, 1], in the precision of `heights`.

    1 / (1 + exp(-(level - yn) / softness)), where yn runs from 0 at the lowest vertex to 1 at the
    highest.

    Args:
        heights: [vertices], the y of the neutral face.
        level: Height of the border as a share of the face's height.
        softness: Width of the border, likewise; > 0.

    Raises:
        SettingsError: `softness` is not positive.
        BundleError: all vertices are equally high.
    """
    if not softness > 0:
        raise SettingsError(
            f"faceMaskSoftness is {softness:g}; it must be positive.", field="faceMaskSoftness"
        )
    real = heights.dtype.type
    bottom, top = heights.min(), heights.max()
    if not top > bottom:
        raise BundleError(
            "The neutral skin has no height, so it has no upper and lower face.",
            hint="Fetch the bundle's model_data again.",
        )
    position = (heights - bottom) / (top - bottom)
    with np.errstate(over="ignore"):  # far above the border: exp is infinite and the mask 0
        # The exponential in float64, rounded once: numpy's in float32 differs in the last bit.
        falling = np.exp(((position - real(level)) / real(softness)).astype(np.float64))
        mask: NDArray[Real] = real(1) / (real(1) + falling.astype(real))
    return mask


class SkinAnimator:
    """One track's skin, frame by frame; carries the two smoothers' state."""

    def __init__(
        self,
        neutral: ArrayLike,
        lip_open_pose_delta: ArrayLike,
        eye_close_pose_delta: ArrayLike,
        parameters: SkinParameters,
        dt_s: float,
        *,
        part: NDArray[np.integer] | None = None,
        precision: type[np.floating[Any]] = np.float32,
    ) -> None:
        """Take the arrays of a bundle, which are kept and not copied: tracks share them.

        Args:
            neutral: float32[vertices, 3] (or flat) in cm.
            lip_open_pose_delta: What `lip_open_offset` moves, likewise.
            eye_close_pose_delta: What the eyelid and blink offsets move, likewise.
            parameters: As the bundle has them; their ranges are not checked.
            dt_s: Duration of a frame in seconds, 1 / frame rate.
            part: int[n], the only vertices to move, in this order; None: all. The upper and the
                lower face are those of the whole face all the same, so that a part moves exactly
                as it does in the whole.
            precision: Of vertices and state. The SDK's is float32; float64 tells what of a
                difference is only rounding. Parameters are float32 in both.

        Raises:
            SettingsError: the mask's softness is not positive.
            BundleError: the arrays do not belong together, or the neutral face has no height.
        """
        self._part = part
        self._precision = precision
        whole = np.asarray(neutral, np.float32).reshape(-1)
        self._coordinates = whole.size
        self._heights = whole[1::3]
        self._neutral = self._own(whole)
        self._lip_open = self._own(_pose(lip_open_pose_delta, whole.size, "lip_open_pose_delta"))
        self._eye_close = self._own(_pose(eye_close_pose_delta, whole.size, "eye_close_pose_delta"))
        size = self._neutral.size
        self._closing, self._opening = np.empty((2, size), precision)
        self._moved, self._scratch = np.empty((2, size), precision)
        self._lower, self._upper = Smoother(size, precision), Smoother(size, precision)
        self._dt_s = dt_s
        self._parameters = parameters
        self._mask_of: tuple[float, float] | None = None
        self._apply()

    @property
    def mask(self) -> NDArray[np.float32]:
        """float32[vertices moved]: 1 low on the face, 0 above; made anew only when it changes."""
        return self._mask

    @property
    def parameters(self) -> SkinParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: SkinParameters) -> None:
        before, self._parameters = self._parameters, parameters
        try:
            self._apply()
        except SettingsError:  # no mask can be made: stay as we were
            self._parameters = before
            raise

    @property
    def dt_s(self) -> float:
        """Duration of a frame in seconds, 1 / frame rate; assigning leaves the state alone."""
        return self._dt_s

    @dt_s.setter
    def dt_s(self, dt_s: float) -> None:
        self._dt_s = dt_s
        self._set_speeds()

    def set(self, changes: Mapping[str, float]) -> None:
        """Change parameters by their wire names, all of them or none.

        Raises:
            SettingsError: a name or value is refused; the old values stay.
        """
        self.parameters = changed(self._parameters, changes)

    def use_neutral(self, neutral: ArrayLike) -> None:
        """Replace the neutral face by another of the same size; the motion goes on.

        Raises:
            BundleError: its size differs, or it has no height; the old one stays.
        """
        replacement = _pose(neutral, self._coordinates, "neutral")
        mask = self._mask_over(replacement[1::3])
        self._neutral, self._heights = self._own(replacement), replacement[1::3]
        self._take(mask)

    def animate(self, deltas: NDArray[Real]) -> NDArray[Real]:
        """Return the vertices of the next frame, [3 * vertices], a new array.

        Args:
            deltas: [3 * vertices] or [vertices, 3]: the motion relative to neutral in cm, of the
                vertices that are moved and in their precision.
        """
        parameters, moved, scratch = self._parameters, self._moved, self._scratch
        # The order of operations is the SDK's, so that the roundings are, too.
        np.multiply(deltas.reshape(-1), np.float32(parameters.skin_strength), out=moved)
        moved += self._closing
        moved += self._opening
        vertices: NDArray[Any] = self._upper.smooth(moved)
        vertices = vertices * np.float32(parameters.upper_face_strength)  # a new array
        vertices *= self._upper_share
        vertices += self._neutral
        np.multiply(
            self._lower.smooth(moved), np.float32(parameters.lower_face_strength), out=scratch
        )
        scratch *= self._lower_share
        vertices += scratch
        return vertices

    def reset(self) -> None:
        """Begin anew: the next frame is a first one; parameters stay."""
        self._lower.reset()
        self._upper.reset()

    def _apply(self) -> None:
        parameters = self._parameters
        mask_of = (parameters.face_mask_level, parameters.face_mask_softness)
        if mask_of != self._mask_of:
            self._take(self._mask_over(self._heights))
            self._mask_of = mask_of
        blink = np.float32(parameters.blink_offset) * np.float32(parameters.blink_strength)
        closing = blink - np.float32(parameters.eyelid_open_offset)
        np.multiply(self._eye_close, closing, out=self._closing)
        np.multiply(self._lip_open, np.float32(parameters.lip_open_offset), out=self._opening)
        self._set_speeds()

    def _set_speeds(self) -> None:
        self._lower.set_speed(self._dt_s, self._parameters.lower_face_smoothing)
        self._upper.set_speed(self._dt_s, self._parameters.upper_face_smoothing)

    def _own(self, coordinates: NDArray[np.float32]) -> NDArray[Any]:
        """Return the coordinates of the vertices that are moved, in our precision."""
        if self._part is not None:
            coordinates = coordinates.reshape(-1, 3)[self._part].reshape(-1)
        return coordinates.astype(self._precision, copy=False)

    def _mask_over(self, heights: NDArray[np.float32]) -> NDArray[np.float32]:
        parameters = self._parameters
        mask = face_mask(heights, parameters.face_mask_level, parameters.face_mask_softness)
        return mask if self._part is None else mask[self._part]

    def _take(self, mask: NDArray[np.float32]) -> None:
        mask.setflags(write=False)
        self._mask = mask
        self._lower_share = np.repeat(mask, 3)
        self._upper_share = np.float32(1) - self._lower_share


def _pose(values: ArrayLike, size: int, name: str) -> NDArray[np.float32]:
    pose = np.asarray(values, np.float32).reshape(-1)
    if pose.size != size or size % 3:
        raise BundleError(
            f"{name} has {pose.size} values where the neutral skin has {size}.",
            hint="Both need x, y and z of every vertex; fetch the bundle's model_data again.",
        )
    return pose
