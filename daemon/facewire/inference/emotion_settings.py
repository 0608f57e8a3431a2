"""How often Audio2Emotion runs, and on how much audio (a2f_runtime §6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final

from facewire.inference.progress import emotion_windows, post_process_windows
from facewire.protocol.errors import SettingsError

if TYPE_CHECKING:
    from facewire.inference.windows import WindowSpec

WINDOW_LIMITS_SAMPLES: Final = (5_000, 60_000)
"""Shortest and longest window of the published networks: 0.3125 s and 3.75 s at 16 kHz."""


@dataclass(frozen=True, kw_only=True)
class EmotionSettings:
    """Settings of automatic emotion on one track; `validate` before use."""

    window_samples: int = 60_000
    """Audio one inference hears, half of it before its instant and half after: the look-ahead."""
    fps: Fraction = Fraction(30)
    """Emotion frames per second; need not be the face's, whose frames lie between keys."""
    inferences_to_skip: int = 30
    """Frames after an inference that use its logits again; smoothing still goes on per frame."""
    classify: bool = True
    """False: no network. Every class is equally likely; made for a preferred emotion alone."""
    sample_rate_hz: int = 16_000
    """Of the network's audio."""
    window_limits_samples: tuple[int, int] = WINDOW_LIMITS_SAMPLES
    """Shortest and longest window the network takes."""

    def validate(self) -> None:
        """Check that the network takes such windows and that they leave no audio unheard.

        Raises:
            SettingsError: with `field` naming what is wrong.
        """
        if self.fps <= 0:
            raise SettingsError(f"fps cannot be {self.fps}.", field="fps")
        if not self.classify:
            return
        shortest, longest = self.window_limits_samples
        if not shortest <= self.window_samples <= longest:
            raise SettingsError(
                f"window_samples is {self.window_samples}; the emotion network takes {shortest} to"
                f" {longest}.",
                field="window_samples",
            )
        if self.inferences_to_skip < 0:
            raise SettingsError(
                f"inferences_to_skip is {self.inferences_to_skip}; it must be 0 or more.",
                field="inferences_to_skip",
            )
        stride = self.window_spec().stride
        if stride > self.window_samples:
            raise SettingsError(
                f"An emotion window every {float(stride):g} samples leaves audio between windows"
                f" of {self.window_samples} unheard.",
                field="inferences_to_skip",
                hint="Skip fewer inferences, or take a longer window.",
            )

    def window_spec(self) -> WindowSpec:
        """Return the windows of a track."""
        if not self.classify:
            return post_process_windows(fps=self.fps, sample_rate_hz=self.sample_rate_hz)
        return emotion_windows(
            length_samples=self.window_samples,
            fps=self.fps,
            inferences_to_skip=self.inferences_to_skip,
            sample_rate_hz=self.sample_rate_hz,
        )

    @property
    def look_ahead_samples(self) -> int:
        """Audio after the instant of a window's first frame that must have come."""
        return self.window_spec().look_ahead_samples

    @property
    def reach_samples(self) -> int:
        """Most audio after an instant that must have come until the emotion there is known.

        That takes a frame at or after the instant, its window, and that all frames of the window
        lie within the audio.
        """
        spec = self.window_spec()
        to_last_frame = ceil((spec.ticks - 1) * spec.per_tick.stride) + 1
        return ceil(spec.per_tick.stride) - 1 + max(spec.look_ahead_samples, to_last_frame)


def settings_for(
    window_samples: int, limits: tuple[int, int] = WINDOW_LIMITS_SAMPLES
) -> EmotionSettings:
    """Return the settings that go with a window: 30 frames per second, as in NVIDIA's samples.

    One inference serves at most 31 frames, as there, and no more than lie in the half of the
    window after its instant: later ones would have to wait for audio that it does not hear.

    Args:
        window_samples: Audio one inference hears; 0: as much as the network takes.
        limits: Shortest and longest window the network takes.
    """
    length = window_samples or limits[1]
    fps, heard_after = EmotionSettings.fps, length - length // 2
    served = int(max(heard_after - 2, 0) * fps / EmotionSettings.sample_rate_hz)
    return EmotionSettings(
        window_samples=length,
        fps=fps,
        inferences_to_skip=min(EmotionSettings.inferences_to_skip, served),
        window_limits_samples=limits,
    )


def window_within(
    look_ahead_samples: int, limits: tuple[int, int] = WINDOW_LIMITS_SAMPLES
) -> int | None:
    """Return the longest window whose look-ahead is at most this; None: not even the shortest.

    Longer windows judge better; shorter ones answer sooner.
    """
    shortest, longest = limits
    if shortest - shortest // 2 > look_ahead_samples:
        return None
    return min(longest, 2 * look_ahead_samples)
