"""Audio2Emotion's post-processing, and the numbers of its bundle."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.audio import AudioAccumulator
from facewire.emotion import EmotionTrack
from facewire.emotion.postprocess import CLASSES, PostProcessor, PostProcessParameters
from facewire.inference.emotion_executor import EmotionExecutor
from facewire.inference.emotion_settings import EmotionSettings
from facewire.tools.conformance.outcomes import absolute, differing, differs

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRAMES: Final = 60


def _run(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    if "params" not in inputs:
        yield from _first_frame(inputs, expected)
        return
    numbers = inputs["params"]
    parameters = PostProcessParameters(
        emotion_contrast=numbers["contrast"],
        max_emotions=numbers["maxEmotions"],
        live_blend_coef=numbers["blend"],
        enable_preferred_emotion=numbers["pref_on"],
        preferred_emotion_strength=numbers["pref_strength"],
        live_transition_time_s=numbers["transition"],
        emotion_strength=numbers["strength"],
        beginning_emotion=np.array(numbers["beginning"], np.float32),
        preferred_emotion=np.array(numbers["preferred"], np.float32),
    )
    post = PostProcessor(parameters, dt_s=numbers["dt"])
    found = [post.step(np.array(logits, np.float32)) for logits in inputs["logits"]]
    yield differs(inputs["logits_order"], list(CLASSES))
    yield absolute(found, expected["a2f_emotions"])


def _first_frame(inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    """Compare one step with the bundle's parameters."""
    post = PostProcessor(PostProcessParameters(), dt_s=1 / 30)
    found = post.step(np.array(inputs["logits"], np.float32))
    yield absolute(found, expected["output" if "output" in expected else "a2f_emotions"])


def _passthrough(_inputs: dict[str, Any], _expected: dict[str, Any]) -> Iterator[float]:
    """Compare with the rule: what is preferred with full strength comes out to the bit."""
    parameters = PostProcessParameters(
        enable_preferred_emotion=True,
        preferred_emotion_strength=1.0,
        emotion_strength=1.0,
        live_transition_time_s=0.0,
    )
    audio, preferred = AudioAccumulator(), EmotionTrack()
    settings = EmotionSettings(fps=Fraction(_FRAMES), classify=False)
    executor = EmotionExecutor(settings, parameters, audio=audio, preferred=preferred)
    keys = np.random.default_rng(7).random((_FRAMES, 10), np.float32)
    for frame, values in enumerate(keys):
        preferred.add(executor.timeline.timestamp(frame), values)
    audio.accumulate(np.zeros(settings.sample_rate_hz, np.float32))
    audio.close()
    frames = [each.emotions for each in executor.run(None)]
    yield differing(np.concatenate(frames), keys)


def _bundle(_inputs: dict[str, Any], expected: dict[str, Any]) -> Iterator[float]:
    ours = PostProcessParameters()
    numbers = {
        "emotionContrast": ours.emotion_contrast,
        "maxEmotions": ours.max_emotions,
        "liveBlendCoef": ours.live_blend_coef,
        "preferredEmotionStrength": ours.preferred_emotion_strength,
        "liveTransitionTime": ours.live_transition_time_s,
        "emotionStrength": ours.emotion_strength,
    }
    wanted = np.array([expected[name] for name in numbers], np.float32)
    yield differing(np.array(list(numbers.values()), np.float32), wanted)
    yield differs(list(CLASSES), expected["emotions"])
    yield differs(list(ours.correspondence), expected["emotion_correspondence"])
    yield differs(ours.enable_preferred_emotion, expected["enablePreferredEmotion"])
    yield differing(ours.beginning_emotion, np.array(expected["beginning"], np.float32))
    yield differing(ours.preferred_emotion, np.array(expected["preferred"], np.float32))


COMPARED: Final = {
    "a2e_postprocess_": _run,
    "a2e_single_frame_python_reference": _first_frame,
    "a2e_preferred_passthrough": _passthrough,
    "a2e_bundle_params": _bundle,
}
