"""A face as its solver sees it: from a frame's coefficients to b, by folded matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.smoothing import smoothing_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.animation.face_parameters import SkinParameters, TongueParameters
    from facewire.solving.folding import SkinFold, TongueFold


class ReducedSkin:
    """One track's skin; what `SkinAnimator` and `SolverRig.normal` say, without a vertex.

    Parameters are rounded to float32, as the vertex path knows them; all else is float64.
    """

    def __init__(self, fold: SkinFold, parameters: SkinParameters, dt_s: float) -> None:
        """Stand before the first frame.

        Args:
            fold: Tracks share it.
            parameters: As the bundle has them; their ranges are not checked.
            dt_s: Duration of a frame in seconds, 1 / frame rate.

        Raises:
            SettingsError: the mask's softness is not positive.
            BundleError: the neutral face has no height.
        """
        self._fold = fold
        self._dt_s = dt_s
        self._now, self._next = _Frame(fold.shapes + 2), _Frame(fold.shapes + 2)
        self._fresh = True
        self._take(parameters)

    @property
    def parameters(self) -> SkinParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range.

        A mask not seen before is folded at once, which takes tens of milliseconds at full size:
        where that is too long, ask for `SkinFold.regions` elsewhere first.
        """
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: SkinParameters) -> None:
        if parameters is not self._parameters:
            self._take(parameters)

    def normal(self, coefficients: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return D^T (target - neutral) of the next frame, float64[poses], cm^2.

        Args:
            coefficients: [K], as the network gives them.
        """
        now, following = self._now, self._next
        now.said[:] = coefficients
        step = self._first_step if self._fresh else self._step
        step.dot(now.before, out=following.after)
        self._fresh = False
        self._now, self._next = following, now
        result: NDArray[np.float64] = self._upper_lower.dot(following.weighted)
        result += self._constant
        return result

    def reset(self) -> None:
        """Begin anew: the next frame is a first one; parameters stay."""
        self._fresh = True
        self._now.forget()  # zero times what is not finite would not be zero

    def _take(self, parameters: SkinParameters) -> None:
        said = parameters
        # First what may be refused.
        regions = self._fold.regions(said.face_mask_level, said.face_mask_softness)
        self._parameters = said
        self._upper_lower, self._constant = regions.upper_lower, self._fold.constant
        blink = np.float32(said.blink_offset) * np.float32(said.blink_strength)
        closing = blink - np.float32(said.eyelid_open_offset)
        for frame in (self._now, self._next):
            frame.offsets[:] = closing, np.float32(said.lip_open_offset)
        shares = self._share(said.upper_face_smoothing), self._share(said.lower_face_smoothing)
        strengths = said.upper_face_strength, said.lower_face_strength
        self._step = _step(shares, strengths, said.skin_strength)
        self._first_step = _step((1.0, 1.0), strengths, said.skin_strength)

    def _share(self, smoothing_s: float) -> float:
        with np.errstate(over="ignore"):  # a half-life near 0: the share is 1
            return float(smoothing_share(np.float32(self._dt_s), np.float32(smoothing_s)))


class _Frame:
    """Both regions' smoothers between two frames, laid out so that one product moves them on."""

    def __init__(self, size: int) -> None:
        rows = np.zeros((8, size))
        self.weighted = rows[:2].reshape(-1)
        """Smoothed q times the regions' strengths: upper, then lower."""
        self.after = rows[:6]
        """Those, then first and second stage of the upper and of the lower region."""
        self.before = rows[2:]
        """The stages, and what makes q of the frame to come: coefficients, then offsets."""
        self.said, self.offsets = rows[6, :-2], rows[7, -2:]

    def forget(self) -> None:
        self.after[:] = 0.0


def _step(
    shares: tuple[float, float], strengths: tuple[float, float], skin_strength: float
) -> NDArray[np.float64]:
    """Return float64[6, 6]: from `_Frame.before` to `_Frame.after`.

    A stage covers a share a of the way to its input: s1' = (1 - a) s1 + a q, and s2' = (1 - a) s2 +
    a s1'. At a share of 1, on a first frame or where nothing is smoothed, both become q exactly.
    """
    step = np.zeros((6, 6))
    for region, (share, strength) in enumerate(zip(shares, strengths, strict=True)):
        first, second = 2 * region, 2 * region + 1
        said = share * float(np.float32(skin_strength))
        step[2 + first, [first, 4, 5]] = 1.0 - share, said, share
        step[2 + second] = share * step[2 + first]
        step[2 + second, second] += 1.0 - share
        step[region] = float(np.float32(strength)) * step[2 + second]
    return step


class ReducedTongue:
    """A tongue; it has no state, so that one serves all tracks with the same parameters."""

    def __init__(self, fold: TongueFold, parameters: TongueParameters) -> None:
        self._fold = fold
        self._said = np.ones(fold.shapes + 1)
        self._coefficients = self._said[:-1]
        self._matrix = np.empty((len(fold.constant), fold.shapes + 1))
        self.parameters = parameters

    @property
    def parameters(self) -> TongueParameters:
        """What is set now. Assigning takes effect on the next frame and checks no range."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: TongueParameters) -> None:
        said, fold = parameters, self._fold
        self._parameters = said
        offsets = np.array([said.tongue_height_offset, said.tongue_depth_offset], np.float32)
        # It is small enough to hold strength and offsets itself: a frame is one product.
        self._matrix[:, :-1] = fold.matrix[:, :-2] * np.float64(np.float32(said.tongue_strength))
        self._matrix[:, -1] = fold.constant + fold.matrix[:, -2:] @ offsets.astype(np.float64)

    def normal(self, coefficients: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return D^T (target - neutral) of a frame, float64[poses], for coefficients [K]."""
        self._coefficients[:] = coefficients
        result: NDArray[np.float64] = self._matrix.dot(self._said)
        return result

    def reset(self) -> None:
        """Do nothing: a tongue remembers nothing."""
