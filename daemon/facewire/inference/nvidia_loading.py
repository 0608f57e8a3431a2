"""Models from bundles in NVIDIA's layout; their readers have checked the networks."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from facewire.bundles.a2e import EmotionBundle
from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
from facewire.bundles.detect import read_bundle
from facewire.bundles.variants import Chosen, choose_network
from facewire.bundles.vertex_free import VARIANT, bases_of, reduced_info
from facewire.emotion.postprocess import PostProcessParameters
from facewire.inference.backend import Backend, OrtBackend
from facewire.inference.diffusion import DiffusionNetwork
from facewire.inference.emotion_settings import WINDOW_LIMITS_SAMPLES
from facewire.inference.loading import no_noise
from facewire.inference.model import EmotionModel, Model
from facewire.inference.solved_family import DiffusionFamily, RegressionFamily
from facewire.protocol.errors import BundleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from facewire.bundles.network_info import DiffusionInfo
    from facewire.bundles.variants import Networked
    from facewire.inference.family import Family
    from facewire.inference.loading import Noise


def face_model(path: Path, provider: str, threads: int, noise: Noise, variant: str) -> Model:
    """Return the model of a face.

    Args:
        path: The folder, or its `model.json`.
        provider: What runs the network.
        threads: Of the network.
        noise: Of a diffusion model.
        variant: Which network runs; see `facewire.bundles.variants.choose_network`.

    Raises:
        BundleError: malformed, without a face, or without the variant.
        ProviderError: the provider asked for by name is not there.
        SettingsError: another noise was asked of a model that makes none.
    """
    bundle = read_bundle(path)
    name = bundle.root.name
    if isinstance(bundle, EmotionBundle):
        raise BundleError(
            f"{name!r} is an Audio2Emotion bundle, which has no face.",
            hint="Name an Audio2Face bundle as the model, and this one with --emotion-model.",
        )
    if isinstance(bundle, RegressionBundle) and noise != "constant":
        raise no_noise(name)
    # The rewritten diffusion network has the constant noise inside.
    wanted = variant or ("original" if noise == "varying" else "")
    chosen = _chosen(bundle, wanted, provider)
    with _solver_of(name):
        if isinstance(bundle, RegressionBundle):
            family: Family = RegressionFamily.from_bundle(bundle)
            backend: Backend
            backend = run = OrtBackend(chosen.network, provider, threads=threads, output="result")
        else:
            family, info = _diffusion(bundle, chosen, noise)
            run = OrtBackend(chosen.network, provider, threads=threads)
            # Of a rewritten network both differ: its sizes, and that it reads no noise.
            backend = DiffusionNetwork(run, info, noise_inside=info is not bundle.info)
    return Model(
        name=name,
        version=bundle.info.version,
        licence="",
        family_name=bundle.family,
        family=family,
        backend=backend,
        fallback=run.fallback,
        variant=chosen.variant.name if chosen.variant else "",
        refused_variant=chosen.refused,
    )


def emotion_model(path: Path, provider: str, threads: int, variant: str) -> EmotionModel:
    """Return an Audio2Emotion model; arguments as of `face_model`.

    Raises:
        BundleError: malformed, a face, or without the variant.
        ProviderError: the provider asked for by name is not there.
    """
    bundle = read_bundle(path)
    name = bundle.root.name
    if not isinstance(bundle, EmotionBundle):
        raise BundleError(
            f"{name!r} is a face ({bundle.family}), and hears no emotions.",
            hint="Name an Audio2Emotion bundle as the emotion model, and this one with --model.",
        )
    chosen = _chosen(bundle, variant, provider)
    try:
        parameters = post_processing(bundle)
        parameters.validate()
    except SettingsError as error:
        raise BundleError(
            f"The post-processing of {name!r} is set wrong. {error.text}", key=error.field
        ) from error
    return EmotionModel(
        name=name,
        version="",
        licence="",
        parameters=parameters,
        window_limits_samples=WINDOW_LIMITS_SAMPLES,
        backend=OrtBackend(chosen.network, provider, threads=threads),
        variant=chosen.variant.name if chosen.variant else "",
        refused_variant=chosen.refused,
    )


def post_processing(bundle: EmotionBundle) -> PostProcessParameters:
    """Return what a bundle says of how its logits become emotions."""
    said = bundle.post_processing
    return PostProcessParameters(
        emotion_contrast=said.emotion_contrast,
        max_emotions=said.max_emotions,
        live_blend_coef=said.live_blend_coef,
        enable_preferred_emotion=said.enable_preferred_emotion,
        preferred_emotion_strength=said.preferred_emotion_strength,
        live_transition_time_s=said.transition_smoothing,
        emotion_strength=said.emotion_strength,
        beginning_emotion=np.array(said.beginning_emotion, np.float32),
        preferred_emotion=np.array(said.preferred_emotion, np.float32),
        correspondence=bundle.correspondence,
    )


def _diffusion(
    bundle: DiffusionBundle, chosen: Chosen, noise: Noise
) -> tuple[DiffusionFamily, DiffusionInfo]:
    """Return the family, and the sizes of the network that runs: of vertices or coefficients."""
    is_constant = noise == "constant"
    if chosen.variant is None or chosen.variant.name != VARIANT:
        return DiffusionFamily.from_bundle(bundle, constant_noise=is_constant), bundle.info
    if not is_constant:
        raise SettingsError(
            f"The variant {VARIANT!r} has its noise built in.",
            field="noise",
            hint="Leave the variant or the varying noise out.",
        )
    bases = bases_of(chosen.variant, bundle.info)
    info = reduced_info(bundle.info, bases)
    return DiffusionFamily.from_bundle(replace(bundle, info=info), bases=bases), info


def _chosen(bundle: Networked, variant: str, provider: str) -> Chosen:
    """Return which network runs; a provider's card and options do not matter to a proof."""
    return choose_network(bundle, variant, provider.partition(",")[0].partition(":")[0])


@contextmanager
def _solver_of(name: str) -> Iterator[None]:
    """Say of a wrong setting of the solver that it stands in the bundle."""
    try:
        yield
    except SettingsError as error:
        if error.field == "noise":
            raise
        raise BundleError(f"The solver of {name!r} is set wrong. {error.text}") from error
