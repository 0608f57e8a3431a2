"""Eyes: the network's gaze with recorded saccades on top (a2f_runtime §4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.face_parameters import EyesParameters, changed
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

SACCADE_RATE_HZ: Final = 30
"""Rows of the saccade table per second, whatever the frame rate."""


class EyesAnimator:
    """One track's eyes; carries the clock that walks through the saccade table."""

    def __init__(self, saccades: ArrayLike, parameters: EyesParameters, dt_s: float) -> None:
        """Take float[rows, 2] (x, y in degrees), and the frame duration; ranges are not checked.

        Raises:
            BundleError: the table is empty or not two columns wide.
        """
        self._saccades = np.array(saccades, np.float32)
        if self._saccades.ndim != 2 or self._saccades.shape[1] != 2 or not self._saccades.size:
            raise BundleError(
                f"saccade_rot_matrix has the shape {self._saccades.shape}, not [rows, 2].",
                hint="Fetch the bundle's model_data again.",
            )
        self._rows = np.float32(len(self._saccades))
        self._dt_s = dt_s
        self.parameters = parameters
        self._live = np.float32(0)

    @property
    def parameters(self) -> EyesParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: EyesParameters) -> None:
        self._parameters = parameters
        self._offsets = np.array(
            [
                parameters.right_eye_rot_x_offset,
                parameters.right_eye_rot_y_offset,
                parameters.left_eye_rot_x_offset,
                parameters.left_eye_rot_y_offset,
            ],
            np.float32,
        )

    @property
    def live(self) -> np.float32:
        """The clock: rows of the saccade table passed since the reset, modulo its length."""
        return self._live

    @property
    def saccade_row(self) -> int:
        """Row of the saccade table that the next frame shows."""
        row = int(np.fmod(np.float32(self._parameters.eye_saccade_seed) + self._live, self._rows))
        return row if row >= 0 else row + len(self._saccades)

    def set(self, changes: Mapping[str, float]) -> None:
        """Change parameters by their wire names, all of them or none.

        Raises:
            SettingsError: a name or value is refused; the old values stay.
        """
        self.parameters = changed(self._parameters, changes)

    def rotate(self, gaze: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the rotations of the next frame and advance the clock.

        Args:
            gaze: float32[4] degrees as the network gives them: right x, right y, left x, left y.

        Returns:
            float32[6] degrees: right x, y, z and left x, y, z; z is always 0.
        """
        rotations = self._rotated(gaze, self.saccade_row)
        # In float32 as the SDK's clock: other roundings would show another row now and then.
        step = np.float32(self._dt_s) * np.float32(SACCADE_RATE_HZ)
        self._live = np.float32(np.fmod(self._live + step, self._rows))
        return rotations

    def rotate_at(self, gaze: NDArray[np.float32], frame: int) -> NDArray[np.float32]:
        """Return the rotations with the saccade of an explicit frame; the clock is left alone.

        The row is seed + frame, in whole rows. As in the SDK the sum is taken as an unsigned
        integer of 64 bits: before row 0 the table does not go on from its end but elsewhere.
        """
        row = (int(self._parameters.eye_saccade_seed) + frame) % 2**64 % len(self._saccades)
        return self._rotated(gaze, row)

    def seek(self, frame: int) -> None:
        """Set the clock to where it stands before frame `frame` of a sequence."""
        position = np.float32(frame) * np.float32(self._dt_s) * np.float32(SACCADE_RATE_HZ)
        self._live = np.float32(np.fmod(position, self._rows))

    def reset(self) -> None:
        """Begin anew: the clock stands at 0; parameters stay."""
        self._live = np.float32(0)

    def _rotated(self, gaze: NDArray[np.float32], row: int) -> NDArray[np.float32]:
        parameters = self._parameters
        both = np.tile(self._saccades[row], 2)
        angles = self._offsets + np.float32(parameters.eyeballs_strength) * gaze
        angles += np.float32(parameters.saccade_strength) * both
        rotations = np.zeros((2, 3), np.float32)
        rotations[:, :2] = angles.reshape(2, 2)
        return rotations.reshape(6)
