"""The emotion side of a stream: hears emotions in the voice and hands them to the face.

::

    audio -> windows of kind "emotion" -> logits -> post-processing -> keys -> the face's windows

It reads the audio that the face reads. Its frames become keys of a track; a window of the face
waits until the emotion of its last frame is known (a2f_runtime §2.4), or no key follows.

What the host says of emotions is *preferred* here: mixed in, and never waited for. A key holds
until the next one.

A stream that resumes begins with the last window at or before its first sample, on a beginning
emotion of zeros: what it hears and smooths comes out of its history. Once that is as long as half
a window, the network hears the same; the transition then forgets the rest by a factor e every
`liveTransitionTime`, so half a window and 3.5 s more leave a difference under 1e-3 at 0.5 s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.emotion import EMOTIONS, EmotionTrack
from facewire.inference.emotion_executor import EmotionExecutor
from facewire.inference.emotion_settings import settings_for
from facewire.inference.frames import Window, WindowContext
from facewire.inference.gating import executions_with_emotion
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from facewire.audio import AudioAccumulator
    from facewire.emotion.postprocess import PostProcessParameters
    from facewire.inference.emotion_executor import Wish
    from facewire.inference.model import EmotionModel
    from facewire.inference.settings import StreamSettings
    from facewire.inference.told_emotion import ToldEmotion
    from facewire.inference.windows import WindowSpec

INPUT: Final = "input_values"
SWITCH: Final = "enablePreferredEmotion"


class AutomaticEmotion:
    """Hears the emotions of one stream; one window at a time, as `Stream` hands them out."""

    def __init__(
        self,
        model: EmotionModel,
        settings: StreamSettings,
        *,
        audio: AudioAccumulator,
        preferred: ToldEmotion,
    ) -> None:
        """Stand before the first window.

        Args:
            model: What hears.
            settings: Of the stream.
            audio: 16 kHz, shared with the face.
            preferred: What the host says; before its first key `settings.emotion` holds.

        Raises:
            SettingsError: the network takes no such window.
        """
        self._defaults = model.parameters
        self._constant = settings.emotion
        self._preferred = preferred
        self._audio = audio
        self.keys = EmotionTrack()
        """What was heard."""
        chosen = settings_for(settings.emotion_window_samples, model.window_limits_samples)
        try:
            chosen.validate()
        except SettingsError as error:
            raise SettingsError(error.text, field="emotion_window_samples") from None
        self.reach_samples = chosen.look_ahead_samples
        """Audio after a window's instant without which it cannot be run."""
        self._spec = chosen.window_spec()
        self._executor = EmotionExecutor(
            chosen,
            self._defaults,
            audio=audio,
            first_window=int(audio.first_sample // self._spec.stride),
        )
        self._wishes: list[Wish] = []
        self._is_switched = False
        self._repaired: list[tuple[int, int]] = []
        self.note(settings.parameters)

    def note(self, changes: Mapping[str, float]) -> None:
        """Take note of whether the host itself switches the preferred emotion on or off."""
        self._is_switched |= SWITCH in changes

    def ready(self) -> bool:
        """Return whether a window can be taken."""
        return self._executor.ready()

    def take_window(self, parameters: Mapping[str, float], *, frames_total: int | None) -> Window:
        """Return the next window; in flight until `accept`.

        Args:
            parameters: Of the stream, as of now.
            frames_total: Of the stream, where known.
        """
        index = self._executor.progress.read
        audio = self._executor.take_window()
        self._wishes = [self._wish(instant, parameters) for instant in self._spec.instants(index)]
        nothing = np.zeros(len(EMOTIONS), np.float32)
        rows = [nothing if wanted is None else wanted for _, wanted in self._wishes]
        total = self._audio.total_samples
        return Window(
            index=index,
            target_sample=self._spec.target(index),
            audio=audio,
            feeds={INPUT: audio[None]},
            context=WindowContext(
                parameters=dict(parameters),
                emotion=np.stack(rows),
                horizon_samples=total,
                end_samples=total if self._audio.closed else None,
                frames_total=frames_total,
                last=False,
                sanitised=False,
            ),
            kind="emotion",
        )

    def accept(self, window: Window, result: NDArray[np.float32]) -> None:
        """Turn the result (batch axis of 1) of the window in flight into keys."""
        self._executor.post.parameters = _parameters(self._defaults, window.context.parameters)
        before = self.keys.last_time
        frames = self._executor.accept(result[0], self._wishes)
        for instant, emotion in zip(frames.timestamps.tolist(), frames.emotions, strict=True):
            self.keys.add(instant, emotion)
        if frames.repaired:  # what lies after the last good key leads to the first such one
            self._repaired.append(
                (window.target_sample if before is None else before + 1,
                 int(frames.next_timestamps[-1]))
            )  # fmt: skip

    def known_windows(self, spec: WindowSpec, *, read: int) -> bool:
        """Return whether the emotions of the next window of a face are all known."""
        if self._executor.finished:
            return True
        return executions_with_emotion(spec, read=read, last_key=self.keys.last_time) > 0

    def rows(self, instants: Iterable[int]) -> NDArray[np.float32]:
        """Return float32[instants, 10]; the instants' emotions must be known."""
        if self._executor.finished and not self.keys.closed and len(self.keys):
            self.keys.close()
        if not len(self.keys):  # no audio, no emotion
            return np.zeros((len(list(instants)), len(EMOTIONS)), np.float32)
        return np.stack([self.keys.read(instant) for instant in instants])

    def was_repaired(self, instants: Sequence[int]) -> bool:
        """Return whether the emotion at one of the instants came of an answer that was none."""
        return any(
            start <= instant < stop for start, stop in self._repaired for instant in instants
        )

    @property
    def next_audio_sample(self) -> int:
        """First sample still wanted."""
        return self._executor.progress.next_audio_sample

    def forget_before(self, instant: int) -> None:
        """Drop keys that a face whose next window begins at `instant` does not read.

        And of what is preferred, what this side does not read.
        """
        self.keys.forget_before(instant)
        self._preferred.forget_before(self._executor.progress.next_emotion_timestamp)
        self._repaired = [each for each in self._repaired if each[1] > instant]

    def _wish(self, instant: int, parameters: Mapping[str, float]) -> Wish:
        """Return whether the emotion at an instant mixes a preferred one in, and which."""
        wanted = self._preferred.keyed(instant)
        if wanted is None and self._constant.any():
            wanted = self._constant
        if self._is_switched:
            return bool(parameters[SWITCH]), wanted
        return wanted is not None or self._defaults.enable_preferred_emotion, wanted


def _parameters(
    defaults: PostProcessParameters, chosen: Mapping[str, float]
) -> PostProcessParameters:
    return replace(
        defaults,
        emotion_contrast=chosen["emotionContrast"],
        max_emotions=int(chosen["maxEmotions"]),
        live_blend_coef=chosen["liveBlendCoef"],
        preferred_emotion_strength=chosen["preferredEmotionStrength"],
        live_transition_time_s=chosen["liveTransitionTime"],
        emotion_strength=chosen["emotionStrength"],
    )
