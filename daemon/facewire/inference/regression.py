"""The regression networks (v2.3): one window of audio, one frame of coefficients, no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.pca import reconstruct
from facewire.inference.face_geometry import FaceMotion
from facewire.inference.network_track import NanGuard, split_row, with_gain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.bundles.network_info import RegressionInfo


class RegressionTrack:
    """See `NetworkTrack`: window and emotion in; skin and tongue coefficients, jaw and eyes out."""

    def __init__(
        self,
        info: RegressionInfo,
        implicit_emotion: NDArray[np.float32],
        skin_basis: NDArray[np.float32] | None = None,
        tongue_basis: NDArray[np.float32] | None = None,
        *,
        input_strength: float = 1.0,
    ) -> None:
        """Take what a bundle holds; the arrays are shared between tracks.

        Args:
            info: Sizes of the network's ports.
            implicit_emotion: float32[implicit_emotion_len], constant.
            skin_basis: float32[shapes, 3 * vertices], for motions of vertices as the SDK has
                them; None hands the coefficients on.
            tongue_basis: Likewise.
            input_strength: Gain of every window.
        """
        self._sizes = (info.skin_shapes, info.tongue_shapes, info.jaw_size, info.eyes_size)
        self._implicit = np.asarray(implicit_emotion, np.float32)
        self._skin_basis, self._tongue_basis = skin_basis, tongue_basis
        self._gain = input_strength
        self._guard = NanGuard()

    @property
    def repaired_frames(self) -> int:
        """Frames since the reset that held NaN or absurd values and repeat the one before them."""
        return self._guard.repaired

    def feeds(
        self,
        index: int,  # noqa: ARG002 - all windows are alike
        audio: NDArray[np.float32],
        emotions: NDArray[np.float32],
    ) -> Mapping[str, NDArray[Any]]:
        """Return `input` float32[1, 1, window] and `emotion` float32[1, 1, implicit + explicit]."""
        emotion = np.concatenate([self._implicit, emotions[0]])
        return {
            "input": with_gain(audio, self._gain)[None, None, :],
            "emotion": emotion.astype(np.float32)[None, None, :],
        }

    def motions(self, result: NDArray[np.float32]) -> list[FaceMotion]:
        """Return the one motion of `result` float32[1, 1, coefficients] (or [1, coefficients])."""
        row = self._guard.guard(result.reshape(1, -1))[0]
        skin, tongue, jaw, eyes = split_row(row, self._sizes)
        return [
            FaceMotion(
                skin=_moved(skin, self._skin_basis),
                tongue=_moved(tongue, self._tongue_basis),
                jaw=jaw,
                eyes=eyes,
            )
        ]

    def reset(self) -> None:
        """Forget the last good frame."""
        self._guard.reset()


def _moved(
    coefficients: NDArray[np.float32], basis: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    return coefficients if basis is None else reconstruct(coefficients, basis)
