"""What a stream is opened with."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.audio.pcm import ENCODINGS
from facewire.emotion import EMOTIONS
from facewire.inference.parameters import PARAMETERS, checked_parameters
from facewire.mapping.rig import Rig, shipped_rig
from facewire.protocol.errors import MappingError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from facewire.inference.parameters import ParameterRange

MAX_FPS: Final = 240
OUTPUTS: Final = frozenset({"emotion", "jaw", "geometry"})
LAST_INSTANT_SAMPLES: Final = 2**52
"""No utterance may begin later: instants of all its frames stay under the wire's 2^53."""


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """Settings of one stream; `validate` before use."""

    sample_rate_hz: int
    """Of the audio pushed, 8000 to 192000."""
    channels: int = 1
    """1 or 2; two are averaged."""
    encoding: str = "int16"
    """`int16` or `float32`."""
    fps: Fraction = Fraction(60)
    """Frames per second, exact, 1 to 240; 29.97 is Fraction(30000, 1001)."""
    rig: str | Rig = "a2f"
    """Curve set of the answer: the name of a shipped table, or a `Rig`."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Changes from the model's defaults."""
    emotion: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(len(EMOTIONS), np.float32)
    )
    """float32[10] in [0, 1]: holds until the first emotion key."""
    seed: int = 0
    """Of blinks, gaze and brow accents: the same seed gives the same motion."""
    start_sample: int = 0
    """Source index of the first sample that will be pushed (resume)."""
    first_frame: int = 0
    """First frame wanted (resume); its history should have been pushed from `start_sample` on."""
    identity: str = ""
    """Which of a model's faces speaks, capitals do not matter; "" for its first or only one."""
    automatic_emotion: bool = False
    """Hear the emotion in the voice; the model must have an emotion model beside it.

    Emotion keys and `emotion` are then what is preferred, and mixed in.
    """
    emotion_window_samples: int = 0
    """Audio one emotion inference hears, half of it look-ahead; 0: as long as the network takes."""
    outputs: frozenset[str] = frozenset()
    """What frames carry beside curves and eyes: some of OUTPUTS."""
    mouth_close: str = "arkit"
    """`arkit`: mouthClose is relative to an open jaw; `raw`: as the model has it.

    Rigs whose table says what its mouthClose means get that, whatever is asked for here.
    """

    @property
    def served_rig(self) -> Rig:
        """The rig of the answer.

        Raises:
            MappingError: there is no shipped table of this name.
        """
        return shipped_rig(self.rig) if isinstance(self.rig, str) else self.rig

    @property
    def frames_mouth_close(self) -> str:
        """What mouthClose means in the frames: `arkit`, or `raw` (contains the open jaw)."""
        stated = self.served_rig.table.mouth_close
        if stated == "any":
            return self.mouth_close
        return "arkit" if stated == "arkit" else "raw"

    def validate(self, parameters: Mapping[str, ParameterRange] = PARAMETERS) -> None:
        """Check every field.

        Args:
            parameters: What the model knows, with ranges.

        Raises:
            SettingsError: with `field` naming the first that is wrong.
        """
        _require("sample_rate_hz", 8_000 <= self.sample_rate_hz <= 192_000, self.sample_rate_hz)
        _require("channels", self.channels in (1, 2), self.channels)
        _require("encoding", self.encoding in ENCODINGS, self.encoding)
        _require("fps", 1 <= self.fps <= MAX_FPS, self.fps)
        try:
            _ = self.served_rig
        except MappingError as error:
            raise SettingsError(error.text, field="rig", hint=error.hint) from None
        _require("seed", 0 <= self.seed < 2**32, self.seed)
        last = LAST_INSTANT_SAMPLES
        _require(
            "start_sample",
            0 <= self.start_sample * 16_000 <= last * self.sample_rate_hz,
            self.start_sample,
        )
        _require(
            "start_sample",
            self.start_sample * 16_000 % self.sample_rate_hz == 0,
            self.start_sample,
            "Its instant must be a whole 16 kHz sample.",
        )
        _require("first_frame", 0 <= self.first_frame * 16_000 <= last * self.fps, self.first_frame)
        unknown = self.outputs - OUTPUTS
        _require("outputs", not unknown, ", ".join(sorted(unknown)))
        _require("mouth_close", self.mouth_close in ("arkit", "raw"), self.mouth_close)
        _check_emotion(self.emotion)
        checked_parameters(self.parameters, parameters)


def _check_emotion(emotion: NDArray[np.float32]) -> None:
    if emotion.shape != (len(EMOTIONS),) or not np.all((emotion >= 0) & (emotion <= 1)):
        raise SettingsError("An emotion needs ten weights in [0, 1].", field="emotion")


def _require(name: str, right: bool, got: object, hint: str = "") -> None:  # noqa: FBT001
    if not right:
        raise SettingsError(f"{name} cannot be {got!s}.", field=name, hint=hint)
