"""What a family of models must know: `direct` does today, `regression` and `diffusion` can."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from facewire.inference.frames import FrameBatch, Window, WindowContext
    from facewire.inference.parameters import ParameterRange
    from facewire.inference.settings import StreamSettings
    from facewire.inference.windows import WindowSpec

USUAL_FPS: Final = Fraction(60)


class Animator(Protocol):
    """The face of one stream: all state between its windows, which come in order."""

    def feeds(
        self, index: int, audio: NDArray[np.float32], context: WindowContext
    ) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads for a window, each with a batch axis of 1 in front.

        It may depend on the windows before, all of which have been animated; it changes nothing.
        """

    def animate(self, window: Window, result: NDArray[np.float32]) -> FrameBatch | None:
        """Return the frames that a window's result (batch axis of 1) completes, if any."""


class Family(Protocol):
    """How the networks of a family are fed, and how their results become frames."""

    @property
    def network(self) -> str:
        """File of the bundle that holds the network."""

    @property
    def identities(self) -> tuple[str, ...]:
        """Names of the faces; empty where there is but one without a name."""

    @property
    def window_samples(self) -> int:
        """16 kHz samples one inference reads."""

    @property
    def look_ahead_samples(self) -> int:
        """Most audio after its own instant that a frame needs, 16 kHz samples."""

    def window_spec(self, fps: Fraction = USUAL_FPS) -> WindowSpec:
        """Return the windows of a stream; families with an inference per frame follow `fps`."""

    def burst_frames(self, fps: Fraction) -> int:
        """Return the most frames one window gives at once, ends of utterances aside."""

    def feeds(self, audio: NDArray[np.float32]) -> Mapping[str, NDArray[Any]]:
        """Return what the network reads for a stream's first window, no emotion: to warm it up."""

    def parameters(self, identity: str = "") -> Mapping[str, ParameterRange]:
        """Return the parameters a stream of this face may set, with ranges and defaults."""

    def first_window(self, start_sample: int, first_instant: int, fps: Fraction) -> int:
        """Return the window a stream begins with.

        Args:
            start_sample: First 16 kHz sample that will be pushed: history, on resuming.
            first_instant: Instant of the first frame wanted.
            fps: Of the stream; windows are counted as `window_spec` has them at this rate.
        """

    def prepare(
        self,
        parameters: Mapping[str, float],
        identity: str = "",
        outputs: frozenset[str] = frozenset(),
    ) -> None:
        """Do on any thread, ahead of time, what such settings would else do between two frames.

        Frames are the same whether or not this was called.
        """

    def animator(self, settings: StreamSettings) -> Animator:
        """Return what turns results into frames of one stream.

        Raises:
            SettingsError: the settings ask for what the family cannot do; `field` names it.
        """
