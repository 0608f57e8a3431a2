"""Audio2Emotion's `model_config.json`: how logits become A2F emotions (a2f_runtime §6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.bundles.lenient_json import as_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.bundles.lenient_json import Fields

UNMAPPED: Final = -1
"""The correspondence of an emotion that reaches no A2F emotion: neutral."""
_MAX_EMOTIONS: Final = 256


@dataclass(frozen=True, kw_only=True)
class PostProcessingDefaults:
    """`post_processing_config` as the file has it, under the file's names."""

    output_emotion_length: int
    """Emotions that the face network takes."""
    emotion_contrast: float
    """Gain of the logits."""
    max_emotions: int
    """How many of the largest are kept."""
    live_blend_coef: float
    """Weight of the previous value."""
    enable_preferred_emotion: bool
    preferred_emotion_strength: float
    preferred_emotion: tuple[float, ...]
    transition_smoothing: float
    """Seconds."""
    fixed_dt: float
    """Seconds; whoever runs the network at a frame rate takes that instead."""
    emotion_strength: float
    emotion_correspondence: Mapping[str, int]
    """Emotion of the network -> index of the A2F emotion, or UNMAPPED."""

    def correspondence(self, emotions: tuple[str, ...]) -> tuple[int, ...]:
        """Return the A2F index of each of the network's emotions, in the network's order."""
        return tuple(self.emotion_correspondence[name] for name in emotions)

    @property
    def beginning_emotion(self) -> tuple[float, ...]:
        """What the first frame starts from: not in the file, always zeros."""
        return (0.0,) * self.output_emotion_length


def read_post_processing(file: Fields, emotions: tuple[str, ...]) -> PostProcessingDefaults:
    """Return the post-processing of an Audio2Emotion bundle.

    Args:
        file: Its `model_config.json`.
        emotions: Names of the network's outputs; each needs a correspondence.

    Raises:
        BundleError: a key is missing, of another type, or points past the last emotion.
    """
    config = file.fields("post_processing_config")
    count = config.integer("output_emotion_length", 1, _MAX_EMOTIONS)
    mapped = config.fields("emotion_correspondence")
    return PostProcessingDefaults(
        output_emotion_length=count,
        emotion_contrast=config.number("emotion_contrast"),
        max_emotions=config.integer("max_emotions", 0, _MAX_EMOTIONS),
        live_blend_coef=config.number("live_blend_coef"),
        enable_preferred_emotion=config.flag("enable_preferred_emotion"),
        preferred_emotion_strength=config.number("preferred_emotion_strength"),
        preferred_emotion=config.numbers("preferred_emotion", count),
        transition_smoothing=config.number("transition_smoothing"),
        fixed_dt=config.number("fixed_dt"),
        emotion_strength=config.number("emotion_strength"),
        emotion_correspondence={
            name: as_integer(mapped.value(name, "an index"), mapped.at(name), UNMAPPED, count - 1)
            for name in emotions
        },
    )
