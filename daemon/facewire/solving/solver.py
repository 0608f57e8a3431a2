"""One track's blendshape solver: frames in, weights out (a2f_runtime §5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

import numpy as np

from facewire.protocol.errors import BundleError, SettingsError
from facewire.solving.admm import Admm
from facewire.solving.bvls import solve_bounded
from facewire.solving.exact import ExactSolver
from facewire.solving.least_squares import FLOAT32_CUTOFF, LeastSquares
from facewire.solving.optimality import Optimality, optimality
from facewire.solving.preparation import Preparation, prepare

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from facewire.solving.rig import SolverRig
    from facewire.solving.settings import SolverSettings

Objective = Literal["sdk-cpu", "sdk-gpu", "exact"]
"""How |A x - b|^2 within [0, 1] is minimised: as the SDK's CPU or GPU solver, or to the end."""

OBJECTIVES: Final = get_args(Objective)

_CANCELLED: Final = float(np.float32(1e-10))
"""Upper bound of the weaker pose of a cancel pair in the second solve."""


class _BoxSolver(Protocol):
    def solve(
        self, b: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]: ...


class _SdkCpu:
    """Bounded least squares with the SDK's steps and stops."""

    def __init__(self, matrix: NDArray[np.float64], tolerance: float) -> None:
        self._problem = LeastSquares(matrix, cutoff=FLOAT32_CUTOFF)
        self._tolerance = tolerance

    def solve(
        self, b: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return solve_bounded(self._problem, b, lower, upper, tolerance=self._tolerance)


class BlendshapeSolver:
    """Weights of a rig's poses, frame by frame; one per track and block (skin or tongue)."""

    def __init__(
        self, rig: SolverRig, settings: SolverSettings, objective: Objective = "sdk-cpu"
    ) -> None:
        """Prepare the first frame.

        Args:
            rig: May be shared between solvers.
            settings: For exactly the rig's poses.
            objective: `sdk-cpu` and `sdk-gpu` give what the SDK gives, with its early stops, its
                rounding of A and its pairing of two poses that have no pair; `exact` does not copy
                those.

        Raises:
            SettingsError: unknown objective, settings for another number of poses, or an A that
                `sdk-gpu` cannot invert.
        """
        if objective not in OBJECTIVES:
            raise SettingsError(
                f"There is no objective {objective!r}.",
                field="objective",
                hint=f"Choose one of {', '.join(OBJECTIVES)}.",
            )
        self.rig = rig
        self.objective: Objective = objective
        self._settings = settings
        self._preparation, self._passes = self._prepared(settings)
        self._previous = np.zeros(len(self._preparation.active))
        self._last: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    @property
    def settings(self) -> SolverSettings:
        """What is set now; `configure` changes it."""
        return self._settings

    @property
    def preparation(self) -> Preparation:
        """The matrix, pairs and active poses of the settings."""
        return self._preparation

    @property
    def raw_weights(self) -> NDArray[np.float64]:
        """float64[n], the active poses' weights of the frame before, without gain and offset.

        In [0, 1]; zero before the first; rounded to float32 but for `exact`.
        """
        return self._previous

    def configure(self, settings: SolverSettings) -> None:
        """Use other settings from the next frame on.

        Multipliers and offsets cost nothing and leave the solution as it is. Anything else prepares
        anew: the `sdk-*` objectives then forget the frame before, as the SDK does; `exact` keeps it
        for the poses that stay active, so that the face does not jump.

        Raises:
            SettingsError: as on construction; the old settings stay.
        """
        if settings.prepares_as(self._settings):
            self._settings = settings
            return
        preparation, passes = self._prepared(settings)
        kept = np.zeros(self.rig.poses)
        if self.objective == "exact":
            kept[self._preparation.active] = self._previous
        self._settings, self._preparation, self._passes = settings, preparation, passes
        self._previous, self._last = kept[preparation.active], None

    def reset(self) -> None:
        """Forget the frame before; what follows equals a fresh solver bit for bit."""
        self._previous, self._last = np.zeros(len(self._preparation.active)), None
        for solver in self._passes:
            if isinstance(solver, ExactSolver):
                solver.reset()

    def solve(self, pose: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the weights of a posed face: float32[poses], gain and offset applied, unclamped.

        Args:
            pose: float32[3V], the absolute vertices, cm.

        Raises:
            SettingsError: `pose` has another length.
            BundleError: it holds a value that is not a number; the frame before is kept.
        """
        if pose.shape != (self.rig.coordinates,):
            raise SettingsError(
                f"The posed face has the shape {pose.shape}, but the rig has "
                f"{self.rig.coordinates} coordinates.",
                field="pose",
            )
        return self.solve_normal(self.rig.normal(pose)[self._preparation.active])

    def solve_normal(self, normal: ArrayLike) -> NDArray[np.float32]:
        """Return the weights for D^T (target - neutral), the way in that touches no vertex.

        Args:
            normal: float[n], over the masked vertices and the active poses, cm^2, without the
                temporal term.

        Raises:
            SettingsError: `normal` has another length.
            BundleError: it holds a value that is not a number; the frame before is kept.
        """
        b = self.right_hand_side(normal)
        lower, upper = np.zeros_like(b), np.ones_like(b)
        x = self._rounded(self._passes[0].solve(b, lower, upper))
        if len(self._preparation.cancel_pairs):
            self.cancel(x, upper)
            x = self._rounded(self._passes[1].solve(b, lower, upper))
        return self.take(x, b, upper)

    def cancel(self, x: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        """Lower the upper bounds of the weaker poses of all cancel pairs, for the second solve."""
        first, second = self._preparation.cancel_pairs.T
        upper[np.where(x[first] >= x[second], second, first)] = _CANCELLED

    def take(
        self, x: NDArray[np.float64], b: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Remember x float64[n], the solution for b within `upper`; return the frame's weights."""
        self.remember(x, b, upper)
        weights = np.zeros(self.rig.poses, np.float32)
        weights[self._preparation.active] = x
        weights *= self._settings.multipliers
        weights += self._settings.offsets
        return weights

    def remember(
        self, x: NDArray[np.float64], b: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> None:
        """Take x float64[n], the solution for b within `upper`, for the frame before."""
        self._previous, self._last = x, (b, upper)

    def optimality(self) -> Optimality:
        """Return how far the last frame's solution is from the minimum, gain and offset aside.

        With cancel pairs it is that of the second solve, within its tightened bounds.

        Raises:
            SettingsError: nothing has been solved since the last reset or preparation.
        """
        if self._last is None:
            raise SettingsError("There is no solved frame to certify.", hint="Solve one first.")
        b, upper = self._last
        lower = np.zeros_like(b)
        return optimality(self._preparation.matrix, b, self._previous, lower, upper)

    def _prepared(
        self, settings: SolverSettings
    ) -> tuple[Preparation, tuple[_BoxSolver, _BoxSolver]]:
        if len(settings.active) != self.rig.poses:
            raise SettingsError(
                f"The settings are for {len(settings.active)} poses, but the rig has "
                f"{self.rig.poses}.",
                field="active",
            )
        preparation = prepare(self.rig, settings, like_sdk=self.objective != "exact")
        matrix = preparation.matrix
        if self.objective == "exact":
            # One for each of the two solves of a frame: each keeps its own active set warm.
            return preparation, (ExactSolver(matrix), ExactSolver(matrix))
        alone = _SdkCpu(matrix, settings.tolerance) if self.objective == "sdk-cpu" else Admm(matrix)
        return preparation, (alone, alone)

    def right_hand_side(self, given: ArrayLike) -> NDArray[np.float64]:
        """Return b: the normal vector and the pull to the frame before; see `solve_normal`."""
        normal = np.asarray(given, np.float64)
        if normal.shape != self._previous.shape:
            raise SettingsError(
                f"D^T (target - neutral) has the shape {normal.shape}, but {len(self._previous)} "
                "poses are active.",
                field="normal",
            )
        if not np.isfinite(normal).all():
            raise BundleError(
                "The posed face holds a coordinate that is not a number.",
                hint="Check the model's files: `facewire models verify`.",
            )
        pull = float(self._preparation.temporal_pull)
        return self._rounded(self._rounded(normal) + pull * self._previous)

    def _rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `values` as the objective knows them: the SDK's vectors are float32."""
        return values if self.objective == "exact" else values.astype(np.float32).astype(np.float64)
