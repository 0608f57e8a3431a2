"""Logits to emotions, frame by frame."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.emotion.postprocess import PostProcessor, PostProcessParameters
from facewire.tools.conformance.outcomes import Compared, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facewire.tools.conformance.outcomes import Comparison, Outcome
    from facewire.tools.conformance.vector_file import VectorFile

_TIES: Final = re.compile(r"ties_max([1-9]\d*)_out")


def cases(file: VectorFile) -> Iterator[tuple[str, Comparison]]:
    """Yield every set of parameters, and the frames whose logits are equal."""
    for name, case in file.cases().items():
        yield name, partial(_case, file, name, case)
    for key in file:
        if tied := _TIES.fullmatch(key):
            yield f"ties_max{tied[1]}", partial(_ties, file, int(tied[1]))


def parameters(case: dict[str, Any], file: VectorFile, **changes: Any) -> PostProcessParameters:
    """Return the parameters of a case of this topic or of `executor_a2e`."""
    numbers = case["params"]
    return PostProcessParameters(
        emotion_contrast=numbers["emotionContrast"],
        max_emotions=case["maxEmotions"],
        live_blend_coef=numbers["liveBlendCoef"],
        preferred_emotion_strength=numbers["preferredEmotionStrength"],
        live_transition_time_s=numbers["liveTransitionTime"],
        emotion_strength=numbers["emotionStrength"],
        correspondence=tuple(file.expect("emotion_correspondence", (None,)).tolist()),
        **changes,
    )


def _case(file: VectorFile, name: str, case: dict[str, Any]) -> Iterator[Outcome]:
    changes: dict[str, Any] = {"enable_preferred_emotion": case["enablePreferredEmotion"]}
    if case["uses_beginning"]:
        changes["beginning_emotion"] = file["beginning"]
    if case["uses_preferred"]:
        changes["preferred_emotion"] = file["preferred"]
    post = PostProcessor(parameters(case, file, **changes), dt_s=case["params"]["fixedDt"])
    found = []
    for frame, logits in enumerate(file["logits"]):
        if frame == case["reset_before_frame"]:
            post.reset()
        found.append(post.step(logits))
    yield Compared.one("emotions", absolute(found, file[f"{name}_out"]))


def _ties(file: VectorFile, kept: int) -> Iterator[Outcome]:
    """Compare sorted: which of equal ones is kept differs between the SDK's CPU and GPU."""
    plain = PostProcessParameters(
        max_emotions=kept, live_blend_coef=0.0, live_transition_time_s=0.0, emotion_strength=1.0
    )
    post = PostProcessor(plain, dt_s=0.033)
    found = np.sort([post.step(logits) for logits in file["ties_logits"]])
    for device in ("out", "out_gpu"):
        expected = np.sort(file[f"ties_max{kept}_{device}"])
        yield Compared.one("equal logits", absolute(found, expected))
