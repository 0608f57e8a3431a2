"""What a vector file of each topic is compared with; the name is how its file names start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from facewire.tools.conformance.topics import (
    accumulators,
    blendshapes,
    bvls,
    emotion_run,
    end_to_end,
    eyes,
    interpolator,
    mouth,
    network_run,
    pca,
    postprocess,
    skin,
    window_progress,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.tools.conformance.outcomes import Topic

TOPICS: Final[Mapping[str, Topic]] = {
    "blendshape_skin": blendshapes.cases,
    "blendshape_tongue": blendshapes.cases,
    "bvls": bvls.cases,
    "animator_skin": skin.cases,
    "interpolator": interpolator.cases,
    "animator_tongue_teeth": mouth.cases,
    "animator_eyes": eyes.cases,
    "pca_reconstruction": pca.cases,
    "a2e_postprocess": postprocess.cases,
    "executor_a2e": emotion_run.cases,
    "executor_regression": network_run.regression_cases,
    "executor_diffusion": network_run.diffusion_cases,
    "end_to_end_regression": end_to_end.cases,
    "window_progress": window_progress.cases,
    "accumulators": accumulators.cases,
}
"""In the order of INDEX.md."""
