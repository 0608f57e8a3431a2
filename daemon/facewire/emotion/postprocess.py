"""From the logits of Audio2Emotion to the ten A2F emotions, frame by frame (a2f_runtime §6.2-6.3).

contrast -> softmax -> neutral out -> the largest few -> ten slots -> live blend -> preferred
emotion -> transition -> strength. Arithmetic is float32, as in NVIDIA's code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.emotion.vector import EMOTIONS
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES: Final = ("angry", "disgust", "fear", "happy", "neutral", "sad")
"""What Audio2Emotion v2.2 tells apart, in the order of its logits."""
CORRESPONDENCE: Final = (1, 3, 4, 6, -1, 9)
"""Index in EMOTIONS of each of CLASSES; -1: none (a neutral face is all zeros)."""
_SHORTEST_TRANSITION_S: Final = 1e-3


def _no_emotion() -> NDArray[np.float32]:
    return np.zeros(len(EMOTIONS), np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class PostProcessParameters:
    """How logits become emotions; the defaults are those of the Audio2Emotion v2.2 bundle."""

    emotion_contrast: float = 1.0
    """Factor on the logits, >= 0; NVIDIA's service takes 0.3 to 3."""
    max_emotions: int = 6
    """Only so many of the largest are kept, >= 0; more than there are classes keeps all."""
    live_blend_coef: float = 0.7
    """Weight of the previous frame's emotion, 0 to 1."""
    enable_preferred_emotion: bool = False
    """Whether the preferred emotion is mixed in."""
    preferred_emotion_strength: float = 0.5
    """Share of the preferred emotion, 0 to 1."""
    live_transition_time_s: float = 0.5
    """Seconds over which the result follows, >= 0; `transition_smoothing` in a bundle."""
    emotion_strength: float = 0.6
    """Factor on the result, 0 to 1."""
    beginning_emotion: NDArray[np.float32] = field(default_factory=_no_emotion)
    """float32[10] in [0, 1]: what an utterance starts from."""
    preferred_emotion: NDArray[np.float32] = field(default_factory=_no_emotion)
    """float32[10] in [0, 1]: preferred where no track of preferred emotions is given."""
    correspondence: tuple[int, ...] = CORRESPONDENCE
    """For each logit the index in EMOTIONS it feeds, or -1."""

    def validate(self) -> None:
        """Check every field.

        Raises:
            SettingsError: with `field` naming the first that is wrong, and its range.
        """
        _within("emotion_contrast", self.emotion_contrast, 0.0, np.inf)
        _within("max_emotions", self.max_emotions, 0.0, np.inf)
        _within("live_blend_coef", self.live_blend_coef, 0.0, 1.0)
        _within("preferred_emotion_strength", self.preferred_emotion_strength, 0.0, 1.0)
        _within("live_transition_time_s", self.live_transition_time_s, 0.0, np.inf)
        _within("emotion_strength", self.emotion_strength, 0.0, 1.0)
        _check_vector("beginning_emotion", self.beginning_emotion)
        _check_vector("preferred_emotion", self.preferred_emotion)
        if not all(-1 <= index < len(EMOTIONS) for index in self.correspondence):
            raise SettingsError(
                f"Logits feed the emotions {list(self.correspondence)}; each must be -1 to 9.",
                field="correspondence",
            )


