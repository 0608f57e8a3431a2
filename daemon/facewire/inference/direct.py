"""The `direct` family: a stateless network from raw audio to named weights at regular ticks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.animation.curves import CURVE_INDEX
from facewire.emotion.layer import pose_matrix
from facewire.inference.animator import FaceAnimator
from facewire.inference.family import USUAL_FPS
from facewire.inference.parameters import PARAMETERS
from facewire.inference.windows import WindowSpec
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.bundles import Bundle
    from facewire.inference.parameters import ParameterRange
    from facewire.inference.settings import StreamSettings


@dataclass(frozen=True, kw_only=True)
class DirectFamily:
    """A direct bundle's numbers, checked."""

    network: str
    input_name: str
    window_samples: int
    window_start_samples: int
    """From a window's first tick to its first sample; negative."""
    tick_samples: int
    ticks_per_window: int
    columns: NDArray[np.intp]
    """Column of a face row (71) of each of the network's curves."""
    emotion_poses: NDArray[np.float32]
    """float32[10, 71]."""
    mouth_close: str
    """`arkit` or `a2f`: the convention the network's mouthClose follows."""

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> DirectFamily:
        """Read `bundle.json`.

        Raises:
            BundleError: a field is missing, of the wrong kind, or the numbers do not fit together.
        """
        raw = bundle.description
        try:
            family = cls(
                network=str(raw["network"]),
                input_name=str(raw["input"]),
                window_samples=int(raw["window_samples"]),
                window_start_samples=int(raw["window_start_samples"]),
                tick_samples=int(raw["tick_samples"]),
                ticks_per_window=int(raw["ticks_per_window"]),
                columns=np.array([CURVE_INDEX[name] for name in raw["curves"]], np.intp),
                emotion_poses=pose_matrix(raw.get("emotion_poses", {})),
                mouth_close=str(raw.get("mouth_close", "arkit")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"bundle.json of {bundle.name!r} is wrong at {error!s}.") from None
        family._check(bundle.name)
        return family

    def window_spec(self, fps: Fraction = USUAL_FPS) -> WindowSpec:  # noqa: ARG002 - the family's
        """Return the windows: one per `ticks_per_window` ticks, whatever the frame rate."""
        return WindowSpec(
            length=self.window_samples,
            start_offset=self.window_start_samples,
            target_offset=-self.window_start_samples,
            stride=Fraction(self.ticks_per_window * self.tick_samples),
            ticks=self.ticks_per_window,
        )

    @property
    def identities(self) -> tuple[str, ...]:
        """None: a direct model has one face without a name."""
        return ()

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples.

        A frame just before a window's first tick lies between two windows and needs the second.
        """
        return self.window_spec().look_ahead_samples + self.tick_samples - 1

    def burst_frames(self, fps: Fraction) -> int:
        """Return the most frames one window gives at once, ends of utterances aside."""
        return int(-(-self.ticks_per_window * self.tick_samples * fps // 16_000)) + 1

    def feeds(self, audio: NDArray[np.float32]) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads for one window, batch axis first."""
        return {self.input_name: audio[None, :]}

    def parameters(self, identity: str = "") -> Mapping[str, ParameterRange]:  # noqa: ARG002
        """Return the parameters of every direct model."""
        return PARAMETERS

    def first_window(
        self,
        start_sample: int,  # noqa: ARG002
        first_instant: int,
        fps: Fraction,
    ) -> int:
        """Return the window that holds the last tick at or before an instant: nothing is kept."""
        return int(first_instant // self.window_spec(fps).stride)

    def prepare(
        self,
        parameters: Mapping[str, float],
        identity: str = "",
        outputs: frozenset[str] = frozenset(),
    ) -> None:
        """Do nothing: no setting of a direct model costs more than a frame."""

    def animator(self, settings: StreamSettings) -> FaceAnimator:
        """Return what turns this family's results into frames of one stream.

        Raises:
            SettingsError: the settings ask for a jaw or for geometry.
        """
        return FaceAnimator(
            settings=settings,
            feeds=self.feeds,
            columns=self.columns,
            emotion_poses=self.emotion_poses,
            tick_samples=self.tick_samples,
            ticks_per_window=self.ticks_per_window,
            ease_limit_samples=self._certain_samples(),
            contains_jaw=self.mouth_close == "a2f",
        )

    def _certain_samples(self) -> int:
        """Audio known after a window's *last* tick: the end of speech is seen that far ahead."""
        return self.window_spec().look_ahead_samples - (
            (self.ticks_per_window - 1) * self.tick_samples
        )

    def _check(self, name: str) -> None:
        stride = self.tick_samples * self.ticks_per_window
        right = (
            0 < self.tick_samples <= 16_000
            and 0 < self.ticks_per_window <= 1_000
            and -16_000 * 60 <= self.window_start_samples <= 0
            and self.window_samples + self.window_start_samples >= stride
            and self.window_samples <= 16_000 * 60
            and self.mouth_close in ("arkit", "a2f")
        )
        if not right:  # the last window must never be taken before the end is known
            raise BundleError(f"The windows of {name!r} do not fit together.")