class PostProcessor:
    """The emotion of one track, from frame to frame.

    A window on which the network fails (NaN or infinity: near silence does that) counts as
    neutral: it feeds no emotion, and what was there before fades as after any calm window.
    Holding the last emotion instead would keep a shout's anger through a whole silence.

    What a logit does not feed keeps its value of the frame before, strength included, as in the
    SDK: it decays through the blend. Among equal probabilities the first named is kept; the SDK
    itself has no rule there (its CPU and GPU answers differ).
    """

    def __init__(self, parameters: PostProcessParameters, *, dt_s: float) -> None:
        """Start at the beginning emotion.

        Args:
            parameters: May be replaced between frames; the change fades in with the transition.
            dt_s: Seconds from frame to frame: 1 / fps, never the clock nor the bundle's fixed_dt.

        Raises:
            SettingsError: a parameter is out of range.
        """
        self.parameters = parameters
        _above_zero("dt_s", dt_s)
        self._dt_s = dt_s
        self.reset()

    @property
    def parameters(self) -> PostProcessParameters:
        """What the next frame is made with."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: PostProcessParameters) -> None:
        parameters.validate()
        self._parameters = parameters
        mapped = [slot for slot, index in enumerate(parameters.correspondence) if index >= 0]
        self._mapped = np.array(mapped, np.intp)
        self._slots = np.array([parameters.correspondence[slot] for slot in mapped], np.intp)
        self._beginning = np.array(parameters.beginning_emotion, np.float32)
        self._preferred = np.array(parameters.preferred_emotion, np.float32)

    def reset(self) -> None:
        """Forget every frame."""
        self._first = True
        self._values = _no_emotion()
        self._blended = _no_emotion()
        self._followed = _no_emotion()

    def step(
        self,
        logits: NDArray[np.float32],
        preferred: NDArray[np.float32] | None = None,
        *,
        mixing: bool | None = None,
    ) -> NDArray[np.float32]:
        """Return float32[10], the next frame's emotion.

        Args:
            logits: float32[classes]; not finite counts as neutral.
            preferred: float32[10] at the frame's instant; None: the parameters' own.
            mixing: Whether this frame mixes it in; None: as the parameters enable it.

        Raises:
            BundleError: another number of logits than `correspondence` has.
        """
        chosen = self._parameters
        values = (self._beginning if self._first else self._values).copy()
        values[self._slots] = self._probabilities(logits)[self._mapped]
        previous = self._beginning if self._first else self._blended
        values = _mixed(values, previous, chosen.live_blend_coef)
        self._blended = values
        if chosen.enable_preferred_emotion if mixing is None else mixing:
            wanted = self._preferred if preferred is None else preferred
            values = _mixed(values, wanted, chosen.preferred_emotion_strength)
        if not self._first:
            share = self._dt_s / max(chosen.live_transition_time_s, _SHORTEST_TRANSITION_S)
            values = _mixed(self._followed, values, min(share, 1.0))
        self._followed = values
        self._values = values * np.float32(chosen.emotion_strength)
        self._first = False
        return self._values.copy()

    def _probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Softmax with contrast; what feeds no emotion, and all but the largest, are 0."""
        chosen = self._parameters
        classes = len(chosen.correspondence)
        if np.shape(logits) != (classes,):
            raise BundleError(
                f"The emotion network gave logits of shape {list(np.shape(logits))}.",
                hint=f"The bundle's emotion_correspondence has {classes} entries.",
            )
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.asarray(logits, np.float32) * np.float32(chosen.emotion_contrast)
        kept = np.zeros(classes, np.float32)
        if not np.isfinite(scaled).all():
            return kept
        powers = np.exp(scaled - scaled.max())
        kept[self._mapped] = (powers / powers.sum())[self._mapped]
        surplus = np.argsort(-kept, kind="stable")[chosen.max_emotions :]
        kept[surplus] = 0.0
        return kept


def _mixed(
    low: NDArray[np.float32], high: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    weight = np.float32(share)
    return (np.float32(1.0) - weight) * low + weight * high


def _within(name: str, value: float, minimum: float, maximum: float) -> None:
    if not (isfinite(value) and minimum <= value <= maximum):
        bounds = f"[{minimum:g}, {maximum:g}]" if isfinite(maximum) else f"{minimum:g} or more"
        raise SettingsError(f"{name} is {value}; it must be in {bounds}.", field=name)


def _above_zero(name: str, value: float) -> None:
    if not (isfinite(value) and value > 0.0):
        raise SettingsError(f"{name} is {value}; it must be above 0.", field=name)


def _check_vector(name: str, values: NDArray[np.float32]) -> None:
    if np.shape(values) != (len(EMOTIONS),) or not np.all((values >= 0) & (values <= 1)):
        raise SettingsError(f"{name} needs ten weights in [0, 1].", field=name)
